//! `larder snapshot restore`: a snapshot, taken into a data directory.

use std::sync::Arc;

use ::snapshot::{Restored, Unrestored, restore as take_in};
use anyhow::{Context, anyhow, bail};
use serde_json::json;
use storage::{Data, OpenOptions, Store};

use super::{is_finding, meter::Meter, open, trust, verify::as_json};
use crate::{args::SnapshotRestoreArgs, config::Printed, settings::Settings};

/// 0 it is restored, 1 it is refused.
pub(super) async fn restore(settings: &Settings, args: &SnapshotRestoreArgs) -> anyhow::Result<Printed> {
    let (file, trust) = (open(&args.file)?, trust(settings, &args.keys)?);
    let dir = &settings.data.value;
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let options = OpenOptions { min_free: settings.min_free.value.0, ..OpenOptions::default() };
    let data = Data::open(dir, options)?;
    if data.is_read_only() {
        bail!("{} cannot be written", dir.display());
    }
    let store = Store::open(&data);
    let meter = Arc::new(Meter::new("checked", file.metadata().ok().map(|meta| meta.len())));
    let restored = take_in(file, &data, &store, &trust, Arc::new(move |bytes| meter.add(bytes))).await;
    let name = args.file.display();
    match restored {
        Ok(restored) if args.json => Ok(as_json(&json(&restored), code(&restored))),
        Ok(restored) => Ok(Printed {
            out: format!("{name}: {}\n", sentence(&restored, &dir.display().to_string())),
            code: code(&restored),
            ..Printed::default()
        }),
        Err(error) if !is_refusal(&error) => Err(anyhow!(error).context(name.to_string())),
        Err(refused) if args.json => Ok(as_json(&json!({"ok": false, "refused": refused.to_string()}), 1)),
        Err(refused) => Ok(Printed {
            out: format!("{name}: refused: {refused}; nothing was changed in {}\n", dir.display()),
            code: 1,
            ..Printed::default()
        }),
    }
}

fn is_refusal(error: &Unrestored) -> bool {
    match error {
        Unrestored::Refused(refused) => is_finding(refused),
        Unrestored::Contradiction { .. } | Unrestored::Increment { .. } | Unrestored::Head { .. } => true,
        Unrestored::Busy | Unrestored::Io(_) | Unrestored::Store(_) => false,
    }
}

fn code(restored: &Restored) -> u8 {
    u8::from(!restored.contradictions.is_empty())
}

fn json(restored: &Restored) -> serde_json::Value {
    json!({
        "ok": restored.contradictions.is_empty(),
        "new": restored.new,
        "known": restored.known,
        "withdrawn": restored.withdrawn.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "contradictions": restored.contradictions,
        "proven": restored.proven,
        "signer": restored.signer,
    })
}

fn sentence(restored: &Restored, dir: &str) -> String {
    let mut text = format!(
        "{} module versions restored into {dir}, {} were there; {} are proven by checksum databases",
        restored.new, restored.known, restored.proven
    );
    if let Some(key) = &restored.signer {
        text.push_str("; the signature is that of ");
        text.push_str(key);
    }
    if !restored.withdrawn.is_empty() {
        text.push_str("; withdrawn here, and left out: ");
        text.push_str(&restored.withdrawn.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    }
    for contradiction in &restored.contradictions {
        text.push_str("\nSECURITY: ");
        text.push_str(contradiction);
    }
    text
}
