//! What people and programs are shown.

use std::process::Command;

use testkit::{Gate, GoCommand, Pty, Reply, ScriptedUpstream, run};

use crate::world::{larder, project, tree};

/// A project with two faults that this machine alone shows.
fn ill() -> GoCommand {
    let go = project("https://proxy.example.com,direct,https://never.example.com");
    go.write("go.sum", "example.com/app v1.0.0 h1:short\n");
    go
}

fn command(go: &GoCommand, args: &[&str]) -> Command {
    let mut command = Command::new(larder().program());
    command.arg("doctor").args(args).current_dir(go.work());
    command.env_clear().envs(go.variables().iter().cloned());
    command
}

/// What is printed, without the places of this run.
fn printed(args: &[&str]) -> String {
    let go = ill();
    let ran = run(&mut command(&go, args));
    assert_eq!((ran.code(), ran.stderr.as_str()), (Some(1), ""), "{ran}");
    let dir = go.work().to_string_lossy().into_owned();
    ran.stdout.replace(&dir, "/home/dev/app")
}

#[test]
fn the_report_as_text() {
    insta::assert_snapshot!(printed(&["--offline", "--check", "goproxy,go-sum"]));
}

#[test]
fn the_report_for_programs() {
    insta::assert_snapshot!(printed(&["--offline", "--json", "--check", "goproxy,go-sum"]));
}

#[test]
fn the_help() {
    insta::assert_snapshot!(larder().run(["doctor", "--help"]).ok().stdout);
}

#[test]
fn progress_is_drawn_while_it_works_and_gone_afterwards() {
    let (upstream, gate) = (ScriptedUpstream::serving(tree()), Gate::new());
    upstream.script("*", [Reply::natural().hold(&gate)]);
    let go = project(&upstream.url());
    let pty = Pty::start(&mut command(&go, &["--check", "goproxy,proxies"]), 100);
    assert!(pty.wait_for("1 of 2 checks done"), "{}", pty.so_far());
    gate.open();
    let shown = pty.wait();
    assert_eq!(shown.code(), Some(0), "{shown:?}");
    let screen = shown.screen();
    assert!(screen.starts_with("nothing found") && !screen.contains("checks done"), "{screen}");
}

#[test]
fn what_is_typed_wrong_is_said() {
    let go = ill();
    for (args, why) in [
        (&["--check", "nonsense"][..], "there is no check nonsense"),
        (&["nowhere"], "cannot look at nowhere"),
        (&["--offline=perhaps"], "--offline is true or false"),
    ] {
        let ran = run(&mut command(&go, args));
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains(why) && ran.stdout.is_empty(), "{ran}");
    }
}
