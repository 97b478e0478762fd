//! What of a version is broken, for those who mend it.

use std::path::PathBuf;

use gomod::ModuleVersion;

use crate::modcache::{ModCache, Part};

/// A piece of a version in the module cache that is not what it should be, or is missing beside another one. The others
/// are good, or not known to be bad.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// The version.
    pub module: ModuleVersion,
    /// Which piece of it.
    pub piece: Piece,
}

/// A piece of a version in the module cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// The `.info`.
    Info,
    /// The `.mod`.
    Mod,
    /// The zip.
    Zip,
    /// The `.ziphash`.
    ZipHash,
    /// The unpacked files.
    Tree,
}

impl Broken {
    /// Where it lies.
    pub fn path(&self, cache: &ModCache) -> PathBuf {
        match self.piece {
            Piece::Info => cache.file(&self.module, Part::Info),
            Piece::Mod => cache.file(&self.module, Part::Mod),
            Piece::Zip => cache.file(&self.module, Part::Zip),
            Piece::ZipHash => cache.file(&self.module, Part::ZipHash),
            Piece::Tree => cache.tree(&self.module),
        }
    }
}
