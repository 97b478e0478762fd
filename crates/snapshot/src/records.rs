//! What the checksum databases in a snapshot prove.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

use gomod::{DbName, H1, ModuleVersion, TileId};
use storage::{Key, Kind};
use sumdb::{Head, Lookup, Tiles, Unproved, Verifier};

use crate::{Manifest, Module, Refused, manifest::Entry, refused::RecordFault};

/// The proofs while the archive is read: heads come first, then tiles, then records.
pub(crate) struct Records<'a> {
    manifest: &'a Manifest,
    databases: BTreeMap<DbName, Database>,
    proven: HashSet<ModuleVersion>,
}

/// A database whose key is known.
struct Database {
    key: Verifier,
    head: Option<(Head, Vec<u8>)>,
    tiles: TileFiles,
    /// Tiles that some proof has authenticated.
    authentic: HashSet<TileId>,
}

/// Tiles that were unpacked, of which few are in memory.
#[derive(Default)]
struct TileFiles {
    files: HashMap<TileId, PathBuf>,
    have: Tiles,
    held: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(manifest: &'a Manifest, keys: BTreeMap<DbName, Verifier>) -> Self {
        let database =
            |key| Database { key, head: None, tiles: TileFiles::default(), authentic: HashSet::new() };
        let databases = keys.into_iter().map(|(name, key)| (name, database(key))).collect();
        Records { manifest, databases, proven: HashSet::new() }
    }

    /// Takes an object of a database in that was unpacked to `path`; others are not looked at.
    pub(crate) fn take(&mut self, entry: &Entry, bytes: &[u8], path: &Path) -> Result<(), Refused> {
        let (Key::Head(db) | Key::Tile(db, _) | Key::Lookup(db, _)) = &entry.key else { return Ok(()) };
        let Some(database) = self.databases.get_mut(db) else { return Ok(()) };
        let fault = |why: RecordFault| Refused::Record { name: entry.key.to_string(), why };
        match &entry.key {
            Key::Head(_) => {
                let opened = Head::open(bytes, &database.key);
                let head = opened.map_err(|why| Refused::Head { db: db.clone(), why })?;
                database.head = Some((head, bytes.to_vec()));
            }
            Key::Tile(_, id) => {
                database.tiles.files.insert(*id, path.to_owned());
            }
            Key::Lookup(_, version) => {
                database.prove(bytes).map_err(|why| why.named(&entry.key.to_string()))?;
                let lookup = Lookup::parse(bytes).map_err(|error| fault(error.into()))?;
                let hashes = lookup.hashes(version).map_err(|error| fault(error.into()))?;
                if let Some(module) = self.manifest.modules().get(version) {
                    agree(version, module, &hashes, lookup.id(), db)?;
                    if module.database.as_ref() == Some(db) {
                        self.proven.insert(version.clone());
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What is left to be shown when all objects of databases were taken in: that the tiles no record needed are of the
    /// log too, and that every module is proven. `signed`: the snapshot's signature vouches for those without a database.
    pub(crate) fn settle(&mut self, signed: bool) -> Result<(), Refused> {
        for (db, database) in &mut self.databases {
            let rest: Vec<_> =
                database.tiles.files.keys().filter(|id| !database.authentic.contains(id)).copied().collect();
            for id in rest {
                let name = Key::Tile(db.clone(), id).to_string();
                database.tile(id).map_err(|why| why.named(&name))?;
            }
        }
        let mut unproven = Vec::new();
        for (version, module) in self.manifest.modules() {
            match &module.database {
                Some(db) if self.databases.contains_key(db) => {
                    if !self.proven.contains(version) {
                        return Err(Refused::NoRecord { version: version.clone(), db: db.clone() });
                    }
                }
                _ => unproven.push(version),
            }
        }
        match unproven.first() {
            Some(first) if !signed => {
                Err(Refused::Unproven { version: (*first).clone(), others: unproven.len() - 1 })
            }
            _ => Ok(()),
        }
    }

    /// How many modules are proven.
    pub(crate) fn proven(&self) -> usize {
        self.proven.len()
    }
}

/// Why a proof failed: the record's fault, or a file that could not be read back.
enum Unshown {
    Fault(RecordFault),
    Read(io::Error),
}

impl Unshown {
    fn named(self, name: &str) -> Refused {
        match self {
            Unshown::Fault(why) => Refused::Record { name: name.to_owned(), why },
            Unshown::Read(error) => Refused::Write(error),
        }
    }
}

impl Database {
    fn prove(&mut self, bytes: &[u8]) -> Result<(), Unshown> {
        let lookup = Lookup::parse(bytes).map_err(|error| Unshown::Fault(error.into()))?;
        let Some((head, note)) = &self.head else { return Err(Unshown::Fault(RecordFault::OtherHead)) };
        // One head for all records: the same bytes, so that its signature is checked once.
        if lookup.note() != note {
            return Err(Unshown::Fault(RecordFault::OtherHead));
        }
        let proved = self.tiles.with(|have| sumdb::prove(None, head, &lookup, have))?;
        self.authentic.extend(proved.tiles);
        Ok(())
    }

    fn tile(&mut self, id: TileId) -> Result<(), Unshown> {
        let Some((head, _)) = &self.head else { return Err(Unshown::Fault(RecordFault::OtherHead)) };
        let (_, authentic) = self.tiles.with(|have| sumdb::tile(head, id, have))?;
        self.authentic.extend(authentic);
        Ok(())
    }
}

impl TileFiles {
    /// Tries a proof until it has all the tiles it asks for.
    fn with<T>(&mut self, proof: impl Fn(&Tiles) -> Result<T, Unproved>) -> Result<T, Unshown> {
        loop {
            match proof(&self.have) {
                Ok(proven) => return Ok(proven),
                Err(Unproved::Need(ids)) => {
                    if self.held > MOST {
                        (self.have, self.held) = (Tiles::new(), 0);
                    }
                    for id in ids {
                        let file = self.files.get(&id).ok_or(Unshown::Fault(RecordFault::Tile(id)))?;
                        self.have.insert(id, fs::read(file).map_err(Unshown::Read)?);
                        self.held += 1;
                    }
                }
                Err(Unproved::Beyond(id)) => return Err(Unshown::Fault(RecordFault::Tile(id))),
                Err(Unproved::Security(evil)) => return Err(Unshown::Fault(RecordFault::Evil(evil))),
            }
        }
    }
}

/// Whether what a record says is what the snapshot has.
fn agree(
    version: &ModuleVersion,
    module: &Module,
    hashes: &sumdb::Hashes,
    id: u64,
    db: &DbName,
) -> Result<(), Refused> {
    for (kind, got, said) in [(Kind::Zip, module.zip, hashes.zip), (Kind::Mod, module.gomod, hashes.gomod)] {
        if let Some(got) = got
            && said != Some(got)
        {
            let said = said.map_or("nothing".to_owned(), |said: H1| said.to_string());
            let (version, db) = (version.clone(), db.clone());
            return Err(Refused::Contradiction { version, kind, got, id, db, said });
        }
    }
    Ok(())
}

/// Tiles that are held in memory, of 8 KiB each.
const MOST: usize = 512;
