//! A directory in which one go works: its module cache and all else that it writes. It is gone when nobody needs it.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use gomod::ModuleVersion;

use super::is_file;
use crate::{Cause, VcsError};

/// The directory.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new one below this directory; those that a process left behind when it was killed go.
    pub(super) fn new(below: &Path) -> Result<Self, VcsError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = below.join(format!("{}-{count}", std::process::id()));
        let make = || {
            fs::create_dir_all(below)?;
            sweep(below)?;
            // Of a process with the same number.
            match fs::remove_dir_all(&dir) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::create_dir(&dir)?;
            for name in ["work", "tmp"] {
                fs::create_dir(dir.join(name))?;
            }
            // Else go would look for one in the directories above.
            fs::write(dir.join("work/go.mod"), "module scratch\n")
        };
        make().map_err(|error| failed(&dir, &error))?;
        Ok(Scratch(dir))
    }

    pub(super) fn dir(&self) -> &Path {
        &self.0
    }

    pub(super) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    pub(super) fn variables(&self) -> [(&'static str, OsString); 5] {
        let at = |name: &str| self.0.join(name).into_os_string();
        [
            ("GOPATH", at("gopath")),
            ("GOMODCACHE", at("mod")),
            ("GOCACHE", at("cache")),
            ("GOTMPDIR", at("tmp")),
            ("TMPDIR", at("tmp")),
        ]
    }

    /// Where go keeps a file of a version.
    pub(super) fn cached(&self, version: &ModuleVersion, ending: &str) -> PathBuf {
        let dir = self.0.join("mod/cache/download").join(&*version.path().escaped()).join("@v");
        dir.join(format!("{}.{ending}", version.version().escaped()))
    }

    /// A file that go says it made, if it is one and lies here.
    pub(super) fn own(&self, path: &str) -> Option<PathBuf> {
        let path = PathBuf::from(path);
        let plain = path.components().all(|part| !matches!(part, std::path::Component::ParentDir));
        (plain && path.starts_with(&self.0) && is_file(&path)).then_some(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is swept later.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn failed(path: &Path, error: &io::Error) -> VcsError {
    VcsError::failed(Cause::Local, format!("use {}", path.display()), error)
}

fn sweep(below: &Path) -> io::Result<()> {
    let now = SystemTime::now();
    for entry in fs::read_dir(below)?.flatten() {
        let made = entry.metadata().and_then(|data| data.modified());
        if made.is_ok_and(|made| now.duration_since(made).is_ok_and(|age| age > OLD)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// The age at which nobody can be at work in one any more.
const OLD: Duration = Duration::from_hours(6);
