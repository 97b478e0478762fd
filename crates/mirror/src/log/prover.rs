//! The tiles of a proof: those that are known first, then those that are stored, then those of sources.
//!
//! A proof says all at once what it lacks, and that is fetched side by side. If the tiles do not belong to the signed
//! tree, somebody has sent a wrong one, or a disk has lied. Then the proof begins anew with each source alone, which has
//! to give all of it: so one that lies hides nothing, and nobody else is blamed for it.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    iter,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use gomod::{Request, SumdbPath, TileId};
use storage::{Key, SignedHead};
use sumdb::{Evil, Tile, Tiles, Unproved};
use upstream::{Fault, FaultKind, SourceName};

use super::{Anchor, Log, tiles};
use crate::{Ask, Mirror, Reach, Refusal, policy::Database};

/// One who proves something about a log.
pub(super) struct Prover<'a> {
    pub(super) mirror: &'a Arc<Mirror>,
    pub(super) ask: &'a Ask,
    pub(super) database: &'a Arc<Database>,
    pub(super) log: Arc<Log>,
    /// The signed notes that are compared.
    pub(super) notes: Vec<Bytes>,
    pub(super) stored_head: StoredHead,
    /// The newest head that was asked for as there was no anchor.
    pub(super) first: Option<Arc<Anchor>>,
    have: Tiles,
    /// Who sent which tile; nobody did if it was stored.
    senders: HashMap<TileId, Sender>,
}

/// The newest head that is stored.
#[derive(Debug, Default)]
pub(super) enum StoredHead {
    /// It was not read, or it was used.
    #[default]
    Unread,
    /// It was read a moment ago; there may be none.
    Read(Option<SignedHead>),
}

/// Why something is not proven.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What was to be proven is not true; who handed it over has lied.
    Lie(String),
    /// The tree of the anchor has no such tile.
    Beyond,
    /// What is needed cannot be had, or the database itself misbehaves.
    Refused(Refusal),
}

/// Where tiles are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From wherever they are.
    Usual,
    /// As they are stored, whatever this process remembers: another one may have stored what excludes that.
    Stored,
    /// From one source alone: its place among those of the database.
    Only(usize),
}

/// Who sent a tile that is not stored.
enum Sender {
    /// This source, for this proof.
    Now(SourceName),
    /// Somebody, a moment ago, who may have meant another tree.
    Earlier,
}

impl<'a> Prover<'a> {
    pub(super) fn new(mirror: &'a Arc<Mirror>, ask: &'a Ask, database: &'a Arc<Database>) -> Self {
        let log = mirror.logs.of(&database.name);
        let (have, senders) = (Tiles::new(), HashMap::new());
        Prover {
            mirror,
            ask,
            database,
            log,
            notes: Vec::new(),
            stored_head: StoredHead::Unread,
            first: None,
            have,
            senders,
        }
    }

    /// Whether everything may be asked for.
    pub(super) fn may_ask(&self) -> bool {
        self.ask.reach == Reach::Anywhere
    }

    /// Whether sources had to be asked for what the proof takes.
    pub(super) fn asked_sources(&self) -> bool {
        !self.senders.is_empty()
    }

    /// An object as it is stored, looked for together with the newest head, which the next proof begins with.
    pub(super) async fn read_with_head(&mut self, key: &Key) -> Option<Bytes> {
        if self.log.looked.missed(key) {
            self.remember_head();
            return None;
        }
        match self.mirror.store.small_and_head(&self.log.name, key).await {
            Ok((object, head)) => {
                self.stored_head = StoredHead::Read(head);
                object
            }
            // One that cannot be read says nothing about the other.
            Err(_) => self.mirror.stored_small(key).await,
        }
    }

    /// The next proof begins with the head that was seen a moment ago, if one was looked for.
    pub(super) fn remember_head(&mut self) {
        self.stored_head = self.log.looked.head();
    }

    /// Takes a tile that is stored just as it is named.
    pub(super) async fn begin_with(&mut self, id: TileId) {
        if let Some(bytes) = self.mirror.stored_small(&Key::Tile(self.log.name.clone(), id)).await {
            self.have.insert(id, Vec::from(bytes));
        }
    }

