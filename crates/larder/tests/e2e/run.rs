//! `larder run -- COMMAND`: the command's own life, behind a mirror of its own.

use std::fs;

use rustix::process::Signal;
use testkit::{Gate, GoCommand, Module, ModuleTree, Ran, Reply, ScriptedUpstream, TestLog};

use crate::world::{LOG, larder, project, tree};

/// `larder run` with this upstream and a data directory below its HOME.
fn run(upstream: &str, command: &[&str]) -> Ran {
    let larder = larder();
    let data = larder.data();
    let args = ["run", "--upstream", upstream, "--sumdb", "off", "--data", data.to_str().unwrap(), "--"];
    larder.run(args.iter().chain(command))
}

#[test]
fn the_exit_code_is_the_commands() {
    let upstream = ScriptedUpstream::serving(tree());
    for code in [0, 1, 2, 7, 124, 255] {
        let ran = run(&upstream.url(), &["sh", "-c", &format!("exit {code}")]);
        assert_eq!(ran.code(), Some(code), "{ran}");
    }
    let killed = run(&upstream.url(), &["sh", "-c", "kill -KILL $$"]);
    assert_eq!(killed.code(), Some(128 + 9), "{killed}");
}

#[test]
fn what_cannot_be_run_is_said_as_a_shell_says_it() {
    let upstream = ScriptedUpstream::serving(tree());
    let missing = run(&upstream.url(), &["no-such-command-anywhere"]);
    assert_eq!(missing.code(), Some(127), "{missing}");
    assert!(missing.stderr.contains("no-such-command-anywhere"), "{missing}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let plain = run(&upstream.url(), &[file.path().to_str().unwrap()]);
    assert_eq!(plain.code(), Some(126), "{plain}");
    let nothing = run(&upstream.url(), &[]);
    assert!(matches!(nothing.code(), Some(2 | 125)), "{nothing}");
    let broken = run("ftp://example.com", &["true"]);
    assert_eq!(broken.code(), Some(125), "{broken}");
    assert!(broken.stderr.contains("ftp"), "{broken}");
}

#[test]
fn stdin_stdout_and_the_environment_are_the_commands_own() {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder().env("GOFLAGS", "-mod=mod").env("GONOSUMDB", "x.example.com");
    let data = larder.data();
    let args = [
        "run",
        "--upstream",
        &upstream.url(),
        "--sumdb",
        "off",
        "--data",
        data.to_str().unwrap(),
        "--",
        "sh",
        "-c",
    ];
    let mut running = larder.spawn(args.iter().chain(&["cat; env | sort"]));
    running.feed(b"from stdin\n");
    let ran = running.wait().ok();
    assert!(ran.stdout.starts_with("from stdin\n"), "{ran}");
    let proxy = ran.stdout.lines().find_map(|line| line.strip_prefix("GOPROXY=")).unwrap();
    assert!(proxy.starts_with("http://127.0.0.1:"), "{proxy}");
    for line in ["GOFLAGS=-mod=mod", "GONOSUMDB=x.example.com"] {
        assert!(ran.stdout.lines().any(|l| l == line), "{line}: {ran}");
    }
    let set = ran.stdout.lines().filter(|line| line.starts_with("GO")).count();
    assert_eq!(set, 3, "only GOPROXY is set: {ran}");
    assert_eq!(ran.stderr.lines().count(), 1, "one line of summary: {ran}");
    assert!(ran.stderr.starts_with("larder: "), "{ran}");
}

#[test]
fn a_real_go_runs_and_what_it_fetched_stays() {
    let mut upstream = ScriptedUpstream::serving(tree());
    let url = upstream.url();
    let larder = larder();
    let data = larder.data();
    let build = |extra: &[&str]| {
        let go = project("off");
        let mut larder = larder.clone().work(go.work());
        for (name, value) in go.variables() {
            larder = larder.env(name, value);
        }
        let args = ["run", "--upstream", &url, "--sumdb", "off", "--data", data.to_str().unwrap()];
        let words = ["--", "sh", "-c", "go mod tidy && go list -deps ."];
        larder.run(args.iter().chain(extra).chain(&words))
    };
    let cold = build(&[]).ok();
    assert!(
        cold.stderr.lines().any(|line| line.starts_with("larder: ") && line.contains("fetched")),
        "{cold}"
    );
    upstream.take_down();
    let warm = build(&["--offline"]).ok();
    assert!(warm.stderr.contains(" 0 fetched"), "{warm}");
}

/// The numbers of the summary, and what it says of how faults were overcome.
fn summary(ran: &Ran) -> (Vec<u64>, String) {
    let line = ran.stderr.lines().find(|line| line.contains("faults absorbed")).unwrap();
    let (numbers, how) = line.split_once(" faults absorbed").unwrap();
    let numbers = numbers.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    (numbers, how.trim().to_owned())
}

#[test]
fn the_summary_counts_the_faults_that_nobody_noticed() {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/noise", "v1.0.0", 1 << 20));
    for (path, reply, absorbed, how) in [
        ("*.zip", Some(Reply::natural()), 0, ""),
        ("*.zip", Some(Reply::natural().reset_after(300_000)), 1, "(1 resumed body)"),
        ("*.zip", Some(Reply::reset()), 1, "(1 retry)"),
        ("*.mod", Some(Reply::status(503)), 1, "(1 retry)"),
        ("*.info", Some(Reply::status(404)), 0, ""),
    ] {
        let upstream = ScriptedUpstream::serving(tree.clone());
        upstream.script(path, reply);
        let go = GoCommand::new("off");
        go.write("go.mod", "module test\n\ngo 1.21\n\nrequire example.com/noise v1.0.0\n");
        let mut larder = larder().work(go.work());
        for (name, value) in go.variables() {
            larder = larder.env(name, value);
        }
        let data = larder.data();
        let url = upstream.url();
        let args = ["run", "--upstream", &url, "--sumdb", "off", "--data", data.to_str().unwrap()];
        let ran = larder.run(args.iter().chain(&["--", "go", "mod", "download"]));
        assert_eq!(ran.code() == Some(0), path != "*.info", "{ran}");
        let (numbers, said) = summary(&ran);
        assert_eq!((numbers.last(), said.as_str()), (Some(&absorbed), how), "{path}: {ran}");
    }
}

#[test]
fn a_failed_build_says_why() {
    let upstream = ScriptedUpstream::serving(tree());
    upstream.always("*", Reply::status(500));
    let go = GoCommand::new("off");
    go.write("go.mod", "module test\n\ngo 1.21\n\nrequire example.com/app v1.0.0\n");
    let mut larder = larder().work(go.work());
    for (name, value) in go.variables() {
        larder = larder.env(name, value);
    }
    let data = larder.data();
    let args = ["run", "--upstream", &upstream.url(), "--sumdb", "off", "--data", data.to_str().unwrap()];
    let ran = larder.run(args.iter().chain(&["--", "go", "mod", "download"])).fails();
    assert!(ran.stderr.contains("500"), "{ran}");
    assert!(ran.stderr.lines().any(|line| line.starts_with("larder: ")), "{ran}");
}

#[test]
fn signals_reach_the_command() {
    let upstream = ScriptedUpstream::serving(tree());
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::HUP, "HUP"), (Signal::USR1, "USR1")] {
        let larder = larder();
        let data = larder.data();
        let args =
            ["run", "--upstream", &upstream.url(), "--sumdb", "off", "--data", data.to_str().unwrap(), "--"];
        let script =
            format!("trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.05; done");
        let running = larder.spawn(args.iter().chain(&["sh", "-c", &script]));
        assert_eq!(running.first_line().as_deref(), Some("ready"));
        running.signal(signal);
        let ran = running.wait();
        assert_eq!((ran.code(), ran.stdout.as_str()), (Some(7), &*format!("ready\ngot {name}\n")), "{ran}");
    }
}

