//! Publishing a file, and adopting one that came from outside: the procedure of [`pin`].

use std::{sync::Arc, time::Duration};

use gomod::{H1, ModuleVersion};

use super::{Read, Store};
use crate::{
    Blob, Event, FileFact, Foreign, Key, Kind, Put, Receipt, Staged, StoreError, Stored, Tag, When,
    pin::{self, Never, Step, There},
};

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A file of this version was seen before, with another hash. Either that one or this one is not the
    /// right one; the first stays, unless a checksum database vouches for this one alone.
    #[error("its hash is {got}, but {had} stands in the receipt")]
    Pinned {
        /// The hash that stands in the receipt.
        had: H1,
        /// The hash of the file that was refused.
        got: H1,
        /// What the receipt says of the one with the first hash.
        known: Box<FileFact>,
    },
    /// An operator has taken the version out; the text says why.
    #[error("the version was withdrawn: {0}")]
    Withdrawn(String),
    /// A go.mod or zip came without its hash, or an `.info` with one.
    #[error("a go.mod or zip needs its hash to be stored, and an .info has none")]
    Unhashed,
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the bytes are that a fact speaks of.
enum Bytes<'a> {
    Staged(&'a Arc<Staged>),
    /// Under their name already, in the file with this tag.
    InPlace(Tag),
}

impl Store {
    /// Stores a complete file of a module version whose bytes were checked, and gives it as it is stored:
    /// durable, and pinned by its receipt. Done again after an error or a crash, it comes to the same end.
    ///
    /// The fact must be of that file, made when all its bytes had arrived.
    ///
    /// If the file is stored already, with the same hash, that one is given. The hash stays pinned even if
    /// the file itself could not be stored.
    pub async fn publish(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        staged: &Arc<Staged>,
        fact: FileFact,
    ) -> Result<Blob, PublishError> {
        self.publish_as(version, kind, staged, fact, false).await
    }

    /// The same for a file that an operator lets out before its checksum database has vouched for it: its version is
    /// [`State::Pending`](crate::State::Pending) until [`uphold`](Store::uphold) says more, unless the database vouched for this hash before.
    pub async fn publish_pending(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        staged: &Arc<Staged>,
        fact: FileFact,
    ) -> Result<Blob, PublishError> {
        self.publish_as(version, kind, staged, fact, true).await
    }

    async fn publish_as(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        staged: &Arc<Staged>,
        fact: FileFact,
        pending: bool,
    ) -> Result<Blob, PublishError> {
        if staged.checksums() != Some(fact.checksums()) || staged.written() != fact.size() {
            return Err(StoreError::Unfinished.into());
        }
        self.settle(version, kind, &Bytes::Staged(staged), fact, pending).await
    }

    /// Takes a file that came from outside for one of the store's own, after its bytes were checked.
    pub async fn adopt(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        foreign: &Foreign,
        fact: FileFact,
    ) -> Result<Blob, PublishError> {
        let bytes = Bytes::InPlace(foreign.tag().clone());
        let blob = self.settle(version, kind, &bytes, fact, false).await?;
        if kind == Kind::Info {
            self.blobs.derive(version.path()).await?;
        }
        Ok(blob)
    }

    async fn settle(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        bytes: &Bytes<'_>,
        fact: FileFact,
        pending: bool,
    ) -> Result<Blob, PublishError> {
        let (receipt_key, file_key) = (Key::Receipt(version.clone()), Key::File(version.clone(), kind));
        let mut ours = match bytes {
            Bytes::Staged(_) => None,
            Bytes::InPlace(tag) => Some(tag.clone()),
        };
        let mut waits = 0;
        for _ in 0..TURNS {
            let Read { receipt, file } = self.read(version, kind).await?;
            let recorded = receipt.as_ref().and_then(|(receipt, _)| receipt.fact(kind));
            let there = compare(version, kind, file.as_ref(), &fact, recorded, ours.as_ref()).await;
            let known = receipt.as_ref().map(|(receipt, tag)| (receipt, tag));
            let step = pin::step(version, kind, &fact, pending, known, &there, waits);
            if let (Err(Never::Withdrawn(_)), Bytes::Staged(_), Some(_)) = (&step, bytes, &ours) {
                // It was taken out between the look at the receipt and the put of the file.
                self.blobs.remove(&file_key).await?;
            }
            match step? {
                Step::Record(new, when) => self.put_receipt(&receipt_key, &new, when).await?,
                Step::Put => match bytes {
                    Bytes::Staged(staged) => {
                        if let Put::Done(tag) = self.blobs.put(&file_key, staged, When::Absent).await? {
                            ours = Some(tag);
                        }
                    }
                    Bytes::InPlace(_) => return Err(StoreError::Contended(file_key.to_string()).into()),
                },
                Step::Wait => {
                    waits += 1;
                    tokio::time::sleep(PAUSE * waits).await;
                }
                Step::SetAside(tag) => {
                    let reason = "its bytes are not those of the receipt";
                    self.blobs.set_aside(&file_key, &tag, reason).await?;
                }
                Step::Done => {
                    let (Some((receipt, _)), Some(file)) = (receipt, file) else { continue };
                    let Some(fact) = receipt.fact(kind).cloned() else { continue };
                    let blob = Blob::new(version, kind, file, fact, receipt.state().clone());
                    self.tell(Event::Stored(Box::new(receipt)));
                    return Ok(blob.map_err(StoreError::Rot)?);
                }
            }
        }
        Err(StoreError::Contended(file_key.to_string()).into())
    }

    async fn put_receipt(&self, key: &Key, receipt: &Receipt, when: When) -> Result<(), StoreError> {
        let staged = self.staging.whole(receipt.to_bytes().into());
        // Whether it was taken shows when it is read again.
        self.blobs.put(key, &staged, when).await.map(drop)
    }
}

/// Compares the file that lies there with what the receipt says and with what is to be stored.
async fn compare(
    version: &ModuleVersion,
    kind: Kind,
    file: Option<&Stored>,
    fact: &FileFact,
    recorded: Option<&FileFact>,
    ours: Option<&Tag>,
) -> There {
    let Some(file) = file else { return There::Nothing };
    let is = async |fact: &FileFact| {
        let Ok(blob) = Blob::new(version, kind, file.clone(), fact.clone(), crate::State::Verified) else {
            return false;
        };
        blob.check_all().await.is_ok()
    };
    let is_ours = ours == Some(&file.tag) || is(fact).await;
    match recorded {
        Some(recorded) if recorded.same_bytes(fact) && is_ours => There::Recorded,
        Some(recorded) if !recorded.same_bytes(fact) && is(recorded).await => There::Recorded,
        _ if is_ours => There::Ours,
        _ => There::Other(file.tag.clone()),
    }
}

impl From<Never> for PublishError {
    fn from(never: Never) -> Self {
        match never {
            Never::Pinned { had, got, known } => PublishError::Pinned { had, got, known },
            Never::Unhashed => PublishError::Unhashed,
            Never::Withdrawn(why) => PublishError::Withdrawn(why),
        }
    }
}

/// Steps before giving up. Alone it takes three; every conflict with another adds one or two.
const TURNS: u32 = 24;
/// The shortest pause for another to finish.
const PAUSE: Duration = Duration::from_millis(20);
