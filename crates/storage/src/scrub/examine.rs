//! The check of one stored object.

use std::{io, sync::Arc};

use bytes::Bytes;
use gomod::{H1, Info, ModuleVersion, ReadAt, ZipCheck, ZipFault};
use tokio::sync::mpsc;

use super::{Done, Finding, Pace, Tally};
use crate::{
    Blob, Damage, Foreign, Key, Kind, Loaded, QuarantineId, Receipt, Rot, Store, StoreError, StoredAnswer,
    Tag, blocking::blocking,
};

/// Looks at objects and sets aside what is damaged.
#[derive(Debug)]
pub(super) struct Examiner {
    store: Arc<Store>,
    pace: Pace,
    tally: Arc<Tally>,
    tell: mpsc::Sender<Finding>,
}

/// What became of one look.
enum Seen {
    /// Gone meanwhile, or checked in another place.
    Nothing,
    Sound,
    /// From outside, and nothing is wrong with it as far as anybody can tell.
    Foreign,
    Damaged(String, Done),
}

impl Examiner {
    pub(super) fn new(store: Arc<Store>, pace: Pace, tally: Arc<Tally>, tell: mpsc::Sender<Finding>) -> Self {
        Examiner { store, pace, tally, tell }
    }

    /// Checks one object, counts it, and tells what is wrong with it.
    pub(super) async fn look_at(&self, key: &Key) {
        let seen = match key {
            Key::File(version, kind) => {
                // Its receipt decides how the file is checked, so that one comes first.
                let receipt = Key::Receipt(version.clone());
                if let Ok(seen @ Seen::Damaged(..)) = self.receipt(&receipt, version).await {
                    self.count(&receipt, seen).await;
                }
                self.file(version, *kind).await
            }
            Key::Receipt(version) => self.receipt(key, version).await,
            Key::Answer(question) => {
                self.sealed(key, |bytes| StoredAnswer::parse(question, bytes).map(drop)).await
            }
            Key::Checked(..) => self.checked_copy(key).await,
            Key::Supported(_) | Key::Lookup(..) | Key::Tile(..) | Key::Head(_) => self.plain(key).await,
            // A journal is checked by the log whose it is, which knows what a damaged one means.
            Key::Journal(_) | Key::Misbehaviour(_) | Key::Quarantine(_) => Ok(Seen::Nothing),
        };
        match seen {
            Ok(seen) => self.count(key, seen).await,
            Err(error) => self.tally.cannot_check(&error),
        }
    }

    async fn count(&self, key: &Key, seen: Seen) {
        match seen {
            Seen::Nothing => return,
            Seen::Sound => {}
            Seen::Foreign => self.tally.foreign(),
            Seen::Damaged(why, done) => {
                self.tally.found();
                // Nobody listens any more when the walk is given up.
                let _ = self.tell.send(Finding { path: key.path(), why, done }).await;
            }
        }
        self.tally.checked();
    }

    async fn file(&self, version: &ModuleVersion, kind: Kind) -> Result<Seen, StoreError> {
        let (checked, sound) = match self.store.load(version, kind).await? {
            Loaded::Absent(_) | Loaded::Withdrawn(_) => return Ok(Seen::Nothing),
            Loaded::Rot(rot) => (Err(rot), Seen::Sound),
            Loaded::Blob(blob) => (self.blob(version, kind, &blob).await, Seen::Sound),
            Loaded::Foreign(foreign) => (self.foreign(version, kind, &foreign).await, Seen::Foreign),
        };
        let Err(rot) = checked else { return Ok(sound) };
        let done = done(self.store.put_aside(version, kind, &rot).await);
        Ok(Seen::Damaged(rot.damage().to_string(), done))
    }

    async fn blob(&self, version: &ModuleVersion, kind: Kind, blob: &Blob) -> Result<(), Rot> {
        for index in 0..blob.blocks() {
            let block = blob.block(index).await?;
            self.read(block.len() as u64).await;
        }
        let h1 = match kind {
            Kind::Info => return Ok(()),
            Kind::Mod => H1::of_gomod(&blob.bytes().await?),
            Kind::Zip => {
                if blob.len() > IN_CACHE {
                    self.pace.read(blob.len()).await;
                }
                let whole = zip_h1(version, blob.reader(), blob.len());
                whole.await.map_err(|damage| blob.rot(damage))?
            }
        };
        match blob.fact().h1() {
            Some(known) if known != h1 => {
                Err(blob.rot(Damage::Refused(format!("its h1 is {h1}, and its receipt says {known}"))))
            }
            _ => Ok(()),
        }
    }

    async fn foreign(&self, version: &ModuleVersion, kind: Kind, foreign: &Foreign) -> Result<(), Rot> {
        self.read(foreign.len()).await;
        if kind == Kind::Zip {
            let h1 = zip_h1(version, foreign.clone(), foreign.len()).await;
            return h1.map(drop).map_err(|damage| foreign.rot(damage));
        }
        let bytes = foreign.bytes(Key::File(version.clone(), kind).max_len()).await?;
        let wrong = match kind {
            Kind::Info => match Info::parse(&bytes) {
                Ok(info) if info.version() == version.version() => None,
                Ok(info) => Some(format!("it is the .info of {}", info.version())),
                Err(error) => Some(error.to_string()),
            },
            Kind::Mod if bytes.is_empty() => Some("it is empty".to_owned()),
            Kind::Mod if bytes.contains(&0) => Some("it is not text".to_owned()),
            Kind::Mod | Kind::Zip => None,
        };
        wrong.map_or(Ok(()), |why| Err(foreign.refuse(why)))
    }

