//! `larder verify`.

use std::path::PathBuf;

use clap::Args;

use super::Options;

/// `larder verify`.
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Directories of projects [default: the current one, unless --modcache]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Look at the whole module cache, whatever project needs it
    #[arg(long)]
    pub(crate) modcache: bool,
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
  larder verify --modcache

It looks at the lines of go.sum, one by one, and at what lies in the module cache of each module that the project is
built from: the zip, the unpacked files, the .mod and the .info. All of it is hashed and compared with go.sum, and go.sum
with the checksum database, or with what Larder's ledger knows of it where nobody is to be asked (--offline). What go
keeps of hashes in the cache is believed nowhere. A module that is not downloaded is no finding. It writes nothing into
the cache and nothing into the project. docs/doctor has a page for every code.
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage, or it could not look.";
