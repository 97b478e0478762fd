//! Where files in transit may lie: a directory of this process, and a bounded piece of memory.

use std::{
    fs::File,
    io::Write,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{Staged, Staging};
use crate::{
    Meters, StoreError,
    blocking::locked,
    data::{Scratch, Space, Trouble},
    error::{Context, Shortage},
};

/// Makes [`Staging`]s, which share its directory and its memory.
#[derive(Debug)]
pub struct StagingArea {
    disk: Mutex<Option<Arc<Disk>>>,
    budget: Budget,
    trouble: Arc<Trouble>,
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
        StagingArea::new(budget, Meters::default())
    }

    /// The same, where somebody counts.
    pub(crate) fn new(budget: u64, meters: Meters) -> Arc<Self> {
        let trouble = Arc::new(Trouble::new(meters.clone()));
        let budget = Budget { limit: budget, used: Mutex::new(0), meters };
        Arc::new(StagingArea { disk: Mutex::default(), budget, trouble })
    }

    /// From now on files lie in this directory. Those that lie elsewhere stay readable.
    pub(crate) fn use_disk(&self, scratch: Scratch, space: Arc<Space>) {
        *locked(&self.disk) = Some(Arc::new(Disk { scratch, space, next: AtomicU64::new(0) }));
    }

    fn disk(&self) -> Option<Arc<Disk>> {
        locked(&self.disk).clone()
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
        let disk = self.disk().ok_or_else(|| StoreError::ReadOnly("the staging directory".into()))?;
        disk.space.check(size)?;
        let path = disk.name();
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        Ok((path.clone(), file.context("create", path)?))
    }

    /// Whether `size` more bytes may go to the disk. Blocking.
    pub(super) fn check(&self, size: u64) -> Result<(), StoreError> {
        self.disk().map_or(Ok(()), |disk| disk.space.check(size))
    }

    /// A name in the staging directory that nobody has used.
    pub(crate) fn new_name(&self) -> Option<PathBuf> {
        self.disk().map(|disk| disk.name())
    }

    /// Writes a page and removes it again. Blocking.
    pub(crate) fn probe(&self) -> Result<(), StoreError> {
        let page = [0; 4096];
        let (path, mut file) = self.create(page.len() as u64)?;
        let written = file.write_all(&page).and_then(|()| file.sync_all()).context("write", &path);
        let _ = std::fs::remove_file(&path);
        written
    }

    /// Whether the disk takes anything.
    pub(crate) fn trouble(&self) -> &Arc<Trouble> {
        &self.trouble
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
    meters: Meters,
}

impl Budget {
    pub(super) fn take(&self, bytes: u64) -> Result<(), StoreError> {
        let mut used = locked(&self.used);
        let new = used.saturating_add(bytes);
        if new > self.limit {
            return Err(Shortage::Memory { budget: self.limit }.into());
        }
        *used = new;
        self.show(new);
        Ok(())
    }

    pub(super) fn give_back(&self, bytes: u64) {
        let mut used = locked(&self.used);
        *used = used.saturating_sub(bytes);
        self.show(*used);
    }

    fn show(&self, used: u64) {
        self.meters.spill.set(i64::try_from(used).unwrap_or(i64::MAX));
    }
}