    /// The result of a proof, with all the tiles that it takes.
    pub(super) async fn satisfied<T>(
        &mut self,
        attempt: impl Fn(&Tiles) -> Result<T, Unproved>,
    ) -> Result<T, Trouble> {
        let mut faults = Vec::new();
        let mut way = Way::Usual;
        let all = if self.may_ask() { self.database.links.len() } else { 0 };
        let mut ways: VecDeque<_> = iter::once(Way::Stored).chain((0..all).map(Way::Only)).collect();
        let mut suspicion = String::new();
        loop {
            match attempt(&self.have) {
                Ok(proven) => return Ok(proven),
                Err(Unproved::Beyond(_)) => return Err(Trouble::Beyond),
                Err(Unproved::Need(ids)) => match self.gather(&ids, way).await {
                    Ok(()) => continue,
                    Err(Refusal::Failed(more)) if way != Way::Usual => faults.extend(more),
                    Err(Refusal::Offline) if way == Way::Stored => {}
                    Err(refusal) => return Err(Trouble::Refused(refusal)),
                },
                Err(Unproved::Security(evil)) if evil.suspects().is_empty() => {
                    return Err(self.judged(&evil).await);
                }
                Err(Unproved::Security(evil)) => {
                    if let Some((place, fault)) = self.blamed(&evil) {
                        ways.retain(|way| *way != Way::Only(place));
                        faults.push(fault);
                    }
                    suspicion = evil.to_string();
                }
            }
            way = match ways.pop_front() {
                Some(way) => way,
                None if faults.is_empty() => {
                    return Err(Trouble::Lie(format!("what is stored is wrong: {suspicion}")));
                }
                None => return Err(Trouble::Refused(Refusal::Failed(faults))),
            };
            (self.have, self.senders) = (Tiles::new(), HashMap::new());
        }
    }

    /// Takes proven tiles into the store, and says whether they are there.
    pub(super) async fn keep(&self, ids: &[TileId]) -> bool {
        self.keep_with(ids, None).await
    }

    /// The same, with a record that these tiles prove.
    pub(super) async fn keep_with(&self, ids: &[TileId], record: Option<(Key, Bytes)>) -> bool {
        let tiles = ids.iter().filter(|id| !self.log.tiles.contains_key(*id));
        let tiles = tiles.filter_map(|id| Some((*id, self.have.tile(*id)?)));
        let was_sent = |id: TileId| self.senders.contains_key(&id) || self.senders.contains_key(&id.full());
        let (sent, stored): (Vec<_>, Vec<_>) = tiles.partition(|(id, _)| was_sent(*id));
        for (id, tile) in stored {
            self.log.tiles.insert(id, tile);
        }
        self.keep_all(sent, record).await
    }

    pub(super) async fn keep_tiles(&self, tiles: Vec<(TileId, Tile)>) -> bool {
        self.keep_all(tiles, None).await
    }

    async fn keep_all(&self, tiles: Vec<(TileId, Tile)>, record: Option<(Key, Bytes)>) -> bool {
        let key = |id| Key::Tile(self.log.name.clone(), id);
        let bytes = |tile: &Tile| Bytes::from_owner(tile.clone());
        let objects = tiles.iter().map(|(id, tile)| (key(*id), bytes(tile))).chain(record);
        let objects: Vec<_> = objects.collect();
        let keys: Vec<_> = objects.iter().map(|(key, _)| key.clone()).collect();
        let kept = self.log.keeper.keep(&self.mirror.store, &self.log.name, objects).await;
        self.log.looked.forget(&keys);
        if !kept {
            return false;
        }
        for (id, tile) in tiles {
            self.log.tiles.insert(id, tile);
        }
        true
    }