#[test]
fn ctrl_c_ends_the_command_first() {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder();
    let data = larder.data();
    let args =
        ["run", "--upstream", &upstream.url(), "--sumdb", "off", "--data", data.to_str().unwrap(), "--"];
    let script = "trap 'echo tidying up; exit 3' INT; echo ready; while :; do sleep 0.05; done";
    let running = larder.spawn(args.iter().chain(&["sh", "-c", script]));
    assert_eq!(running.first_line().as_deref(), Some("ready"));
    // What a terminal does: everybody in the foreground process group gets it.
    running.signal_group(Signal::INT);
    let ran = running.wait();
    assert_eq!((ran.code(), ran.stdout.as_str()), (Some(3), "ready\ntidying up\n"), "{ran}");
    assert!(
        ran.stderr.lines().any(|line| line.starts_with("larder: ")),
        "the summary comes all the same: {ran}"
    );
}

#[test]
fn outside_of_a_project_go_says_so_itself() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = GoCommand::new("off");
    let mut larder = larder().work(go.work());
    for (name, value) in go.variables() {
        larder = larder.env(name, value);
    }
    let data = larder.data();
    let args = ["run", "--upstream", &upstream.url(), "--sumdb", "off", "--data", data.to_str().unwrap()];
    let ran = larder.run(args.iter().chain(&["--", "go", "build", "./..."])).fails();
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stderr.contains("go.mod"), "{ran}");
    assert!(fs::read_dir(go.work()).unwrap().next().is_none(), "and nothing was left behind");
}

