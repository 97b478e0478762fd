//! The manifest: what is in a snapshot, in which order, and which hashes it must have.

mod wire;

use std::collections::{BTreeMap, HashSet};

use gomod::{DbName, H1, ModuleVersion};
use jiff::Timestamp;
use storage::{Key, Kind, Question};
use sumdb::Verifier;
use thiserror::Error;

use crate::Digest;

/// What is in a snapshot. Made only by checks that leave nothing ambiguous: every file once, in the one order there is,
/// each belonging to a module or a database that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    since: Option<Digest>,
    databases: Vec<Database>,
    modules: BTreeMap<ModuleVersion, Module>,
    earlier: BTreeMap<ModuleVersion, Module>,
    files: Vec<Entry>,
}

/// A checksum database whose records are in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its key. Its name is that of the database.
    pub key: Verifier,
    /// How many records its signed head has.
    pub size: u64,
}

/// A module version that is in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The hash of its zip, if that is there.
    pub zip: Option<H1>,
    /// The hash of its go.mod, if that is there.
    pub gomod: Option<H1>,
    /// Bytes of its zip.
    pub size: u64,
    /// The database whose record proves the hashes; none for a module that only the snapshot's signature covers.
    pub database: Option<DbName>,
}

/// A file in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name is the key's path in a data directory.
    pub key: Key,
    /// Length in bytes.
    pub size: u64,
    /// Of its bytes.
    pub sha256: Digest,
    /// Of an answer that changes: when a source gave it, and which.
    pub given: Option<Given>,
}

/// When an answer was given, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// When the source gave it, or said that it still holds.
    pub at: Timestamp,
    /// The name of the source.
    pub source: String,
}

/// Why something is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// It is no JSON of this form.
    #[error("the manifest is not one: {0}")]
    Json(String),
    /// A newer Larder wrote it.
    #[error("the manifest has format {0}, which is newer than this Larder knows; use the newer Larder")]
    Newer(u32),
    /// A part of it cannot be; the text names it.
    #[error("the manifest says of {what}: {why}")]
    Part {
        /// The file, module or database.
        what: String,
        /// What cannot be.
        why: &'static str,
    },
}

impl Manifest {
    /// Puts a manifest together; the files in any order.
    pub(crate) fn new(
        since: Option<Digest>,
        databases: Vec<Database>,
        modules: BTreeMap<ModuleVersion, Module>,
        earlier: BTreeMap<ModuleVersion, Module>,
        mut files: Vec<Entry>,
    ) -> Result<Self, ManifestError> {
        files.sort_by_cached_key(|entry| place(&entry.key));
        let mut databases = databases;
        databases.sort_by(|one, other| one.key.name().cmp(other.key.name()));
        let manifest = Manifest { since, databases, modules, earlier, files };
        manifest.check()?;
        Ok(manifest)
    }

    /// Reads one. Strict: what cannot be is an error that names it.
    pub fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        let manifest = wire::read(json)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The JSON. The same manifest gives the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        wire::write(self)
    }

    /// The digest of its JSON, by which others name it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_json())
    }

    /// The digest of the manifest of the snapshot that this one goes on from.
    pub fn since(&self) -> Option<Digest> {
        self.since
    }

    /// The databases, by name.
    pub fn databases(&self) -> &[Database] {
        &self.databases
    }

    /// The module versions whose files are in it.
    pub fn modules(&self) -> &BTreeMap<ModuleVersion, Module> {
        &self.modules
    }

    /// The module versions that the snapshots before this one have.
    pub fn earlier(&self) -> &BTreeMap<ModuleVersion, Module> {
        &self.earlier
    }

    /// The files, in their order.
    pub fn files(&self) -> &[Entry] {
        &self.files
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|entry| entry.size).sum()
    }

    /// Where a file of this name stands.
    pub(crate) fn position(&self, key: &Key) -> Option<usize> {
        let wanted = place(key);
        self.files.binary_search_by(|entry| place(&entry.key).cmp(&wanted)).ok()
    }

    fn check(&self) -> Result<(), ManifestError> {
        for pair in self.databases.windows(2) {
            if let [one, other] = pair
                && one.key.name() >= other.key.name()
            {
                return Err(part(&other.key, "it is not in its place among the databases"));
            }
        }
        let keys: HashSet<&Key> = self.files.iter().map(|entry| &entry.key).collect();
        for (version, module) in &self.modules {
            if self.earlier.contains_key(version) {
                return Err(part(version, "it is both new and earlier"));
            }
            if let Some(db) = &module.database
                && !self.databases.iter().any(|database| database.key.name() == db.as_str())
            {
                return Err(part(version, "its database is not named"));
            }
            for (kind, said) in [(Kind::Zip, module.zip.is_some()), (Kind::Mod, module.gomod.is_some())] {
                if said != keys.contains(&Key::File(version.clone(), kind)) {
                    return Err(part(version, "it has a hash without the file, or the file without a hash"));
                }
            }
        }
        for database in &self.databases {
            let head = database.key.name().parse().ok().map(Key::Head);
            if head.is_none_or(|head| !keys.contains(&head)) {
                return Err(part(&database.key, "its signed head is missing"));
            }
        }
        let mut before = None;
        for entry in &self.files {
            let place = place(&entry.key);
            if before.is_some_and(|before| before >= place) {
                return Err(part(&entry.key, "it is there twice, or not in its place"));
            }
            before = Some(place);
            self.check_entry(entry).map_err(|why| part(&entry.key, why))?;
        }
        Ok(())
    }

    fn check_entry(&self, entry: &Entry) -> Result<(), &'static str> {
        if entry.size > entry.key.max_len() {
            return Err("it is larger than such a file may be");
        }
        let of_answer = matches!(entry.key, Key::Answer(_));
        if of_answer != entry.given.is_some() {
            return Err("an answer, and nothing else, has the time it was given at");
        }
        match &entry.key {
            Key::File(version, kind) => {
                let module = self.modules.get(version).ok_or("its module is not named")?;
                let size = if *kind == Kind::Zip { entry.size } else { module.size };
                if size == module.size { Ok(()) } else { Err("its size is not that of the module") }
            }
            Key::Answer(Question::List(_) | Question::Latest(_)) => Ok(()),
            Key::Head(db) | Key::Lookup(db, _) => self.names(db),
            Key::Tile(db, tile) if tile.level().is_some() => self.names(db),
            _ => Err("nothing of this sort belongs into a snapshot"),
        }
    }

    fn names(&self, db: &DbName) -> Result<(), &'static str> {
        let known = self.databases.iter().any(|database| database.key.name() == db.as_str());
        if known { Ok(()) } else { Err("its database is not named") }
    }
}

/// The order of files: what proves before what is proven, so that one pass suffices; then by name.
fn place(key: &Key) -> (u8, String) {
    let rank = match key {
        Key::Head(_) => 0,
        Key::Tile(..) => 1,
        Key::Lookup(..) => 2,
        Key::Answer(_) => 3,
        _ => 4,
    };
    (rank, key.to_string())
}

fn part(what: &dyn std::fmt::Display, why: &'static str) -> ManifestError {
    ManifestError::Part { what: what.to_string(), why }
}
