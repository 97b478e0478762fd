//! `larder snapshot inspect` and `diff`: what manifests say. Nothing else of the snapshots is read.

use std::fmt::Write;

use ::snapshot::{Change, Diff};
use serde_json::json;

use super::{beginning, verify::as_json};
use crate::{
    args::{SnapshotDiffArgs, SnapshotInspectArgs},
    config::Printed,
    scrub::amount,
};

/// Says what is in a snapshot.
pub(super) fn inspect(args: &SnapshotInspectArgs) -> anyhow::Result<Printed> {
    let snapshot = beginning(&args.file)?;
    let manifest = snapshot.manifest();
    if args.json {
        let out = String::from_utf8_lossy(&manifest.to_json()).into_owned();
        return Ok(Printed { out, ..Printed::default() });
    }
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("manifest   {}", manifest.digest()));
    let signers = snapshot.seal().signers();
    let signed = if signers.is_empty() {
        "by nobody".to_owned()
    } else {
        format!("{} (not checked)", signers.join(", "))
    };
    line(format!("signed     {signed}"));
    if let Some(since) = manifest.since() {
        line(format!("since      {since}, with {} module versions", manifest.earlier().len()));
    }
    for database in manifest.databases() {
        line(format!("database   {}, {} records", database.key.name(), database.size));
    }
    line(format!("content    {} files, {}", manifest.files().len(), amount(manifest.bytes())));
    line(format!("modules    {}", manifest.modules().len()));
    for (version, module) in manifest.modules() {
        let what = match (&module.zip, &module.gomod) {
            (Some(_), _) => amount(module.size),
            (None, Some(_)) => "go.mod".to_owned(),
            (None, None) => ".info".to_owned(),
        };
        let proof = module.database.as_ref().map_or("-", |db| db.as_str());
        line(format!("  {version}  {what}  {proof}"));
    }
    Ok(Printed { out, ..Printed::default() })
}

/// Says what two snapshots do not have in common: 0 nothing, 1 something.
pub(super) fn diff(args: &SnapshotDiffArgs) -> anyhow::Result<Printed> {
    let (first, second) = (beginning(&args.first)?, beginning(&args.second)?);
    let diff = Diff::between(first.manifest(), second.manifest());
    let code = u8::from(!diff.is_empty());
    if args.json {
        let module = |(version, change): &(gomod::ModuleVersion, Change)| {
            json!({
                "path": version.path().as_str(),
                "version": version.version().as_str(),
                "change": word(*change),
            })
        };
        let modules: Vec<_> = diff.modules.iter().map(module).collect();
        return Ok(as_json(&json!({"modules": modules, "answers": diff.answers, "heads": diff.heads}), code));
    }
    let mut out = String::new();
    for (version, change) in &diff.modules {
        let _ = writeln!(out, "{:<12} {version}", word(*change));
    }
    for (what, names) in [("answer", &diff.answers), ("head", &diff.heads)] {
        for name in names {
            let _ = writeln!(out, "{what:<12} {name}");
        }
    }
    Ok(Printed { out, code, ..Printed::default() })
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Other => "other files",
        Change::Contradicts => "CONTRADICTS",
    }
}