    /// Gets tiles: at most 24, see `Unproved::Need`.
    async fn gather(&mut self, ids: &[TileId], way: Way) -> Result<(), Refusal> {
        let mut missing = ids.to_vec();
        let mut only = None;
        match way {
            Way::Usual => {
                missing.retain(|id| !self.remembers(*id));
                self.read(&mut missing, way).await;
            }
            Way::Stored => self.read(&mut missing, way).await,
            Way::Only(place) => only = Some(place),
        }
        if missing.is_empty() {
            return Ok(());
        }
        if !self.may_ask() || way == Way::Stored {
            return Err(Refusal::Offline);
        }
        // Side by side.
        let fetching: Vec<_> = missing
            .iter()
            .map(|id| self.mirror.fetch_tile(self.ask, self.database, *id, only).done())
            .collect();
        for arrived in join_all(fetching).await {
            let tiles::Arrived { id, tile, sender, fresh } = arrived.map_err(tiles::needed)?;
            self.have.insert(id, tile);
            self.senders.insert(id, if fresh { Sender::Now(sender) } else { Sender::Earlier });
        }
        Ok(())
    }

    /// Takes a tile from memory, if it is there.
    fn remembers(&mut self, id: TileId) -> bool {
        let found = places(id).into_iter().find_map(|at| Some((at, self.log.tiles.get(&at)?)));
        let Some((at, tile)) = found else { return false };
        self.have.insert(at, tile);
        true
    }

    /// Takes those that are stored, with one look at all of them; leaves those that are not.
    async fn read(&mut self, missing: &mut Vec<TileId>, way: Way) {
        let key = |at: TileId| Key::Tile(self.log.name.clone(), at);
        let worthwhile = |at: &TileId| way == Way::Stored || !self.log.looked.missed(&key(*at));
        let all: Vec<_> = missing.iter().flat_map(|id| places(*id)).filter(worthwhile).collect();
        if all.is_empty() {
            return;
        }
        let keys: Vec<_> = all.iter().map(|at| key(*at)).collect();
        let stored = self.mirror.stored_each(&keys).await;
        let stored: HashMap<_, _> =
            all.into_iter().zip(stored).filter_map(|(at, bytes)| Some((at, bytes?))).collect();
        missing.retain(|id| {
            let found = places(*id).into_iter().find_map(|at| Some((at, stored.get(&at)?)));
            let Some((at, bytes)) = found else { return true };
            self.have.insert(at, Vec::from(bytes.clone()));
            false
        });
    }

    /// Who sent tiles that are not authentic, if that is sure.
    fn blamed(&self, evil: &Evil) -> Option<(usize, Fault)> {
        for id in evil.suspects() {
            self.log.arrived.invalidate(id);
            self.log.tiles.invalidate(id);
        }
        let sender = |id: &TileId| match self.senders.get(id) {
            Some(Sender::Now(source)) => Some(source.to_string()),
            Some(Sender::Earlier) | None => None,
        };
        let senders: BTreeSet<_> = evil.suspects().iter().map(sender).collect();
        let mut senders = senders.into_iter();
        let (Some(Some(sender)), None) = (senders.next(), senders.next()) else {
            tracing::error!(db = %self.log.name, "SECURITY: {evil}; asking each source alone");
            return None;
        };
        let place = self.database.links.iter().position(|link| link.source.name().to_string() == sender)?;
        let source = &self.database.links.get(place)?.source;
        tracing::error!(%sender, db = %self.log.name, "SECURITY: {evil}");
        self.mirror.meters.database_lies.inc();
        let tile = evil.suspects().first()?;
        source.lied(&Request::Sumdb(self.log.name.clone(), SumdbPath::Tile(*tile)));
        let what = format!("SECURITY: sent a wrong tile: {evil}");
        Some((place, Fault::new(source.name().clone(), FaultKind::Lie, &what, Duration::ZERO)))
    }

    /// What it means that something is not true although all tiles are authentic.
    async fn judged(&self, evil: &Evil) -> Trouble {
        if evil.is_fork() {
            Trouble::Refused(self.mirror.condemn(&self.log, evil, &self.notes).await)
        } else {
            Trouble::Lie(evil.to_string())
        }
    }
}

/// Where a tile may be: a full one begins with every part of it.
pub(super) fn places(id: TileId) -> Vec<TileId> {
    if id.is_full() { vec![id] } else { vec![id, id.full()] }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => refusal,
            // What sources sent is judged where they are known.
            Trouble::Lie(why) => {
                tracing::error!("{why}");
                Refusal::Internal("what is known of a checksum database proves nothing")
            }
            Trouble::Beyond => Refusal::Internal("a proof needs a tile that its tree does not have"),
        }
    }
}
