//! The example file tells the truth.

use super::{Machine, value};
use crate::config::EXAMPLE;

/// The example with every setting switched on.
fn switched_on() -> String {
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn as_it_is_it_changes_nothing() {
    let plain = Machine::with_upstream();
    let machine = Machine::with_upstream().file("etc/larder.toml", EXAMPLE);
    assert_eq!(machine.show(&[])["settings"], plain.show(&[])["settings"]);
    assert_eq!(machine.config(&["example"]).out, EXAMPLE);
}

#[test]
fn every_setting_is_in_it_with_its_default() {
    let plain = Machine::with_upstream().show(&[]);
    let machine = Machine::with_upstream().file("etc/larder.toml", &switched_on());
    let machine = machine.file("etc/corp-ca.pem", "").file("etc/larder.pem", "").file("etc/larder.key", "");
    let machine =
        machine.secret("etc/sum.corp.example.key", super::own::KEY).secret("etc/git.token", "hunter2");
    let shown = machine.show(&[]);
    for row in plain["settings"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let (written, origin) = value(&shown, name);
        assert_eq!(origin, "file", "{name} is not in the example");
        // Their defaults are the machine's.
        if !["data", "upstream", "direct.git"].contains(&name) {
            assert_eq!(written, value(&plain, name).0, "{name}");
        }
    }
    assert_eq!(shown["routes"][0]["chain"], "https://modules.corp.example");
    assert_eq!(shown["sources"][0]["client_key"], "DIR/etc/larder.key");
    assert_eq!(shown["credentials"][0]["value"], "git.corp.example: user git, token_file DIR/etc/git.token");
    assert_eq!(shown["warnings"], serde_json::json!([]));
}
