//! Blobs in memory, for tests: they fail when told to, and panic when a promise of the store is broken.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use bytes::{Bytes, BytesMut};
use gomod::{H1, ModulePath, ModuleVersion, ReadAt};
use jiff::Timestamp;

use crate::{
    Blobs, BoxFuture, Content, Evidence, FileFact, Key, Kind, Listing, Mutability, Prefix, Put, QuarantineId,
    Receipt, Staged, StoreError, Stored, Tag, When, blocking::locked, checksum::digest,
};

/// [`Blobs`] in memory that watch their user. They panic when
///
/// * an object that never changes is put with other bytes, also after it was removed,
/// * one that is not replaced in place is replaced,
/// * a receipt is replaced unseen or removed, or a hash in it changes other than by the word of a checksum database.
///
/// A change can be told to fail before or after it took effect: what is lost on the way to a disk or a bucket
/// is either the change or its acknowledgement.
#[derive(Clone, Debug, Default)]
pub struct Referee(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    objects: HashMap<Key, (Bytes, Tag)>,
    /// What each object that never changes was when it was first put.
    forever: HashMap<Key, String>,
    /// The hash of each file, and whether a checksum database has said it.
    pins: HashMap<(ModuleVersion, Kind), (H1, bool)>,
    tags: u64,
    changes: u64,
    reads: u64,
    failing_changes: HashMap<u64, Fails>,
    failing_reads: HashSet<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fails {
    NotPersisted,
    Persisted,
}

impl Referee {
    /// Lets the `n`-th change from now, counted from 0, fail without any effect.
    pub fn fail_and_not_persist(&self, n: u64) {
        self.fail(n, Fails::NotPersisted);
    }

    /// Lets the `n`-th change from now, counted from 0, take effect and yet fail.
    pub fn fail_but_persist(&self, n: u64) {
        self.fail(n, Fails::Persisted);
    }

    /// Lets the `n`-th read from now, counted from 0, fail.
    pub fn fail_read(&self, n: u64) {
        let mut state = locked(&self.0);
        let at = state.reads + n;
        state.failing_reads.insert(at);
    }

    /// How many changes were tried so far.
    pub fn changes(&self) -> u64 {
        locked(&self.0).changes
    }

    fn fail(&self, n: u64, how: Fails) {
        let mut state = locked(&self.0);
        let at = state.changes + n;
        state.failing_changes.insert(at, how);
    }

    fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> Result<T, StoreError> {
        let mut state = locked(&self.0);
        let n = state.changes;
        state.changes += 1;
        match state.failing_changes.remove(&n) {
            None => Ok(work(&mut state)),
            Some(Fails::NotPersisted) => Err(failure("change")),
            Some(Fails::Persisted) => {
                work(&mut state);
                Err(failure("change"))
            }
        }
    }

    fn read<T>(&self, work: impl FnOnce(&State) -> T) -> Result<T, StoreError> {
        let mut state = locked(&self.0);
        let n = state.reads;
        state.reads += 1;
        if state.failing_reads.remove(&n) { Err(failure("read")) } else { Ok(work(&state)) }
    }
}

impl State {
    fn tag(&self, key: &Key) -> Option<Tag> {
        self.objects.get(key).map(|(_, tag)| tag.clone())
    }

    fn stored(&self, key: &Key) -> Option<Stored> {
        let (bytes, tag) = self.objects.get(key)?;
        let content = Content::Bytes(bytes.clone());
        Some(Stored { tag: tag.clone(), len: bytes.len() as u64, at: None, content })
    }

    fn put(&mut self, key: &Key, bytes: Bytes, when: &When) -> Put {
        let there = self.tag(key);
        let holds = match when {
            When::Always => true,
            When::Absent => there.is_none(),
            When::Is(expected) => there.as_ref() == Some(expected),
        };
        if !holds {
            return Put::Conflict(there);
        }
        self.judge(key, &bytes, when);
        self.tags += 1;
        let tag = Tag::new(self.tags.to_string());
        self.objects.insert(key.clone(), (bytes, tag.clone()));
        Put::Done(tag)
    }

    fn judge(&mut self, key: &Key, bytes: &Bytes, when: &When) {
        match key.mutability() {
            Mutability::Mutable => {}
            Mutability::Forever => {
                let new = digest(bytes);
                let first = self.forever.entry(key.clone()).or_insert_with(|| new.clone());
                assert!(*first == new, "{key} never changes, but was put with other bytes");
            }
            Mutability::WhileStored => {
                let same = self.objects.get(key).is_none_or(|(old, _)| old == bytes);
                assert!(same, "{key} is not replaced in place, but was");
            }
            Mutability::ByExchange => {
                assert!(*when != When::Always, "{key} was replaced unseen");
                self.judge_pins(key, bytes);
            }
        }
    }

    fn set_apart(&mut self, bytes: Bytes) -> QuarantineId {
        self.tags += 1;
        let n = u32::try_from(self.tags).unwrap_or_default();
        let id = QuarantineId::new(Timestamp::UNIX_EPOCH, n);
        self.objects.insert(Key::Quarantine(id.clone()), (bytes, Tag::new(self.tags.to_string())));
        id
    }

    fn judge_pins(&mut self, key: &Key, bytes: &Bytes) {
        let Key::Receipt(version) = key else { return };
        let receipt = match Receipt::parse(version, bytes) {
            Ok(receipt) => receipt,
            Err(error) => panic!("{key} was put, but {error}"),
        };
        for kind in Kind::ALL {
            let fact = receipt.fact(kind);
            let said = fact.is_some_and(|fact| matches!(fact.evidence(), Evidence::Log { .. }));
            let new = fact.and_then(FileFact::h1).map(|h1| (h1, said));
            let pin = (version.clone(), kind);
            match (self.pins.get(&pin).copied(), new) {
                (Some((had, before)), Some((got, said))) => {
                    let gives_way = said && !before;
                    assert!(got == had || gives_way, "the h1 of the {kind} of {version} changed");
                    assert!(said || !before, "what vouched for the {kind} of {version} was forgotten");
                    self.pins.insert(pin, (got, said));
                }
                (Some(_), None) => panic!("the h1 of the {kind} of {version} was forgotten"),
                (None, Some(new)) => drop(self.pins.insert(pin, new)),
                (None, None) => {}
            }
        }
    }
}

impl Blobs for Referee {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        ready(self.read(|state| state.stored(key)))
    }

    fn get_each(&self, keys: &[Key]) -> BoxFuture<'_, Result<Vec<Option<Stored>>, StoreError>> {
        ready(self.read(|state| keys.iter().map(|key| state.stored(key)).collect()))
    }

    fn put(&self, key: &Key, from: &Arc<Staged>, when: When) -> BoxFuture<'_, Result<Put, StoreError>> {
        if from.checksums().is_none() {
            return ready(Err(StoreError::Unfinished));
        }
        let mut bytes = BytesMut::zeroed(usize::try_from(from.written()).unwrap_or(usize::MAX));
        if let Err(source) = from.read_exact_at(&mut bytes, 0) {
            return ready(Err(StoreError::io("read", "memory", source)));
        }
        ready(self.change(|state| state.put(key, bytes.freeze(), &when)))
    }

    fn remove(&self, key: &Key) -> BoxFuture<'_, Result<(), StoreError>> {
        assert!(key.mutability() != Mutability::ByExchange, "{key} is kept for ever, but was removed");
        ready(self.change(|state| drop(state.objects.remove(key))))
    }

    fn set_aside(
        &self,
        key: &Key,
        tag: &Tag,
        _reason: &str,
    ) -> BoxFuture<'_, Result<Option<QuarantineId>, StoreError>> {
        ready(self.change(|state| {
            if state.tag(key).as_ref() != Some(tag) {
                return None;
            }
            let object = state.objects.remove(key)?;
            if let Key::Receipt(version) = key {
                assert!(Receipt::parse(version, &object.0).is_err(), "{key} is sound, but was set aside");
            }
            Some(state.set_apart(object.0))
        }))
    }

    fn refuse(
        &self,
        _: &Key,
        from: &Arc<Staged>,
        _: &str,
    ) -> BoxFuture<'_, Result<QuarantineId, StoreError>> {
        if from.checksums().is_none() {
            return ready(Err(StoreError::Unfinished));
        }
        let mut bytes = BytesMut::zeroed(usize::try_from(from.written()).unwrap_or(usize::MAX));
        if let Err(source) = from.read_exact_at(&mut bytes, 0) {
            return ready(Err(StoreError::io("read", "memory", source)));
        }
        ready(self.change(|state| state.set_apart(bytes.freeze())))
    }

    fn list(&self, prefix: &Prefix) -> Listing {
        let found = self.read(|state| {
            let fits = |key: &&Key| match (prefix, key) {
                (Prefix::Versions(module), Key::File(version, Kind::Info))
                | (Prefix::ReceiptsOf(module), Key::Receipt(version)) => version.path() == module,
                (Prefix::Receipts, Key::Receipt(_))
                | (
                    Prefix::Sumdb,
                    Key::Supported(_) | Key::Lookup(..) | Key::Tile(..) | Key::Head(_) | Key::Checked(..),
                ) => true,
                _ => false,
            };
            state.objects.keys().filter(fits).cloned().collect::<Vec<_>>()
        });
        Listing::of(match found {
            Ok(keys) => keys.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    fn derive(&self, _: &ModulePath) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(Ok(()))
    }
}

fn failure(doing: &'static str) -> StoreError {
    StoreError::io(doing, "what the referee keeps", std::io::Error::other("told to fail"))
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}
