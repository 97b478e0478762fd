//! A snapshot taken into a store.
//!
//! It is read once, into a directory beside the store, and every check is made before anything is visible. Then a
//! journal is written, which decides: from there on the restore comes to its end, by this process or by the next that
//! starts with the store, through the same steps by which everything is stored. Without a journal the directory is
//! waste, and the store as it was.

mod compare;
mod place;
mod publish;

use std::{fs::File, io, sync::Arc};

use gomod::ModuleVersion;
use jiff::Timestamp;
use storage::{Data, Store, StoreError};
use thiserror::Error;

use self::place::Place;
use crate::{Keep, Manifest, Refused, Snapshot, Trust};

/// What became of a restore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Module versions of which something was stored.
    pub new: u64,
    /// Module versions of which all was there.
    pub known: u64,
    /// Versions that an operator has taken out here; they stay out.
    pub withdrawn: Vec<ModuleVersion>,
    /// Files that somebody else stored with other content while the restore went on; one of the two is wrong.
    pub contradictions: Vec<String>,
    /// How many modules a checksum database proves.
    pub proven: usize,
    /// The public key whose signature vouches for the others.
    pub signer: Option<String>,
}

/// Why a snapshot was not restored. The store is as it was, but for [`Unrestored::Store`] behind the journal.
#[derive(Debug, Error)]
pub enum Unrestored {
    /// The snapshot is not believed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It contradicts what is stored.
    #[error("SECURITY: {what} is {got} in the snapshot, and {had} here; one of the two is wrong")]
    Contradiction {
        /// The file of the module.
        what: String,
        /// The hash in the snapshot.
        got: String,
        /// The hash that is known here.
        had: String,
    },
    /// It is an increment, and what it goes on from is not here.
    #[error(
        "it goes on from another snapshot, which was not restored here: {version}{} missing; restore that one first",
        others(*more)
    )]
    Increment {
        /// The first version that is missing.
        version: ModuleVersion,
        /// How many more.
        more: usize,
    },
    /// The signed heads here and in the snapshot are not of one history, or it cannot be shown that they are.
    #[error("the signed head of {db}: {why}")]
    Head {
        /// The database.
        db: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// Another restore goes on in this directory.
    #[error("another restore goes on in this directory; wait for its end")]
    Busy,
    /// The directory could not be used.
    #[error("{0}")]
    Io(io::Error),
    /// The store could not be read or written. What was begun is finished by the next start.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Restores a snapshot. `read` is told of bytes that were read of its files.
pub async fn restore(
    file: File,
    data: &Arc<Data>,
    store: &Arc<Store>,
    trust: &Trust,
    read: Arc<dyn Fn(u64) + Send + Sync>,
) -> Result<Restored, Unrestored> {
    let place = Place::take(data.dir())?.ok_or(Unrestored::Busy)?;
    // What another began is finished first: it may be what this one goes on from.
    if let Some(journal) = place.journal()? {
        publish::publish(data, store, &place, &journal).await?;
        place.clear().map_err(Unrestored::Io)?;
    }
    place.make().map_err(Unrestored::Io)?;
    let restored = checked(file, data, store, trust, read, &place).await;
    // Behind the journal the directory is the work to be done.
    if restored.is_ok() || !place.has_journal() {
        place.clear().map_err(Unrestored::Io)?;
    }
    restored
}

async fn checked(
    file: File,
    data: &Arc<Data>,
    store: &Arc<Store>,
    trust: &Trust,
    read: Arc<dyn Fn(u64) + Send + Sync>,
    place: &Place,
) -> Result<Restored, Unrestored> {
    let (directory, trust, data_of) = (place.directory().to_owned(), trust.clone(), Arc::clone(data));
    let unpacked = tokio::task::spawn_blocking(move || {
        let snapshot = Snapshot::open(file)?;
        // No entry is longer than the manifest says, and what is unpacked is linked, not copied.
        data_of.check_room(snapshot.manifest().bytes())?;
        Ok::<_, Unrestored>(snapshot.unpack(&directory, Keep::All, &trust, &*read)?)
    });
    let checked = unpacked.await.map_err(|_| StoreError::Stopped)??;
    compare::compare(store, place, &checked.manifest).await?;
    let journal = Journal { manifest: checked.manifest, signer: checked.signer, at: Timestamp::now() };
    place.decide(&journal).map_err(Unrestored::Io)?;
    let published = publish::publish(data, store, place, &journal).await?;
    Ok(Restored { proven: checked.proven, signer: journal.signer, ..published })
}

/// Finishes a restore that was decided and did not come to its end, and removes one that was not decided. Says what was
/// finished. One that another process is at is left to it. For the start of every process that uses the store.
pub async fn finish(data: &Arc<Data>, store: &Arc<Store>) -> Result<Option<Restored>, Unrestored> {
    if data.is_read_only() || !Place::is_there(data.dir()) {
        return Ok(None);
    }
    let Some(place) = Place::take(data.dir())? else { return Ok(None) };
    let mut finished = None;
    if let Some(journal) = place.journal()? {
        finished = Some(publish::publish(data, store, &place, &journal).await?);
    }
    place.clear().map_err(Unrestored::Io)?;
    Ok(finished)
}

/// What was decided.
struct Journal {
    manifest: Manifest,
    /// The public key that vouches for modules without a record.
    signer: Option<String>,
    /// When.
    at: Timestamp,
}

fn others(more: usize) -> String {
    if more == 0 { " is".to_owned() } else { format!(" and {more} more are") }
}
