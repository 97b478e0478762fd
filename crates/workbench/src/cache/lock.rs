//! The lock of a version, as cmd/go/internal/modfetch takes it (`lockVersion`, by lockedfile: `flock` of the whole file).

use std::{
    fs::{self, File, TryLockError},
    io,
};

use gomod::ModuleVersion;

use crate::modcache::{ModCache, Part};

/// The lock of a version. While it is held, no `go` downloads or unpacks that version. It ends when this is dropped, or
/// with the process.
#[derive(Debug)]
pub struct VersionLock(#[expect(dead_code, reason = "open, it holds the lock")] File);

impl VersionLock {
    /// Takes it, if nobody has it. The file stays when the lock ends, as with `go`: who waits for it has it open.
    ///
    /// # Errors
    /// Those of the system, for example that the cache is read-only.
    pub fn try_take(cache: &ModCache, module: &ModuleVersion) -> io::Result<Option<Self>> {
        let file = open(cache, module)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(VersionLock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes it, and waits for whoever has it: as long as a download takes.
    ///
    /// # Errors
    /// Those of the system.
    pub fn take(cache: &ModCache, module: &ModuleVersion) -> io::Result<Self> {
        let file = open(cache, module)?;
        file.lock()?;
        Ok(VersionLock(file))
    }
}

fn open(cache: &ModCache, module: &ModuleVersion) -> io::Result<File> {
    fs::create_dir_all(cache.versions(module.path()))?;
    File::options().read(true).write(true).create(true).truncate(false).open(cache.file(module, Part::Lock))
}
