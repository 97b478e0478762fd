//! What is known about the files of one module version, and kept when the files are not.

use std::{fmt, sync::Arc};

use gomod::{DbName, H1, ModuleVersion};
use jiff::Timestamp;

use crate::{Key, Kind, Staged, StoreError, checksum::blocks_in, sealed};

mod wire;

/// The facts of one module version. Its creation pins: a hash that stands in it never changes, unless a checksum
/// database says something else than what was merely seen first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    version: ModuleVersion,
    state: State,
    info: Option<FileFact>,
    gomod: Option<FileFact>,
    zip: Option<FileFact>,
}

/// Whether a module version may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Stored by an operator's wish before anything vouched for it.
    Pending,
    /// All that is stored was checked.
    Verified,
    /// An operator has taken it out; the text says why. Its hashes still count.
    Withdrawn(String),
    /// It must never be stored again; the text says why.
    Tombstone(String),
}

/// What is known about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFact {
    h1: Option<H1>,
    size: u64,
    crc32c: Arc<[u32]>,
    source: Arc<str>,
    at: Timestamp,
    evidence: Evidence,
}

/// What vouches for a file's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The record of a checksum database.
    Log {
        /// The database.
        db: DbName,
        /// The number of the record in it.
        id: u64,
        /// The size of the tree that the record was proven in.
        size: u64,
    },
    /// Nothing but that it was the first to be seen.
    FirstSight,
    /// A list of hashes that an operator took in from elsewhere.
    Imported {
        /// The public key that signed the list, `NAME+HASH+KEY`; none where nobody did.
        signer: Option<Arc<str>>,
    },
    /// Who had the right to publish it here, and did.
    Published {
        /// The name of the token, or of what stands for the operator.
        by: Arc<str>,
    },
    /// Nothing, by configuration.
    Off,
}

impl Evidence {
    /// The word for it in headers and tables.
    pub fn as_str(&self) -> &'static str {
        match self {
            Evidence::Log { .. } => "log",
            Evidence::FirstSight => "first-sight",
            Evidence::Imported { .. } => "imported",
            Evidence::Published { .. } => "published",
            Evidence::Off => "off",
        }
    }

    /// Whether this says more than `other`.
    pub fn outweighs(&self, other: &Evidence) -> bool {
        let weight = |evidence: &Evidence| match evidence {
            Evidence::Off => 0,
            Evidence::FirstSight => 1,
            Evidence::Imported { .. } => 2,
            Evidence::Published { .. } => 3,
            Evidence::Log { .. } => 4,
        };
        weight(self) > weight(other)
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FileFact {
    /// The fact of a file that has arrived. `h1` is the hash that the checksum database would hold: of a zip,
    /// or of a go.mod file; an `.info` has none. `source` is the name of where it came from.
    pub fn new(
        staged: &Staged,
        h1: Option<H1>,
        source: impl Into<Arc<str>>,
        at: Timestamp,
        evidence: Evidence,
    ) -> Self {
        let crc32c = staged.checksums().unwrap_or_default().into();
        FileFact { h1, size: staged.written(), crc32c, source: source.into(), at, evidence }
    }

    /// The fact of a file that has not arrived yet, whose hash is known all the same: no other will be taken.
    pub(crate) fn of_hash(h1: H1, source: Arc<str>, at: Timestamp, evidence: Evidence) -> Self {
        FileFact::of_parts(Some(h1), 0, Vec::new(), source, at, evidence)
    }

    /// Whether nothing but the hash is known. A file with a hash is never empty.
    pub fn is_hash_alone(&self) -> bool {
        self.h1.is_some() && self.size == 0
    }

    pub(crate) fn of_parts(
        h1: Option<H1>,
        size: u64,
        crc32c: Vec<u32>,
        source: Arc<str>,
        at: Timestamp,
        evidence: Evidence,
    ) -> Self {
        FileFact { h1, size, crc32c: crc32c.into(), source, at, evidence }
    }

    /// The hash; `None` for an `.info`.
    pub fn h1(&self) -> Option<H1> {
        self.h1
    }

    /// Length in bytes; 0 where [only the hash is known](Self::is_hash_alone).
    pub fn size(&self) -> u64 {
        self.size
    }

    /// CRC-32C of each block of 64 KiB.
    pub fn checksums(&self) -> &[u32] {
        &self.crc32c
    }

    /// The name of where it came from.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// When it was stored first.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What vouches for its hash.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The same with other evidence.
    #[must_use]
    pub(crate) fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }

    /// Whether both are of the same bytes, as far as checksums tell.
    pub fn same_bytes(&self, other: &FileFact) -> bool {
        self.size == other.size && self.crc32c == other.crc32c
    }

    /// Whether there is a checksum for each block, and a hash where one belongs.
    fn is_whole(&self, kind: Kind) -> bool {
        self.crc32c.len() as u64 == blocks_in(self.size) && self.h1.is_some() == (kind != Kind::Info)
    }
}

