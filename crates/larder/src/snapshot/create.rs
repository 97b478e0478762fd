//! `larder snapshot create`: what projects need, or all that is stored, written into one file.

use std::{
    fmt::Write,
    fs::{self, File},
    io::{self, BufWriter},
    path::Path,
    sync::Arc,
};

use ::snapshot::{LeftOut, Manifest, Stock, Wanted};
use anyhow::{Context, bail};
use serde_json::json;
use storage::Store;
use sumdb::Signer;
use workbench::Environment;

use super::{beginning, meter::Meter, verify::as_json};
use crate::{
    args::{SnapshotCreateArgs, SnapshotFormat},
    config::Printed,
    databases,
    publish::eprint,
    scrub::amount,
    settings::{Settings, read_key},
    warm,
};

/// Writes it: 0 all that was wanted is in it, 1 something is not.
pub(super) async fn create(
    settings: &Settings,
    args: &SnapshotCreateArgs,
    env: &Environment,
) -> anyhow::Result<Printed> {
    let signer = args.sign.as_deref().map(signer).transpose()?;
    let since = match &args.since {
        Some(old) => Some(beginning(old).context("--since")?.manifest().clone()),
        None => None,
    };
    if args.format == SnapshotFormat::GoproxyDir && (signer.is_some() || since.is_some()) {
        bail!("a plain GOPROXY is neither signed nor an increment; leave --sign and --since out");
    }
    if args.format == SnapshotFormat::GoproxyDir && args.out.exists() {
        bail!("{} is there already; name a directory that is not", args.out.display());
    }
    let mut complete = true;
    let only = if args.store {
        None
    } else {
        let warmed = warm::into_store(settings, &args.warm(), env).await?;
        complete = warmed.complete;
        Some(warmed.versions)
    };
    let wanted = Wanted { only, toolchains: args.toolchains };
    let (_data, store) = databases::open(&settings.data.value)?;
    let stock = take(settings, &store, &wanted, since.as_ref()).await?;
    for LeftOut { version, why } in stock.left_out() {
        eprint(&format!("left out: {version}: {why}"));
    }
    let size = match args.format {
        SnapshotFormat::Snapshot => pack(&stock, &args.out, signer.as_ref()).await?,
        SnapshotFormat::GoproxyDir => lay_out(&stock, &args.out).await?,
    };
    let code = u8::from(!complete || !stock.left_out().is_empty());
    Ok(told(&stock, args, signer.as_ref(), size, code))
}

fn signer(file: &Path) -> anyhow::Result<Signer> {
    read_key(file)
        .map_err(|wrong| anyhow::anyhow!("--sign: {}; `larder snapshot keygen` makes a key", wrong.what))
}

async fn take(
    settings: &Settings,
    store: &Arc<Store>,
    wanted: &Wanted,
    since: Option<&Manifest>,
) -> anyhow::Result<Stock> {
    let meter = Meter::new("read", None);
    let keys = databases::keys(settings, &[])?;
    Ok(Stock::take(store, wanted, &keys, since, &|bytes| meter.add(bytes)).await?)
}

/// Under another name until it is whole and on the disk.
async fn pack(stock: &Stock, out: &Path, signer: Option<&Signer>) -> anyhow::Result<u64> {
    let part = databases::beside(out, ".part");
    let meter = Meter::new("written", Some(stock.manifest().bytes()));
    let written = async {
        let file = BufWriter::with_capacity(1 << 20, File::create(&part)?);
        let file = stock.pack(file, signer, &|bytes| meter.add(bytes)).await?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&part, out)?;
        anyhow::Ok(file.metadata()?.len())
    };
    let written = written.await;
    if written.is_err() {
        // Half a snapshot is worth nothing.
        let _ = fs::remove_file(&part);
    }
    written.with_context(|| format!("cannot write {}", out.display()))
}

async fn lay_out(stock: &Stock, out: &Path) -> anyhow::Result<u64> {
    let part = databases::beside(out, ".part");
    let meter = Meter::new("written", Some(stock.manifest().bytes()));
    let written = async {
        fs::create_dir(&part)?;
        stock.lay_out(&part, &|bytes| meter.add(bytes)).await?;
        fs::rename(&part, out)?;
        anyhow::Ok(stock.manifest().bytes())
    };
    let written = written.await;
    if written.is_err() {
        let _ = fs::remove_dir_all(&part);
    }
    written.with_context(|| format!("cannot write {}", out.display()))
}

fn told(stock: &Stock, args: &SnapshotCreateArgs, signer: Option<&Signer>, size: u64, code: u8) -> Printed {
    let manifest = stock.manifest();
    let key = signer.map(|signer| signer.verifier().to_string());
    let unproven = manifest.modules().values().filter(|module| module.database.is_none()).count();
    if args.json {
        let databases = manifest.databases().iter();
        let left_out = stock.left_out().iter();
        return as_json(
            &json!({
                "file": args.out.to_string_lossy(),
                "size": size,
                "manifest": manifest.digest().to_string(),
                "modules": manifest.modules().len(),
                "earlier": manifest.earlier().len(),
                "unproven": unproven,
                "files": manifest.files().len(),
                "bytes": manifest.bytes(),
                "databases": databases
                    .map(|database| json!({"name": database.key.name(), "size": database.size}))
                    .collect::<Vec<_>>(),
                "signer": key,
                "left_out": left_out
                    .map(|out| json!({
                        "path": out.version.path().as_str(),
                        "version": out.version.version().as_str(),
                        "why": out.why,
                    }))
                    .collect::<Vec<_>>(),
            }),
            code,
        );
    }
    let mut out = format!(
        "{}: {} module versions, {} of content, {} written",
        args.out.display(),
        manifest.modules().len(),
        amount(manifest.bytes()),
        amount(size)
    );
    if manifest.since().is_some() {
        let _ = write!(out, "; {} more are in the snapshots before", manifest.earlier().len());
    }
    out.push('\n');
    let mut err = String::new();
    if unproven > 0 && key.is_none() && args.format == SnapshotFormat::Snapshot {
        err = format!(
            "warning: {unproven} module versions are proven by no checksum database, and nobody signed: nobody will be \
             able to restore this; sign it with --sign (`larder snapshot keygen` makes a key)\n"
        );
    }
    Printed { out, err, code }
}
