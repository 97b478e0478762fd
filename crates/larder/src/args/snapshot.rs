//! What may be typed after `larder snapshot`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Options, WarmArgs};

/// `larder snapshot`.
#[derive(Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Make a key that vouches for snapshots
    #[command(after_help = AFTER_KEYGEN)]
    Keygen(SnapshotKeygenArgs),
    /// Write what projects need, or all that is stored, into one file
    #[command(after_help = AFTER_CREATE)]
    Create(SnapshotCreateArgs),
    /// Check everything in a snapshot; nothing is restored
    #[command(after_help = AFTER_VERIFY)]
    Verify(SnapshotVerifyArgs),
    /// Say what two snapshots do not have in common
    #[command(after_help = AFTER_DIFF)]
    Diff(SnapshotDiffArgs),
    /// Check everything in a snapshot, and take it into a data directory
    #[command(after_help = AFTER_RESTORE)]
    Restore(SnapshotRestoreArgs),
    /// Say what is in a snapshot, as it says itself
    #[command(after_help = AFTER_INSPECT)]
    Inspect(SnapshotInspectArgs),
}

/// `larder snapshot keygen`.
#[derive(Args)]
pub(crate) struct SnapshotKeygenArgs {
    /// Who vouches: a host name of your own, perhaps with a path
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Write the private key to this file, which must not be there yet [default: NAME.key]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder snapshot create`.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct SnapshotCreateArgs {
    /// The projects, as in `larder warm`; what they need is fetched first
    #[arg(value_name = "DIR", default_value = ".", conflicts_with = "store")]
    pub(crate) dirs: Vec<PathBuf>,
    /// The file to write; with --format goproxy-dir a directory that is not there yet
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// All that is stored, instead of what projects need; nothing is fetched
    #[arg(long)]
    pub(crate) store: bool,
    /// For projects: also what tests of dependencies need, and every line of a go.sum
    #[arg(long, conflicts_with = "store")]
    pub(crate) all: bool,
    /// With all Go toolchains that are stored; those that the projects ask for go along anyway
    #[arg(long)]
    pub(crate) toolchains: bool,
    /// For projects: with the Go they ask for, for this system and processor, like linux/amd64; may be given several times
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',', conflicts_with = "store")]
    pub(crate) platform: Vec<String>,
    /// Only what this snapshot, and those before it, do not have
    #[arg(long, value_name = "OLD")]
    pub(crate) since: Option<PathBuf>,
    /// Sign with the private key in this file
    #[arg(long, value_name = "KEYFILE")]
    pub(crate) sign: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "snapshot")]
    pub(crate) format: SnapshotFormat,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What `larder snapshot create` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SnapshotFormat {
    /// One file, for `larder snapshot restore`
    Snapshot,
    /// A directory that `go` reads without Larder: GOPROXY=file:///DIR
    GoproxyDir,
}

impl SnapshotCreateArgs {
    /// The options that count: nothing is fetched for what is stored.
    pub(crate) fn options(&self) -> Options {
        let mut options = self.options.clone();
        if self.store {
            options.offline = Some("true".to_owned());
        }
        options
    }

    /// What is fetched first.
    pub(crate) fn warm(&self) -> WarmArgs {
        WarmArgs {
            dirs: self.dirs.clone(),
            all: self.all,
            platform: self.platform.clone(),
            to: None,
            json: false,
            options: self.options.clone(),
        }
    }
}

/// The keys that count for a snapshot.
#[derive(Args)]
pub(crate) struct SnapshotKeys {
    /// The public key that must have signed it
    #[arg(long, value_name = "NAME+HASH+KEY")]
    pub(crate) key: Option<String>,
    /// The checksum database that proves it, as GOSUMDB [env: LARDER_SUMDB] [default: Go's]
    #[arg(long, value_name = "SPEC")]
    pub(crate) sumdb: Option<String>,
    /// Read settings from this file [env: LARDER_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl SnapshotKeys {
    /// As the options of the commands that ask sources; these ask nobody.
    pub(crate) fn options(&self) -> Options {
        Options {
            config: self.config.clone(),
            sumdb: self.sumdb.clone(),
            offline: Some("true".to_owned()),
            ..Options::default()
        }
    }
}

/// `larder snapshot verify`.
#[derive(Args)]
pub(crate) struct SnapshotVerifyArgs {
    /// The snapshot
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) keys: SnapshotKeys,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder snapshot restore`.
#[derive(Args)]
pub(crate) struct SnapshotRestoreArgs {
    /// The snapshot
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The data directory [env: LARDER_DATA] [default: ~/.cache/larder]
    ///
    /// What is there stays; servers may be at work in it.
    #[arg(long, value_name = "DATA")]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: SnapshotKeys,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

impl SnapshotRestoreArgs {
    /// As the options of the commands that ask sources.
    pub(crate) fn options(&self) -> Options {
        Options { data: self.to.clone(), ..self.keys.options() }
    }
}

/// `larder snapshot diff`.
#[derive(Args)]
pub(crate) struct SnapshotDiffArgs {
    /// The first snapshot
    #[arg(value_name = "A")]
    pub(crate) first: PathBuf,
    /// The second snapshot
    #[arg(value_name = "B")]
    pub(crate) second: PathBuf,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// `larder snapshot inspect`.
#[derive(Args)]
pub(crate) struct SnapshotInspectArgs {
    /// The snapshot
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write JSON, for programs: the manifest
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) const AFTER_SNAPSHOT: &str = "\
Examples:
  larder snapshot create -o modules.snapshot          what the project here needs
  larder snapshot verify modules.snapshot
  larder snapshot restore modules.snapshot --to /var/lib/larder
  larder serve --offline --data /var/lib/larder       on the other side

One file carries modules, and all that proves them, to a place without network: GOSUMDB stays on
there.";

const AFTER_KEYGEN: &str = "\
Examples:
  larder snapshot keygen ops.corp.example
  larder snapshot keygen ops.corp.example --out /etc/larder/snapshot.key > snapshot.pub

The private key goes to the file, which only you can read (mode 0600), and nowhere else. The public
key goes to standard output: whoever restores gives it with --key. Private modules need it, as no
public checksum database knows them.";

const AFTER_CREATE: &str = "\
Examples:
  larder snapshot create -o modules.snapshot
  larder snapshot create -o modules.snapshot ~/src/service ~/src/tools
  larder snapshot create -o all.snapshot --store --toolchains --sign ops.key
  larder snapshot create -o june.snapshot --store --since may.snapshot
  larder snapshot create -o ./proxy --format goproxy-dir

For every module go along: its files, the list of its versions, its record in the checksum database,
the tiles that prove the record, and the signed head. The same store gives the same file, byte for
byte.
Exit codes: 0 written, 1 written, and something that was wanted is not in it, 2 it could not be
done.";

const AFTER_VERIFY: &str = "\
Examples:
  larder snapshot verify modules.snapshot
  larder snapshot verify modules.snapshot --key ops.corp.example+1a2b3c4d+AQ...
  larder snapshot verify modules.snapshot --sumdb sum.corp.example+1a2b3c4d+AQ...

Each byte is compared with the manifest, each module is hashed, and each hash is proven by its
record in the checksum database, or vouched for by the signature. Nobody is asked.
Exit codes: 0 all is as it should be, 1 it is refused, 2 it could not be read.";

const AFTER_DIFF: &str = "\
Examples:
  larder snapshot diff may.snapshot june.snapshot

Only the manifests are read: `larder snapshot verify` says whether they are true.
Exit codes: 0 no difference, 1 differences, 2 one could not be read.";

const AFTER_RESTORE: &str = "\
Examples:
  larder snapshot restore modules.snapshot --to /var/lib/larder
  larder snapshot restore modules.snapshot --key ops.corp.example+1a2b3c4d+AQ...

Everything is checked before anything becomes visible: a snapshot that is refused leaves the
directory as it was. One that is stopped, however hard, is finished by the next start of Larder in
that directory or has changed nothing. To restore it again changes nothing.
Exit codes: 0 restored, 1 it is refused, 2 it could not be done.";

const AFTER_INSPECT: &str = "\
Examples:
  larder snapshot inspect modules.snapshot
  larder snapshot inspect modules.snapshot --json | jq -r '.modules[] | .path + \"@\" + .version'

Only the manifest is read: `larder snapshot verify` says whether it is true.
Exit codes: 0 read, 2 it could not be read.";
