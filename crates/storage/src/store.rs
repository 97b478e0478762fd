//! Blobs, staging and catalog, put together: what the mirror asks for.

mod evidence;
mod glance;
mod head;
mod import;
mod log;
mod look;
mod misbehaviour;
mod publish;
mod rebuild;
mod sumdb;
mod whole;
mod withdraw;

use std::sync::Mutex;
use std::{collections::HashSet, sync::Arc};

use gomod::{DbName, ModulePath, ModuleVersion, Version};
use jiff::Timestamp;

pub use self::{
    glance::Glance, head::SignedHead, import::Import, look::Copies, publish::PublishError, whole::Whole,
    withdraw::Withdrawal,
};
use crate::{
    Blob, Blobs, Catalog, Data, Event, FileFact, Foreign, Key, Kind, LocalBlobs, Prefix, QuarantineId,
    Question, Receipt, Refused, Rot, SqliteCatalog, Staged, Staging, StagingArea, StoreError, Stored,
    StoredAnswer, Tag, Used, When, catalog::LateCatalog,
};

/// Everything that is stored, and the way in and out.
///
/// Hits touch no database: what is needed to answer lies in the blobs.
#[derive(Debug)]
pub struct Store {
    blobs: Arc<dyn Blobs>,
    staging: Arc<StagingArea>,
    catalog: Arc<dyn Catalog>,
    /// Databases whose `supported` file is known to be there.
    supported: Mutex<HashSet<DbName>>,
}

/// What is stored of a file.
#[derive(Debug)]
pub enum Loaded {
    /// It is stored, and looks like its receipt. Each block is checked once more before it leaves.
    Blob(Blob),
    /// It is not stored; this is known of it all the same, as its hash may be.
    Absent(Option<Box<FileFact>>),
    /// A file lies there that came from outside.
    Foreign(Foreign),
    /// What lies there is not what was stored: to be [`quarantined`](Store::quarantine) and fetched anew.
    Rot(Rot),
    /// An operator has taken the version out; the text says why.
    Withdrawn(String),
}

/// A receipt and a file as they were read.
struct Read {
    receipt: Option<(Receipt, Tag)>,
    file: Option<Stored>,
}

impl Store {
    /// A store over parts of the caller's choice.
    pub fn new(blobs: Arc<dyn Blobs>, staging: Arc<StagingArea>, catalog: Arc<dyn Catalog>) -> Self {
        Store { blobs, staging, catalog, supported: Mutex::default() }
    }

    /// The store of a data directory, with a catalog if one can be had. Needs a tokio runtime: an index that
    /// is not complete is brought up to date behind.
    pub fn open(data: &Arc<Data>) -> Arc<Self> {
        let blobs: Arc<dyn Blobs> = Arc::new(LocalBlobs::new(Arc::clone(data)));
        let catalog: Arc<dyn Catalog> = if data.is_read_only() {
            Arc::new(LateCatalog::new(Arc::clone(data)))
        } else {
            Arc::new(SqliteCatalog::start(data))
        };
        let store = Arc::new(Store::new(blobs, Arc::clone(data.staging()), catalog));
        rebuild::start(&store, data.crashed() > 0);
        store
    }

    /// A new, empty file in transit.
    pub fn stage(&self) -> Staging {
        self.staging.stage()
    }

    pub(crate) fn blobs(&self) -> &dyn Blobs {
        &*self.blobs
    }

    /// What people ask about, and what processes agree by.
    pub fn catalog(&self) -> &Arc<dyn Catalog> {
        &self.catalog
    }

    /// What is stored of a file.
    pub async fn load(&self, version: &ModuleVersion, kind: Kind) -> Result<Loaded, StoreError> {
        let read = self.read(version, kind).await?;
        self.loaded(version, kind, read).await
    }

    /// The same, after it was read.
    async fn loaded(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        mut read: Read,
    ) -> Result<Loaded, StoreError> {
        let mut before = None;
        loop {
            let Read { receipt, file } = read;
            let Some((receipt, receipt_tag)) = receipt else {
                let foreign = |file| Loaded::Foreign(Foreign::new(version, kind, file));
                return Ok(file.map_or(Loaded::Absent(None), foreign));
            };
            if let Some(why) = receipt.withdrawn() {
                return Ok(Loaded::Withdrawn(why.to_owned()));
            }
            let Some(file) = file else {
                return Ok(Loaded::Absent(receipt.fact(kind).cloned().map(Box::new)));
            };
            let whole = receipt.fact(kind).filter(|fact| !fact.is_hash_alone());
            let Some(fact) = whole.cloned() else {
                return Ok(Loaded::Foreign(Foreign::new(version, kind, file)));
            };
            let seen = Some((receipt_tag, file.tag.clone()));
            match Blob::new(version, kind, file, fact, receipt.state().clone()) {
                Ok(blob) => return Ok(Loaded::Blob(blob)),
                // Another may just be replacing both.
                Err(_) if seen != before => before = seen,
                Err(rot) => return Ok(Loaded::Rot(rot)),
            }
            read = self.read(version, kind).await?;
        }
    }

