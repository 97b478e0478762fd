//! Which crate may use which.

use std::collections::BTreeSet;

use crate::{crates, none, toml};

/// Each crate, the crates of this workspace that it may use, and what it must not know.
///
/// A crate uses lower levels only. The one edge inside a level is `sumdb` → `gomod`: a record and a proof name a
/// module version.
const HOUSE: [(&str, &[&str], &[&str]); 11] = [
    ("gomod", &[], PURE),
    ("sumdb", &["gomod"], PURE),
    ("storage", &["gomod"], &["axum", "clap", "http", "hyper", "reqwest"]),
    ("upstream", &["gomod"], &["axum", "clap", "reqwest", "rusqlite"]),
    ("vcs", &["gomod", "upstream"], &["axum", "clap", "reqwest", "rusqlite"]),
    (
        "mirror",
        &["gomod", "sumdb", "storage", "upstream", "vcs"],
        &["axum", "clap", "gix", "http", "hyper", "hyper-util", "object_store", "reqwest", "rusqlite"],
    ),
    (
        "server",
        &["gomod", "storage", "upstream", "mirror"],
        &["clap", "git2", "gix", "object_store", "reqwest", "rusqlite", "rustls"],
    ),
    ("workbench", &["gomod", "sumdb", "storage", "upstream", "vcs"], &["axum", "clap", "rusqlite"]),
    ("snapshot", &["gomod", "sumdb", "storage"], &["axum", "clap", "http", "hyper", "reqwest", "rusqlite"]),
    (
        "larder",
        &["gomod", "sumdb", "storage", "snapshot", "upstream", "vcs", "mirror", "server", "workbench"],
        &["gix", "rusqlite"],
    ),
    ("testkit", &[], &["clap", "reqwest", "tokio"]),
];

/// No I/O, no runtime, no clock.
const PURE: &[&str] = &[
    "axum", "clap", "http", "hyper", "jiff", "reqwest", "rusqlite", "rustix", "tempfile", "tokio", "tracing",
];

fn dependencies(name: &str, section: &str) -> BTreeSet<String> {
    let manifest = toml(&format!("crates/{name}/Cargo.toml"));
    let mut tables: Vec<_> = manifest.get(section).into_iter().collect();
    let targets = manifest.get("target").and_then(|targets| targets.as_table());
    tables.extend(targets.into_iter().flat_map(|t| t.values()).filter_map(|target| target.get(section)));
    tables.iter().filter_map(|table| table.as_table()).flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn every_crate_has_its_place() {
    let places: BTreeSet<_> = HOUSE.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(crates().into_iter().collect::<BTreeSet<_>>(), places);
}

#[test]
fn crates_use_only_lower_levels() {
    let ours = crates();
    let mut findings = Vec::new();
    for (name, may, _) in HOUSE {
        for section in ["dependencies", "build-dependencies"] {
            let used = dependencies(name, section);
            let wrong = used.iter().filter(|used| ours.contains(used) && !may.contains(&used.as_str()));
            findings.extend(wrong.map(|used| format!("{name} uses {used}")));
        }
        let in_tests = dependencies(name, "dev-dependencies");
        // A crate may name itself, to switch on what it keeps for tests.
        let wrong = in_tests.iter().filter(|used| {
            ours.contains(used)
                && !["testkit", name].contains(&used.as_str())
                && !may.contains(&used.as_str())
        });
        findings.extend(wrong.map(|used| format!("the tests of {name} use {used}")));
    }
    none(&findings, "crates use lower levels only, as in `HOUSE` of this file");
}

#[test]
fn crates_do_not_know_what_is_not_theirs() {
    let mut findings = Vec::new();
    for (name, _, never) in HOUSE {
        let used = dependencies(name, "dependencies");
        findings.extend(never.iter().filter(|n| used.contains(**n)).map(|n| format!("{name} knows {n}")));
    }
    none(&findings, "a dependency is confined to the crate that is there for it");
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    let workspace = toml("Cargo.toml");
    let lints = &workspace["workspace"]["lints"]["rust"];
    assert!(lints.get("missing_docs").is_some(), "every public item is documented");
    assert_eq!(lints["unsafe_code"].as_str(), Some("deny"));
    let mut findings = Vec::new();
    for name in crates() {
        let manifest = toml(&format!("crates/{name}/Cargo.toml"));
        if manifest["lints"]["workspace"].as_bool() != Some(true) {
            findings.push(name);
        }
    }
    none(&findings, "these crates have no `[lints] workspace = true`");
}
