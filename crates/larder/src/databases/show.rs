//! `larder sumdb show`: what is known of each checksum database.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use anyhow::Context;
use gomod::{DbName, SumdbSpec};
use mirror::DatabaseState;
use serde_json::{Value, json};
use storage::{Data, Key, OpenOptions, Store};
use sumdb::Verifier;

use crate::{
    config::Printed,
    settings::{Settings, Sumdb},
};

/// Looks, and says what was found: 0 all is well, 1 a database has contradicted itself, or its head does not count.
pub(super) async fn show(settings: &Settings, json: bool) -> anyhow::Result<Printed> {
    let mut known = configured(settings)?;
    let store = open(&settings.data.value)?;
    let mut shown = Vec::new();
    if let Some(store) = &store {
        let mut stored = count(store).await?;
        for name in stored.keys() {
            known.entry(name.clone()).or_insert(None);
        }
        for (name, key) in known {
            let state = DatabaseState::read(store, &name, key.as_ref()).await?;
            let stored = stored.remove(&name).unwrap_or_default();
            shown.push(Shown { state, stored });
        }
    } else {
        shown.extend(known.into_iter().map(|(name, key)| Shown::nothing(name, key)));
    }
    let own = settings.own.as_ref().map(|own| &own.name.value);
    for one in &mut shown {
        one.state.own = own == Some(&one.state.name);
    }
    let out = if json { object(&shown, settings) } else { text(&shown, settings) };
    let bad = shown.iter().any(|one| one.state.trouble.is_some() || one.state.misbehaviour.is_some());
    Ok(Printed { out, code: u8::from(bad), ..Printed::default() })
}

/// A database, and what is stored of it.
struct Shown {
    state: DatabaseState,
    stored: Stored,
}

/// How much is stored of a database.
#[derive(Default)]
struct Stored {
    records: u64,
    tiles: u64,
}

impl Shown {
    fn nothing(name: DbName, key: Option<Verifier>) -> Self {
        Shown { state: DatabaseState::unknown(name, key), stored: Stored::default() }
    }
}

/// The databases that the settings name, with their keys.
fn configured(settings: &Settings) -> anyhow::Result<BTreeMap<DbName, Option<Verifier>>> {
    let mut known = BTreeMap::new();
    let (name, key) = match &settings.sumdb.value {
        Sumdb::On(database) => (database.name.clone(), database.key.clone()),
        // It vouches for toolchains all the same.
        Sumdb::Off => match "sum.golang.org".parse()? {
            SumdbSpec::On { name, key, .. } => (name, key),
            SumdbSpec::Off => return Ok(known),
        },
    };
    known.insert(name, Some(Verifier::parse(&key).context("the checksum database's key")?));
    if let Some(own) = &settings.own {
        known.insert(own.name.value.clone(), Some(own.verifier.clone()));
    }
    Ok(known)
}

/// The store of a data directory; nothing if there is none, which looking does not change.
fn open(dir: &Path) -> anyhow::Result<Option<Arc<Store>>> {
    if !dir.join("format").exists() && !dir.join("modules").is_dir() {
        return Ok(None);
    }
    let data = Data::open(dir, OpenOptions::default())?;
    Ok(Some(Store::open(&data)))
}

async fn count(store: &Store) -> anyhow::Result<BTreeMap<DbName, Stored>> {
    let mut stored: BTreeMap<DbName, Stored> = BTreeMap::new();
    let mut objects = store.sumdb_objects();
    while let Some(key) = objects.next().await {
        match key? {
            Key::Lookup(db, _) => stored.entry(db).or_default().records += 1,
            Key::Tile(db, _) => stored.entry(db).or_default().tiles += 1,
            Key::Head(db) => drop(stored.entry(db).or_default()),
            _ => {}
        }
    }
    Ok(stored)
}

fn text(shown: &[Shown], settings: &Settings) -> String {
    let blocks: Vec<_> = shown.iter().map(|one| block(one, settings)).collect();
    blocks.join("\n")
}

fn block(shown: &Shown, settings: &Settings) -> String {
    let Shown { state, stored } = shown;
    let mut lines = vec![match (state.own, &state.key) {
        (true, _) => format!("{} (your own)", state.name),
        (false, Some(_)) => state.name.to_string(),
        (false, None) => format!("{} (not configured; nothing of it is checked)", state.name),
    }];
    let mut line = |name: &str, value: String| lines.push(format!("  {name:8} {value}"));
    if let Some(key) = &state.key {
        line("key", key.to_string());
    }
    match &state.head {
        Some(head) => {
            line("size", format!("{} records", head.head.size));
            line("root", head.head.root.to_string());
            if let Some(at) = head.stored {
                line("seen", at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
            }
        }
        None if state.trouble.is_none() => line("size", "no head is stored yet".to_owned()),
        None => {}
    }
    line("stored", format!("{} records, {} tiles", stored.records, stored.tiles));
    if let Some(trouble) = &state.trouble {
        line("TROUBLE", trouble.clone());
    }
    if let Some(why) = &state.misbehaviour {
        let mark = settings.data.value.join(Key::Misbehaviour(state.name.clone()).path());
        line("SECURITY", format!("it is not used any more: {why}"));
        line("", format!("the evidence is {}; it is used again when that file is gone", mark.display()));
    }
    if let Some(clients) = gosumdb(state, settings) {
        line("clients", format!("go env -w GOSUMDB='{clients}'"));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What clients of the own database set.
fn gosumdb(state: &DatabaseState, settings: &Settings) -> Option<String> {
    let key = state.key.as_ref().filter(|_| state.own)?;
    let listen = &settings.listen.value;
    Some(match listen.host.as_str() {
        // Where it listens on every address, its name is not known.
        "0.0.0.0" | "::" => format!("{key} http://larder.example.com:{}", listen.port),
        _ => format!("{key} http://{listen}"),
    })
}

fn object(shown: &[Shown], settings: &Settings) -> String {
    let databases: Vec<Value> = shown
        .iter()
        .map(|Shown { state, stored }| {
            json!({
                "name": state.name.as_str(),
                "own": state.own,
                "key": state.key.as_ref().map(ToString::to_string),
                "head": state.head.as_ref().map(|head| json!({
                    "size": head.head.size,
                    "root": head.head.root.to_string(),
                    "note": head.note,
                    "stored": head.stored.map(|at| at.to_string()),
                })),
                "stored": {"records": stored.records, "tiles": stored.tiles},
                "trouble": state.trouble,
                "misbehaviour": state.misbehaviour,
                "gosumdb": gosumdb(state, settings),
            })
        })
        .collect();
    format!("{:#}\n", json!({"databases": databases}))
}
