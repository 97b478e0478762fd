//! What proves the hashes of modules: one signed head of each database, their records under it, and the tiles between.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use gomod::{DbName, ModuleVersion, TileId};
use storage::{Key, Store, StoreError};
use sumdb::{Head, Lookup, Tiles, Unproved, Verifier, anchor_tiles};

use super::{Short, hashes};
use crate::{Digest, Module, manifest::Entry};

/// The objects of one database that go into a snapshot.
pub(super) struct Proofs {
    pub(super) head: Head,
    pub(super) note: Bytes,
    pub(super) entries: Vec<Entry>,
}

/// A database while its records are proven.
struct Prover<'a> {
    store: &'a Arc<Store>,
    db: &'a DbName,
    head: Head,
    have: Tiles,
    held: usize,
}

impl Proofs {
    /// The records of modules in this database, which is noted in those that it proves. `None` if it has none of them.
    ///
    /// `before` is the size of the tree that the place where the snapshot is restored has by then; it must be shown there
    /// that the new one goes on from it.
    pub(super) async fn of(
        store: &Arc<Store>,
        db: &DbName,
        key: &Verifier,
        modules: &mut BTreeMap<ModuleVersion, Module>,
        before: Option<u64>,
    ) -> Result<Option<Self>, Short> {
        let Some(signed) = store.head(db).await? else { return Ok(None) };
        let note = signed.note;
        let head = Head::open(&note, key).map_err(|error| unproven(&Key::Head(db.clone()), &error))?;
        let mut prover = Prover { store, db, head, have: Tiles::new(), held: 0 };
        let (mut entries, mut tiles) = (Vec::new(), BTreeSet::new());
        for (version, module) in modules {
            let record = Key::Lookup(db.clone(), version.clone());
            if !record.fits() {
                continue;
            }
            let Some(stored) = store.small(&record).await? else { continue };
            let agrees = hashes(&stored, version).is_some_and(|said| {
                module.zip.is_none_or(|zip| said.zip == Some(zip))
                    && module.gomod.is_none_or(|gomod| said.gomod == Some(gomod))
            });
            if !agrees {
                return Err(unproven(&record, &"it does not say what the receipt does"));
            }
            let body = under(&stored, &note).ok_or_else(|| unproven(&record, &"it is malformed"))?;
            let lookup = Lookup::parse(&body).map_err(|error| unproven(&record, &error))?;
            let proved = prover.with(&record, |head, have| sumdb::prove(None, head, &lookup, have)).await?;
            tiles.extend(proved.tiles);
            entries.push(entry(record, &body));
            module.database.get_or_insert_with(|| db.clone());
        }
        if entries.is_empty() && before.is_none() {
            return Ok(None);
        }
        for size in prover.earlier_sizes(key).await?.into_iter().chain(before) {
            tiles.extend(prover.link(size, before == Some(size)).await?);
        }
        entries.push(entry(Key::Head(db.clone()), &note));
        for id in tiles {
            let key = Key::Tile(db.clone(), id);
            let body = tile(store, db, id).await?.ok_or_else(|| unproven(&key, &"it is not stored"))?;
            entries.push(entry(key, &body));
        }
        Ok(Some(Proofs { head, note, entries }))
    }
}

impl Prover<'_> {
    /// The sizes of the trees that stored records came with: trees that were the newest here once, and so perhaps are
    /// where an earlier snapshot went.
    async fn earlier_sizes(&self, key: &Verifier) -> Result<BTreeSet<u64>, Short> {
        let (mut notes, mut sizes) = (HashSet::new(), BTreeSet::new());
        let mut objects = self.store.sumdb_objects();
        while let Some(object) = objects.next().await {
            let object = object?;
            if !matches!(&object, Key::Lookup(db, _) if db == self.db) {
                continue;
            }
            let Some(stored) = self.store.small(&object).await? else { continue };
            let Ok(lookup) = Lookup::parse(&stored) else { continue };
            if !notes.insert(Digest::of(lookup.note())) {
                continue;
            }
            if let Ok(head) = Head::open(lookup.note(), key)
                && head.size < self.head.size
            {
                sizes.insert(head.size);
            }
        }
        Ok(sizes)
    }

    /// The tiles that show that the tree goes on from one of this size. Where they are not all stored, there are none,
    /// unless they `must` be.
    async fn link(&mut self, size: u64, must: bool) -> Result<Vec<TileId>, Short> {
        let ids = anchor_tiles(size, self.head.size);
        let head = Key::Head(self.db.clone());
        match self.with(&head, |head, have| sumdb::authenticate(head, &ids, have)).await {
            Err(Short::Unproven { .. }) if !must => Ok(Vec::new()),
            tiles => tiles,
        }
    }

    /// Tries a proof until it has all the tiles it asks for.
    async fn with<T>(
        &mut self,
        object: &Key,
        proof: impl Fn(&Head, &Tiles) -> Result<T, Unproved>,
    ) -> Result<T, Short> {
        loop {
            let ids = match proof(&self.head, &self.have) {
                Ok(proven) => return Ok(proven),
                Err(Unproved::Need(ids)) => ids,
                Err(Unproved::Beyond(id)) => {
                    return Err(unproven(object, &format!("tile {id} lies beyond the newest head")));
                }
                Err(Unproved::Security(evil)) => return Err(unproven(object, &evil)),
            };
            if self.held > MOST {
                (self.have, self.held) = (Tiles::new(), 0);
            }
            for id in ids {
                let body = tile(self.store, self.db, id).await?;
                let body = body.ok_or_else(|| unproven(object, &format!("tile {id} is not stored")))?;
                self.have.insert(id, body.to_vec());
                self.held += 1;
            }
        }
    }
}

/// A stored record under another signed head of its log.
pub(super) fn under(stored: &[u8], note: &[u8]) -> Option<Bytes> {
    let lookup = Lookup::parse(stored).ok()?;
    Some(Lookup::compose(lookup.id(), lookup.text(), note).into())
}

/// A tile of hashes exactly as wide as asked for, out of a wider one where that is stored.
pub(super) async fn tile(store: &Store, db: &DbName, id: TileId) -> Result<Option<Bytes>, StoreError> {
    for stored in [id, id.full()] {
        if let Some(body) = store.small(&Key::Tile(db.clone(), stored)).await? {
            let len = usize::from(id.width()) * HASH;
            return Ok((body.len() >= len).then(|| body.slice(..len)));
        }
    }
    Ok(None)
}

fn entry(key: Key, bytes: &[u8]) -> Entry {
    Entry { key, size: bytes.len() as u64, sha256: Digest::of(bytes), given: None }
}

fn unproven(object: &Key, why: &dyn ToString) -> Short {
    Short::Unproven { object: object.to_string(), why: why.to_string() }
}

/// Bytes of a hash in a tile.
const HASH: usize = 32;
/// Tiles that are held in memory, of 8 KiB each.
const MOST: usize = 512;
