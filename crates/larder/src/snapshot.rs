//! `larder snapshot`: modules and what proves them, in one file.

mod create;
mod inspect;
mod keygen;
mod meter;
mod restore;
mod verify;

use std::{fs::File, path::Path};

use ::snapshot::{Refused, Snapshot, Trust};
use anyhow::Context;
use sumdb::Verifier;
use tracing::Level;
use workbench::Environment;

use crate::{
    FAILED,
    args::{SnapshotCommand, SnapshotKeys},
    config::Printed,
    databases, log,
    settings::Settings,
    with_settings,
};

/// Does one of the commands.
pub(crate) fn run(command: SnapshotCommand, env: &Environment) -> Printed {
    match command {
        SnapshotCommand::Keygen(args) => keygen::keygen(&args),
        SnapshotCommand::Create(args) => {
            with_settings(&args.options(), None, env, FAILED, async |settings| {
                log::to_stderr(settings, Level::ERROR);
                create::create(settings, &args, env).await
            })
        }
        SnapshotCommand::Verify(args) => {
            with_settings(&args.keys.options(), None, env, FAILED, async |settings| {
                verify::verify(settings, &args).await
            })
        }
        SnapshotCommand::Restore(args) => {
            with_settings(&args.options(), None, env, FAILED, async |settings| {
                log::to_stderr(settings, Level::ERROR);
                restore::restore(settings, &args).await
            })
        }
        SnapshotCommand::Diff(args) => done(inspect::diff(&args)),
        SnapshotCommand::Inspect(args) => done(inspect::inspect(&args)),
    }
}

fn done(printed: anyhow::Result<Printed>) -> Printed {
    printed.unwrap_or_else(|error| Printed {
        err: format!("larder: {error:#}\n"),
        code: FAILED,
        ..Printed::default()
    })
}

/// The keys that count: those of the settings, and who must have signed.
fn trust(settings: &Settings, keys: &SnapshotKeys) -> anyhow::Result<Trust> {
    let signer = keys.key.as_deref().map(Verifier::parse).transpose();
    let signer = signer.context("--key takes the public key of a signer, NAME+HASH+KEY")?;
    Ok(Trust::new(databases::keys(settings, &[])?, signer))
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot open {}", path.display()))
}

/// The beginning of a snapshot.
fn beginning(path: &Path) -> anyhow::Result<Snapshot<std::io::BufReader<File>>> {
    Snapshot::open(open(path)?).with_context(|| path.display().to_string())
}

/// Whether a snapshot was looked at and found wrong, rather than not looked at.
fn is_finding(refused: &Refused) -> bool {
    !matches!(refused, Refused::Read(_) | Refused::Write(_))
}
