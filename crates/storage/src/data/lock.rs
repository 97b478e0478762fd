//! Advisory locks between processes, and between the parts of one (`flock`).

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use crate::{StoreError, checksum::checksum, error::Context};

/// A lock that is held until this is dropped, or the process ends however it ends.
#[derive(Debug)]
pub(crate) struct Held(File);

impl Held {
    pub(crate) fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for Held {
    /// Closing is not enough: a program that is just being started has a copy of every open file until its own code
    /// begins, and the lock is held as long as there is a copy.
    fn drop(&mut self) {
        // Where it cannot be given back, closing gives it back a little later.
        let _ = self.0.unlock();
    }
}

/// Opens a lock file, making it if need be.
pub(crate) fn open(path: &Path) -> Result<File, StoreError> {
    File::options().read(true).write(true).create(true).truncate(false).open(path).context("open", path)
}

/// Waits until nobody holds the lock exclusively.
pub(crate) fn shared(path: &Path) -> Result<Held, StoreError> {
    let file = open(path)?;
    file.lock_shared().context("lock", path)?;
    Ok(Held(file))
}

/// Waits until nobody holds the lock.
pub(crate) fn exclusive(path: &Path) -> Result<Held, StoreError> {
    let file = open(path)?;
    file.lock().context("lock", path)?;
    Ok(Held(file))
}

/// Takes the lock unless somebody holds it.
pub(crate) fn try_exclusive(path: &Path) -> Result<Option<Held>, StoreError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Held(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path, error)),
    }
}

/// A fixed number of lock files that stand for any number of names. Two names may share one, so nobody may
/// hold two of them.
#[derive(Debug)]
pub(crate) struct Shards {
    dir: PathBuf,
}

impl Shards {
    pub(crate) fn in_dir(dir: PathBuf) -> Self {
        Shards { dir }
    }

    /// Waits for the lock of `name`. Blocking, and meant to be held for a moment.
    pub(crate) fn lock(&self, name: &Path) -> Result<Held, StoreError> {
        // Every Larder that shares the directory must come to the same shard: no hash that may change.
        let shard = checksum(name.as_os_str().as_encoded_bytes()) % SHARDS;
        exclusive(&self.dir.join(format!("{shard:02x}")))
    }
}

const SHARDS: u32 = 64;