impl Receipt {
    /// The first receipt of a module version.
    pub fn new(version: ModuleVersion, state: State) -> Self {
        Receipt { version, state, info: None, gomod: None, zip: None }
    }

    /// The module version.
    pub fn version(&self) -> &ModuleVersion {
        &self.version
    }

    /// Whether it may be served.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What is known of one of its files.
    pub fn fact(&self, kind: Kind) -> Option<&FileFact> {
        match kind {
            Kind::Info => self.info.as_ref(),
            Kind::Mod => self.gomod.as_ref(),
            Kind::Zip => self.zip.as_ref(),
        }
    }

    /// The same with another fact.
    #[must_use]
    pub fn with(mut self, kind: Kind, fact: FileFact) -> Self {
        let place = match kind {
            Kind::Info => &mut self.info,
            Kind::Mod => &mut self.gomod,
            Kind::Zip => &mut self.zip,
        };
        *place = Some(fact);
        self
    }

    /// The same in another state.
    #[must_use]
    pub(crate) fn in_state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// The same, verified if it was pending and a checksum database vouches by now for all hashes in it.
    #[must_use]
    pub(crate) fn settled(self) -> Self {
        let vouched = |fact: &FileFact| matches!(fact.evidence, Evidence::Log { .. });
        let hashed = [&self.gomod, &self.zip];
        let all = hashed.into_iter().flatten().all(vouched);
        if self.state == State::Pending && all { self.in_state(State::Verified) } else { self }
    }

    /// Why it may not be served, if so.
    pub fn withdrawn(&self) -> Option<&str> {
        match &self.state {
            State::Withdrawn(why) | State::Tombstone(why) => Some(why),
            State::Pending | State::Verified => None,
        }
    }

    /// When it was changed last.
    pub(crate) fn at(&self) -> Timestamp {
        let facts = Kind::ALL.iter().filter_map(|kind| self.fact(*kind));
        facts.map(FileFact::at).max().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The receipt that a file holds. Strict: what is not exactly as it was written is damaged.
    pub fn parse(version: &ModuleVersion, file: &[u8]) -> Result<Self, StoreError> {
        let key = Key::Receipt(version.clone());
        let (wire, _) = sealed::open::<wire::Receipt>(&key, WHAT, FORMAT, file)?;
        let receipt = wire.read(version).map_err(|why| StoreError::damaged(&key, why))?;
        for kind in Kind::ALL {
            if receipt.fact(kind).is_some_and(|fact| !fact.is_whole(kind)) {
                return Err(StoreError::damaged(&key, format!("its fact of the {kind} is not whole")));
            }
        }
        Ok(receipt)
    }

    /// The file that holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let facts = Kind::ALL.iter().filter_map(|kind| self.fact(*kind));
        let needs = facts.map(|fact| match fact.evidence() {
            Evidence::Published { .. } => FORMAT,
            Evidence::Imported { .. } => WITHOUT_PUBLISHED,
            Evidence::Log { .. } | Evidence::FirstSight | Evidence::Off => WITHOUT_IMPORTS,
        });
        let format = needs.max().unwrap_or(WITHOUT_IMPORTS);
        sealed::seal(WHAT, format, &wire::Receipt::write(self), &[])
    }
}

const WHAT: &str = "receipt";
const FORMAT: u32 = 3;
/// The format before anything could be published. What an older Larder can read is written so that it does.
const WITHOUT_PUBLISHED: u32 = 2;
/// The format before there were imports.
const WITHOUT_IMPORTS: u32 = 1;
