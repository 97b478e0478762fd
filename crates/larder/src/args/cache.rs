//! `larder cache`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `larder cache`.
#[derive(Subcommand)]
pub(crate) enum CacheCommand {
    /// Say what lies in the module cache
    #[command(after_help = AFTER_STATUS)]
    Status(StatusArgs),
    /// Remove versions by age, size or module, also while builds run
    #[command(after_help = AFTER_CLEAN)]
    Clean(CleanArgs),
}

/// `larder cache status`.
#[derive(Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) place: CacheOption,
    /// Write JSON, for programs: one object, with every version
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder cache clean`.
#[derive(Args)]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    pub(crate) place: CacheOption,
    /// Remove what nobody has used for so long, like 30d or 12h
    #[arg(long, value_name = "TIME")]
    pub(crate) older_than: Option<String>,
    /// Remove what was used least lately, until the cache holds no more than this, like 5GiB
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_size: Option<String>,
    /// Remove these versions only; can be given several times
    ///
    /// A pattern is one of GOPRIVATE: example.com/org covers all below it.
    #[arg(long, value_name = "PATTERN[@VERSION]")]
    pub(crate) module: Vec<String>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write JSON, for programs: an object per version, and one with the counts at the end
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which cache.
#[derive(Args)]
pub(crate) struct CacheOption {
    /// The module cache [default: what `go env GOMODCACHE` prints]
    #[arg(long, value_name = "DIR")]
    pub(crate) modcache: Option<PathBuf>,
}

pub(super) const AFTER_CACHE: &str = "\
Examples:
  larder cache status
  larder cache clean --older-than 30d
  larder cache clean --max-size 5GiB";

const AFTER_STATUS: &str = "\
Examples:
  larder cache status
  larder cache status --modcache /var/cache/gomod --json

It counts what files hold, not what they take on the disk, and writes nothing into the cache.
Exit codes: 0 done, 1 something could not be read, 2 wrong usage, or there is no cache.";

const AFTER_CLEAN: &str = "\
Examples:
  larder cache clean --older-than 30d
  larder cache clean --max-size 5GiB --dry-run
  larder cache clean --module 'example.com/org/*' --older-than 7d
  larder cache clean --module example.com/module@v1.2.3

It takes the locks that the go command takes. A version that is being downloaded stays, and so does
one that a running go command may be reading. go.mod and .info files go only with versions that were
named, or when they are as old; the next build fetches what it needs. What broken go commands have
left goes always, an hour after it was written.
Exit codes: 0 done, 1 something that was to go stays because it is in use, 2 wrong usage, or it
could not be done.";
