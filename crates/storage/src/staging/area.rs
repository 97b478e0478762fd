//! Where files in transit may lie: a directory of this process, and a bounded piece of memory.

use std::{
    fs::File,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{Staged, Staging};
use crate::{
    StoreError,
    blocking::locked,
    data::{Scratch, Space},
    error::{Context, Shortage},
};

/// Makes [`Staging`]s, which share its directory and its memory.
#[derive(Debug)]
pub struct StagingArea {
    disk: Option<Disk>,
    budget: Budget,
}

#[derive(Debug)]
struct Disk {
    scratch: Scratch,
    space: Arc<Space>,
    next: AtomicU64,
}

impl StagingArea {
    /// An area without a disk: for a read-only data directory, and for tests. `budget` is in bytes and bounds
    /// what all larger files in transit use together.
    pub fn in_memory(budget: u64) -> Arc<Self> {
        Arc::new(StagingArea { disk: None, budget: Budget { limit: budget, used: Mutex::new(0) } })
    }

    pub(crate) fn on_disk(scratch: Scratch, space: Arc<Space>, budget: u64) -> Arc<Self> {
        let disk = Disk { scratch, space, next: AtomicU64::new(0) };
        Arc::new(StagingArea { disk: Some(disk), budget: Budget { limit: budget, used: Mutex::new(0) } })
    }

    /// A new, empty file in transit.
    pub fn stage(self: &Arc<Self>) -> Staging {
        Staging::new(Staged::new(Arc::clone(self)))
    }

    /// A file with these bytes, complete.
    pub fn whole(self: &Arc<Self>, bytes: bytes::Bytes) -> Arc<Staged> {
        Arc::new(Staged::whole(Arc::clone(self), bytes))
    }

    /// A new file of this process, for `size` bytes now. Blocking.
    pub(super) fn create(&self, size: u64) -> Result<(PathBuf, File), StoreError> {
        let disk = self.disk.as_ref().ok_or_else(|| StoreError::ReadOnly("the staging directory".into()))?;
        disk.space.check(size)?;
        let path = disk.name();
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        Ok((path.clone(), file.context("create", path)?))
    }

    /// Whether `size` more bytes may go to the disk. Blocking.
    pub(super) fn check(&self, size: u64) -> Result<(), StoreError> {
        self.disk.as_ref().map_or(Ok(()), |disk| disk.space.check(size))
    }

    /// A name in the staging directory that nobody has used.
    pub(crate) fn new_name(&self) -> Option<PathBuf> {
        self.disk.as_ref().map(Disk::name)
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }
}

impl Disk {
    fn name(&self) -> PathBuf {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        self.scratch.dir().join(n.to_string())
    }
}

/// Memory that all files in transit share once the disk takes no more.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    used: Mutex<u64>,
}

impl Budget {
    pub(super) fn take(&self, bytes: u64) -> Result<(), StoreError> {
        let mut used = locked(&self.used);
        let new = used.saturating_add(bytes);
        if new > self.limit {
            return Err(Shortage::Memory { budget: self.limit }.into());
        }
        *used = new;
        Ok(())
    }

    pub(super) fn give_back(&self, bytes: u64) {
        let mut used = locked(&self.used);
        *used = used.saturating_sub(bytes);
    }
}
