//! `larder withdraw`: a version taken out for good, here or at another Larder.

use std::sync::Arc;

use anyhow::{Context, bail};
use gomod::{ModulePath, ModuleVersion, Version};
use http::Method;
use mirror::{Unpublished, Who};
use serde_json::json;
use upstream::Parcel;
use workbench::Environment;

use crate::{
    args::WithdrawArgs,
    engine::Engine,
    progress::print,
    publish::{administration, eprint, not_done, path, refused, token},
    settings::Settings,
};

/// Takes it out: 0 done, 1 it was out before, or nothing is known of it.
pub(crate) async fn withdraw(
    settings: &Settings,
    args: &WithdrawArgs,
    env: &Environment,
) -> anyhow::Result<u8> {
    let version = version(&args.what)?;
    let (done, place) = match &args.to.to {
        Some(url) => {
            (there(settings, url, &token(&args.to, env)?, &version, &args.reason).await?, url.clone())
        }
        None => (here(settings, &version, &args.reason).await?, settings.data.value.display().to_string()),
    };
    if let Err(why) = done {
        eprint(&format!("larder: {why}"));
        return Ok(NOTHING);
    }
    if args.json {
        let (module, number) = (version.path().as_str(), version.version().as_str());
        let object =
            json!({"module": module, "version": number, "withdrawn": args.reason.trim(), "at": place});
        print(&format!("{object:#}"))?;
    } else {
        print(&format!("withdrawn {version}"))?;
    }
    Ok(0)
}

fn version(text: &str) -> anyhow::Result<ModuleVersion> {
    let (path, number) = text.rsplit_once('@').with_context(|| format!("{text:?} is no MODULE@VERSION"))?;
    Ok(ModuleVersion::new(ModulePath::new(path)?, Version::new(number)?)?)
}

async fn here(
    settings: &Settings,
    version: &ModuleVersion,
    reason: &str,
) -> anyhow::Result<Result<(), String>> {
    let dir = &settings.data.value;
    if !dir.join("format").exists() && !dir.join("modules").is_dir() {
        bail!("{} holds no modules; name the directory with --data", dir.display());
    }
    let engine = Engine::start(settings).await?;
    if !engine.can_store() {
        bail!("{} cannot be written", dir.display());
    }
    let mirror = Arc::clone(&engine.mirror);
    match mirror.withdraw(&Who::Operator, None, version, reason).await {
        Ok(()) => Ok(Ok(())),
        Err(error @ Unpublished::Withdrawn(_)) => Ok(Err(format!("{version}: {error}"))),
        Err(error @ Unpublished::Unknown(_)) => Ok(Err(error.to_string())),
        Err(error) => Err(not_done(version, &error)),
    }
}

async fn there(
    settings: &Settings,
    url: &str,
    token: &str,
    version: &ModuleVersion,
    reason: &str,
) -> anyhow::Result<Result<(), String>> {
    let administration = administration(settings, url, token)?;
    let query = [("reason", reason)];
    let said = administration.send(Method::DELETE, &path(version), &query, Parcel::default()).await?;
    match said.status {
        200 => Ok(Ok(())),
        404 | 410 => Ok(Err(said.text.trim_end().to_owned())),
        _ => Err(refused(&said)),
    }
}

/// It was withdrawn before, or is not known.
const NOTHING: u8 = 1;
