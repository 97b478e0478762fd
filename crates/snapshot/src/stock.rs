//! What of a store goes into a snapshot: looked up, proven and hashed before a byte is written.

mod proofs;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use bytes::Bytes;
use gomod::{DbName, H1, ModuleVersion};
use storage::{Blob, FileFact, Key, Kind, Loaded, Question, Receipt, State, Store, StoreError};
use sumdb::{Lookup, NoteError, Verifier};
use thiserror::Error;
use tokio::task::JoinSet;

use self::proofs::Proofs;
use crate::{
    Digest, Manifest, ManifestError, Module,
    digest::Digesting,
    manifest::{Database, Entry, Given},
};

/// What is wanted in a snapshot.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The module versions; none for all that are stored.
    pub only: Option<BTreeSet<ModuleVersion>>,
    /// Whether all stored Go toolchains go along.
    pub toolchains: bool,
}

/// What is in a store, ready to be written: nothing in it changes any more, or writing it fails.
#[derive(Debug)]
pub struct Stock {
    pub(crate) store: Arc<Store>,
    pub(crate) manifest: Manifest,
    pub(crate) heads: HashMap<DbName, Bytes>,
    left_out: Vec<LeftOut>,
}

/// A module version that was wanted, and is not in the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Which.
    pub version: ModuleVersion,
    /// Why, for people.
    pub why: &'static str,
}

