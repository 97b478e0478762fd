//! `larder snapshot verify`: every check of a restore, and nothing restored.

use std::sync::Arc;

use ::snapshot::{Checked, Keep, Snapshot};
use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::{is_finding, meter::Meter, open, trust};
use crate::{args::SnapshotVerifyArgs, config::Printed, scrub::amount, settings::Settings};

/// 0 it is as it should be, 1 it is refused.
pub(super) async fn verify(settings: &Settings, args: &SnapshotVerifyArgs) -> anyhow::Result<Printed> {
    let (file, trust) = (open(&args.file)?, trust(settings, &args.keys)?);
    let scratch = tempfile::tempdir().context("cannot make a temporary directory")?;
    let total = file.metadata().ok().map(|meta| meta.len());
    let meter = Arc::new(Meter::new("checked", total));
    let directory = scratch.path().to_owned();
    let checked = tokio::task::spawn_blocking(move || {
        Snapshot::open(file)?.unpack(&directory, Keep::Proofs, &trust, &|bytes| meter.add(bytes))
    });
    let name = args.file.display();
    match checked.await.context("the check ended early")? {
        Ok(checked) if args.json => Ok(as_json(&json(&checked), 0)),
        Ok(checked) => Ok(Printed { out: format!("{name}: {}\n", sentence(&checked)), ..Printed::default() }),
        Err(refused) if !is_finding(&refused) => Err(anyhow!(refused).context(name.to_string())),
        Err(refused) if args.json => Ok(as_json(&json!({"ok": false, "refused": refused.to_string()}), 1)),
        Err(refused) => {
            Ok(Printed { out: format!("{name}: refused: {refused}\n"), code: 1, ..Printed::default() })
        }
    }
}

/// What was checked, as programs are told.
fn json(checked: &Checked) -> Value {
    let manifest = &checked.manifest;
    json!({
        "ok": true,
        "modules": manifest.modules().len(),
        "proven": checked.proven,
        "signer": checked.signer,
        "files": manifest.files().len(),
        "bytes": manifest.bytes(),
    })
}

fn sentence(checked: &Checked) -> String {
    let manifest = &checked.manifest;
    let modules = manifest.modules().len();
    let signed = match &checked.signer {
        Some(key) => format!("; the signature is that of {key}"),
        None => String::new(),
    };
    format!(
        "{modules} module versions in {} files ({}), {} of them proven by checksum databases{signed}",
        manifest.files().len(),
        amount(manifest.bytes()),
        checked.proven
    )
}

pub(super) fn as_json(value: &Value, code: u8) -> Printed {
    Printed { out: format!("{value:#}\n"), code, ..Printed::default() }
}
