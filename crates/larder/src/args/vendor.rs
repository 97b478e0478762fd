//! What may be typed after `larder vendor`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Options;

/// `larder vendor`.
#[derive(Subcommand)]
pub(crate) enum VendorCommand {
    /// Say how a project builds although a module cannot be had
    #[command(after_help = AFTER_PLAN)]
    Plan(PlanArgs),
}

/// `larder vendor plan`.
#[derive(Args)]
pub(crate) struct PlanArgs {
    /// The project: a directory with a go.mod
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Write the first proposal with which `go build` works
    #[arg(long, conflicts_with = "undo")]
    pub(crate) apply: bool,
    /// Take back what was written
    #[arg(long)]
    pub(crate) undo: bool,
    /// Try this proposal only; vendor also where nothing is missing
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) only: Option<Proposed>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What can be proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Proposed {
    /// Another version that is stored
    Version,
    /// `go mod vendor` from the store
    Vendor,
    /// A verified copy of the module cache
    Copy,
}

pub(super) const AFTER_VENDOR: &str = "\
Examples:
  larder vendor plan
  larder vendor plan --apply
  larder vendor plan --undo";

const AFTER_PLAN: &str = "\
Examples:
  larder vendor plan
  larder vendor plan services/api --json
  larder vendor plan --apply && larder run --offline -- go build ./...
  larder vendor plan --apply --only vendor
  larder vendor plan --undo

What the project needs is fetched, as `larder warm` does. For what cannot be had it tries, in this
order: another version that is stored; `go mod vendor` from the store; a copy in this machine's
module cache whose hash is that of go.sum. A real `go build` decides, with nothing but the store
behind it; nothing in the project is changed before --apply. --undo brings back go.mod and go.sum as
they were.
Exit codes: 0 nothing is missing, or it was written or taken back, 1 something is missing, 2 wrong
usage, or it could not be done.";
