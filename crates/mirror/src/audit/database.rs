//! One database under audit: its newest head, and the tiles that proofs were made with.

use std::sync::Arc;

use gomod::{DbName, ModuleVersion, TileId};
use storage::{Copies, Key, Store};
use sumdb::{Head, Lookup, Tiles, Unproved, Verifier};

use super::Trouble;

#[derive(Debug)]
pub(super) struct Database {
    store: Arc<Store>,
    name: DbName,
    key: Verifier,
    /// The newest head that was read; the ones before are its beginning.
    head: Option<Head>,
    /// Tiles as they are stored. What is in it was read a moment ago, and is checked in every proof.
    have: Tiles,
    held: usize,
}

impl Database {
    pub(super) fn new(store: &Arc<Store>, name: DbName, key: Verifier) -> Self {
        Database { store: Arc::clone(store), name, key, head: None, have: Tiles::new(), held: 0 }
    }

    /// Checks a stored object of this database.
    pub(super) async fn check(&mut self, key: &Key) -> Result<(), Trouble> {
        if self.head.is_none() {
            match self.read_head().await {
                // Tiles are stored before the first head, records after it.
                Err(Trouble::Headless) if matches!(key, Key::Tile(..)) => return Err(Trouble::Ahead),
                read => read?,
            };
        }
        let copies = self.copies(key).await?;
        match key {
            Key::Head(_) => self.heads(&copies).await,
            Key::Lookup(_, version) => {
                let bytes = object(&copies)?;
                self.record(version, bytes).await.map(drop)
            }
            Key::Tile(_, id) => {
                let bytes = object(&copies)?;
                self.tile(*id, bytes).await
            }
            _ => Ok(()),
        }
    }

    /// The newest head as it is stored now. It must go on from the one that was read before.
    pub(super) async fn read_head(&mut self) -> Result<Head, Trouble> {
        let stored = self.store.head(&self.name).await?;
        let stored = stored.ok_or(Trouble::Headless)?;
        let head = Head::open(&stored.note, &self.key)
            .map_err(|error| Trouble::Wrong(format!("the newest head does not count: {error}")))?;
        if let Some(before) = self.head
            && before != head
        {
            self.with_tiles(|have| sumdb::extends(&before, &head, have)).await?;
        }
        self.head = Some(head);
        Ok(head)
    }

    /// Both copies of the head: the one that lies plainly may be older.
    async fn heads(&mut self, copies: &Copies) -> Result<(), Trouble> {
        for note in [copies.plain.as_ref(), copies.served()].into_iter().flatten() {
            let head = Head::open(note, &self.key)
                .map_err(|error| Trouble::Wrong(format!("it does not count: {error}")))?;
            let newest = self.at_least(head.size).await?;
            self.with_tiles(|have| sumdb::extends(&head, &newest, have)).await?;
        }
        Ok(())
    }

    /// The head that is kept beside the key of an own log.
    pub(super) async fn second(&mut self, note: &[u8], journalled: u64) -> Result<(), Trouble> {
        let second = Head::open(note, &self.key)
            .map_err(|error| Trouble::Wrong(format!("the one beside the key does not count: {error}")))?;
        let newest = self.read_head().await?;
        if second.size <= newest.size {
            return self.with_tiles(|have| sumdb::extends(&second, &newest, have)).await.map(drop);
        }
        if second.size <= journalled {
            return Ok(());
        }
        Err(Trouble::Wrong(format!(
            "the one beside the key has {} records, and this one {}: what is stored is older than what clients have \
             seen",
            second.size, newest.size
        )))
    }

    /// A record, proven in the newest head with the one it came with.
    async fn record(&mut self, version: &ModuleVersion, bytes: &[u8]) -> Result<(), Trouble> {
        let wrong = |error: &dyn std::error::Error| Trouble::Wrong(error.to_string());
        let lookup = Lookup::parse(bytes).map_err(|error| wrong(&error))?;
        let signed = Head::open(lookup.note(), &self.key).map_err(|error| wrong(&error))?;
        lookup.hashes(version).map_err(|error| wrong(&error))?;
        let newest = self.at_least(signed.size).await?;
        let proven = self.with_tiles(|have| sumdb::prove(Some(&newest), &signed, &lookup, have)).await;
        match proven {
            Err(Trouble::Missing(id)) => Err(Trouble::Wrong(format!(
                "it cannot be proven from what is stored: tile {id} is not stored"
            ))),
            other => other.map(drop),
        }
    }

