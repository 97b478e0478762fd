//! What may be typed after `larder`.
//!
//! Every value stays the text that was typed: what it means is decided in [`settings`](crate::settings), together
//! with the environment and the file, so that one rule checks a value wherever it comes from, and no message of the
//! argument parser repeats a password.

mod bench;
mod cache;
mod doctor;
mod env;
mod explain;
mod import;
mod ledger;
mod publish;
mod seal;
mod snapshot;
mod sumdb;
mod vendor;
mod verify;
mod warm;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, builder::Styles, builder::styling::AnsiColor};
use clap_complete::Shell;

use crate::profile::Profile;

pub(crate) use self::{
    bench::BenchArgs,
    cache::{CacheCommand, CacheOption, CleanArgs, StatusArgs},
    doctor::DoctorArgs,
    env::EnvArgs,
    explain::ExplainArgs,
    import::ImportModulesArgs,
    ledger::{AuditArgs, ExportArgs, ImportArgs},
    publish::{CreateArgs, ListArgs, PublishArgs, RevokeArgs, ToOptions, TokenCommand, WithdrawArgs},
    seal::{SealCheckArgs, SealCommand, SealCreateArgs, SealDiffArgs},
    snapshot::{
        SnapshotCommand, SnapshotCreateArgs, SnapshotDiffArgs, SnapshotFormat, SnapshotInspectArgs,
        SnapshotKeygenArgs, SnapshotKeys, SnapshotRestoreArgs, SnapshotVerifyArgs,
    },
    sumdb::{DataOptions, KeygenArgs, RotatePlanArgs, SumdbCommand},
    vendor::{PlanArgs, Proposed, VendorCommand},
    verify::{BinaryOptions, Sbom, VerifyArgs},
    warm::WarmArgs,
};

/// Go builds that do not break: a mirror for Go modules.
#[derive(Parser)]
#[command(
    name = "larder",
    version,
    after_help = AFTER_HELP,
    styles = STYLES,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What Larder does.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the mirror for a team
    #[command(after_help = AFTER_SERVE)]
    Serve(ServeArgs),
    /// Run a command behind a private mirror of its own
    #[command(
        after_help = AFTER_RUN,
        override_usage = "larder run [OPTIONS] -- COMMAND [ARGS]..."
    )]
    Run(RunArgs),
    /// Check everything that is stored, and set aside what is damaged
    #[command(after_help = AFTER_SCRUB)]
    Scrub(ScrubArgs),
    /// Take in modules that Go, or another mirror, already has on a disk
    #[command(after_help = import::AFTER_IMPORT)]
    Import(ImportModulesArgs),
    /// Say why modules do not come, and what helps
    #[command(after_help = doctor::AFTER_DOCTOR)]
    Doctor(DoctorArgs),
    /// Say what went wrong in a build log, and what helps
    #[command(
        after_help = explain::AFTER_EXPLAIN,
        override_usage = "larder explain [OPTIONS] [FILE]\n       larder explain [OPTIONS] -- COMMAND [ARGS]..."
    )]
    Explain(ExplainArgs),
    /// Say whether go.sum, the module cache and vendor are what the checksum database says
    #[command(after_help = verify::AFTER_VERIFY)]
    Verify(VerifyArgs),
    /// Compare module proxies, and say which GOPROXY follows
    #[command(after_help = bench::AFTER_BENCH)]
    Bench(BenchArgs),
    /// Fetch all that projects need before it is needed
    #[command(after_help = warm::AFTER_WARM)]
    Warm(WarmArgs),
    /// Keep Go's module cache in order
    #[command(subcommand, after_help = cache::AFTER_CACHE)]
    Cache(CacheCommand),
    /// Carry modules, and what proves them, to places without network
    #[command(subcommand, after_help = snapshot::AFTER_SNAPSHOT)]
    Snapshot(SnapshotCommand),
    /// Build although a module cannot be had
    #[command(subcommand, after_help = vendor::AFTER_VENDOR)]
    Vendor(VendorCommand),
    /// Keep a ledger of files that are no modules
    #[command(subcommand, after_help = seal::AFTER_SEAL)]
    Seal(SealCommand),
    /// Publish a version of a private module
    #[command(after_help = publish::AFTER_PUBLISH)]
    Publish(PublishArgs),
    /// Take a version out for good, with a reason
    #[command(after_help = publish::AFTER_WITHDRAW)]
    Withdraw(WithdrawArgs),
    /// Say who may publish and withdraw
    #[command(subcommand, after_help = publish::AFTER_TOKEN)]
    Token(TokenCommand),
    /// Look after checksum databases: the public ones, and your own
    #[command(subcommand, after_help = sumdb::AFTER_SUMDB)]
    Sumdb(SumdbCommand),
    /// Print the environment for work, CI, shipped builds, or a site without network
    #[command(after_help = env::AFTER_ENV)]
    Env(EnvArgs),
    /// Look at the configuration
    #[command(subcommand, after_help = AFTER_CONFIG)]
    Config(ConfigCommand),
    /// Print the completion script of a shell
    #[command(after_help = AFTER_COMPLETIONS)]
    Completions {
        /// The shell that completes
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
}

