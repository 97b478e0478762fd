//! `larder seal`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `larder seal`.
#[derive(Subcommand)]
pub(crate) enum SealCommand {
    /// Write down what lies below directories
    #[command(after_help = AFTER_CREATE)]
    Create(SealCreateArgs),
    /// Compare what lies there with what was written down
    #[command(after_help = AFTER_CHECK)]
    Check(SealCheckArgs),
    /// Compare two ledgers
    #[command(after_help = AFTER_DIFF)]
    Diff(SealDiffArgs),
}

/// `larder seal create`.
#[derive(Args)]
pub(crate) struct SealCreateArgs {
    /// The ledger: a file that is made, or brought up to date
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The directories
    #[arg(required = true, value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
    /// Sign the ledger with the private key in this file
    #[arg(long, value_name = "KEYFILE")]
    pub(crate) sign: Option<PathBuf>,
    /// Hash with so many threads [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZero<usize>>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder seal check`.
#[derive(Args)]
pub(crate) struct SealCheckArgs {
    /// The ledger
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The directories [default: all that are in the ledger, as they were named]
    ///
    /// One that lies elsewhere now is written NAME=DIR; where only one was sealed, DIR will do.
    #[arg(value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
    /// Refuse a ledger that is not signed with this public key
    #[arg(long, value_name = "NAME+HASH+KEY")]
    pub(crate) key: Option<String>,
    /// Permissions do not count
    #[arg(long)]
    pub(crate) ignore_mode: bool,
    /// Hash with so many threads [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZero<usize>>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder seal diff`.
#[derive(Args)]
pub(crate) struct SealDiffArgs {
    /// The older ledger
    #[arg(value_name = "A")]
    pub(crate) before: PathBuf,
    /// The newer ledger
    #[arg(value_name = "B")]
    pub(crate) after: PathBuf,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) const AFTER_SEAL: &str = "\
Examples:
  larder seal create --db vendor.seal vendor
  larder seal check --db vendor.seal
  larder seal diff monday.seal friday.seal";

const AFTER_CREATE: &str = "\
Examples:
  larder seal create --db vendor.seal vendor
  larder seal create --db disk.seal --sign site.key /mnt/disk
  larder seal create --db inputs.seal third_party toolchains

The ledger is one SQLite file with path, SHA-256, size, mode and time of every file and link. It can
be copied, and may lie in a directory that it seals. Directories that are in it already are brought
up to date, others in it stay. A call that was broken off is gone on with by the next. Keys are made
by `larder sumdb keygen`.
Exit codes: 0 everything is sealed, 1 something could not be read, 2 wrong usage, or it could not be
done.";

const AFTER_CHECK: &str = "\
Examples:
  larder seal check --db vendor.seal
  larder seal check --db /media/usb/disk.seal /media/usb
  larder seal check --db disk.seal --key site.example+1a2b3c4d+AbCd... /mnt/disk
  larder seal check --db inputs.seal third_party=/src/third_party --json

It hashes every file again and names those that changed, are missing, or are new. It needs no
network and writes nothing. When a file was written does not count.
Exit codes: 0 all is as it was, 1 something is not, or the signature is wrong, 2 wrong usage, or it
could not be checked.";

const AFTER_DIFF: &str = "\
Examples:
  larder seal diff monday.seal friday.seal
  larder seal diff here.seal there.seal --json

Exit codes: 0 the same files, 1 they differ, 2 wrong usage, or it could not be compared.";
