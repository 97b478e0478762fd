//! `larder env`.

use clap::Args;

use super::{ListenOption, Options};
use crate::profile::{Profile, Shell};

/// `larder env`.
#[derive(Args)]
pub(crate) struct EnvArgs {
    /// The situation
    #[arg(long, value_enum, default_value_t = Profile::Dev)]
    pub(crate) profile: Profile,
    /// The language to print in
    #[arg(long, value_enum, default_value_t = Shell::Sh)]
    pub(crate) shell: Shell,
    /// The URL of the Larder that is used [default: the address that `larder serve` answers at]
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// Print the flags of the linker that stamp a program with its commit
    ///
    /// `larder verify --require stamp=NAME` asks for it, also where -trimpath or -buildvcs=false left nothing else.
    #[arg(
        long,
        value_name = "NAME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "main.CommitHash",
        conflicts_with_all = ["profile", "shell", "to", "json"]
    )]
    pub(crate) ldflags: Option<String>,
    /// Write JSON, for programs
    #[arg(long, conflicts_with = "shell")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) listen: ListenOption,
    #[command(flatten)]
    pub(crate) options: Options,
}

impl EnvArgs {
    /// As the options of the commands that ask sources; this one asks nobody, and needs to know of none.
    pub(crate) fn options(&self) -> Options {
        Options {
            config: self.options.config.clone(),
            data: self.options.data.clone(),
            upstream: self.options.upstream.clone(),
            sumdb: self.options.sumdb.clone(),
            offline: Some("true".to_owned()),
            min_free: self.options.min_free.clone(),
        }
    }
}

pub(super) const AFTER_ENV: &str = "\
Examples:
  eval \"$(larder env)\"
  larder env --profile airgap --to http://larder.corp.example:4873
  larder env --profile ci --shell github >> \"$GITHUB_ENV\"
  larder env --profile prod --shell dotenv > build.env
  go build -ldflags \"$(larder env --ldflags)\" ./...

Each variable comes with the reason for its value. `larder run --profile` tells its command the
same. No profile switches verification off. docs/ENV.md shows all of them.
Exit codes: 0 printed, 2 wrong usage, or it could not be done.";
