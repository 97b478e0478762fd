//! A checksum database of one's own: a transparency log that is appended to, signed, and served.
//!
//! Its truth is the tiles and the signed head in the store; `commit` says how they come there. Any number of processes
//! on one store read it and append to it, one at a time. Nothing in it but the signatures depends on the key.

mod commit;
mod cosign;
mod error;
mod index;
mod log;
mod note;
mod second;
mod serve;
mod start;
mod writer;

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use gomod::{DbName, ModuleVersion, TileId};
use storage::Store;
use sumdb::{Hashes, Head, Signer, Verifier};
use tokio::sync::{mpsc, oneshot};

pub use self::error::OwnError;
use self::{
    index::text,
    log::Log,
    second::SecondHead,
    writer::{Append, Job, Writer},
};

/// A log of one's own, opened. Dropping the last handle ends its writer once it has done what it was asked to.
#[derive(Debug)]
pub struct OwnLog {
    log: Arc<Log>,
    jobs: mpsc::Sender<Job>,
}

/// A record that is in the log, durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its number.
    pub id: u64,
    /// The answer to a lookup of it, under a head that it lies in.
    pub lookup: Bytes,
    /// Whether it was not there before.
    pub new: bool,
}

impl OwnLog {
    /// Opens the log that the key names, and begins it if neither the store nor `second_head` knows of it: a tree
    /// without records is signed. Needs a tokio runtime.
    ///
    /// `second_head` is a file that keeps the newest head a second time; it should lie beside the key, on no disk that
    /// is restored together with the store. A store that is older is refused, because clients that have seen the newer
    /// head would take the log for a forgery. A file that is missing is made anew, with a warning.
    pub async fn open(
        store: Arc<Store>,
        signer: Signer,
        second_head: PathBuf,
    ) -> Result<Arc<Self>, OwnError> {
        let name =
            DbName::new(signer.verifier().name()).map_err(|error| OwnError::Name(error.to_string()))?;
        let second = SecondHead::at(name.clone(), second_head);
        let log = Arc::new(Log { name, signer, store, second, index: tokio::sync::Mutex::default() });
        log.start().await?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        tokio::spawn(Writer::new(Arc::clone(&log), queue).run());
        Ok(Arc::new(OwnLog { log, jobs }))
    }

    /// The log's name, under which clients know it.
    pub fn name(&self) -> &DbName {
        &self.log.name
    }

    /// The key that clients check its heads with.
    pub fn verifier(&self) -> &Verifier {
        self.log.signer.verifier()
    }

    /// Size and root at present.
    pub async fn head(&self) -> Result<Head, OwnError> {
        Ok(self.log.begun().await?.head)
    }

    /// The signed head at present, with the signatures of others on it.
    pub async fn latest(&self) -> Result<Bytes, OwnError> {
        Ok(self.log.begun().await?.signed.note)
    }

    /// The answer to a lookup; `None` if the log has no record of the version.
    pub async fn lookup(&self, version: &ModuleVersion) -> Result<Option<Bytes>, OwnError> {
        self.log.lookup(version).await
    }

    /// A tile of hashes or records, proven to be the log's own: any partial tile of any size that was ever signed, also
    /// when a wider one has taken its place. [`OwnError::Beyond`] if the log is not so large.
    pub async fn tile(&self, id: TileId) -> Result<Bytes, OwnError> {
        let head = self.head().await?;
        let proven = self.log.proven(&head, |tiles| sumdb::tile(&head, id, tiles)).await?;
        Ok(proven.0.into())
    }

    /// Appends a record of a version, unless the same one is there. Returns when it is durable, in one batch with all
    /// that wait at the same moment. At least one hash must be known.
    ///
    /// After an error it may be in the log or not; to ask again is safe. Two records of one version never come to be:
    /// where other hashes are recorded, they stay, and this is [`OwnError::Recorded`].
    pub async fn append(&self, version: &ModuleVersion, hashes: &Hashes) -> Result<Appended, OwnError> {
        let text = text(version, hashes).ok_or_else(|| OwnError::Nothing(version.clone()))?;
        if text.len() > LONGEST {
            return Err(OwnError::Long(version.clone()));
        }
        let (done, result) = oneshot::channel();
        self.ask(Job::Append(Append { version: version.clone(), text, done }))?;
        result.await.unwrap_or(Err(OwnError::Stopped))
    }

    /// Keeps the signatures of others on a note of the current head, so that `latest` passes them on. The note must
    /// have the own signature too; it is what `latest` gave, with lines added. At most 16 are kept, one for each name,
    /// until the log grows. They are not verified: their keys are known to those who ask for them.
    ///
    /// Whoever may call this may make the note longer for everybody; it is for witnesses that an operator has chosen.
    pub async fn cosign(&self, note: Bytes) -> Result<(), OwnError> {
        let (done, result) = oneshot::channel();
        self.ask(Job::Cosign(note, done))?;
        result.await.unwrap_or(Err(OwnError::Stopped))
    }

    fn ask(&self, job: Job) -> Result<(), OwnError> {
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => OwnError::Busy(self.log.name.clone()),
            mpsc::error::TrySendError::Closed(_) => OwnError::Stopped,
        })
    }
}

/// In bytes. With this a tile of 256 records, each with an empty line behind it, stays within the 1 MiB that is read of
/// one; a longer one could never be read again, nor anything be appended behind it.
const LONGEST: usize = 4095;
/// How many may wait to append, at about a kilobyte each.
const QUEUE: usize = 8192;
