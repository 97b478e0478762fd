//! `larder doctor`.

use std::path::PathBuf;

use clap::Args;

/// `larder doctor`.
#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// The directory of the project [default: the current one]
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Look at this machine only, and send nothing [env: LARDER_OFFLINE]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) offline: Option<String>,
    /// Run these checks only; `--check help` lists them
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) check: Vec<String>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) const AFTER_DOCTOR: &str = "\
Examples:
  larder doctor
  larder doctor ~/src/project
  larder doctor --offline --json
  larder doctor --check gosum,modcache

It looks, in order of cause, at Go's settings, at names that leave the machine and should not, at the network, the
proxies and checksum databases, at repositories, and at what lies on this machine. It says the one root cause first,
what shows it, and the cure as commands to paste; no cure switches a check off. It changes nothing, needs no root, and
asks only those whom the settings name. docs/doctor has a page for every code.
Exit codes: 0 nothing was found, 1 something was found, 2 wrong usage, or it could not look.";
