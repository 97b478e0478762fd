//! What `go` keeps of a checksum database: the newest signed head, and the answers that it proved.
//!
//! The head lies in `GOPATH/pkg/sumdb/NAME/latest` and outlives `go clean -modcache`; the answers lie in the module cache
//! (cmd/go/internal/modfetch, `sumdb.go`).

use std::{
    io,
    path::{Path, PathBuf},
};

use gomod::{DbName, ModuleVersion, SumdbPath, TileId};
use sumdb::{Hashes, Head, Lookup, Verifier};

use crate::modcache::{ModCache, small_file};

/// What is kept of one database.
#[derive(Clone, Debug)]
pub struct KeptLog {
    key: Verifier,
    head: PathBuf,
    answers: PathBuf,
}

/// The newest signed head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptHead {
    /// None is kept: the next one that comes is believed.
    Absent,
    /// This one.
    Signed(Head),
    /// Something that the database did not sign; `go` stops there.
    Damaged(String),
}

/// The answer about one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptLookup {
    /// None is kept.
    Absent,
    /// The database says this.
    Says(Hashes),
    /// Something that is no answer of the database about this version; `go` stops there.
    Damaged(String),
}

impl KeptLog {
    /// What is kept of the database with this key, below the first directory of GOPATH and in the module cache.
    pub fn new(name: &DbName, key: Verifier, gopath: &Path, cache: &ModCache) -> Self {
        let head = gopath.join("pkg/sumdb").join(name.as_str()).join("latest");
        KeptLog { key, head, answers: cache.database(name.as_str()) }
    }

    /// The database's key.
    pub fn key(&self) -> &Verifier {
        &self.key
    }

    /// Where the head lies.
    pub fn head_file(&self) -> &Path {
        &self.head
    }

    /// The head.
    ///
    /// # Errors
    /// Those of the system.
    pub fn head(&self) -> io::Result<KeptHead> {
        let bytes = match small_file(&self.head, LARGEST) {
            Ok(None) => return Ok(KeptHead::Absent),
            Ok(Some(bytes)) if bytes.is_empty() => return Ok(KeptHead::Absent),
            Ok(Some(bytes)) => bytes,
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Ok(KeptHead::Damaged(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        Ok(match Head::open(&bytes, &self.key) {
            Ok(head) => KeptHead::Signed(head),
            Err(error) => KeptHead::Damaged(error.to_string()),
        })
    }

    /// Where the answer about a version lies.
    pub fn lookup_file(&self, module: &ModuleVersion) -> PathBuf {
        self.answers.join(SumdbPath::Lookup(module.clone()).to_string())
    }

    /// The answer about a version. It is read as it lies there; `go` proved it before it kept it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn lookup(&self, module: &ModuleVersion) -> io::Result<KeptLookup> {
        let bytes = match small_file(&self.lookup_file(module), LARGEST) {
            Ok(None) => return Ok(KeptLookup::Absent),
            Ok(Some(bytes)) => bytes,
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Ok(KeptLookup::Damaged(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let read = Lookup::parse(&bytes).and_then(|lookup| {
            lookup.check(module, &self.key)?;
            lookup.hashes(module)
        });
        Ok(match read {
            Ok(hashes) => KeptLookup::Says(hashes),
            Err(error) => KeptLookup::Damaged(error.to_string()),
        })
    }

    /// A tile, if it is kept.
    pub fn tile(&self, id: TileId) -> Option<Vec<u8>> {
        small_file(&self.answers.join(SumdbPath::Tile(id).to_string()), LARGEST).ok().flatten()
    }
}

/// More than any of these files has.
const LARGEST: u64 = 1 << 20;
