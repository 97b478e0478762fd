//! What may be typed after `larder import`.

use std::path::PathBuf;

use clap::Args;

use super::Options;

/// `larder import`.
#[derive(Args)]
#[group(id = "from", required = true, multiple = false, args = ["modcache", "dir"])]
pub(crate) struct ImportModulesArgs {
    /// A module cache of the go command: what `go env GOMODCACHE` prints
    #[arg(long, value_name = "DIR")]
    pub(crate) modcache: Option<PathBuf>,
    /// A directory laid out as a GOPROXY, or the disk storage of Athens
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Write JSON, for programs: an object per file that is refused, and one with the counts at the end
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

pub(super) const AFTER_IMPORT: &str = "\
Examples:
  larder import --modcache \"$(go env GOMODCACHE)\"
  larder import --dir /srv/goproxy --data /var/lib/larder
  larder import --dir /srv/athens --json > refused.jsonl
  larder import --offline --dir /media/disk/modules

Every file gets the checks of one that is fetched: names, .info, go.mod, the rules for zips, and the
hash that the checksum database of its route vouches for, or that was seen first. Names of private
routes reach nobody. Hashes that lie beside the files are not believed, and links are not followed.
Servers may be at work in the data directory. It can be stopped at any time; the next one takes only
what is missing.
Exit codes: 0 taken in, 1 something was refused, 2 wrong usage, or it could not be done.";
