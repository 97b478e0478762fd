//! What is built in: licences, and crates that are there twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use crate::{none, toml, top};

fn cargo(args: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program).args(args).current_dir(top()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn host() -> String {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program).arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

#[test]
fn every_licence_is_one_that_we_may_ship() {
    let deny = toml("deny.toml");
    let allowed = deny["licenses"]["allow"].as_array().unwrap();
    let allowed: BTreeSet<_> = allowed.iter().map(|licence| licence.as_str().unwrap()).collect();
    let text =
        cargo(&["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", &host()]);
    let metadata: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default();
        if !permits(licence, &allowed) {
            findings.push(format!("{}: {licence:?}", package["name"]));
        }
    }
    none(&findings, "licences are those of `[licenses]` in deny.toml");
}

/// Whether an SPDX expression can be kept with these licences alone.
fn permits(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    // `MIT/Apache-2.0` is how old crates write OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, allowed)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    let mut permitted = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        permitted |= both(words, allowed);
    }
    permitted
}

fn both(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    let mut permitted = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        permitted &= one(words, allowed);
    }
    permitted
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    match words.next() {
        Some("(") => {
            let permitted = either(words, allowed);
            words.next();
            permitted
        }
        Some(licence) if words.next_if_eq(&"WITH").is_some() => {
            let exception = words.next().unwrap_or_default();
            allowed.contains(licence) || allowed.contains(format!("{licence} WITH {exception}").as_str())
        }
        Some(licence) => allowed.contains(licence),
        None => false,
    }
}

#[test]
fn an_expression_of_licences_is_read_as_spdx_says() {
    let allowed = BTreeSet::from(["MIT", "ISC"]);
    for (expression, permitted) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("ISC AND GPL-3.0 OR BSD-3-Clause", false),
        ("", false),
    ] {
        assert_eq!(permits(expression, &allowed), permitted, "{expression}");
    }
}

#[test]
fn what_is_built_in_twice_has_a_reason() {
    let text = cargo(&[
        "tree",
        "--workspace",
        "--duplicates",
        "--edges=normal",
        "--prefix=none",
        "--depth=0",
        "--offline",
        "--locked",
    ]);
    let mut versions: BTreeMap<&str, BTreeSet<Vec<u64>>> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        let version = version.trim_start_matches('v').split(['-', '+']).next().unwrap();
        versions.entry(name).or_default().insert(version.split('.').map(|n| n.parse().unwrap()).collect());
    }
    // The same version twice is one crate with two sets of features, built for two purposes.
    versions.retain(|_, versions| versions.len() > 1);

    let deny = toml("deny.toml");
    let mut reasons = BTreeSet::new();
    for skip in deny["bans"]["skip"].as_array().unwrap() {
        assert!(skip["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{skip}");
        reasons.insert(skip["crate"].as_str().unwrap().to_owned());
    }
    let mut older = BTreeSet::new();
    for (name, versions) in versions {
        for version in versions.iter().take(versions.len() - 1) {
            let version: Vec<_> = version.iter().map(u64::to_string).collect();
            older.insert(format!("{name}@{}", version.join(".")));
        }
    }
    assert_eq!(older, reasons, "left: built in beside a newer version; right: `bans.skip` of deny.toml");
}
