//! Why a log of its own could not do what was asked.

use std::{io, path::PathBuf, sync::Arc};

use gomod::{DbName, ModuleVersion, TileId};
use storage::StoreError;

/// Why a log of its own could not be opened, read or appended to. None of it means that a record does not exist.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OwnError {
    /// The name in the key cannot be the name of a database.
    #[error("the key of the checksum log cannot be used: {0}; make one with `larder sumdb keygen NAME`")]
    Name(String),
    /// What is stored could not be read or written.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// The file beside the key could not be read or written.
    #[error("cannot {doing} {}, which keeps the newest head of checksum log: {source}", path.display())]
    Second {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The file beside the key holds something else.
    #[error("{} holds no head of checksum log {log}: {why}; it must be the file that Larder wrote", path.display())]
    NoHead {
        /// The log.
        log: DbName,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// What is stored is older than what clients may have seen.
    #[error(
        "checksum log {log} has {stored} records in the store, but {seen} according to {}: the store was lost or restored \
         from an older backup. Going on would show clients two histories, and each that has seen the newer one would \
         refuse this log for ever. Restore the newest store; if there is none, begin a log with a new name and key \
         (`larder sumdb rotate-plan` says how)",
        path.display()
    )]
    Older {
        /// The log.
        log: DbName,
        /// Records in the store, with those that were about to be appended.
        stored: u64,
        /// Records in the newest head that was signed here.
        seen: u64,
        /// The file beside the key.
        path: PathBuf,
    },
    /// What is stored is another log under the same name.
    #[error(
        "checksum log {log} in the store is not the one whose head is in {}: {why}. Use the store that belongs to \
         this key, or the file that belongs to this store",
        path.display()
    )]
    Other {
        /// The log.
        log: DbName,
        /// The file beside the key.
        path: PathBuf,
        /// How that shows.
        why: String,
    },
    /// The stored head is not signed with the key.
    #[error(
        "the stored head of checksum log {log} is not its own: {why}; use the key that belongs to this store"
    )]
    Unsigned {
        /// The log.
        log: DbName,
        /// What is wrong with the signature.
        why: String,
    },
    /// What is stored does not fit together.
    #[error(
        "checksum log {log} is damaged: {why}; `larder sumdb audit` shows all of it, restore it from a backup"
    )]
    Damaged {
        /// The log.
        log: DbName,
        /// What does not fit.
        why: String,
    },
    /// The log is not so large.
    #[error("the checksum log has no tile {0} yet")]
    Beyond(TileId),
    /// There is no agreement between processes at present, so nothing is appended.
    #[error(
        "checksum log {log} takes no records while the catalog is not to be had: {why}; stored records are served"
    )]
    NoLease {
        /// The log.
        log: DbName,
        /// What the catalog said.
        why: String,
    },
    /// Another process appends, or too many wait to append.
    #[error("checksum log {0} is busy; try again")]
    Busy(DbName),
    /// Another writer changed the log meanwhile.
    #[error("checksum log {0} was changed by another writer meanwhile; try again")]
    Overtaken(DbName),
    /// Other hashes stand in the log for this version. They stay.
    #[error("{version} is already recorded, as number {id}, with other hashes: {} instead of {}", had.trim_end(), got.trim_end())]
    Recorded {
        /// The version.
        version: ModuleVersion,
        /// The record's number.
        id: u64,
        /// The record, which never changes.
        had: String,
        /// What was to be recorded.
        got: String,
    },
    /// There is nothing to record.
    #[error("no hash of {0} is known that could be recorded")]
    Nothing(ModuleVersion),
    /// Its name makes the record longer than records may be.
    #[error("the path and version of {0} are too long to be recorded")]
    Long(ModuleVersion),
    /// A note that was to be kept for its signatures is none of the current head.
    #[error("the signatures are not kept: {0}")]
    Cosignature(String),
    /// The writer has ended: a defect, or the program is ending.
    #[error("the writer of the checksum log was stopped")]
    Stopped,
}

impl From<StoreError> for OwnError {
    fn from(error: StoreError) -> Self {
        OwnError::Store(Arc::new(error))
    }
}
