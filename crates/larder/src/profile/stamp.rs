//! The flags that stamp a program with the commit it is built from.

use std::process::Command;

use anyhow::{Context, bail};
use workbench::binary::{StampDemand, stamp_flags};

/// `-X main.CommitHash=1234`, by the repository of the current directory; with `-dirty` behind it where something is
/// changed or not committed, as the go command has it in `vcs.modified`.
pub(super) fn flags(variable: &str) -> anyhow::Result<String> {
    if variable.contains('=') || variable.parse::<StampDemand>().is_err() {
        bail!("{variable:?} names no variable; write the package and the name: --ldflags=main.CommitHash");
    }
    let revision = git(&["rev-parse", "--verify", "HEAD"])
        .context("there is no commit to name; this runs in a git repository")?;
    let changed = git(&["status", "--porcelain"])?;
    let end = if changed.is_empty() { "" } else { "-dirty" };
    Ok(stamp_flags(variable, &format!("{revision}{end}")))
}

fn git(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git").args(arguments).output().context("cannot run git; is it installed?")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or("it says nothing");
        bail!("git {}: {said}", arguments.join(" "));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
