//! How much room the disk has: storing stops before none is left.

use std::{
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{MinFree, StoreError, blocking::locked, error::Shortage};

/// Watches the free space of the data directory's file system.
#[derive(Debug)]
pub(crate) struct Space {
    dir: PathBuf,
    min_free: MinFree,
    seen: Mutex<Option<Seen>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Instant,
    free: u64,
    total: u64,
}

impl Space {
    pub(crate) fn new(dir: PathBuf, min_free: MinFree) -> Self {
        Space { dir, min_free, seen: Mutex::new(None) }
    }

    /// Whether `size` more bytes leave enough free. Blocking, once in a while.
    pub(crate) fn check(&self, size: u64) -> Result<(), StoreError> {
        let mut guard = locked(&self.seen);
        let seen = match *guard {
            Some(seen) if seen.at.elapsed() < TRUSTED => seen,
            _ => match look(&self.dir) {
                Some(seen) => seen,
                // A file system that does not say how full it is will say when it is full.
                None => return Ok(()),
            },
        };
        let reserve = match self.min_free {
            MinFree::Percent(percent) => seen.total / 100 * u64::from(percent),
            MinFree::Bytes(bytes) => bytes,
        };
        let left = seen.free.saturating_sub(size);
        if left < reserve {
            *guard = None;
            return Err(Shortage::Reserve {
                path: self.dir.clone(),
                free: seen.free,
                total: seen.total,
                reserve,
            }
            .into());
        }
        *guard = Some(Seen { free: left, ..seen });
        Ok(())
    }
}

/// How long one look at the disk is trusted; what is stored meanwhile is counted.
const TRUSTED: Duration = Duration::from_millis(500);

fn look(dir: &std::path::Path) -> Option<Seen> {
    let disk = rustix::fs::statvfs(dir).ok().filter(|disk| disk.f_blocks > 0)?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Some(Seen { at: Instant::now(), free: bytes(disk.f_bavail), total: bytes(disk.f_blocks) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_kept() {
        let dir = std::env::temp_dir();
        for none in [MinFree::Percent(0), MinFree::Bytes(0)] {
            assert!(Space::new(dir.clone(), none).check(1).is_ok());
        }
        for all in [MinFree::Percent(100), MinFree::Bytes(u64::MAX)] {
            let full = Space::new(dir.clone(), all).check(1).unwrap_err();
            assert!(full.to_string().contains("--min-free"), "{full}");
            assert!(full.is_full_or_read_only());
        }
    }

    #[test]
    fn a_disk_that_says_nothing_is_believed() {
        assert!(Space::new("/nowhere/at/all".into(), MinFree::Percent(100)).check(1).is_ok());
    }
}
