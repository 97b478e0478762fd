//! `larder sumdb audit`: what is stored of checksum databases, proven again offline.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use gomod::{DbName, SumdbSpec};
use mirror::{Audit, Audited, Finding, Tally};
use serde_json::json;
use sumdb::Verifier;
use tokio::sync::mpsc;

use crate::{
    args::AuditArgs,
    progress::{Progress, TICK, print},
    settings::{Settings, Sumdb},
};

/// Proves, tells what is wrong, and says how it went: 0 nothing, 1 something was wrong, 2 not all could be checked.
pub(super) async fn audit(settings: &Settings, args: &AuditArgs) -> anyhow::Result<u8> {
    let dir = &settings.data.value;
    let (_data, store) = super::open(dir)?;
    let (tell, mut told) = mpsc::channel(FINDINGS);
    let mut audit = Audit::new(&store, keys(settings, &args.key)?, tell);
    if let Some(own) = &settings.own {
        audit = audit.with_own(own.name.value.clone(), second_head(&own.head.value)?);
    }
    let tally = audit.tally();
    let walk = tokio::spawn(audit.run());
    let progress = Progress::new();
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            finding = told.recv() => match finding {
                Some(finding) => {
                    progress.clear();
                    show(&finding, args.json)?;
                }
                None => break,
            },
            _ = tick.tick() => progress.draw(|| so_far(&tally)),
        }
    }
    progress.clear();
    let audited = walk.await.context("the audit ended early")?;
    summary(dir, &audited, args.json)?;
    Ok(match audited {
        Audited { found: 1.., .. } => FOUND,
        Audited { unchecked: 1.., .. } => NOT_ALL,
        _ => 0,
    })
}

/// The databases whose keys are known, those that are named last before those of the settings.
pub(crate) fn keys(settings: &Settings, more: &[String]) -> anyhow::Result<BTreeMap<DbName, Verifier>> {
    let mut keys = BTreeMap::new();
    if let Ok(SumdbSpec::On { name, key, .. }) = WELL_KNOWN.parse() {
        keys.insert(name, Verifier::parse(&key)?);
    }
    if let Sumdb::On(database) = &settings.sumdb.value {
        keys.insert(database.name.clone(), Verifier::parse(&database.key)?);
    }
    if let Some(own) = &settings.own {
        keys.insert(own.name.value.clone(), own.verifier.clone());
    }
    for text in more {
        let key = Verifier::parse(text).with_context(|| format!("--key {text}"))?;
        let name = DbName::new(key.name()).with_context(|| format!("--key {text}"))?;
        keys.insert(name, key);
    }
    Ok(keys)
}

/// The head beside the key. None has been written before the log was begun.
fn second_head(file: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(|| format!("cannot read {}", file.display()))?,
    };
    let mut note = Vec::new();
    opened
        .take(MAX_NOTE)
        .read_to_end(&mut note)
        .with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Some(note))
}

fn show(finding: &Finding, json: bool) -> io::Result<()> {
    let object = finding.object.to_string();
    if json {
        return print(&json!({"object": object, "why": finding.why}).to_string());
    }
    print(&format!("{object}: {}", finding.why))
}

fn so_far(tally: &Arc<Tally>) -> String {
    let Audited { records, tiles, receipts, log, found, .. } = tally.audited();
    format!(
        "{records} records, {tiles} tiles, {receipts} hashes in receipts, {log} records of the own log, {found} wrong"
    )
}

fn summary(dir: &Path, audited: &Audited, json: bool) -> io::Result<()> {
    let Audited { heads, records, tiles, receipts, log, ahead, beside, found, unchecked, unknown } = audited;
    if json {
        let unknown: Vec<_> = unknown.iter().map(DbName::as_str).collect();
        return print(
            &json!({"summary": {
                "heads": heads, "records": records, "tiles": tiles, "receipts": receipts, "log": log,
                "ahead": ahead, "beside": beside, "found": found, "unchecked": unchecked, "unknown": unknown,
            }})
            .to_string(),
        );
    }
    let mut parts = vec![format!(
        "{}: {records} records proven, {tiles} tiles and {heads} heads authentic, {receipts} hashes in receipts agree \
         with their record",
        dir.display()
    )];
    if *log > 0 {
        parts.push(format!("the own log computed from its {log} records"));
    }
    if *ahead > 0 {
        parts.push(format!("{ahead} tiles beyond the newest head"));
    }
    if *beside > 0 {
        parts.push(format!("{beside} tiles of heads that never came"));
    }
    parts.push(if *found == 0 { "nothing wrong".to_owned() } else { format!("{found} wrong") });
    if *unchecked > 0 {
        parts.push(format!("{unchecked} could not be checked"));
    }
    for name in unknown {
        parts.push(format!("the key of {name} is not known: give it with --key NAME+HASH+KEY"));
    }
    writeln!(io::stderr(), "{}", parts.join("; "))
}

/// Its key is known to every `go`.
const WELL_KNOWN: &str = "sum.golang.org";
/// Findings that may wait to be printed.
const FINDINGS: usize = 64;
/// Bytes of a note with all its signatures.
const MAX_NOTE: u64 = 1 << 20;
/// Something is wrong.
const FOUND: u8 = 1;
/// Nothing was found wrong, but not everything could be checked.
const NOT_ALL: u8 = 2;