    async fn receipt(&self, key: &Key, version: &ModuleVersion) -> Result<Seen, StoreError> {
        self.sealed(key, |bytes| Receipt::parse(version, bytes).map(drop)).await
    }

    /// An object with a checksum of its own.
    async fn sealed(
        &self,
        key: &Key,
        parse: impl Fn(&Bytes) -> Result<(), StoreError>,
    ) -> Result<Seen, StoreError> {
        let blobs = self.store.blobs();
        let (tag, parsed) = match blobs.get(key).await {
            Ok(None) => return Ok(Seen::Nothing),
            Ok(Some(stored)) => {
                self.read(stored.len).await;
                let parsed = match stored.bytes(key, key.max_len()).await? {
                    Some(bytes) => parse(&bytes),
                    None => Err(StoreError::damaged(key, "it is too long")),
                };
                (stored.tag, parsed)
            }
            // Whatever it is, it has no tag.
            Err(error @ StoreError::Damaged { .. }) => (Tag::new(""), Err(error)),
            Err(error) => return Err(error),
        };
        match parsed {
            Ok(()) => Ok(Seen::Sound),
            Err(StoreError::Damaged { why, .. }) => {
                let done = done(blobs.set_aside(key, &tag, &why).await);
                Ok(Seen::Damaged(why, done))
            }
            Err(error) => Err(error),
        }
    }

    /// The copy of an object of a checksum database that has a checksum. The object itself is of no more worth than
    /// its copy, and goes with it, unless it is of a log of one's own.
    async fn checked_copy(&self, key: &Key) -> Result<Seen, StoreError> {
        let seen = self.sealed(key, |bytes| Store::parse_copy(key, bytes).map(drop)).await?;
        let Key::Checked(db, path) = key else { return Ok(seen) };
        let Some(plain) = Key::of_database(db, path) else { return Ok(seen) };
        match seen {
            Seen::Damaged(why, done) => {
                // A log of one's own can be asked for nowhere else, and proves what lies there before it is used.
                let own = self.store.blobs().get(&Key::Journal(db.clone())).await?.is_some();
                if !own && let Some(stored) = self.store.blobs().get(&plain).await? {
                    let reason = "the copy that vouched for it is damaged";
                    self.store.blobs().set_aside(&plain, &stored.tag, reason).await?;
                }
                Ok(Seen::Damaged(why, done))
            }
            Seen::Sound => {
                let differs = "it is not what its checked copy holds".to_owned();
                match self.store.mend(&plain).await? {
                    None => {}
                    Some(true) => self.count(&plain, Seen::Damaged(differs, Done::Mended)).await,
                    Some(false) => {
                        let left = Done::Left("it cannot be replaced".to_owned());
                        self.count(&plain, Seen::Damaged(differs, left)).await;
                    }
                }
                Ok(Seen::Sound)
            }
            Seen::Foreign | Seen::Nothing => Ok(seen),
        }
    }

    /// An object of a checksum database as it lies there for others.
    async fn plain(&self, key: &Key) -> Result<Seen, StoreError> {
        let Some(stored) = self.store.blobs().get(key).await? else { return Ok(Seen::Nothing) };
        self.read(stored.len).await;
        let vouched = match key.checked() {
            Some(copy) => self.store.blobs().get(&copy).await?.is_some(),
            None => true,
        };
        // Against its copy it was compared when that one was looked at.
        Ok(if vouched { Seen::Sound } else { Seen::Foreign })
    }

    async fn read(&self, bytes: u64) {
        self.tally.read(bytes);
        self.pace.read(bytes).await;
    }
}

/// What has just been read of a larger file may have left the system's cache, and is read from the disk again.
const IN_CACHE: u64 = 64 << 20;

async fn zip_h1(
    version: &ModuleVersion,
    zip: impl ReadAt + Send + Sync + 'static,
    len: u64,
) -> Result<H1, Damage> {
    let check = ZipCheck::new(version);
    match blocking(move || Ok(check.finish(zip, len))).await {
        Ok(Ok(facts)) => Ok(facts.h1),
        Ok(Err(ZipFault::Unreadable(error))) => Err(Damage::Unreadable(error)),
        Ok(Err(fault)) => Err(Damage::Refused(fault.to_string())),
        Err(error) => Err(Damage::Unreadable(io::Error::other(error))),
    }
}

fn done(set_aside: Result<Option<QuarantineId>, StoreError>) -> Done {
    match set_aside {
        Ok(Some(id)) => Done::SetAside(id),
        Ok(None) => Done::Replaced,
        Err(error) => Done::Left(error.to_string()),
    }
}
