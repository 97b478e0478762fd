//! What was refused because it was not what it had to be: for security people, and for whoever asks why.

use std::sync::Arc;

use gomod::{DbName, H1, ModuleVersion};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::Kind;

/// Something that was refused, by whom it came, and what shows it.
///
/// As JSON one flat object: `at`, `offence`, `source`, `evidence`, and of `db`, `module`, `version`, `kind`, `had`,
/// `got` those that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What was wrong.
    pub offence: Offence,
    /// The name of the source it came from, as receipts have it; of an import, the name of the file.
    pub source: Arc<str>,
    /// What shows it to people: a record, signed heads, a sentence. At most 64 KiB are kept.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

/// What was wrong with something that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offence {
    /// A file's hash is not the one in the authenticated record of a checksum database.
    Database {
        /// The database.
        db: DbName,
        /// The module version.
        version: ModuleVersion,
        /// Which of its files.
        kind: Kind,
        /// The hash in the record.
        had: H1,
        /// The hash of what came.
        got: H1,
    },
    /// A file's hash is not the one in the receipt.
    Ledger {
        /// The module version.
        version: ModuleVersion,
        /// Which of its files.
        kind: Kind,
        /// The hash in the receipt.
        had: H1,
        /// The hash of what came.
        got: H1,
    },
    /// A checksum database contradicts what it signed itself, so it is not used any more.
    Misbehaviour {
        /// The database.
        db: DbName,
    },
    /// A source says of a stored version that it is another commit: somebody has moved its tag.
    Moved {
        /// The module version.
        version: ModuleVersion,
    },
}

impl Offence {
    /// The word for it in tables, in JSON and in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Offence::Database { .. } => DATABASE,
            Offence::Ledger { .. } => LEDGER,
            Offence::Misbehaviour { .. } => MISBEHAVIOUR,
            Offence::Moved { .. } => MOVED,
        }
    }

    /// The database that it is about.
    pub fn db(&self) -> Option<&DbName> {
        match self {
            Offence::Database { db, .. } | Offence::Misbehaviour { db } => Some(db),
            Offence::Ledger { .. } | Offence::Moved { .. } => None,
        }
    }

    /// The file that it is about.
    pub fn file(&self) -> Option<(&ModuleVersion, Kind)> {
        match self {
            Offence::Database { version, kind, .. } | Offence::Ledger { version, kind, .. } => {
                Some((version, *kind))
            }
            Offence::Moved { version } => Some((version, Kind::Info)),
            Offence::Misbehaviour { .. } => None,
        }
    }

    /// The hash that is known, and the one that came.
    pub fn hashes(&self) -> Option<(H1, H1)> {
        match self {
            Offence::Database { had, got, .. } | Offence::Ledger { had, got, .. } => Some((*had, *got)),
            Offence::Misbehaviour { .. } | Offence::Moved { .. } => None,
        }
    }
}

impl Refused {
    /// As much of the evidence as is kept.
    pub(super) fn kept_evidence(&self) -> &str {
        let end =
            (0..=MAX_EVIDENCE.min(self.evidence.len())).rev().find(|at| self.evidence.is_char_boundary(*at));
        self.evidence.get(..end.unwrap_or_default()).unwrap_or_default()
    }
}

impl Serialize for Refused {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            at: Timestamp,
            offence: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            db: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            module: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            version: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            kind: Option<&'static str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            had: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            got: Option<String>,
            source: &'a str,
            evidence: &'a str,
        }
        let (file, hashes) = (self.offence.file(), self.offence.hashes());
        Flat {
            at: self.at,
            offence: self.offence.as_str(),
            db: self.offence.db().map(DbName::as_str),
            module: file.map(|(version, _)| version.path().as_str()),
            version: file.map(|(version, _)| version.version().as_str()),
            kind: file.map(|(_, kind)| kind.as_str()),
            had: hashes.map(|(had, _)| had.to_string()),
            got: hashes.map(|(_, got)| got.to_string()),
            source: &self.source,
            evidence: &self.evidence,
        }
        .serialize(to)
    }
}

pub(super) const DATABASE: &str = "database";
pub(super) const LEDGER: &str = "ledger";
pub(super) const MISBEHAVIOUR: &str = "misbehaviour";
pub(super) const MOVED: &str = "moved";
/// Bytes of evidence that are kept: two notes and a few tiles.
const MAX_EVIDENCE: usize = 64 << 10;