/// `larder serve`.
#[derive(Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) listen: ListenOption,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// `larder run`.
#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) options: Options,
    /// Behave as this situation needs it; `larder env` shows what the command is told
    #[arg(long, value_enum)]
    pub(crate) profile: Option<Profile>,
    /// The command and its arguments; `go` in it fetches modules through Larder
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// `larder scrub`.
#[derive(Args)]
pub(crate) struct ScrubArgs {
    /// Read settings from this file [env: LARDER_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The directory with the modules [env: LARDER_DATA] [default: ~/.cache/larder]
    ///
    /// Servers may be using it meanwhile.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Read at most this much per second; 0 for as much as the disk gives [default: 32 MiB]
    #[arg(long, value_name = "BYTES/S")]
    pub(crate) rate: Option<String>,
    /// Begin at the beginning, where the last one did not come to its end
    #[arg(long)]
    pub(crate) restart: bool,
    /// Afterwards make the catalog's index anew from the receipts
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// Write JSON, for programs: an object per damaged file, and one with the counts at the end
    #[arg(long)]
    pub(crate) json: bool,
}

impl ScrubArgs {
    /// As the options of the commands that ask sources; this one asks nobody.
    pub(crate) fn options(&self) -> Options {
        Options {
            config: self.config.clone(),
            data: self.data.clone(),
            offline: Some("true".to_owned()),
            ..Options::default()
        }
    }
}

/// `larder config`.
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say everything that is wrong with the settings, or `ok`
    #[command(after_help = AFTER_CHECK)]
    Check(CheckArgs),
    /// Print every value in force, and where it came from
    #[command(after_help = AFTER_SHOW)]
    Show(ShowArgs),
    /// Print a configuration file with every setting and its default
    #[command(after_help = AFTER_EXAMPLE)]
    Example,
}

/// `larder config check`.
#[derive(Args)]
pub(crate) struct CheckArgs {
    /// The configuration file, as with --config
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub(crate) file: Option<PathBuf>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) listen: ListenOption,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// `larder config show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) listen: ListenOption,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// The option of the commands that care about an address.
#[derive(Args, Default)]
pub(crate) struct ListenOption {
    /// Where to answer; port 0 picks a free one [env: LARDER_LISTEN] [default: 127.0.0.1:4873]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
}

