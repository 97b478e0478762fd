//! The staging directory of one process, and the removal of those whose process is gone.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::lock::{self, Held};
use crate::{StoreError, error::Context};

/// A directory that belongs to this process alone, as long as it lives.
#[derive(Debug)]
pub(crate) struct Scratch {
    dir: PathBuf,
    _own: Held,
}

impl Scratch {
    /// Makes the directory in `parent`, and removes those whose owner is gone. Says how many those were: each
    /// is a process that did not end by itself.
    pub(crate) fn open(parent: &Path) -> Result<(Self, usize), StoreError> {
        fs::create_dir_all(parent).context("create", parent)?;
        // Nobody sees a directory of ours between its making and its locking.
        let _one_at_a_time = lock::exclusive(&parent.join("lock"))?;
        let swept = sweep(parent)?;
        let mut n = 0_u32;
        loop {
            // Two containers may share a directory and call their process 1 both.
            let dir = parent.join(format!("{}-{n}", std::process::id()));
            match fs::create_dir(&dir) {
                Ok(()) => {
                    let own = lock::exclusive(&dir.join(OWNER))?;
                    return Ok((Scratch { dir, _own: own }, swept));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
                Err(error) => return Err(StoreError::io("create", dir, error)),
            }
        }
    }

    /// The same below the system's directory for temporary files.
    pub(crate) fn elsewhere() -> Result<Self, StoreError> {
        let user = rustix::process::geteuid().as_raw();
        let parent = std::env::temp_dir().join(format!("larder-{user}"));
        match fs::DirBuilder::new().mode(0o700).create(&parent) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(StoreError::io("create", parent, error));
            }
            _ => {}
        }
        // Anybody may make a directory of that name there, and could then exchange what lies in it.
        let found = fs::symlink_metadata(&parent).context("read", &parent)?;
        if !found.is_dir() || found.uid() != user || found.mode() & 0o022 != 0 {
            return Err(StoreError::ReadOnly(parent));
        }
        Scratch::open(&parent).map(|(scratch, _)| scratch)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::debug!("cannot remove {}: {error}", self.dir.display());
        }
    }
}

/// The file in each directory that its owner keeps locked.
const OWNER: &str = "owner";

fn sweep(parent: &Path) -> Result<usize, StoreError> {
    let mut swept = 0;
    for entry in fs::read_dir(parent).context("read", parent)? {
        let dir = entry.context("read", parent)?.path();
        let owner = dir.join(OWNER);
        if !owner.is_file() {
            // A crash between making the directory and its lock file leaves it empty.
            let _ = fs::remove_dir(&dir);
            continue;
        }
        let Some(gone) = lock::try_exclusive(&owner)? else { continue };
        match fs::remove_dir_all(&dir) {
            Ok(()) => swept += 1,
            Err(error) => tracing::warn!("cannot remove {}: {error}", dir.display()),
        }
        drop(gone);
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elsewhere_is_nobody_elses() {
        let scratch = Scratch::elsewhere().unwrap();
        let parent = fs::metadata(scratch.dir().parent().unwrap()).unwrap();
        assert_eq!(parent.mode() & 0o777, 0o700);
    }

    #[test]
    fn only_what_has_no_owner_is_swept() {
        let parent = tempfile::tempdir().unwrap();
        let (alive, swept) = Scratch::open(parent.path()).unwrap();
        assert_eq!(swept, 0);
        fs::write(alive.dir().join("0"), "mine").unwrap();

        let dead = parent.path().join("1-0");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(OWNER), "").unwrap();
        fs::write(dead.join("0"), "left over").unwrap();
        let unborn = parent.path().join("1-1");
        fs::create_dir(&unborn).unwrap();
        let stranger = parent.path().join("stranger");
        fs::create_dir(&stranger).unwrap();
        fs::write(stranger.join("file"), "not ours").unwrap();

        let (second, swept) = Scratch::open(parent.path()).unwrap();
        assert_eq!(swept, 1);
        assert_ne!(second.dir(), alive.dir());
        assert!(alive.dir().join("0").exists());
        assert!(!dead.exists() && !unborn.exists());
        assert!(stranger.join("file").exists());

        let gone = alive.dir().to_owned();
        drop(alive);
        assert!(!gone.exists());
    }
}