/// Why a snapshot cannot be made.
#[derive(Debug, Error)]
pub enum Short {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored file is not what was stored.
    #[error("the {kind} of {version} is damaged: {why}; `larder scrub` sets such files aside")]
    Rot {
        /// The module version.
        version: ModuleVersion,
        /// Which of its files.
        kind: Kind,
        /// What is wrong.
        why: String,
    },
    /// A database's objects do not prove what they should.
    #[error("{object}: {why}; `larder sumdb audit` says more")]
    Unproven {
        /// The object.
        object: String,
        /// What is wrong.
        why: String,
    },
    /// A stored object changed while the snapshot was made.
    #[error("{0} changed while the snapshot was made; make it again")]
    Changed(String),
    /// The parts make no manifest: a defect, or nothing to put in.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// It could not be signed.
    #[error("it cannot be signed: {0}")]
    Sign(#[from] NoteError),
    /// It could not be written.
    #[error("it cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// The files of a module version, and what is said of it.
struct Found {
    version: ModuleVersion,
    module: Module,
    files: Vec<Entry>,
}

impl Stock {
    /// Looks what there is. Nobody is asked but the store, and nothing is changed in it.
    ///
    /// Records of the databases in `keys` go along. With `since`, what that snapshot and those before it have is left
    /// out. `hashed` is told of bytes that were read.
    pub async fn take(
        store: &Arc<Store>,
        wanted: &Wanted,
        keys: &BTreeMap<DbName, Verifier>,
        since: Option<&Manifest>,
        hashed: &(dyn Fn(u64) + Sync),
    ) -> Result<Self, Short> {
        let (receipts, mut left_out) = receipts(store, wanted).await?;
        let (mut modules, mut earlier, mut files) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut reading = JoinSet::new();
        let mut receipts = receipts.into_iter();
        loop {
            while reading.len() < AT_ONCE {
                let Some(receipt) = receipts.next() else { break };
                if let Some(known) = since.and_then(|since| known(since, receipt.version()))
                    && same(known, &receipt)
                {
                    earlier.insert(receipt.version().clone(), known.clone());
                    continue;
                }
                reading.spawn(version(Arc::clone(store), receipt));
            }
            let Some(done) = reading.join_next().await else { break };
            match done.map_err(|_| StoreError::Stopped)?? {
                Ok(found) => {
                    hashed(found.files.iter().map(|entry| entry.size).sum());
                    files.extend(found.files);
                    modules.insert(found.version, found.module);
                }
                Err(out) => left_out.push(out),
            }
        }
        left_out.sort_by(|one, other| one.version.cmp(&other.version));
        files.extend(answers(store, modules.keys().chain(earlier.keys())).await?);
        let mut heads = HashMap::new();
        let mut databases = Vec::new();
        for (db, key) in keys {
            let before = since.and_then(|since| size_of(since, db));
            let proofs = Proofs::of(store, db, key, &mut modules, before).await?;
            let Some(Proofs { head, note, entries }) = proofs else { continue };
            databases.push(Database { key: key.clone(), size: head.size });
            files.extend(entries);
            heads.insert(db.clone(), note);
        }
        let manifest = Manifest::new(since.map(Manifest::digest), databases, modules, earlier, files)?;
        Ok(Stock { store: Arc::clone(store), manifest, heads, left_out })
    }

    /// What is in it.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What was wanted, and is not in it.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The bytes of a small file of the manifest, as they were when it was looked at.
    pub(crate) async fn small(&self, entry: &Entry) -> Result<Bytes, Short> {
        let changed = || Short::Changed(entry.key.to_string());
        let bytes = match &entry.key {
            Key::File(version, kind) => {
                let blob = self.blob(version, *kind).await?;
                blob.bytes().await.map_err(|rot| rotten(version, *kind, &rot))?
            }
            Key::Answer(question) => self.store.answer(question).await?.ok_or_else(changed)?.body,
            Key::Head(db) => self.heads.get(db).cloned().ok_or_else(changed)?,
            Key::Lookup(db, _) => {
                let stored = self.store.small(&entry.key).await?.ok_or_else(changed)?;
                let note = self.heads.get(db).ok_or_else(changed)?;
                proofs::under(&stored, note).ok_or_else(changed)?
            }
            Key::Tile(db, id) => proofs::tile(&self.store, db, *id).await?.ok_or_else(changed)?,
            _ => return Err(changed()),
        };
        if bytes.len() as u64 == entry.size && Digest::of(&bytes) == entry.sha256 {
            Ok(bytes)
        } else {
            Err(changed())
        }
    }

    /// A stored file of a module.
    pub(crate) async fn blob(&self, version: &ModuleVersion, kind: Kind) -> Result<Blob, Short> {
        match self.store.load(version, kind).await? {
            Loaded::Blob(blob) => Ok(blob),
            _ => Err(Short::Changed(Key::File(version.clone(), kind).to_string())),
        }
    }
}

/// The receipts of what is wanted, and what is wanted in vain.
async fn receipts(store: &Arc<Store>, wanted: &Wanted) -> Result<(Vec<Receipt>, Vec<LeftOut>), StoreError> {
    let mut missing = wanted.only.clone().unwrap_or_default();
    let (mut receipts, mut left_out) = (Vec::new(), Vec::new());
    let mut listing = store.receipts();
    while let Some(key) = listing.next().await {
        let Key::Receipt(version) = key? else { continue };
        let is_toolchain = version.path().as_str() == TOOLCHAIN;
        let listed = wanted.only.as_ref().map_or(!is_toolchain, |only| only.contains(&version));
        if !(listed || is_toolchain && wanted.toolchains) {
            continue;
        }
        let Some(receipt) = store.read_receipt(&version).await? else { continue };
        missing.remove(&version);
        if receipt.withdrawn().is_some() {
            left_out.push(LeftOut { version, why: "it was withdrawn" });
        } else if *receipt.state() == State::Pending {
            left_out.push(LeftOut { version, why: "its checksum database has not vouched for it yet" });
        } else {
            receipts.push(receipt);
        }
    }
    left_out.extend(missing.into_iter().map(|version| LeftOut { version, why: NOT_STORED }));
    receipts.sort_by(|one, other| one.version().cmp(other.version()));
    Ok((receipts, left_out))
}

/// The files of a version that are stored, each read once.
async fn version(store: Arc<Store>, receipt: Receipt) -> Result<Result<Found, LeftOut>, Short> {
    let version = receipt.version().clone();
    let mut module = Module { zip: None, gomod: None, size: 0, database: None };
    let mut files = Vec::new();
    for kind in Kind::ALL {
        let blob = match store.load(&version, kind).await? {
            Loaded::Blob(blob) => blob,
            Loaded::Rot(rot) => return Err(rotten(&version, kind, &rot)),
            Loaded::Absent(_) | Loaded::Foreign(_) | Loaded::Withdrawn(_) => continue,
        };
        let mut digest = Digesting::default();
        for index in 0..blob.blocks() {
            digest.update(&blob.block(index).await.map_err(|rot| rotten(&version, kind, &rot))?);
        }
        match kind {
            Kind::Zip => (module.zip, module.size) = (blob.fact().h1(), blob.len()),
            Kind::Mod => module.gomod = blob.fact().h1(),
            Kind::Info => {}
        }
        let key = Key::File(version.clone(), kind);
        files.push(Entry { key, size: blob.len(), sha256: digest.finish(), given: None });
    }
    if files.is_empty() {
        return Ok(Err(LeftOut { version, why: NOT_STORED }));
    }
    Ok(Ok(Found { version, module, files }))
}

/// Lists and latest versions of the modules, as they were given last.
async fn answers(
    store: &Arc<Store>,
    versions: impl Iterator<Item = &ModuleVersion>,
) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    let paths: BTreeSet<_> = versions.map(ModuleVersion::path).collect();
    for path in paths {
        for question in [Question::List(path.clone()), Question::Latest(path.clone())] {
            let Some(answer) = store.answer(&question).await? else { continue };
            let given = Given { at: answer.at, source: answer.source.to_string() };
            entries.push(Entry {
                key: Key::Answer(question),
                size: answer.body.len() as u64,
                sha256: Digest::of(&answer.body),
                given: Some(given),
            });
        }
    }
    Ok(entries)
}

fn known<'a>(since: &'a Manifest, version: &ModuleVersion) -> Option<&'a Module> {
    since.modules().get(version).or_else(|| since.earlier().get(version))
}

/// Whether what an earlier snapshot has of a version is all that there is.
fn same(known: &Module, receipt: &Receipt) -> bool {
    let hash = |kind| -> Option<H1> {
        let fact = receipt.fact(kind).filter(|fact| !fact.is_hash_alone());
        fact.and_then(FileFact::h1)
    };
    known.zip == hash(Kind::Zip) && known.gomod == hash(Kind::Mod)
}

fn size_of(since: &Manifest, db: &DbName) -> Option<u64> {
    let mut databases = since.databases().iter();
    databases.find(|database| database.key.name() == db.as_str()).map(|database| database.size)
}

fn rotten(version: &ModuleVersion, kind: Kind, rot: &storage::Rot) -> Short {
    Short::Rot { version: version.clone(), kind, why: rot.damage().to_string() }
}

/// The hashes that a stored record has of a version.
fn hashes(stored: &[u8], version: &ModuleVersion) -> Option<sumdb::Hashes> {
    Lookup::parse(stored).ok()?.hashes(version).ok()
}

/// The module that Go toolchains are versions of.
const TOOLCHAIN: &str = "golang.org/toolchain";
const NOT_STORED: &str = "it is not stored";
/// Versions whose files are read at once.
const AT_ONCE: usize = 4;
