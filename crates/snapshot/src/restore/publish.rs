//! What was decided, carried out: by the steps by which everything is stored, in an order in which what proves is there
//! before what is proven. Done again after a crash, it comes to the same end.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use gomod::{DbName, ModuleVersion};
use jiff::Timestamp;
use storage::{Data, Evidence, FileFact, Key, Kind, PublishError, Question, Store, StoreError, StoredAnswer};
use sumdb::{Head, Lookup};
use tokio::task::JoinSet;

use super::{Journal, Place, Restored, Unrestored};
use crate::{Manifest, Module, content, manifest::Given, unpack::file_name};

/// Stores everything that is not there yet.
pub(super) async fn publish(
    data: &Arc<Data>,
    store: &Arc<Store>,
    place: &Place,
    journal: &Journal,
) -> Result<Restored, Unrestored> {
    let manifest = &journal.manifest;
    let (records, heads) = databases(store, place, manifest).await?;
    let mut restored = Restored::default();
    let mut versions = versions(place, manifest).into_iter();
    let mut under_way = JoinSet::new();
    loop {
        while under_way.len() < AT_ONCE {
            let Some((version, files)) = versions.next() else { break };
            let Some(module) = manifest.modules().get(&version).cloned() else { continue };
            let evidence = evidence(&version, &module, &records, &heads, journal);
            let work = Work {
                data: Arc::clone(data),
                store: Arc::clone(store),
                version,
                module,
                files,
                evidence,
                at: journal.at,
            };
            under_way.spawn(work.run());
        }
        let Some(done) = under_way.join_next().await else { break };
        match done.map_err(|_| StoreError::Stopped)?? {
            Outcome::New => restored.new += 1,
            Outcome::Known => restored.known += 1,
            Outcome::Withdrawn(version) => restored.withdrawn.push(version),
            Outcome::Contradicts(what) => restored.contradictions.push(what),
        }
    }
    answers(store, place, journal).await?;
    restored.withdrawn.sort();
    restored.contradictions.sort();
    Ok(restored)
}

type Records = HashMap<(DbName, ModuleVersion), u64>;

/// Stores the tiles, then the heads, then the records, and gives the numbers of the records and the sizes of the trees.
async fn databases(
    store: &Arc<Store>,
    place: &Place,
    manifest: &Manifest,
) -> Result<(Records, HashMap<DbName, u64>), Unrestored> {
    let (mut records, mut heads) = (HashMap::new(), HashMap::new());
    for database in manifest.databases() {
        let Ok(db) = DbName::new(database.key.name()) else { continue };
        let (mut tiles, mut lookups, mut head) = (Vec::new(), Vec::new(), None);
        for (at, entry) in manifest.files().iter().enumerate() {
            let path = file_name(place.directory(), at);
            match &entry.key {
                Key::Tile(of, _) if *of == db => tiles.push((entry.key.clone(), path)),
                Key::Lookup(of, _) if *of == db => lookups.push((entry.key.clone(), path)),
                Key::Head(of) if *of == db => head = Some(path),
                _ => {}
            }
        }
        for batch in tiles.chunks(TOGETHER) {
            let objects = load(batch)?;
            for key in store.put_small_all(&db, &objects).await? {
                // Both were proven; what is stored otherwise was not what the database signed.
                if let Some((_, bytes)) = objects.iter().find(|(other, _)| *other == key) {
                    store.replace_small(&key, bytes.clone()).await?;
                }
            }
        }
        if let Some(head) = head {
            let note: Bytes = fs::read(&head).map_err(Unrestored::Io)?.into();
            move_head(store, &db, database, note).await?;
        }
        for batch in lookups.chunks(TOGETHER) {
            let objects = load(batch)?;
            for (key, bytes) in &objects {
                if let (Key::Lookup(db, version), Ok(lookup)) = (key, Lookup::parse(bytes)) {
                    records.insert((db.clone(), version.clone()), lookup.id());
                }
            }
            // Of a record the first answer stays: it is of the same log.
            store.put_small_all(&db, &objects).await?;
        }
        heads.insert(db, database.size);
    }
    Ok((records, heads))
}

/// Keeps the newer of the two heads. Others may move it at the same time.
async fn move_head(
    store: &Arc<Store>,
    db: &DbName,
    database: &crate::Database,
    note: Bytes,
) -> Result<(), Unrestored> {
    for _ in 0..TURNS {
        let stored = store.head(db).await?;
        let size = stored.as_ref().and_then(|stored| Head::open(&stored.note, &database.key).ok());
        if size.is_some_and(|head| head.size >= database.size) {
            return Ok(());
        }
        let tag = stored.and_then(|stored| stored.tag);
        if store.move_head(db, tag, note.clone()).await?.is_some() {
            return Ok(());
        }
    }
    Err(StoreError::Contended(Key::Head(db.clone()).to_string()).into())
}

