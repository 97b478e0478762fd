//! Names that one process holds at a time, by locks on files.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    StoreError,
    checksum::digest,
    data::lock::{self, Held},
    error::Context,
};

/// A name held until this is dropped, or the process ends however it ends.
#[derive(Debug)]
pub struct Lease {
    /// Held, never read; nothing where nobody else could want the name.
    _file: Option<OnFile>,
}

#[derive(Debug)]
struct OnFile {
    path: PathBuf,
    _held: Held,
}

impl Lease {
    /// A lease where nobody else could want it.
    pub(super) fn of_nothing() -> Self {
        Lease { _file: None }
    }

    /// Takes a name, unless another holder has it. Blocking, but never waiting for the holder.
    pub(super) fn take(dir: &Path, name: &str) -> Result<Option<Self>, StoreError> {
        // A name may hold anything; a file name may not.
        let path = dir.join(digest(name.as_bytes()));
        loop {
            let Some(held) = lock::try_exclusive(&path)? else { return Ok(None) };
            // A holder removes its file before it lets go: one that is not there any more guards nothing.
            let links = held.file().metadata().context("look at", &path)?.nlink();
            if links > 0 {
                return Ok(Some(Lease { _file: Some(OnFile { path, _held: held }) }));
            }
        }
    }
}

impl Drop for OnFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!("cannot remove {}: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_no_files_left() {
        let dir = tempfile::tempdir().unwrap();
        let take = |name| Lease::take(dir.path(), name).unwrap();
        let first = take("fetch/a").unwrap();
        assert!(take("fetch/a").is_none());
        assert!(take("fetch/b").is_some());
        drop(first);
        drop(take("fetch/a").unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn of_many_threads_one_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let inside = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut taken = 0;
                    while taken < 50 {
                        let Some(lease) = Lease::take(dir.path(), "x").unwrap() else { continue };
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        taken += 1;
                        drop(lease);
                    }
                });
            }
        });
    }
}
