//! Why a snapshot is not believed.

use std::io;

use gomod::{DbName, H1, ModuleVersion, ZipFault};
use storage::{Key, Kind};
use sumdb::{Evil, HeadError, RecordError};
use thiserror::Error;

use crate::{ManifestError, SealError};

/// Why a snapshot was refused. Nothing of it is used then.
#[derive(Debug, Error)]
pub enum Refused {
    /// The file could not be read.
    #[error("it cannot be read: {0}")]
    Read(io::Error),
    /// It could not be unpacked here.
    #[error("it cannot be unpacked: {0}")]
    Write(io::Error),
    /// It is no snapshot at all, or a damaged one.
    #[error("it is not a snapshot, or damaged: {0}")]
    Form(String),
    /// It ends before it should.
    #[error("it is cut off within {0}")]
    CutOff(String),
    /// Something follows its end.
    #[error("something follows the end of the snapshot: it was altered, or another file was appended")]
    Trailing,
    /// The seal does not count.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The manifest is none.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest is not the one that is sealed.
    #[error("the manifest is not the one that is sealed: it was altered")]
    OtherManifest,
    /// The archive's entries are not those of the manifest.
    #[error("{name}: {why}")]
    Entry {
        /// The entry, by its name.
        name: String,
        /// What is wrong with it.
        why: EntryFault,
    },
    /// The head of a database does not count.
    #[error("the signed head of {db}: {why}; its key is the one in the settings (--sumdb)")]
    Head {
        /// The database.
        db: DbName,
        /// What is wrong.
        why: HeadError,
    },
    /// A record cannot be proven.
    #[error("{name}: {why}")]
    Record {
        /// The record, or the tile.
        name: String,
        /// What is wrong.
        why: RecordFault,
    },
    /// A database vouches for other content.
    #[error(
        "SECURITY: the {kind} of {version} is {got} in the snapshot, and record {id} of {db} says {said}"
    )]
    Contradiction {
        /// The module version.
        version: ModuleVersion,
        /// Which of its files.
        kind: Kind,
        /// The hash in the snapshot.
        got: H1,
        /// The number of the record.
        id: u64,
        /// The database.
        db: DbName,
        /// Its hash.
        said: String,
    },
    /// A module should be proven by a database, and its record is missing.
    #[error("{version}: the record of {db} that should prove it is missing")]
    NoRecord {
        /// The module version.
        version: ModuleVersion,
        /// The database.
        db: DbName,
    },
    /// Nothing that is known here vouches for a module.
    #[error(
        "{version}{} proven by no checksum database whose key is known here, and no signature on the snapshot \
         was checked; name the public key of whoever made it with --key, or the database with --sumdb \
         NAME+HASH+KEY", more(*others)
    )]
    Unproven {
        /// The first of them.
        version: ModuleVersion,
        /// How many more.
        others: usize,
    },
}

/// What is wrong with an entry.
#[derive(Debug, Error)]
pub enum EntryFault {
    /// The manifest has it, and the archive does not.
    #[error("it is missing")]
    Missing,
    /// The archive has it twice.
    #[error("it is there twice")]
    Twice,
    /// The manifest does not have it.
    #[error("it is not in the manifest")]
    Unlisted,
    /// It is a link.
    #[error("it is a link, and a snapshot has none")]
    Link,
    /// It is no file.
    #[error("it is no plain file")]
    Special,
    /// It leads out of the directory it is unpacked in.
    #[error("its name leads elsewhere")]
    Elsewhere,
    /// It has another size than the manifest says.
    #[error("its size is not the one in the manifest")]
    Size,
    /// Its header is not in the form that snapshots have.
    #[error("its header was altered")]
    Header,
    /// Its bytes are not those of the manifest.
    #[error("its bytes are not those of the manifest: it was altered, or exchanged with another")]
    Digest,
    /// The hash of the module is not the one in the manifest.
    #[error("its hash is {got}, and the manifest says {said}")]
    Hash {
        /// What it is.
        got: H1,
        /// What was said.
        said: H1,
    },
    /// It is a zip that `go` would not take.
    #[error("{0}")]
    Zip(ZipFault),
    /// It is not what its name says.
    #[error("{0}")]
    Content(String),
}

/// What is wrong with a record or a tile of a database.
#[derive(Debug, Error)]
pub enum RecordFault {
    /// It has not the form.
    #[error(transparent)]
    Form(#[from] RecordError),
    /// It stands under another signed head than the one in the snapshot.
    #[error("it does not stand under the signed head in the snapshot")]
    OtherHead,
    /// Its proof is not complete.
    #[error("tile {0} that proves it is missing")]
    Tile(gomod::TileId),
    /// It is no part of the signed tree.
    #[error("{0}")]
    Evil(Evil),
}

impl Refused {
    pub(crate) fn entry(key: &Key, why: EntryFault) -> Self {
        Refused::Entry { name: key.to_string(), why }
    }
}

fn more(others: usize) -> String {
    if others == 0 { " is".to_owned() } else { format!(" and {others} more are") }
}
