//! A zip in the module cache.

use std::{fs::File, io, path::Path};

use gomod::{ModuleVersion, ZipCheck, ZipContents, ZipFault};

use super::{ModCache, Part, is_absent};

/// What lies where a version's zip should be.
#[derive(Debug)]
pub enum CachedZip {
    /// Nothing.
    Absent,
    /// A zip that `go` takes.
    Whole(ZipContents),
    /// Something that `go` does not take as this version's zip.
    Broken(ZipFault),
    /// It could not be read.
    Unreadable(io::Error),
}

/// Reads and hashes the whole zip.
pub fn read(cache: &ModCache, module: &ModuleVersion) -> CachedZip {
    read_at(&cache.file(module, Part::Zip), module)
}

/// The same of a zip that lies elsewhere.
pub fn read_at(path: &Path, module: &ModuleVersion) -> CachedZip {
    let opened = File::open(path).and_then(|file| {
        let len = file.metadata()?.len();
        Ok((file, len))
    });
    match opened {
        Ok((file, len)) => match ZipCheck::new(module).contents(file, len) {
            Ok(contents) => CachedZip::Whole(contents),
            Err(ZipFault::Unreadable(error)) => CachedZip::Unreadable(error),
            Err(fault) => CachedZip::Broken(fault),
        },
        Err(error) if is_absent(&error) => CachedZip::Absent,
        Err(error) => CachedZip::Unreadable(error),
    }
}
