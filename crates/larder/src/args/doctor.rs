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
    #[command(flatten)]
    pub(crate) change: ChangeOptions,
}

/// What may be changed.
#[derive(Args)]
pub(crate) struct ChangeOptions {
    /// Change go's own settings file where that mends something; the difference is shown first
    #[arg(long, group = "change")]
    pub(crate) fix: bool,
    /// Bring back the settings file as it was before the last --fix
    #[arg(long, group = "change", conflicts_with_all = ["json", "check"])]
    pub(crate) undo: bool,
    /// Do not ask before the change
    #[arg(long, requires = "change")]
    pub(crate) yes: bool,
}

pub(super) const AFTER_DOCTOR: &str = "\
Examples:
  larder doctor
  larder doctor ~/src/project
  larder doctor --offline --json
  larder doctor --check go-sum,module-cache
  larder doctor --fix
  larder doctor --undo

It looks, in order of cause, at Go's settings, at names that leave the machine and should not, at
the network, the proxies and checksum databases, at repositories, and at what lies on this machine.
It says the one root cause first, what shows it, and the cure as commands to paste; no cure switches
a check off. It changes nothing unless --fix says so: then it changes the file that go env -w
writes, never one of a shell, and keeps a copy that --undo brings back. It needs no root, and asks
only those whom the settings name. docs/doctor has a page for every code.
Exit codes: 0 nothing was found, 1 something was found, 2 wrong usage, or it could not look.";
