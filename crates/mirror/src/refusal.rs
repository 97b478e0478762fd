//! Why there is no answer. Absence and failure are different variants, and nothing turns one into the other.

use std::{sync::Arc, time::Duration};

use gomod::{DbName, H1};
use jiff::Timestamp;
use storage::{Evidence, FileFact, Rot, StoreError};
use upstream::{Absence, Fault};

use crate::OwnError;

/// Why the mirror has no answer. `server` maps each variant to one status and one text.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// Confirmed not to exist wherever it may be looked for.
    #[error("not found: {0}")]
    Absent(Absent),
    /// It may exist: at least one source failed, and none had it.
    #[error("no source answered: {}", Faults(.0))]
    Failed(Vec<Fault>),
    /// An operator has taken it out; the text says why.
    #[error("withdrawn: {0}")]
    Gone(String),
    /// Something contradicts what is known to be right. Never served, never retried as something else.
    #[error("SECURITY: {0}")]
    Security(Security),
    /// It may be right, but its checksum database could not be asked, or does not vouch for it.
    #[error("not verified: {0}")]
    Unverified(Unverified),
    /// The mirror's own disk failed, and no source could help.
    #[error("storage: {0}")]
    Storage(Arc<StoreError>),
    /// A closed world, and this checksum record is not stored. Not an absence: only the database can say that.
    #[error("offline, and this checksum record is not stored here")]
    Offline,
    /// The log of one's own cannot answer or record it at present.
    #[error(transparent)]
    OwnLog(Arc<OwnError>),
    /// Too much is going on; come back after this long.
    #[error("overloaded")]
    Overloaded(Duration),
    /// A task of the mirror ended without a result: a defect.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// Why something counts as absent.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Absent {
    /// Every source of the chain says that it does not exist; their words, first source first.
    #[error("{}", words(.said))]
    Everywhere {
        /// What each source said.
        said: Vec<Absence>,
    },
    /// A closed world (`--offline`, `/cached-only/`), and it is not stored.
    #[error("not stored here")]
    NotStored,
    /// The chain is `off` for this module.
    #[error("module lookup disabled by a chain of `off`")]
    Off,
    /// The database is not one of those this mirror is configured for.
    #[error("this checksum database is not served here")]
    UnknownDatabase,
    /// The route of this module says that no database is asked about it.
    #[error("no checksum database is asked about this module")]
    NoDatabase,
    /// The newest tree of the database is not so large that it has this tile.
    #[error("this checksum database is not that large yet")]
    Beyond,
}

/// What contradicts what.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Security {
    /// The content of a file contradicts what is known of it.
    #[error(transparent)]
    Content(Contradiction),
    /// A checksum database contradicts itself; nothing that depends on it is answered.
    #[error(transparent)]
    Database(Misbehaviour),
}

/// What a checksum database did that none may do: two signed trees of which neither is a part of the other, or a
/// tree without what it signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("checksum database {db} contradicts itself: {why}")]
pub struct Misbehaviour {
    /// The database.
    pub db: DbName,
    /// What was noticed; the whole evidence is stored.
    pub why: Arc<str>,
}

/// Why nobody vouches for a version.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unverified {
    /// The database, or what a proof needs of it, could not be had.
    #[error("checksum database {db} cannot be reached: {}", Faults(.faults))]
    Unreachable {
        /// The database.
        db: DbName,
        /// What went wrong, source by source.
        faults: Vec<Fault>,
    },
    /// The database says that it does not know the version.
    #[error("checksum database {db} does not know it: {absence}")]
    Unknown {
        /// The database.
        db: DbName,
        /// What it said.
        absence: Absent,
    },
    /// The database's record says nothing of use.
    #[error("the record of checksum database {db} is of no use: {why}")]
    Record {
        /// The database.
        db: DbName,
        /// What is wrong with it.
        why: Arc<str>,
    },
    /// A closed world, in which its record is not stored.
    #[error("offline, and its record of checksum database {db} is not stored here")]
    NotStored {
        /// The database.
        db: DbName,
    },
}

/// Two copies of one thing that should be one.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what}: {source_name} sent {got}, but {pinned} {known}")]
pub struct Contradiction {
    /// What was asked, as `path@version` with `/go.mod` for a go.mod file.
    pub what: String,
    /// The source that sent the other content.
    pub source_name: String,
    /// The hash on record.
    pub pinned: H1,
    /// The hash of what was sent.
    pub got: H1,
    /// Why the one on record is believed.
    pub known: Box<Known>,
}

/// Why a hash is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was seen first.
    FirstSight {
        /// Who sent it.
        source: Arc<str>,
        /// When.
        at: Timestamp,
    },
    /// A checksum database vouches for it.
    Vouched {
        /// The database.
        db: DbName,
        /// The number of the record in it.
        id: u64,
    },
}

impl Known {
    /// Why the hash of a fact is believed.
    pub(crate) fn by(fact: &FileFact) -> Self {
        match fact.evidence() {
            Evidence::Log { db, id, .. } => Known::Vouched { db: db.clone(), id: *id },
            Evidence::FirstSight | Evidence::Imported { .. } | Evidence::Published { .. } | Evidence::Off => {
                Known::FirstSight { source: Arc::clone(fact.source()), at: fact.at() }
            }
        }
    }
}

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Known::FirstSight { source, at } => write!(f, "was seen first, from {source} at {at:.0}"),
            Known::Vouched { db, id } => write!(f, "is what record {id} of {db} says"),
        }
    }
}

/// What those are told whose fetch has vanished.
pub(crate) const LOST: Refusal = Refusal::Internal("the fetch ended without a result");

struct Faults<'a>(&'a [Fault]);

impl std::fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refusal::Storage(Arc::new(error))
    }
}

impl From<Rot> for Refusal {
    fn from(rot: Rot) -> Self {
        StoreError::from(rot).into()
    }
}

fn words(said: &[Absence]) -> String {
    said.iter().find_map(|a| a.text.clone()).unwrap_or_else(|| "no source has it".to_owned())
}
