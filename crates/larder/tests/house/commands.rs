//! The commands that people are told to type are those that run.

use crate::read;

/// The README's second command: the tests.
#[test]
fn ci_runs_the_readmes_test_command() {
    let readme = read("README.md");
    let command = readme.lines().find(|line| line.starts_with("cargo test"));
    let command = command.expect("README.md has a line that begins with `cargo test`");
    let command = command.split(" #").next().unwrap().trim();
    let ci = read(".ci/run");
    assert!(ci.lines().any(|line| line == command), ".ci/run does not have the line `{command}`");
}
