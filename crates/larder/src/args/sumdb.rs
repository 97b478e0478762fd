//! What may be typed after `larder sumdb`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    Options,
    ledger::{AFTER_AUDIT, AFTER_EXPORT, AFTER_IMPORT, AuditArgs, ExportArgs, ImportArgs},
};

/// `larder sumdb`.
#[derive(Subcommand)]
pub(crate) enum SumdbCommand {
    /// Make the key of a checksum database of your own
    #[command(after_help = AFTER_KEYGEN)]
    Keygen(KeygenArgs),
    /// Begin your own checksum database: an empty log, signed
    #[command(after_help = AFTER_INIT)]
    Init(InitArgs),
    /// Say what is known of each checksum database, and what clients set for your own
    #[command(after_help = AFTER_SHOW)]
    Show(ShowDatabasesArgs),
    /// Say what it takes to change the key of your own database; nothing is done
    #[command(after_help = AFTER_ROTATE_PLAN)]
    RotatePlan(RotatePlanArgs),
    /// Keep the signatures of witnesses on the newest head of your own database
    #[command(after_help = AFTER_COSIGN)]
    Cosign(CosignArgs),
    /// Prove again, offline, all that is stored of checksum databases
    #[command(after_help = AFTER_AUDIT)]
    Audit(AuditArgs),
    /// Write the hashes that are known here as a list that sites can compare
    #[command(after_help = AFTER_EXPORT)]
    Export(ExportArgs),
    /// Pin the hashes of such a list
    #[command(after_help = AFTER_IMPORT)]
    Import(ImportArgs),
}

/// `larder sumdb keygen`.
#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// The name of the database: a host name of your own, perhaps with a path
    ///
    /// Clients know the database by it for ever, wherever it is served. It needs no DNS entry.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Write the private key to this file, which must not be there yet [default: NAME.key]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder sumdb init`.
#[derive(Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder sumdb show`.
#[derive(Args)]
pub(crate) struct ShowDatabasesArgs {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder sumdb cosign`.
#[derive(Args)]
pub(crate) struct CosignArgs {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The note: what `latest` gave, with the lines of witnesses added; - for standard input
    #[arg(value_name = "NOTE")]
    pub(crate) note: PathBuf,
}

/// `larder sumdb rotate-plan`.
#[derive(Args)]
pub(crate) struct RotatePlanArgs {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options of the commands that work in a data directory and ask nobody.
#[derive(Args, Default)]
pub(crate) struct DataOptions {
    /// Read settings from this file [env: LARDER_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The directory with the modules [env: LARDER_DATA] [default: ~/.cache/larder]
    ///
    /// Servers may be using it meanwhile.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

impl DataOptions {
    /// As the options of the commands that ask sources.
    pub(crate) fn options(&self) -> Options {
        Options {
            config: self.config.clone(),
            data: self.data.clone(),
            offline: Some("true".to_owned()),
            ..Options::default()
        }
    }
}

pub(super) const AFTER_SUMDB: &str = "\
Examples:
  larder sumdb keygen sum.corp.example --out /etc/larder/sum.key
  larder sumdb init --config /etc/larder.toml
  larder sumdb show --config /etc/larder.toml
  larder sumdb rotate-plan --config /etc/larder.toml

A checksum database of your own vouches for private modules too, and passes on what the public one
says of the others: clients set one GOSUMDB and have everything verified.";

const AFTER_KEYGEN: &str = "\
Examples:
  larder sumdb keygen sum.corp.example
  larder sumdb keygen sum.corp.example --out /etc/larder/sum.key
  larder sumdb keygen sum.corp.example --out sum.key > vkey.txt

The private key goes to the file, which only you can read (mode 0600), and nowhere else. The public
key, which is what clients verify with, goes to standard output; what to set is said on standard
error. Keep a copy of the key file in a safe place: without it the log cannot grow, and nothing can
replace it.";

const AFTER_INIT: &str = "\
Examples:
  larder sumdb init --config /etc/larder.toml

`larder serve` begins the log too, if there is none. A log that is there is left as it is.
Exit codes: 0 there is a log, 2 there is none and none could be begun.";

const AFTER_SHOW: &str = "\
Examples:
  larder sumdb show
  larder sumdb show --config /etc/larder.toml --json

For each database in the data directory: its newest head, and how many records are stored.
Exit codes: 0 fine, 1 a database is not used any more because it contradicted itself, 2 it could not
be done.";

const AFTER_COSIGN: &str = "\
Examples:
  larder sumdb cosign --config /etc/larder.toml witnessed.txt
  curl -s http://larder.example.com:4873/latest | witness | larder sumdb cosign --config /etc/larder.toml -

The lines of others are passed on with the head until the log grows, at most 16, one for each name.
They are not checked here, as their keys are not known: clients that know a witness check its line.
Exit codes: 0 kept, 2 it could not be done, or the note is not of the newest head.";

const AFTER_ROTATE_PLAN: &str = "\
Examples:
  larder sumdb rotate-plan --config /etc/larder.toml

It prints the steps with your names and files in them. Nothing is done.";
