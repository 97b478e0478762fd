//! The client of the public checksum databases, after that of the go command (x/mod `sumdb/client.go`).
//!
//! Of each database one signed head is the *anchor*: everything that is stored is proven under it. It only moves
//! forward, by compare-and-swap, and only when the tiles are stored that lead from the old one to the new one and all
//! that proves under the old one what is stored. A lookup is stored with the anchor's note. So whoever has nothing but
//! the store can prove every record in it, in any order, with Larder and without.
//!
//! A source that sends something wrong is passed over. A database that signed two histories is not used any more.

mod anchor;
mod early;
mod first;
mod keep;
mod looked;
mod mark;
mod prover;
mod record;
mod serve;
mod sources;
mod tiles;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use gomod::{DbName, ModuleVersion, TileId};
use moka::sync::Cache;
use storage::Tag;
use sumdb::{Head, HeadError, Note, Tile, Verifier};

use self::{keep::Keeper, looked::Looked, mark::Mark, tiles::Arrived};
pub(crate) use self::{
    record::Record,
    serve::{latest, tile},
};
use crate::{Config, Meters, Reach, admission::Admission, flight::Flights};

/// What is known of the databases, and the work that is under way for them.
#[derive(Debug)]
pub(crate) struct Logs {
    all: Mutex<HashMap<DbName, Arc<Log>>>,
    /// Apart from the places for modules: a fetch that has one of those waits for the word of a database.
    admission: Arc<Admission>,
    pub(crate) records: Flights<(DbName, ModuleVersion, Reach), Arc<Record>>,
    early: Flights<(DbName, ModuleVersion), Bytes>,
    firsts: Flights<(DbName, Reach), Arc<Anchor>>,
    /// Of which source alone, if not of all.
    tiles: Flights<(DbName, TileId, Option<usize>), Arrived>,
}

/// What this process knows of one database.
#[derive(Debug)]
pub(crate) struct Log {
    name: DbName,
    /// The anchor when it was last seen.
    anchor: Mutex<Option<Arc<Anchor>>>,
    /// The newest head that it gave when there was no anchor yet: signed, and not proven.
    first: Mutex<Option<Arc<Anchor>>>,
    /// The newest head that was proven while the disk took nothing: clients go on under it.
    unstored: Mutex<Option<Arc<Anchor>>>,
    /// Held while the anchor is moved.
    moving: tokio::sync::Mutex<()>,
    mark: Mutex<Mark>,
    keeper: Keeper,
    looked: Looked,
    /// Tiles that are authentic and stored.
    tiles: Cache<TileId, Tile>,
    /// Tiles that have come and are not proven yet, for a moment: several proofs may need the same ones.
    arrived: Cache<TileId, Arrived>,
    /// Answers to lookups that nobody needed yet, for a while.
    early: Cache<ModuleVersion, Bytes>,
    /// Notes whose signature is right.
    notes: Cache<Bytes, Head>,
}

/// The newest signed head under which everything stored is proven.
#[derive(Debug)]
struct Anchor {
    head: Head,
    note: Bytes,
}

/// The anchor, and what its place in the store looked like.
#[derive(Clone, Debug)]
struct Anchored {
    anchor: Option<Arc<Anchor>>,
    tag: Option<Tag>,
}

impl Logs {
    pub(crate) fn new(config: &Config, meters: &Meters) -> Self {
        Logs {
            all: Mutex::default(),
            admission: Admission::new(config.room, meters.clone()),
            records: Flights::default(),
            early: Flights::default(),
            firsts: Flights::default(),
            tiles: Flights::default(),
        }
    }

    pub(crate) fn of(&self, name: &DbName) -> Arc<Log> {
        let mut all = locked(&self.all);
        Arc::clone(all.entry(name.clone()).or_insert_with(|| Arc::new(Log::new(name.clone()))))
    }
}

impl Log {
    fn new(name: DbName) -> Self {
        let weigh = |_: &TileId, tile: &Tile| weight(tile);
        Log {
            name,
            anchor: Mutex::default(),
            first: Mutex::default(),
            unstored: Mutex::default(),
            moving: tokio::sync::Mutex::default(),
            mark: Mutex::default(),
            keeper: Keeper::default(),
            looked: Looked::new(),
            tiles: Cache::builder().max_capacity(TILES).weigher(weigh).build(),
            arrived: Cache::builder()
                .max_capacity(ARRIVED)
                .weigher(|_, arrived: &Arrived| weight(&arrived.tile))
                .time_to_live(ARRIVED_KEPT)
                .build(),
            early: Cache::builder()
                .max_capacity(EARLY)
                .weigher(|_, body: &Bytes| {
                    u32::try_from(body.len()).unwrap_or(u32::MAX).saturating_add(OVERHEAD)
                })
                .time_to_live(EARLY_KEPT)
                .build(),
            notes: Cache::new(NOTES),
        }
    }

    /// Forgets what was stored, because somebody has taken it away.
    fn forget(&self) {
        self.tiles.invalidate_all();
        self.looked.forget_all();
        *locked(&self.anchor) = None;
    }

    /// Whether a note is that of a head that `key` has signed.
    pub(crate) fn is_signed(&self, note: &[u8], key: &Verifier) -> bool {
        self.open(note, key).is_ok()
    }

    /// The head that a note is about, if `key` has signed it.
    fn open(&self, note: &[u8], key: &Verifier) -> Result<Head, HeadError> {
        // A long one is nothing that a database signs every day.
        let key_of_cache = (note.len() <= LONG_NOTE).then(|| Bytes::copy_from_slice(note));
        if let Some(head) = key_of_cache.as_ref().and_then(|note| self.notes.get(note)) {
            return Ok(head);
        }
        let head = Head::open(note, key)?;
        if let Some(note) = key_of_cache {
            self.notes.insert(note, head);
        }
        Ok(head)
    }

    /// A signed note as it is kept. Whoever hands it on can add signatures that nobody here can check; and as every record
    /// is stored with it, a long one would be stored very often. Then the database's own signature is enough.
    fn short(note: &[u8], key: &Verifier) -> Bytes {
        if note.len() > LONG_NOTE
            && let Ok(opened) = Note::open(note, key)
        {
            return opened.alone().into();
        }
        Bytes::copy_from_slice(note)
    }
}

/// Bytes that a tile takes: as many as it has for the hashes over it.
fn weight(tile: &Tile) -> u32 {
    u32::try_from(tile.as_ref().len()).unwrap_or(u32::MAX).saturating_mul(2)
}

/// Each critical section leaves the value consistent.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of authentic tiles in memory, for each database: about a thousand tiles.
const TILES: u64 = 16 << 20;
/// Bytes of tiles that are not proven yet, and how long they are kept.
const ARRIVED: u64 = 8 << 20;
const ARRIVED_KEPT: Duration = Duration::from_secs(30);
/// Bytes of answers that came early, those of their entries included, and how long they are kept.
const EARLY: u64 = 4 << 20;
const OVERHEAD: u32 = 300;
const EARLY_KEPT: Duration = Duration::from_mins(2);
/// How many opened notes are remembered, and up to which length.
const NOTES: u64 = 256;
const LONG_NOTE: usize = 4 << 10;
