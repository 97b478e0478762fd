//! `--fix`, `--yes` and `--undo`.

use std::{fs, process::Command};

use testkit::{GoCommand, Pty, Ran};

use super::told;
use crate::world::larder;

fn command(go: &GoCommand, args: &[&str]) -> Command {
    let mut command = Command::new(larder().program());
    command.arg("doctor").args(args).current_dir(go.work()).env_clear().envs(go.variables().iter().cloned());
    command
}

fn doctor(go: &GoCommand, args: &[&str]) -> Ran {
    testkit::run(&mut command(go, args))
}

fn env_file(go: &GoCommand) -> String {
    fs::read_to_string(go.work().join("../env")).unwrap()
}

const BROKEN: &str =
    "# mine\nGO111MODULE=off\nGOPRIVATE=corp.example, git.example.com\nGOFLAGS=-mod=mod -insecure\n";
const MENDED: &str = "# mine\nGOPRIVATE=corp.example,git.example.com\nGOFLAGS=-mod=mod\n";

#[test]
fn settings_are_mended_and_brought_back() {
    let go = told(BROKEN);
    go.run(["mod", "download"]).fails();
    let ran = doctor(&go, &["--offline", "--fix", "--yes"]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert!(ran.stderr.contains("-GO111MODULE=off\n") && ran.stderr.contains("+GOFLAGS=-mod=mod\n"), "{ran}");
    assert_eq!(env_file(&go), MENDED);
    go.run(["mod", "download"]).ok();

    doctor(&go, &["--undo", "--yes"]).ok();
    assert_eq!(env_file(&go), BROKEN);
    let ran = doctor(&go, &["--undo", "--yes"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("nothing to undo"), "{ran}");
}

/// A machine on which nobody ever ran `go env -w`, and a project with a private module.
#[test]
fn goprivate_is_set_where_it_was_not() {
    let mut go = super::go().env("GOPRIVATE", "");
    go.write("go.mod", "module example.com/m\n\ngo 1.21\n\nrequire git.corp.internal/lib v1.0.0\n");
    let file = go.work().join("../settings/go/env");
    go = go.env("GOENV", &file);
    let ran = doctor(&go, &["--offline", "--check", "privacy", "--fix", "--yes"]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert!(ran.stderr.contains("+GOPRIVATE=git.corp.internal\n"), "{ran}");
    assert_eq!(go.run(["env", "GOPRIVATE"]).ok().stdout, "git.corp.internal\n");
    doctor(&go, &["--offline", "--check", "privacy"]).ok();
    doctor(&go, &["--undo", "--yes"]).ok();
    assert!(!file.exists());
    // A file that is there keeps what it has.
    fs::write(&file, "GOFLAGS=-mod=mod").unwrap();
    doctor(&go, &["--offline", "--check", "privacy", "--fix", "--yes"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "GOFLAGS=-mod=mod\nGOPRIVATE=git.corp.internal\n");
    doctor(&go, &["--undo", "--yes"]).ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), "GOFLAGS=-mod=mod");
    // What is exported counts before the file.
    let go = go.env("GOPRIVATE", "a.example.org");
    let ran = doctor(&go, &["--offline", "--check", "privacy", "--fix", "--yes"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "GOFLAGS=-mod=mod");
}

#[test]
fn nothing_is_changed_unless_somebody_agrees() {
    let go = told(BROKEN);
    let ran = doctor(&go, &["--offline", "--fix"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stderr.contains("there is no terminal to ask at"), "{ran}");
    for (answer, want) in [("\r", BROKEN), ("n\r", BROKEN), ("y\r", MENDED)] {
        let mut terminal = Pty::start(&mut command(&go, &["--offline", "--fix"]), 100);
        assert!(terminal.wait_for("change it? [y/N]"), "{}", terminal.so_far());
        terminal.type_in(answer);
        let shown = terminal.wait();
        assert_eq!(shown.code(), Some(i32::from(want == BROKEN)), "{}", shown.screen());
        assert_eq!(env_file(&go), want, "{answer:?}");
    }
}

#[test]
fn files_of_shells_stay_as_they_are() {
    let go = told("GOPRIVATE=git.example.com\n").env("GO111MODULE", "off");
    let profile = go.work().join("../home/.profile");
    fs::write(&profile, "export GO111MODULE=off\n").unwrap();
    let ran = doctor(&go, &["--offline", "--fix", "--yes"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(
        ran.stdout.contains(".profile:1 sets it") && ran.stderr.contains("nothing of this can be mended"),
        "{ran}"
    );
    assert_eq!(fs::read_to_string(profile).unwrap(), "export GO111MODULE=off\n");
    assert_eq!(env_file(&go), "GOPRIVATE=git.example.com\n");
}

#[test]
fn nobody_is_asked_of_programs_that_want_json() {
    let go = told("GO111MODULE=off\n");
    let ran = doctor(&go, &["--offline", "--fix", "--json", "--yes"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code(), report["findings"].as_array().map(Vec::len)), (Some(0), Some(0)), "{ran}");
    assert_eq!(doctor(&go, &["--yes"]).code(), Some(2));
    assert_eq!(doctor(&go, &["--fix", "--undo"]).code(), Some(2));
}

#[test]
fn the_earlier_setting_tells_a_slip() {
    let go = told("GOPROXY=https://proxy.corp.example\nGO111MODULE=off\n");
    doctor(&go, &["--offline", "--fix", "--yes"]);
    go.run(["env", "-w", "GOPROXY=https://proxy.crop.example"]).ok();
    let report = super::settings(&go);
    super::shows(report.is("L1-GOPROXY-MISSPELT"), "env.before-larder-1");
}
