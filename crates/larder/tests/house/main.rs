//! The house rules: what `ARCHITECTURE.md` says about crates, files and names, held to what is there.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod commands;
mod crates;
mod dependencies;
mod doctor;
mod files;
mod tracked;

use std::path::{Path, PathBuf};

/// The top of the repository.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A file below the top, which must be there.
fn read(name: &str) -> String {
    std::fs::read_to_string(top().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn toml(name: &str) -> toml::Table {
    read(name).parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Names of the workspace's crates.
fn crates() -> Vec<String> {
    let entries = std::fs::read_dir(top().join("crates")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Fails with all findings at once.
#[track_caller]
fn none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}\n  {}", findings.join("\n  "));
}
