//! Why something could not be stored or read.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{blob::Rot, key::Key};

/// Why the store could not do what was asked. Absence is never an error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room: on the disk, or in the memory that stands in for it.
    #[error(transparent)]
    Full(#[from] Shortage),
    /// The data directory cannot be written.
    #[error("{} cannot be written, so nothing is stored there", .0.display())]
    ReadOnly(PathBuf),
    /// The file system has no names that long.
    #[error("the name {} is longer than the file system allows, so it cannot be stored", .0.display())]
    NameTooLong(PathBuf),
    /// A file of ours that nobody reads right any more: torn, altered, or not ours at all.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file, relative to the data directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file that a newer Larder wrote.
    #[error(
        "{} has format {format}, which is newer than this Larder knows; use the Larder that wrote it",
        path.display()
    )]
    Newer {
        /// The file, relative to the data directory.
        path: PathBuf,
        /// The format it says it has.
        format: u32,
    },
    /// Stored bytes are not the ones that were stored.
    #[error(transparent)]
    Rot(#[from] Rot),
    /// Others changed the same object so often that this change was given up.
    #[error("{0} was changed by others again and again; try again later")]
    Contended(String),
    /// A file was to be stored before all its bytes had arrived.
    #[error("a file that is still arriving cannot be stored")]
    Unfinished,
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A worker thread ended without a result: a defect, or the program is ending.
    #[error("the storage worker was stopped")]
    Stopped,
}

/// What there is too little of.
#[derive(Debug, thiserror::Error)]
pub enum Shortage {
    /// Storing stops before the disk is full, so that logs and other programs go on.
    #[error(
        "the disk of {} has {free} of {total} bytes free, and {reserve} are kept free (--min-free); make room there",
        path.display()
    )]
    Reserve {
        /// The data directory.
        path: PathBuf,
        /// Bytes that are free now.
        free: u64,
        /// Bytes the disk has.
        total: u64,
        /// Bytes that must stay free.
        reserve: u64,
    },
    /// The disk, or the quota on it, is used up.
    #[error("no space left for {}: {source}", path.display())]
    Disk {
        /// The file that should have been written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The memory that stands in for a full or read-only disk is used up.
    #[error("nothing can be staged on disk, and the {budget} bytes of memory kept for that are in use")]
    Memory {
        /// The bytes that all files in transit may use together.
        budget: u64,
    },
}

impl StoreError {
    /// Sorts what the operating system said into the cases that callers tell apart.
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                StoreError::Full(Shortage::Disk { path, source })
            }
            io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly(path),
            io::ErrorKind::InvalidFilename => StoreError::NameTooLong(path),
            _ => StoreError::Io { doing, path, source },
        }
    }

    pub(crate) fn damaged(key: &Key, why: impl Into<String>) -> Self {
        StoreError::Damaged { path: key.path(), why: why.into() }
    }

    /// Whether the disk, rather than what was to be written, is the reason that it was not.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        matches!(
            self,
            StoreError::Full(Shortage::Reserve { .. } | Shortage::Disk { .. })
                | StoreError::ReadOnly(_)
                | StoreError::Io { .. }
        )
    }

    /// Whether the disk is the reason that something was not stored, so that it can be served all the same.
    pub fn is_full_or_read_only(&self) -> bool {
        matches!(self, StoreError::Full(_) | StoreError::ReadOnly(_))
    }
}

/// Adds what was tried, and with which file, to an error of the operating system.
pub(crate) trait Context<T> {
    fn context(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, StoreError>;
}

impl<T, E: Into<io::Error>> Context<T> for Result<T, E> {
    fn context(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::io(doing, path.as_ref(), error.into()))
    }
}