    /// A tile. One that the newest head cannot prove for want of others proves nothing itself: a record that depends on
    /// it is found by itself.
    async fn tile(&mut self, id: TileId, body: &[u8]) -> Result<(), Trouble> {
        self.hold(id, body);
        let mut head = self.head()?;
        for fresh in [false, true] {
            if fresh {
                head = self.read_head().await?;
            }
            match self.with_tiles(|have| sumdb::tile(&head, id, have)).await {
                Err(Trouble::Ahead) if !fresh => {}
                Err(Trouble::Missing(_)) => return Err(Trouble::Beside),
                Ok((authentic, _)) if authentic != body => {
                    return Err(Trouble::Wrong("its bytes are not the log's".into()));
                }
                other => return other.map(drop),
            }
        }
        Err(Trouble::Ahead)
    }

    /// The newest head, read again if another process has moved it beyond what was read.
    async fn at_least(&mut self, size: u64) -> Result<Head, Trouble> {
        let head = self.head()?;
        if head.size >= size {
            return Ok(head);
        }
        let head = self.read_head().await?;
        if head.size >= size {
            return Ok(head);
        }
        Err(Trouble::Wrong(format!(
            "it has a head of {size} records, and the newest that is kept has {}",
            head.size
        )))
    }

    pub(super) fn head(&self) -> Result<Head, Trouble> {
        self.head.ok_or(Trouble::Headless)
    }

    /// An object as it is served. One that is being replaced is looked at once more.
    pub(super) async fn copies(&self, key: &Key) -> Result<Copies, Trouble> {
        let mut copies = self.store.copies(key).await?;
        if matches!(key, Key::Head(_)) {
            return Ok(copies);
        }
        if copies.fault().is_some() {
            copies = self.store.copies(key).await?;
        }
        copies.fault().map_or(Ok(copies), |fault| Err(Trouble::Wrong(fault)))
    }

    /// Tries a proof with what is stored until it has all the tiles it asks for.
    async fn with_tiles<T>(&mut self, proof: impl Fn(&Tiles) -> Result<T, Unproved>) -> Result<T, Trouble> {
        loop {
            match proof(&self.have) {
                Ok(proven) => return Ok(proven),
                Err(Unproved::Beyond(_)) => return Err(Trouble::Ahead),
                Err(Unproved::Security(evil)) => {
                    for id in evil.suspects() {
                        self.have.forget(*id);
                    }
                    return Err(Trouble::Wrong(evil.to_string()));
                }
                Err(Unproved::Need(ids)) => {
                    if self.held > MOST {
                        (self.have, self.held) = (Tiles::new(), 0);
                    }
                    for id in ids {
                        self.load(id).await?;
                    }
                }
            }
        }
    }

    async fn load(&mut self, id: TileId) -> Result<(), Trouble> {
        for stored in [id, id.full()] {
            let copies = self.store.copies(&Key::Tile(self.name.clone(), stored)).await?;
            if let Some(body) = copies.served() {
                self.hold(stored, body);
                return Ok(());
            }
        }
        Err(Trouble::Missing(id))
    }

    fn hold(&mut self, id: TileId, body: &[u8]) {
        self.have.insert(id, body.to_vec());
        self.held += 1;
    }
}

fn object(copies: &Copies) -> Result<&[u8], Trouble> {
    let bytes =
        copies.served().ok_or_else(|| Trouble::Unknown("it is gone, or too long to be read".into()))?;
    Ok(bytes)
}

/// Tiles that are held at once; at most 8 KiB each, and those of records a little more.
const MOST: usize = 2048;