#[test]
fn the_summary_says_what_was_verified_and_what_could_not_be() {
    let noise = || {
        let mut tree = ModuleTree::default();
        tree.add(Module::of_noise("example.com/noise", "v1.0.0", 1000));
        tree
    };
    for (silent, code, how) in [
        (false, 0, format!(", 1 record of {LOG} proven")),
        (true, 1, format!(", 1 file held back until {LOG} answers")),
    ] {
        let log = TestLog::over(LOG, &noise());
        let vkey = log.vkey();
        let upstream = ScriptedUpstream::with_log(noise(), log);
        if silent {
            upstream.always("lookup/*", Reply::status(500));
        }
        let go = GoCommand::new("off");
        let mut larder = larder().work(go.work());
        for (name, value) in go.variables() {
            larder = larder.env(name, value);
        }
        let (data, url) = (larder.data(), upstream.url());
        let spec = format!("{vkey} {url}");
        let args = ["run", "--upstream", &url, "--sumdb", &spec, "--data", data.to_str().unwrap()];
        let words = ["--", "go", "mod", "download", "example.com/noise@v1.0.0"];
        let ran = larder.run(args.iter().chain(&words));
        assert_eq!(ran.code(), Some(code), "{ran}");
        assert!(summary(&ran).1.ends_with(how.trim_start()), "{ran}");
    }
}

/// The command waits for one file at a time, and the records of all that its project names are looked up meanwhile.
#[test]
fn what_the_project_names_is_looked_up_with_the_first_of_it() {
    let names = ["example.com/one", "example.com/two", "example.com/three"];
    let mut modules = ModuleTree::default();
    for name in names {
        modules.add(Module::of_noise(name, "v1.0.0", 1000));
    }
    let log = TestLog::over(LOG, &modules);
    let spec = log.vkey();
    let (upstream, gate) = (ScriptedUpstream::with_log(modules, log), Gate::new());
    upstream.always("example.com/*.mod", Reply::natural().hold(&gate));
    let go = GoCommand::new("off");
    let requires = names.map(|name| format!("require {name} v1.0.0")).join("\n");
    go.write("go.mod", &format!("module example.com/project\n\ngo 1.21\n\n{requires}\n"));
    let mut larder = larder().work(go.work());
    for (name, value) in go.variables() {
        larder = larder.env(name, value);
    }
    let (data, url) = (larder.data(), upstream.url());
    let args = ["run", "--upstream", &url, "--sumdb", &spec, "--data", data.to_str().unwrap(), "--"];
    let words = ["env", "GOMAXPROCS=1", "go", "mod", "download"];
    let running = larder.spawn(args.iter().chain(&words));
    for name in names {
        upstream.wait_asked(&format!("sumdb/{LOG}/lookup/{name}@v1.0.0"), 1);
    }
    assert_eq!(upstream.asked("example.com/*.mod"), 1, "the others were not asked for");
    gate.open();
    running.wait().ok();
    assert_eq!(upstream.asked(&format!("sumdb/{LOG}/lookup/*")), names.len(), "each once");

    // With everything at hand nobody is asked.
    let asked = upstream.asked("*");
    larder.run(args.iter().chain(&words)).ok();
    assert_eq!(upstream.asked("*"), asked);
}
