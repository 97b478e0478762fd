//! `larder config` and `larder completions`.

use std::fs;

use testkit::Larder;

use crate::world;

/// With no settings but those of a test.
fn larder() -> Larder {
    world::larder().unset(Larder::MIN_FREE)
}

#[test]
fn the_example_is_valid_and_changes_nothing() {
    let larder = larder();
    let example = larder.run(["config", "example"]).ok().stdout;
    let file = larder.home().join("larder.toml");
    fs::write(&file, &example).unwrap();
    let upstream = ["--upstream", "https://proxy.example.com"];
    let check = ["config", "check", file.to_str().unwrap()];
    larder.run(check.iter().chain(&upstream)).ok();
    let show = |extra: &[&str]| {
        let args = ["config", "show"].iter().chain(&upstream).chain(extra);
        larder.run(args).ok().stdout
    };
    assert_eq!(show(&["--config", file.to_str().unwrap()]), show(&[]));
}

#[test]
fn all_errors_of_a_file_come_at_once_with_their_places() {
    let larder = larder();
    let file = larder.home().join("larder.toml");
    fs::write(
        &file,
        "listen = \"nonsense\"\nupstream = \"https://proxy.example.com\"\nfreshness = \"5 parsecs\"\n",
    )
    .unwrap();
    let ran = larder.run(["config", "check", file.to_str().unwrap()]).fails();
    assert_eq!(ran.code(), Some(2), "{ran}");
    let text = ran.stdout.clone() + &ran.stderr;
    for part in ["larder.toml:1:10", "larder.toml:3:13"] {
        assert!(text.contains(part), "{part} is missing: {ran}");
    }
}

#[test]
fn a_word_that_is_no_setting_is_an_error() {
    let larder = larder();
    let file = larder.home().join("larder.toml");
    for text in ["lisen = \"127.0.0.1:0\"\n", "[limits]\nstal = \"1s\"\n", "[[source]]\nhosts = \"x\"\n"] {
        fs::write(&file, text).unwrap();
        let ran = larder.run(["config", "check", file.to_str().unwrap()]).fails();
        assert_eq!(ran.code(), Some(2), "{text}: {ran}");
    }
    let missing = larder.run(["config", "check", "nowhere.toml"]).fails();
    assert!(missing.stderr.contains("nowhere.toml") && missing.code() == Some(2), "{missing}");
}

#[test]
fn show_names_where_each_value_came_from() {
    let larder = larder().env("LARDER_SUMDB", "off").env("GOPROXY", "https://machine.example.com");
    let file = larder.home().join("larder.toml");
    fs::write(&file, "patience = \"3s\"\n").unwrap();
    let args = ["config", "show", "--config", file.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let shown = larder.run(args).ok().stdout;
    let line = |name: &str| {
        let line = shown.lines().find(|line| line.trim_start().starts_with(name));
        line.unwrap_or_else(|| panic!("{name} is missing:\n{shown}")).to_owned()
    };
    for (name, origin) in [
        ("listen", "--listen"),
        ("upstream", "GOPROXY"),
        ("sumdb", "LARDER_SUMDB"),
        ("patience", "larder.toml"),
        ("freshness", "default"),
    ] {
        assert!(line(name).contains(origin), "{name} comes from {origin}: {}", line(name));
    }
    let json = larder.run(args.iter().chain(&["--json"])).ok().stdout;
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = larder().run(["completions", shell]).ok();
        assert!(ran.stdout.contains("larder") && ran.stdout.contains("serve"), "{shell}");
    }
}

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    let larder = larder();
    for args in [&["nonsense"][..], &["serve", "--nonsense"], &[]] {
        assert_eq!(larder.run(args).code(), Some(2), "{args:?}");
    }
    for args in [&["--help"][..], &["--version"], &["serve", "--help"], &["run", "--help"]] {
        let ran = larder.run(args).ok();
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{ran}");
    }
}

#[test]
fn everybody_gets_the_limits_that_were_promised() {
    let shown = larder().run(["config", "show", "--upstream", "https://proxy.example.com"]).ok().stdout;
    for (name, value) in [
        ("min_free", "5 %"),
        ("patience", "1s"),
        ("absence", "15s"),
        ("clients.connections", "4096"),
        ("clients.head", "10s"),
        ("clients.idle", "1m 30s"),
        ("clients.stall", "1m"),
    ] {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("{name} is missing:\n{shown}"));
        assert!(line.contains(&format!(" {value} ")) && line.contains("default"), "{line}");
    }
}
