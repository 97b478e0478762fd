//! Faults of the layer that `doctor::settings` looks at.

mod fix;
mod lists;
mod machine;
mod pairs;
mod values;

use std::fs;

use testkit::GoCommand;

use super::{Report, doctor};

/// A `go` with a module that needs nothing, and settings that are in order.
fn go() -> GoCommand {
    let go = GoCommand::new("https://proxy.example.com").sumdb("sum.golang.org").env("GOFLAGS", "");
    go.write("go.mod", "module example.com/m\n\ngo 1.21\n");
    go.write("m.go", "package m\n");
    go
}

/// The same with a `go/env` file, whose variables nothing exports.
fn told(text: &str) -> GoCommand {
    let mut go = go();
    let file = go.work().join("../env");
    fs::write(&file, text).unwrap();
    for name in text.lines().filter_map(|line| Some(line.split_once('=')?.0.trim())) {
        go = go.env(name, "");
    }
    go.env("GOENV", file)
}

/// The same with a requirement.
fn requiring(go: GoCommand) -> GoCommand {
    go.write("go.mod", "module example.com/m\n\ngo 1.21\n\nrequire example.com/app v1.0.0\n");
    go.write("m.go", "package m\n\nimport _ \"example.com/app\"\n");
    go
}

/// Looks at the settings alone.
#[track_caller]
fn settings(go: &GoCommand) -> Report {
    doctor(go, &["--offline", "--check", CHECKS])
}

/// Whether a line of a finding's evidence holds a text.
#[track_caller]
fn shows(finding: &serde_json::Value, text: &str) {
    let lines = finding["evidence"].as_array().unwrap();
    assert!(lines.iter().any(|line| line.as_str().unwrap().contains(text)), "{text} is not in {lines:?}");
}

const CHECKS: &str = "go,env-file,variables,shadowing,goproxy,spelling,patterns,gosumdb,goflags,directories,switches,proxy-variables";

#[test]
fn settings_that_are_in_order() {
    settings(&go()).healthy();
    settings(&told(
        "GOPROXY=https://proxy.example.com/go/,direct\nGOPRIVATE=git.example.com/team,*.corp.example\n",
    ))
    .healthy();
    let go = go()
        .env("GOVCS", "public:git, private:all")
        .env("GOAUTH", "netrc")
        .env("GOTOOLCHAIN", "go1.21.0+auto");
    settings(
        &go.env("HTTPS_PROXY", "proxy.example.com:3128")
            .env("NO_PROXY", "localhost, .corp.example,10.0.0.0/8"),
    )
    .healthy();
}