    /// The receipt of a module version.
    pub async fn receipt(&self, version: &ModuleVersion) -> Result<Option<Receipt>, StoreError> {
        let key = Key::Receipt(version.clone());
        let Some(stored) = self.blobs.get(&key).await? else { return Ok(None) };
        Ok(self.parse_receipt(version, stored).await?.map(|(receipt, _)| receipt))
    }

    /// Sets a rotten or refused file aside, and says under which name. Nothing happens if another lies in its place
    /// by now.
    pub async fn quarantine(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        rot: &Rot,
    ) -> Result<Option<QuarantineId>, StoreError> {
        let id = self.put_aside(version, kind, rot).await?;
        if let Some(id) = &id {
            tracing::error!(%version, %kind, %id, "set aside in quarantine: {}", rot.damage());
        }
        Ok(id)
    }

    /// The same for one who says it himself.
    pub(crate) async fn put_aside(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        rot: &Rot,
    ) -> Result<Option<QuarantineId>, StoreError> {
        let Some(tag) = rot.tag() else { return Ok(None) };
        let key = Key::File(version.clone(), kind);
        let reason = rot.damage().to_string();
        let id = self.blobs.set_aside(&key, tag, &reason).await?;
        if id.is_some() {
            let at = Timestamp::now();
            self.tell(Event::Quarantined { version: version.clone(), kind, reason, at });
        }
        Ok(id)
    }

    /// Puts a file into quarantine that was refused before it was stored, with the reason for people, and says under
    /// which name.
    pub async fn refuse(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        staged: &Arc<Staged>,
        reason: &str,
    ) -> Result<QuarantineId, StoreError> {
        let id = self.blobs.refuse(&Key::File(version.clone(), kind), staged, reason).await?;
        let (reason, at) = (reason.to_owned(), Timestamp::now());
        self.tell(Event::Quarantined { version: version.clone(), kind, reason, at });
        Ok(id)
    }

    /// The versions of a module whose `.info` is stored, in order, pseudo-versions too.
    pub async fn versions(&self, module: &ModulePath) -> Result<Vec<Version>, StoreError> {
        let mut listing = self.blobs.list(&Prefix::Versions(module.clone()));
        let mut versions = Vec::new();
        while let Some(key) = listing.next().await {
            if let Key::File(version, Kind::Info) = key? {
                versions.push(version.version().clone());
            }
        }
        versions.sort();
        Ok(versions)
    }

    /// The last answer to a question. A damaged one counts as none.
    pub async fn answer(&self, question: &Question) -> Result<Option<StoredAnswer>, StoreError> {
        let key = Key::Answer(question.clone());
        let stored = match self.blobs.get(&key).await {
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::warn!("{error}; asking again");
                return Ok(None);
            }
            stored => stored?,
        };
        let Some(stored) = stored else { return Ok(None) };
        let Some(bytes) = stored.bytes(&key, key.max_len()).await? else { return Ok(None) };
        match StoredAnswer::parse(question, &bytes) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => {
                tracing::warn!("{error}; asking again");
                Ok(None)
            }
        }
    }

    /// Keeps an answer in the place of the one before.
    pub async fn put_answer(&self, question: &Question, answer: &StoredAnswer) -> Result<(), StoreError> {
        let staged = self.staging.whole(answer.to_bytes(question).into());
        self.blobs.put(&Key::Answer(question.clone()), &staged, When::Always).await.map(drop)
    }

    /// Notes that a file was served. Never waits; may be lost.
    pub fn used(&self, version: &ModuleVersion, kind: Kind, at: Timestamp) {
        self.catalog.note(Used { version: version.clone(), kind, at });
    }

    async fn read(&self, version: &ModuleVersion, kind: Kind) -> Result<Read, StoreError> {
        let (receipt, file) = (Key::Receipt(version.clone()), Key::File(version.clone(), kind));
        let (receipt, file) = self.blobs.get_both(&receipt, &file).await?;
        let receipt = match receipt {
            Some(stored) => self.parse_receipt(version, stored).await?,
            None => None,
        };
        Ok(Read { receipt, file })
    }

    /// A receipt that is damaged is set aside: the files it spoke of are then used after a full check, like
    /// any that came from outside.
    async fn parse_receipt(
        &self,
        version: &ModuleVersion,
        stored: Stored,
    ) -> Result<Option<(Receipt, Tag)>, StoreError> {
        let key = Key::Receipt(version.clone());
        let parsed = match stored.bytes(&key, key.max_len()).await? {
            Some(bytes) => Receipt::parse(version, &bytes),
            None => Err(StoreError::damaged(&key, "it is too long")),
        };
        match parsed {
            Ok(receipt) => Ok(Some((receipt, stored.tag))),
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::error!("{error}; its files are checked anew before they are used");
                match self.blobs.set_aside(&key, &stored.tag, &error.to_string()).await {
                    Ok(_) | Err(StoreError::ReadOnly(_)) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Enters something that was refused into the audit trail, behind.
    pub fn report(&self, refused: Refused) {
        self.tell(Event::Refused(Box::new(refused)));
    }

    /// Tells the catalog behind; it is for people, and nobody waits for it.
    fn tell(&self, event: Event) {
        let recorded = self.catalog.record(vec![event]);
        tokio::spawn(async move {
            if let Err(error) = recorded.await {
                tracing::warn!("the catalog misses an event: {error}");
            }
        });
    }
}
