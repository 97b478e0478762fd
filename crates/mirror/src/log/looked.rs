//! What a look at the store has shown a moment ago, so that nobody looks again for the same.
//!
//! Each look takes a thread from waiting to work and back, which costs more than what it reads. So it is looked for a
//! record, and for the tile that it lies in where its number is known, together with the file that it is about.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use gomod::{DbName, ModuleVersion, TileId};
use moka::sync::Cache;
use storage::{Glance, Key, Kind, Loaded, SignedHead, StoreError};
use sumdb::Lookup;
use tokio::time::Instant;

use super::{
    Log, locked,
    prover::{StoredHead, places},
};
use crate::{Ask, Mirror, Reach, policy::Database};

/// What is not in the store, and its newest head, as of a moment ago.
#[derive(Debug)]
pub(super) struct Looked {
    absent: Cache<Key, Instant>,
    head: Mutex<Option<(Instant, Option<SignedHead>)>>,
}

impl Looked {
    pub(super) fn new() -> Self {
        Looked { absent: Cache::new(REMEMBERED), head: Mutex::default() }
    }

    /// It was looked for these objects, and perhaps for the head.
    fn note(&self, sought: &[Key], glance: Glance) {
        let now = Instant::now();
        for key in sought {
            if glance.absent.contains(key) {
                self.absent.insert(key.clone(), now);
            } else {
                self.absent.invalidate(key);
            }
        }
        if let Some(head) = glance.head {
            self.note_head(head);
        }
    }

    pub(super) fn note_head(&self, head: Option<SignedHead>) {
        *locked(&self.head) = Some((Instant::now(), head));
    }

    pub(super) fn forget_head(&self) {
        *locked(&self.head) = None;
    }

    /// Whether an object was not there a moment ago.
    pub(super) fn missed(&self, key: &Key) -> bool {
        self.absent.get(key).is_some_and(|at| at.elapsed() < FRESH)
    }

    /// The newest head as it lay there a moment ago.
    pub(super) fn head(&self) -> StoredHead {
        match &*locked(&self.head) {
            Some((at, head)) if at.elapsed() < FRESH => StoredHead::Read(head.clone()),
            _ => StoredHead::Unread,
        }
    }

    /// The database, if its head is to be looked for.
    fn lacks_head<'a>(&self, database: &'a Database) -> Option<&'a DbName> {
        matches!(self.head(), StoredHead::Unread).then_some(&database.name)
    }

    /// Objects may be there from now on.
    pub(super) fn forget(&self, keys: &[Key]) {
        for key in keys {
            self.absent.invalidate(key);
        }
    }

    pub(super) fn forget_all(&self) {
        self.absent.invalidate_all();
        self.forget_head();
    }
}

impl Log {
    /// What the record of a version is looked for under: its own name, and that of the tile that it lies in, if it was
    /// looked up already.
    fn sought(&self, version: &ModuleVersion) -> Vec<Key> {
        let tile = || {
            let body = self.early.get(version)?;
            let id = Lookup::parse(&body).ok()?.id();
            let size = locked(&self.anchor).as_ref()?.head.size;
            let n = id / TILE;
            let width = size.checked_sub(n * TILE)?.min(TILE);
            TileId::new(Some(0), n, u16::try_from(width).ok()?).ok()
        };
        let tile = tile().into_iter().flat_map(places);
        let tiles = tile.map(|id| Key::Tile(self.name.clone(), id));
        [Key::Lookup(self.name.clone(), version.clone())].into_iter().chain(tiles).collect()
    }
}

impl Mirror {
    /// What is stored of a file. Where its database will be asked about it, it is looked for what that takes as well.
    pub(crate) async fn load_for_fetch(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
        kind: Kind,
    ) -> Result<Loaded, StoreError> {
        let database = ask.policy.voucher(version.path());
        let asked = kind != Kind::Info && ask.reach == Reach::Anywhere && !self.vouches.know(version);
        let Some(database) = database.filter(|_| asked) else {
            return self.store.load(version, kind).await;
        };
        let log = self.logs.of(&database.name);
        let sought = log.sought(version);
        let head = log.looked.lacks_head(database);
        let (loaded, glance) = self.store.load_and_glance(version, kind, head, &sought).await?;
        log.looked.note(&sought, glance);
        Ok(loaded)
    }

    /// Those of some versions whose records are not stored.
    pub(crate) async fn unrecorded(
        &self,
        database: &Database,
        versions: Vec<ModuleVersion>,
    ) -> Vec<ModuleVersion> {
        let log = self.logs.of(&database.name);
        let key = |version: &ModuleVersion| Key::Lookup(database.name.clone(), version.clone());
        let keys: Vec<_> = versions.iter().map(key).collect();
        let head = log.looked.lacks_head(database);
        match self.store.glance(head, &keys).await {
            Ok(glance) => {
                let absent = |version: &ModuleVersion| glance.absent.contains(&key(version));
                let unrecorded = versions.into_iter().filter(absent).collect();
                if let Some(head) = glance.head {
                    log.looked.note_head(head);
                }
                unrecorded
            }
            // What cannot be read is found out by who needs it.
            Err(_) => Vec::new(),
        }
    }
}

/// How long it is remembered. Another process may store something meanwhile, which is then asked for once more.
const FRESH: Duration = Duration::from_secs(1);
/// How many absences are remembered, at about 300 bytes each.
const REMEMBERED: u64 = 1000;
/// Hashes in a full tile.
const TILE: u64 = 256;
