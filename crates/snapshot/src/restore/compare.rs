//! Whether what is in a snapshot goes together with what is stored: looked at before anything is decided.

use std::{collections::HashMap, fs, path::PathBuf, sync::Arc};

use gomod::{DbName, TileId};
use storage::{FileFact, Key, Kind, Store};
use sumdb::{Head, Tiles, Unproved};

use super::{Place, Unrestored};
use crate::{Manifest, manifest::Database, unpack::file_name};

/// An error if anything contradicts the store, or is missing in it.
pub(super) async fn compare(
    store: &Arc<Store>,
    place: &Place,
    manifest: &Manifest,
) -> Result<(), Unrestored> {
    let mut missing = Vec::new();
    for (version, module) in manifest.modules().iter().chain(manifest.earlier()) {
        let receipt = store.read_receipt(version).await?;
        for (kind, got) in [(Kind::Zip, module.zip), (Kind::Mod, module.gomod)] {
            let fact = receipt.as_ref().and_then(|receipt| receipt.fact(kind));
            let Some((had, got)) = fact.and_then(FileFact::h1).zip(got) else { continue };
            if had != got {
                let what = format!("the {kind} of {version}");
                return Err(Unrestored::Contradiction { what, got: got.to_string(), had: had.to_string() });
            }
        }
        if receipt.is_none() && manifest.earlier().contains_key(version) {
            missing.push(version);
        }
    }
    if let Some(version) = missing.first() {
        return Err(Unrestored::Increment { version: (*version).clone(), more: missing.len() - 1 });
    }
    for database in manifest.databases() {
        let Ok(db) = DbName::new(database.key.name()) else { continue };
        if let Some(evidence) = store.misbehaviour(&db).await? {
            let said = String::from_utf8_lossy(&evidence).lines().next().unwrap_or_default().to_owned();
            return Err(Unrestored::Head {
                db: db.to_string(),
                why: format!("it is not used any more: {said}"),
            });
        }
        heads(store, place, manifest, database, &db).await?;
    }
    Ok(())
}

/// Whether the head that is stored and the one of the snapshot are of one history.
async fn heads(
    store: &Arc<Store>,
    place: &Place,
    manifest: &Manifest,
    database: &Database,
    db: &DbName,
) -> Result<(), Unrestored> {
    let trouble = |why: String| Unrestored::Head { db: db.to_string(), why };
    let Some(stored) = store.head(db).await? else { return Ok(()) };
    let stored = Head::open(&stored.note, &database.key).map_err(|error| {
        trouble(format!("the one that is stored here has another key, or is damaged: {error}"))
    })?;
    let ours = read(place, manifest, &Key::Head(db.clone()))
        .and_then(|note| Head::open(&note, &database.key).ok())
        .ok_or_else(|| trouble("it could not be read back".to_owned()))?;
    if stored == ours {
        return Ok(());
    }
    let (old, new) = if stored.size <= ours.size { (stored, ours) } else { (ours, stored) };
    let unpacked = tiles(place, manifest, db);
    let mut have = Tiles::new();
    loop {
        match sumdb::extends(&old, &new, &have) {
            Ok(_) => return Ok(()),
            Err(Unproved::Security(evil)) => return Err(trouble(format!("SECURITY: {evil}"))),
            Err(Unproved::Need(ids)) => {
                for id in ids {
                    // One that is unpacked belongs to the head of the snapshot, and one that is stored to the other.
                    let in_store = || async {
                        for id in [id, id.full()] {
                            if let Some(body) = store.small(&Key::Tile(db.clone(), id)).await? {
                                return Ok(Some(body.to_vec()));
                            }
                        }
                        Ok::<_, storage::StoreError>(None)
                    };
                    let body = match unpacked.get(&id).and_then(|path| fs::read(path).ok()) {
                        Some(body) => Some(body),
                        None => in_store().await?,
                    };
                    have.insert(id, body.ok_or_else(|| trouble(apart(&old, &new)))?);
                }
            }
            Err(Unproved::Beyond(_)) => return Err(trouble(apart(&old, &new))),
        }
    }
}

fn apart(old: &Head, new: &Head) -> String {
    format!(
        "it cannot be shown that the tree of {} records goes on from the one of {}, as tiles between them are missing; \
         make the snapshot with --since and the one that was restored here last, or restore into an empty directory",
        new.size, old.size
    )
}

fn tiles(place: &Place, manifest: &Manifest, db: &DbName) -> HashMap<TileId, PathBuf> {
    let files = manifest.files().iter().enumerate();
    let tile = |(at, entry): (usize, &crate::Entry)| match &entry.key {
        Key::Tile(of, id) if of == db => Some((*id, file_name(place.directory(), at))),
        _ => None,
    };
    files.filter_map(tile).collect()
}

fn read(place: &Place, manifest: &Manifest, key: &Key) -> Option<Vec<u8>> {
    fs::read(file_name(place.directory(), manifest.position(key)?)).ok()
}
