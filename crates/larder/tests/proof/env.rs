//! `larder env` and `larder run --profile`: one table.

use testkit::{Larder, ModuleTree, Ran, ScriptedUpstream, TestLog};

use crate::world::larder;

fn env(larder: &Larder, arguments: &[&str]) -> Ran {
    let ran = larder.run(["env"].iter().chain(arguments));
    assert_eq!(ran.code(), Some(0), "{ran}");
    ran
}

#[test]
fn each_situation_has_its_environment() {
    let shown =
        |profile| env(&larder(), &["--profile", profile, "--to", "https://larder.example.com/"]).stdout;
    let all: String =
        ["dev", "ci", "prod", "airgap"].map(|profile| format!("--- {profile}\n{}", shown(profile))).concat();
    insta::assert_snapshot!(all);
    assert!(!all.contains("GOSUMDB=off"));
}

#[test]
fn every_language_is_understood_by_its_shell() {
    let key = TestLog::over("sum.example.com", &ModuleTree::parse("")).vkey();
    let larder = larder().env("GOSUMDB", format!("{key} https://sums.example.com"));
    let script = env(&larder, &["--shell", "sh"]).stdout;
    let ran = testkit::run(
        std::process::Command::new("sh")
            .args(["-ec", &format!("{script}\nprintf '%s\\n' \"$GOPROXY\" \"$GOSUMDB\"")]),
    );
    let mut lines = ran.stdout.lines();
    assert_eq!(lines.next(), Some("http://127.0.0.1:4873|direct"), "{ran}");
    assert!(lines.next().is_some_and(|line| line.ends_with(" https://sums.example.com")), "{ran}");
    let github = env(&larder, &["--shell", "github"]);
    assert!(github.stdout.lines().all(|line| line.contains('=') && !line.starts_with('#')), "{github}");
    assert!(github.stderr.contains("GOPROXY: "), "{github}");
    for shell in ["fish", "powershell", "gitlab", "dotenv"] {
        assert!(env(&larder, &["--shell", shell]).stdout.contains("GOPROXY"), "{shell}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let ran = larder().run(["env", "--to", "https://u:hunter2@larder.example.com"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(!format!("{ran}").contains("hunter2@") || ran.stderr.contains("netrc"), "{ran}");
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{ran}");
    let larder = larder().env("GOSUMDB", "sum.golang.org https://u:hunter2@sums.example.com");
    assert!(!env(&larder, &[]).stdout.contains("GOSUMDB"));
}

#[test]
fn a_command_is_told_the_same() {
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(""));
    let told = |profile: &str| {
        let url = upstream.url();
        let known = ["run", "--profile", profile, "--upstream", &url, "--"];
        larder().run(known.iter().chain(&[
            "sh",
            "-c",
            "echo \"$GOPROXY $GONOPROXY $LARDER_OFFLINE\"; echo \"$GOSUMDB\"",
        ]))
    };
    for (profile, end, sumdb) in [
        ("dev", "|direct  ", "sum.golang.org"),
        ("ci", "  ", "sum.golang.org"),
        ("airgap", ",off none true", "sum.golang.org"),
    ] {
        let ran = told(profile);
        assert_eq!(ran.code(), Some(0), "{ran}");
        let mut lines = ran.stdout.lines();
        let first = lines.next().unwrap();
        assert!(first.starts_with("http://127.0.0.1:") && first.ends_with(end), "{profile}: {ran}");
        assert_eq!(lines.next(), Some(sumdb), "{ran}");
    }
    // A build that is shipped is verified, or it is not made.
    let url = upstream.url();
    let ran = larder().run(["run", "--profile", "prod", "--upstream", &url, "--sumdb", "off", "--", "true"]);
    assert_eq!(ran.code(), Some(125), "{ran}");
    assert!(ran.stderr.contains("--sumdb"), "{ran}");
}

#[test]
fn airgap_asks_nobody() {
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(
        "-- example.com/dep@v1.0.0/go.mod --\nmodule example.com/dep\n",
    ));
    let url = upstream.url();
    let go = testkit::GoCommand::new("off");
    go.write("go.mod", "module example.com/app\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n");
    let mut larder = larder().work(go.work());
    for (name, value) in
        go.variables().iter().filter(|(name, _)| !matches!(name.as_str(), "GOPROXY" | "HOME"))
    {
        larder = larder.env(name, value);
    }
    let ran = larder.run(["run", "--profile", "airgap", "--upstream", &url, "--", "go", "mod", "download"]);
    assert_ne!(ran.code(), Some(0), "{ran}");
    assert_eq!(upstream.seen().len(), 0, "{ran}");
}
