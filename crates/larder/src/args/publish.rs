//! What may be typed after `larder publish`, `larder withdraw` and `larder token`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DataOptions;

/// `larder publish`.
#[derive(Args)]
pub(crate) struct PublishArgs {
    /// The version, like v1.2.3
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    /// The directory of the module, with its go.mod
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The module's path [default: what go.mod says]
    #[arg(long, value_name = "PATH")]
    pub(crate) module: Option<String>,
    /// Publish what lies in the directory, also what is not committed
    #[arg(long)]
    pub(crate) allow_dirty: bool,
    #[command(flatten)]
    pub(crate) to: ToOptions,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) data: DataOptions,
}

/// `larder withdraw`.
#[derive(Args)]
pub(crate) struct WithdrawArgs {
    /// The version to take out
    #[arg(value_name = "MODULE@VERSION")]
    pub(crate) what: String,
    /// Why; whoever asks for the version is told
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) to: ToOptions,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) data: DataOptions,
}

/// Which Larder is asked; none for the data directory of this machine.
#[derive(Args, Default)]
pub(crate) struct ToOptions {
    /// Ask the Larder at this URL instead of changing the data directory
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// Read the token for it from this file [env: LARDER_TOKEN has the token itself]
    #[arg(long, value_name = "FILE", requires = "to")]
    pub(crate) token_file: Option<PathBuf>,
}

/// `larder token`.
#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it this one time
    #[command(after_help = AFTER_CREATE)]
    Create(CreateArgs),
    /// List the tokens, without their secrets
    #[command(after_help = AFTER_LIST)]
    List(ListArgs),
    /// Take a token back
    #[command(after_help = AFTER_REVOKE)]
    Revoke(RevokeArgs),
}

/// `larder token create`.
#[derive(Args)]
pub(crate) struct CreateArgs {
    /// What to call it; it stands in receipts and in the audit trail
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The modules it is for, as in GOPRIVATE
    #[arg(long, value_name = "PATTERNS", visible_alias = "module", alias = "patterns")]
    pub(crate) modules: String,
    /// What it allows: pull, push, delete
    #[arg(long, value_name = "ACTIONS", value_delimiter = ',', required = true, alias = "action")]
    pub(crate) actions: Vec<String>,
    /// When it ends: a time like 2027-01-31T00:00:00Z, or after so long, like 90d or 12h [default: never]
    #[arg(long, value_name = "WHEN", alias = "expiry", alias = "ttl")]
    pub(crate) expires: Option<String>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) data: DataOptions,
}

/// `larder token list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) data: DataOptions,
}

/// `larder token revoke`.
#[derive(Args)]
pub(crate) struct RevokeArgs {
    /// The token's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) data: DataOptions,
}

pub(super) const AFTER_PUBLISH: &str = "\
Examples:
  larder publish v1.2.0
  larder publish v1.2.0 --dir ./billing --to https://larder.corp.example --token-file ~/.larder-token
  LARDER_TOKEN=larder_... larder publish v2.0.0 --to https://larder.corp.example --json

The module is packed as `go` would pack it. In a git work tree that is what HEAD has; with changes
that are not committed it is refused, unless --allow-dirty. A version never changes: the same
content again is fine, other content is a conflict. Without --to it goes straight into the data
directory of this machine.
Exit codes: 0 it is published, 1 the version has other content or was withdrawn, 2 it could not be
done.";

pub(super) const AFTER_WITHDRAW: &str = "\
Examples:
  larder withdraw corp.example/billing@v1.2.0 --reason 'a key leaked, use v1.2.1'
  larder withdraw corp.example/billing@v1.2.0 --reason 'never built' --to https://larder.corp.example

Clients that ask for the version are answered 410 with the reason from now on. Nothing brings it
back, and a record in your own checksum database stays.
Exit codes: 0 it is withdrawn, 1 it was before or is not known here, 2 it could not be done.";

pub(super) const AFTER_TOKEN: &str = "\
Examples:
  larder token create ci --modules 'corp.example/*' --actions push
  larder token list
  larder token revoke ci

Tokens lie in the data directory, and servers that use it need no restart. Everybody may pull; to
publish or to withdraw over HTTP takes a token, on this machine too.";

const AFTER_CREATE: &str = "\
Examples:
  larder token create ci --modules 'corp.example/*' --actions push
  larder token create release --modules corp.example/billing --actions push,delete --expires 90d
  larder token create ci --modules 'corp.example/*' --actions push > token.txt

The token goes to standard output, and is shown only now: nothing but a hash of it is kept. If the
catalog in the data directory is ever lost, all tokens are lost with it and have to be made anew.
Exit codes: 0 made, 2 it could not be done.";

const AFTER_LIST: &str = "\
Examples:
  larder token list
  larder token list --data /var/lib/larder --json";

const AFTER_REVOKE: &str = "\
Examples:
  larder token revoke ci
  larder token revoke ci --data /var/lib/larder

Servers refuse it from now on.
Exit codes: 0 revoked, 1 there is no such token, 2 it could not be done.";
