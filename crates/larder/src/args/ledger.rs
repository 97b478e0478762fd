//! What may be typed after `larder sumdb audit`, `export` and `import`.

use std::path::PathBuf;

use clap::Args;

use super::DataOptions;

/// `larder sumdb audit`.
#[derive(Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The public key of a database that is stored there but not in the settings; may be given several times
    #[arg(long, value_name = "NAME+HASH+KEY")]
    pub(crate) key: Vec<String>,
    /// Write JSON, for programs: an object per finding, and one with the counts at the end
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder sumdb export`.
#[derive(Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The list to write; `-` for standard output
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    /// Only modules that these patterns match, as in GOPRIVATE
    #[arg(long, value_name = "PATTERNS")]
    pub(crate) module: Option<String>,
    /// Write the signed head of the list to this file [default: FILE.sig]
    #[arg(long, value_name = "FILE")]
    pub(crate) sig: Option<PathBuf>,
    /// Do not sign, although there is a key of your own in the settings
    #[arg(long)]
    pub(crate) unsigned: bool,
}

/// `larder sumdb import`.
#[derive(Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The list to read; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The file with the signed head of the list [default: FILE.sig]
    #[arg(long, value_name = "FILE")]
    pub(crate) sig: Option<PathBuf>,
    /// The public key that must have signed it
    #[arg(long, value_name = "NAME+HASH+KEY", required_unless_present = "unsigned")]
    pub(crate) key: Option<String>,
    /// Take a list that nobody vouches for
    #[arg(long, conflicts_with = "key")]
    pub(crate) unsigned: bool,
    /// Write JSON, for programs: an object per finding, and one with the counts at the end
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) const AFTER_AUDIT: &str = "\
Examples:
  larder sumdb audit
  larder sumdb audit --data /var/lib/larder --json
  larder sumdb audit --key sum.corp.example+1a2b3c4d+AQ...

Nobody is asked, and nothing is changed; servers may be at work in the directory. Each stored record
is proven in the newest signed head with the stored tiles alone, as a `go` without network would
have to; each tile and each head is checked; receipts are compared with the records they name; a log
of your own is computed anew from its first record. Keys are those of the settings, of
sum.golang.org, and what --key names.
Exit codes: 0 all is as it should be, 1 something is not, 2 wrong usage, or not all could be
checked.";

pub(super) const AFTER_EXPORT: &str = "\
Examples:
  larder sumdb export sums.txt
  larder sumdb export --module 'corp.example,*.corp.example' corp.txt
  larder sumdb export | diff - other-site.txt

The list has a line per known file, as in go.sum, in the order of its bytes: `diff` shows in what
two sites differ. Its head, which is how many lines it has and their SHA-256, goes to FILE.sig,
signed with the key of the own database if there is one. What was withdrawn, or served before it was
verified, is not in it.
Exit codes: 0 written, 2 wrong usage, or not all could be written.";

pub(super) const AFTER_IMPORT: &str = "\
Examples:
  larder sumdb import sums.txt --key sum.corp.example+1a2b3c4d+AQ...
  larder sumdb import go.sum.sorted --unsigned

Each hash is pinned in a receipt, whether its file is stored or not: from now on no other file is
taken, whatever a source or a checksum database says. If one contradicts what is known here, all
such are told, and nothing at all is taken in. To import a list again changes nothing.
Exit codes: 0 taken in, 1 a contradiction, 2 wrong usage, or the list is not what its head says.";