fn load(files: &[(Key, PathBuf)]) -> Result<Vec<(Key, Bytes)>, Unrestored> {
    let load = |(key, path): &(Key, PathBuf)| {
        fs::read(path).map(|bytes| (key.clone(), bytes.into())).map_err(Unrestored::Io)
    };
    files.iter().map(load).collect()
}

/// The files of each version, the `.info` last: with it the version is in lists.
fn versions(place: &Place, manifest: &Manifest) -> BTreeMap<ModuleVersion, Vec<(Kind, PathBuf)>> {
    let mut versions: BTreeMap<ModuleVersion, Vec<(Kind, PathBuf)>> = BTreeMap::new();
    for (at, entry) in manifest.files().iter().enumerate() {
        if let Key::File(version, kind) = &entry.key {
            versions.entry(version.clone()).or_default().push((*kind, file_name(place.directory(), at)));
        }
    }
    for files in versions.values_mut() {
        files.sort_by_key(|(kind, _)| std::cmp::Reverse(*kind));
    }
    versions
}

fn evidence(
    version: &ModuleVersion,
    module: &Module,
    records: &Records,
    heads: &HashMap<DbName, u64>,
    journal: &Journal,
) -> Evidence {
    let proven = module.database.as_ref().and_then(|db| {
        let id = *records.get(&(db.clone(), version.clone()))?;
        Some(Evidence::Log { db: db.clone(), id, size: *heads.get(db)? })
    });
    proven.unwrap_or_else(|| Evidence::Imported { signer: journal.signer.as_deref().map(Arc::from) })
}

enum Outcome {
    New,
    Known,
    Withdrawn(ModuleVersion),
    /// Somebody else stored other content since all was compared.
    Contradicts(String),
}

/// One version that is stored.
struct Work {
    data: Arc<Data>,
    store: Arc<Store>,
    version: ModuleVersion,
    module: Module,
    files: Vec<(Kind, PathBuf)>,
    evidence: Evidence,
    at: Timestamp,
}

impl Work {
    async fn run(self) -> Result<Outcome, Unrestored> {
        let mut outcome = Outcome::Known;
        for (kind, path) in &self.files {
            match self.file(*kind, path).await {
                Ok(true) => outcome = Outcome::New,
                Ok(false) => {}
                Err(PublishError::Withdrawn(_)) => return Ok(Outcome::Withdrawn(self.version)),
                Err(PublishError::Store(error)) => return Err(error.into()),
                Err(PublishError::Pinned { had, got, .. }) => {
                    let what =
                        format!("the {kind} of {} is {got} in the snapshot, and {had} here", self.version);
                    return Ok(Outcome::Contradicts(what));
                }
                Err(error @ PublishError::Unhashed) => {
                    return Err(Unrestored::Io(std::io::Error::other(error.to_string())));
                }
            }
        }
        Ok(outcome)
    }

    /// Whether the file was not there before.
    async fn file(&self, kind: Kind, path: &Path) -> Result<bool, PublishError> {
        let there = matches!(self.store.load(&self.version, kind).await?, storage::Loaded::Blob(_));
        let (data, path) = (Arc::clone(&self.data), path.to_owned());
        let staged = tokio::task::spawn_blocking(move || data.staging().bring(&path));
        let staged = staged.await.map_err(|_| StoreError::Stopped)??;
        let h1 = match kind {
            Kind::Zip => self.module.zip,
            Kind::Mod => self.module.gomod,
            Kind::Info => None,
        };
        let fact = FileFact::new(&staged, h1, SOURCE, self.at, self.evidence.clone());
        self.store.publish(&self.version, kind, &staged, fact).await?;
        Ok(!there)
    }
}

/// Keeps the answers that are newer than those here.
async fn answers(store: &Arc<Store>, place: &Place, journal: &Journal) -> Result<(), Unrestored> {
    for (at, entry) in journal.manifest.files().iter().enumerate() {
        let (Key::Answer(question), Some(given)) = (&entry.key, &entry.given) else { continue };
        let body = fs::read(file_name(place.directory(), at)).map_err(Unrestored::Io)?;
        answer(store, question, given, &body, journal.at).await?;
    }
    Ok(())
}

async fn answer(
    store: &Arc<Store>,
    question: &Question,
    given: &Given,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Unrestored> {
    // A clock that was wrong elsewhere does not make an answer newer than now.
    let at = given.at.min(now);
    if store.answer(question).await?.is_some_and(|here| here.at >= at) {
        return Ok(());
    }
    let body = content::canonical(question, body).into();
    let answer = StoredAnswer { at, source: given.source.as_str().into(), validator: None, body };
    Ok(store.put_answer(question, &answer).await?)
}

/// What stands as the source in receipts.
const SOURCE: &str = "snapshot";
/// Versions that are stored at once.
const AT_ONCE: usize = 16;
/// Objects of databases that are stored together.
const TOGETHER: usize = 256;
/// How often a head is moved while others move it.
const TURNS: u32 = 16;
