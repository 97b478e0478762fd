//! `larder verify`.

use std::path::PathBuf;

use clap::Args;

use super::Options;

/// `larder verify`.
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Directories of projects [default: the current one]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

pub(super) const AFTER_VERIFY: &str = "\
Examples:
  larder verify
  larder verify ~/src/project
  larder verify --offline --json

It looks at the lines of go.sum, one by one. It changes nothing. docs/doctor has a page for every code.
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage, or it could not look.";
