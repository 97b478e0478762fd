//! What an audit counts while it walks.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use gomod::DbName;
use storage::Key;

/// What an audit has come across.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// Signed heads that are of one history with the newest one.
    pub heads: u64,
    /// Records that were proven in the newest head.
    pub records: u64,
    /// Tiles that were authenticated under it.
    pub tiles: u64,
    /// Hashes in receipts that agree with the record they name.
    pub receipts: u64,
    /// Records of the own log that its root was computed from.
    pub log: u64,
    /// Tiles beyond the newest head, which were stored before one that never came, or is about to.
    pub ahead: u64,
    /// Tiles beside it: they were stored for a head that never came, and nothing that is stored depends on them.
    pub beside: u64,
    /// Objects that are not what they should be.
    pub found: u64,
    /// Objects that could not be checked.
    pub unchecked: u64,
    /// Databases whose key is not known, so that nothing of them could be checked.
    pub unknown: BTreeSet<DbName>,
}

/// The counts of an audit that goes on.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Audited>);

impl Tally {
    /// The counts at this moment.
    pub fn audited(&self) -> Audited {
        self.lock().clone()
    }

    pub(super) fn passed(&self, key: &Key) {
        let mut audited = self.lock();
        match key {
            Key::Head(_) => audited.heads += 1,
            Key::Lookup(..) => audited.records += 1,
            Key::Tile(..) => audited.tiles += 1,
            _ => {}
        }
    }

    pub(super) fn agreed(&self) {
        self.lock().receipts += 1;
    }

    pub(super) fn read(&self, records: u64) {
        self.lock().log += records;
    }

    pub(super) fn ahead(&self) {
        self.lock().ahead += 1;
    }

    pub(super) fn beside(&self) {
        self.lock().beside += 1;
    }

    pub(super) fn found(&self) {
        self.lock().found += 1;
    }

    pub(super) fn cannot_check(&self, why: &dyn fmt::Display) {
        tracing::error!("not checked: {why}");
        self.lock().unchecked += 1;
    }

    pub(super) fn unknown(&self, db: &DbName) {
        let mut audited = self.lock();
        audited.unchecked += 1;
        if !audited.unknown.contains(db) {
            audited.unknown.insert(db.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Audited> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