/// The options of every command that needs the settings.
#[derive(Args, Clone, Default)]
pub(crate) struct Options {
    /// Read settings from this file [env: LARDER_CONFIG]
    ///
    /// `larder config example` prints one with every setting.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Keep modules here [env: LARDER_DATA] [default: ~/.cache/larder]
    ///
    /// The default is the directory `larder` in the user's cache directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where modules come from, as GOPROXY [env: LARDER_UPSTREAM] [default: Go's]
    ///
    /// `,` goes on to the next proxy after "not found", `|` after any failure. Without it, GOPROXY is taken from
    /// the environment, from the user's go/env file, or from the go.env of the `go` in PATH.
    #[arg(long, value_name = "CHAIN")]
    pub(crate) upstream: Option<String>,
    /// The checksum database, as GOSUMDB [env: LARDER_SUMDB] [default: Go's]
    ///
    /// NAME or NAME+HASH+KEY, either followed by a space and a URL; or `off`. Without it, GOSUMDB is taken from
    /// where GOPROXY is, or else sum.golang.org.
    #[arg(long, value_name = "SPEC")]
    pub(crate) sumdb: Option<String>,
    /// Ask nobody: answer from what is stored [env: LARDER_OFFLINE] [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) offline: Option<String>,
    /// Keep this much of the disk free [env: LARDER_MIN_FREE] [default: 5 %]
    ///
    /// A part of it, or an amount like 10 GiB. Below it, Larder passes modules on without storing them.
    #[arg(long, value_name = "PERCENT|SIZE")]
    pub(crate) min_free: Option<String>,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Examples:
  larder run -- go build ./...     build with a cache that stays, behind a mirror of its own
  larder serve                     one mirror for everybody; clients set GOPROXY=http://HOST:4873
  larder config show               which settings are in force, and where each came from

Larder takes the upstream from this machine's Go settings unless it is told another.
Exit codes: 0 fine, 1 a finding, 2 wrong usage, wrong configuration, or it could not be done.";

const AFTER_SERVE: &str = "\
Examples:
  larder serve
  larder serve --listen 0.0.0.0:4873 --data /var/lib/larder
  larder serve --upstream 'https://proxy.example.com|https://other.example.com'
  larder serve --config /etc/larder.toml

One line on standard output says when it answers: serving http://127.0.0.1:4873
A flag wins over its environment variable, that over the file, that over the default.";

const AFTER_RUN: &str = "\
Examples:
  larder run -- go build ./...
  larder run -- go mod download
  larder run --offline -- go test ./...
  larder run --profile ci -- go build ./...

GOPROXY is set for the command, and what --profile adds; everything else is left alone. What was
fetched stays. The exit code is the command's; 125 when Larder failed, 126 when the command cannot
be executed, 127 when there is no such command.";

const AFTER_SCRUB: &str = "\
Examples:
  larder scrub
  larder scrub --data /var/lib/larder --rate '8 MiB'
  larder scrub --rate 0 --json > damaged.jsonl
  larder scrub --rebuild

Every stored file is compared with the checksums and the h1 hash that were taken when it was stored.
One that is damaged goes to quarantine/ in the data directory, and is fetched anew when it is asked
for. It can be stopped at any time; the next one goes on where it was.
Exit codes: 0 nothing damaged, 1 something was damaged, 2 wrong usage, or not all could be checked.";

const AFTER_CONFIG: &str = "\
Examples:
  larder config example > larder.toml
  larder config check larder.toml
  larder config show --config larder.toml";

const AFTER_CHECK: &str = "\
Examples:
  larder config check larder.toml
  LARDER_LISTEN=0.0.0.0:80 larder config check --json

It checks what `larder serve` would start with: the file, the environment, and this machine's Go
settings.
Exit codes: 0 ok, 2 not valid.";

const AFTER_SHOW: &str = "\
Examples:
  larder config show
  larder config show --config larder.toml --json
  larder config show --upstream https://proxy.example.com

Passwords and tokens in URLs are shown as ***.";

const AFTER_EXAMPLE: &str = "\
Examples:
  larder config example > larder.toml
  larder serve --config larder.toml";

const AFTER_COMPLETIONS: &str = "\
Examples:
  larder completions bash > ~/.local/share/bash-completion/completions/larder
  larder completions zsh > ~/.zfunc/_larder
  larder completions fish > ~/.config/fish/completions/larder.fish";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_teaches_by_example() {
        fn visit(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:\n  "), "{} has no examples", command.get_name());
            command.get_subcommands().for_each(visit);
        }
        visit(&Cli::command());
    }

    #[test]
    fn offline_is_a_switch_that_can_be_switched_off() {
        for (line, want) in [
            ("larder serve", None),
            ("larder serve --offline", Some("true")),
            ("larder serve --offline=false", Some("false")),
        ] {
            let Command::Serve(args) = parse(line).unwrap().command else { panic!("{line}") };
            assert_eq!(args.options.offline.as_deref(), want, "{line}");
        }
    }

    #[test]
    fn what_follows_the_dashes_is_the_commands() {
        let cli = parse("larder run --offline -- go build --offline -- x").unwrap();
        let Command::Run(args) = cli.command else { panic!() };
        assert_eq!(args.command, ["go", "build", "--offline", "--", "x"]);
        assert_eq!(args.options.offline.as_deref(), Some("true"));
    }

    #[test]
    fn wrong_usage_exits_with_2() {
        for line in [
            "larder",
            "larder nonsense",
            "larder serve --nonsense",
            "larder serve extra",
            "larder run",
            "larder run go build",
            "larder run --listen 127.0.0.1:0 -- go",
            "larder config check a.toml --config b.toml",
            "larder completions cmd.exe",
            "larder scrub --nonsense",
            "larder import",
            "larder import DIR",
            "larder import --dir a --modcache b",
        ] {
            assert_eq!(parse(line).err().map(|e| e.exit_code()), Some(2), "{line}");
        }
        for line in ["larder --help", "larder --version", "larder serve --help", "larder config show -h"] {
            assert_eq!(parse(line).err().map(|e| e.exit_code()), Some(0), "{line}");
        }
    }
}
