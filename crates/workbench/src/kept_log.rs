//! What `go` keeps of a checksum database: the newest signed head, and the answers that it proved.
//!
//! The head lies in `GOPATH/pkg/sumdb/NAME/latest` and outlives `go clean -modcache`; the answers lie in the module cache
//! (cmd/go/internal/modfetch, `sumdb.go`).

use std::{
    io,
    path::{Path, PathBuf},
};

use gomod::{DbName, ModuleVersion, SumdbPath, TileId};
use sumdb::{Hashes, Head, Lookup, Tiles, Unproved, Verifier};

use crate::modcache::{ModCache, small_file};

/// What is kept of one database.
#[derive(Clone, Debug)]
pub struct KeptLog {
    name: DbName,
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

/// What is kept of one version, and whether the database's log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptProof {
    /// Nothing is kept, or not enough for a proof.
    Open,
    /// The database's log holds this.
    Proven(Hashes),
    /// Something that cannot be in the log; `go` stops there.
    Damaged(String),
}

impl KeptLog {
    /// What is kept of the database with this key, below the first directory of GOPATH and in the module cache.
    pub fn new(name: &DbName, key: Verifier, gopath: &Path, cache: &ModCache) -> Self {
        let head = gopath.join("pkg/sumdb").join(name.as_str()).join("latest");
        KeptLog { name: name.clone(), key, head, answers: cache.database(name.as_str()) }
    }

    /// The database's name.
    pub fn name(&self) -> &DbName {
        &self.name
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

    /// The answer about a version, proven by the tiles that are kept beside it. Nobody is asked.
    ///
    /// # Errors
    /// Those of the system.
    pub fn proof(&self, module: &ModuleVersion) -> io::Result<KeptProof> {
        match self.lookup(module)? {
            KeptLookup::Absent => return Ok(KeptProof::Open),
            KeptLookup::Damaged(why) => return Ok(KeptProof::Damaged(why)),
            KeptLookup::Says(_) => {}
        }
        let Some(bytes) = small_file(&self.lookup_file(module), LARGEST)? else { return Ok(KeptProof::Open) };
        let read = Lookup::parse(&bytes).and_then(|lookup| {
            let head = Head::open(lookup.note(), &self.key)?;
            Ok((lookup, head, lookup.hashes(module)?))
        });
        let (lookup, head, hashes) = match read {
            Ok(read) => read,
            Err(error) => return Ok(KeptProof::Damaged(error.to_string())),
        };
        let mut tiles = Tiles::new();
        for _ in 0..ROUNDS {
            let needed = match sumdb::prove(None, &head, &lookup, &tiles) {
                Ok(_) => return Ok(KeptProof::Proven(hashes)),
                Err(Unproved::Need(needed)) => needed,
                Err(error) => return Ok(KeptProof::Damaged(error.to_string())),
            };
            for id in needed {
                // A tile that has grown since is kept as the full one.
                let found = [id, id.full()].into_iter().find_map(|id| Some((id, self.tile(id)?)));
                let Some((id, body)) = found else { return Ok(KeptProof::Open) };
                tiles.insert(id, body);
            }
        }
        Ok(KeptProof::Open)
    }

    /// A tile, if it is kept.
    pub fn tile(&self, id: TileId) -> Option<Vec<u8>> {
        small_file(&self.answers.join(SumdbPath::Tile(id).to_string()), LARGEST).ok().flatten()
    }
}

/// A proof takes two or three.
const ROUNDS: usize = 5;
/// More than any of these files has.
const LARGEST: u64 = 1 << 20;
