//! `larder sumdb`: checksum databases, looked after.

mod audit;
mod cosign;
mod export;
mod import;
mod init;
mod keygen;
mod rotate_plan;
mod show;
#[cfg(test)]
mod tests;

pub(crate) use self::{audit::keys, export::beside, keygen::write as write_key};

use std::{path::Path, sync::Arc};

use anyhow::bail;
use storage::{Data, OpenOptions, Store};
use tracing::Level;
use workbench::Environment;

use crate::{
    FAILED,
    args::{DataOptions, SumdbCommand},
    config::Printed,
    settings::Settings,
    with_settings,
};

/// Does one of the commands.
pub(crate) fn run(command: SumdbCommand, env: &Environment) -> Printed {
    match command {
        SumdbCommand::Keygen(args) => keygen::keygen(&args),
        SumdbCommand::Init(args) => {
            with_settings(&args.data.options(), None, env, FAILED, async |settings| {
                init::init(settings, args.json).await
            })
        }
        SumdbCommand::Show(args) => {
            with_settings(&args.data.options(), None, env, FAILED, async |settings| {
                show::show(settings, args.json).await
            })
        }
        SumdbCommand::Cosign(args) => {
            with_settings(&args.data.options(), None, env, FAILED, async |settings| {
                cosign::cosign(settings, &args.note).await
            })
        }
        SumdbCommand::RotatePlan(args) => rotate_plan::rotate_plan(&args, env),
        SumdbCommand::Audit(args) => {
            offline(&args.data, env, async |settings| audit::audit(settings, &args).await)
        }
        SumdbCommand::Export(args) => {
            offline(&args.data, env, async |settings| export::export(settings, &args).await)
        }
        SumdbCommand::Import(args) => {
            offline(&args.data, env, async |settings| import::import(settings, &args).await)
        }
    }
}

/// Does what a command does that asks nobody.
fn offline(
    data: &DataOptions,
    env: &Environment,
    work: impl AsyncFnOnce(&Settings) -> anyhow::Result<u8>,
) -> Printed {
    with_settings(&data.options(), None, env, FAILED, async |settings| {
        crate::log::to_stderr(settings, Level::ERROR);
        work(settings).await
    })
}

/// The store of a directory that has something to look at.
pub(crate) fn open(dir: &Path) -> anyhow::Result<(Arc<Data>, Arc<Store>)> {
    if !dir.join("format").exists() && !dir.join("modules").is_dir() {
        bail!("{} holds no modules; name the directory with --data", dir.display());
    }
    let data = Data::open(dir, OpenOptions::default())?;
    let store = Store::open(&data);
    Ok((data, store))
}
