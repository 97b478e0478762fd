//! `larder explain`.

use std::{ffi::OsString, path::PathBuf};

use clap::Args;

/// `larder explain`.
#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The log; `-`, or nothing, for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    /// A command to run; what it prints is passed on, and explained when it fails
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "file")]
    pub(crate) command: Vec<OsString>,
}

pub(super) const AFTER_EXPLAIN: &str = "\
Examples:
  larder explain build.log
  go build ./... 2>&1 | larder explain
  larder explain -- go build ./...
  larder explain --json ci.log

It reads what `go`, and git inside it, say of modules, networks, caches, checksums and toolchains,
also through the colours, timestamps and prefixes of build systems. Errors of the compiler and
failed tests are not its business.
Behind a command the explanation goes to standard error, and is left out when the command succeeds.
Exit codes: 0 nothing was recognised, 1 something was explained, 2 wrong usage, or the log cannot be
read.
Behind a command: 1 when something was explained, else the command's own.";
