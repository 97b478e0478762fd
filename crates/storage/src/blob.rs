//! A stored file of a module version: no byte of it leaves before the checksum of its block was compared.

use std::{fs::File, io, ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use gomod::{ModuleVersion, ReadAt};

use crate::{
    Content, Evidence, FileFact, Kind, Staged, State, Stored, Tag,
    blocking::blocking,
    checksum::{BLOCK, BLOCK_LEN, blocks_in, checksum, digest},
    read,
};

/// A file and the fact that vouches for its bytes.
#[derive(Clone, Debug)]
pub struct Blob {
    name: Name,
    bytes: Place,
    tag: Option<Tag>,
    fact: FileFact,
    state: State,
}

#[derive(Clone, Debug)]
struct Name(ModuleVersion, Kind);

#[derive(Clone, Debug)]
enum Place {
    Memory(Bytes),
    File(Arc<File>),
    Staged(Arc<Staged>),
}

/// Bytes that are not what was stored.
#[derive(Debug, thiserror::Error)]
#[error("the stored {kind} of {version} is damaged: {damage}")]
pub struct Rot {
    version: ModuleVersion,
    kind: Kind,
    tag: Option<Tag>,
    damage: Damage,
}

/// What is wrong with a stored file.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It has another length than the receipt says.
    #[error("it is {found} bytes long instead of {expected}")]
    Length {
        /// In the receipt.
        expected: u64,
        /// Of the file.
        found: u64,
    },
    /// A block has another checksum than the receipt says.
    #[error("block {0} of 64 KiB has the wrong checksum")]
    Block(u64),
    /// The disk does not give the bytes.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// It is not what its name says, or not what a checksum database says.
    #[error("{0}")]
    Refused(String),
}

impl Rot {
    pub(crate) fn new(version: &ModuleVersion, kind: Kind, tag: Option<Tag>, damage: Damage) -> Self {
        Rot { version: version.clone(), kind, tag, damage }
    }

    /// What is wrong.
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// The very file that is damaged; `None` for one that was never stored.
    pub(crate) fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }
}

impl Blob {
    /// A stored file, if it looks like its fact: one that is in memory is compared whole, any other by length.
    pub(crate) fn new(
        version: &ModuleVersion,
        kind: Kind,
        stored: Stored,
        fact: FileFact,
        state: State,
    ) -> Result<Self, Rot> {
        let rot = |damage| Rot::new(version, kind, Some(stored.tag.clone()), damage);
        if stored.len != fact.size() {
            return Err(rot(Damage::Length { expected: fact.size(), found: stored.len }));
        }
        let bytes = match stored.content {
            Content::Bytes(bytes) => {
                let wrong = bytes.chunks(BLOCK_LEN).map(checksum).zip(fact.checksums());
                if let Some(index) = wrong.into_iter().position(|(is, should)| is != *should) {
                    return Err(rot(Damage::Block(index as u64)));
                }
                Place::Memory(bytes)
            }
            Content::File(file) => Place::File(file),
        };
        let name = Name(version.clone(), kind);
        Ok(Blob { name, bytes, tag: Some(stored.tag), fact, state })
    }

    /// A file that was checked but could not be stored. It is served from where it was staged, and is gone
    /// when the last handle is.
    pub fn unstored(version: &ModuleVersion, kind: Kind, staged: Arc<Staged>, fact: FileFact) -> Self {
        let name = Name(version.clone(), kind);
        Blob { name, bytes: Place::Staged(staged), tag: None, fact, state: State::Verified }
    }

    /// The same file, for whose hash this vouches by now.
    #[must_use]
    pub fn upheld(mut self, evidence: &Evidence) -> Self {
        if evidence.outweighs(self.fact.evidence()) {
            self.fact = self.fact.with_evidence(evidence.clone());
        }
        self.state = State::Verified;
        self
    }

    /// The same file, for whose hash nothing has vouched that should.
    #[must_use]
    pub fn doubted(mut self) -> Self {
        self.state = State::Pending;
        self
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.fact.size()
    }

    /// Whether it is stored, and there for the next question too.
    pub fn is_stored(&self) -> bool {
        self.tag.is_some()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many blocks of 64 KiB it has; the last one may be shorter.
    pub fn blocks(&self) -> u64 {
        blocks_in(self.len())
    }

    /// What is known of it.
    pub fn fact(&self) -> &FileFact {
        &self.fact
    }

    /// Whether its module version was checked.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// A strong validator, in quotes: made from the bytes, so that two copies with the same content but other
    /// compression differ.
    pub fn etag(&self) -> String {
        let sums = self.fact.checksums().iter().flat_map(|sum| sum.to_le_bytes());
        let bytes: Vec<u8> = self.len().to_le_bytes().into_iter().chain(sums).collect();
        format!("\"{}\"", digest(&bytes))
    }

    /// One block, checked; empty behind the last one. It does not wait for another thread when the bytes are
    /// in the system's cache.
    pub async fn block(&self, index: u64) -> Result<Bytes, Rot> {
        let (offset, len) = self.extent(index);
        if len == 0 {
            return Ok(Bytes::new());
        }
        let bytes = match &self.bytes {
            Place::Memory(all) => return Ok(slice(all, offset, len)),
            Place::File(file) => match read::at_once(file, offset, len) {
                Some(bytes) => bytes,
                None => {
                    let file = Arc::clone(file);
                    let read = blocking(move || Ok(read::exact(&file, offset, len)));
                    self.readable(read.await.unwrap_or_else(|error| Err(io::Error::other(error))))?
                }
            },
            Place::Staged(staged) => {
                let mut bytes = BytesMut::with_capacity(len);
                while bytes.len() < len {
                    let (at, left) = (offset + bytes.len() as u64, (len - bytes.len()) as u64);
                    match Staged::read_at(staged, at, left).await {
                        Ok(more) if more.is_empty() => {
                            return Err(self.rot(Damage::Length { expected: self.len(), found: at }));
                        }
                        Ok(more) => bytes.extend_from_slice(&more),
                        Err(error) => return Err(self.rot(Damage::Unreadable(io::Error::other(error)))),
                    }
                }
                bytes.freeze()
            }
        };
        self.checked(index, bytes)
    }

    /// Part of the file, checked; shorter when it ends before. All of it is in memory at once.
    pub async fn read(&self, range: Range<u64>) -> Result<Bytes, Rot> {
        let end = range.end.min(self.len());
        let Some(len) = end.checked_sub(range.start).filter(|len| *len > 0) else {
            return Ok(Bytes::new());
        };
        let (first, last) = (range.start / BLOCK, (end - 1) / BLOCK);
        let skip = range.start % BLOCK;
        if first == last {
            let block = self.block(first).await?;
            return Ok(slice(&block, skip, usize::try_from(len).unwrap_or(usize::MAX)));
        }
        let mut bytes = BytesMut::new();
        for index in first..=last {
            let block = self.block(index).await?;
            let from = if index == first { skip } else { 0 };
            let to = (end - index * BLOCK).min(BLOCK);
            bytes.extend_from_slice(&slice(&block, from, usize::try_from(to - from).unwrap_or(BLOCK_LEN)));
        }
        Ok(bytes.freeze())
    }

    /// All bytes, checked. For files that are known to be small, and for those kept in memory.
    pub async fn bytes(&self) -> Result<Bytes, Rot> {
        match &self.bytes {
            Place::Memory(all) => Ok(all.clone()),
            Place::File(_) | Place::Staged(_) => self.read(0..self.len()).await,
        }
    }

    /// Reads and checks every block.
    pub async fn check_all(&self) -> Result<(), Rot> {
        for index in 0..self.blocks() {
            self.block(index).await?;
        }
        Ok(())
    }

    /// The bytes as they lie there, unchecked.
    pub(crate) fn reader(&self) -> impl ReadAt + Send + Sync + 'static {
        self.bytes.clone()
    }

    fn extent(&self, index: u64) -> (u64, usize) {
        let offset = index.saturating_mul(BLOCK);
        let len = self.len().saturating_sub(offset).min(BLOCK);
        (offset, usize::try_from(len).unwrap_or(BLOCK_LEN))
    }

    fn readable(&self, read: io::Result<Bytes>) -> Result<Bytes, Rot> {
        read.map_err(|error| self.rot(Damage::Unreadable(error)))
    }

    fn checked(&self, index: u64, bytes: Bytes) -> Result<Bytes, Rot> {
        let expected = usize::try_from(index).ok().and_then(|index| self.fact.checksums().get(index));
        if expected == Some(&checksum(&bytes)) { Ok(bytes) } else { Err(self.rot(Damage::Block(index))) }
    }

    /// Why it may not be used any more, for [`Store::quarantine`](crate::Store::quarantine).
    pub fn refuse(&self, why: impl Into<String>) -> Rot {
        self.rot(Damage::Refused(why.into()))
    }

    pub(crate) fn rot(&self, damage: Damage) -> Rot {
        Rot::new(&self.name.0, self.name.1, self.tag.clone(), damage)
    }
}

impl ReadAt for Place {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Place::Memory(bytes) => bytes.as_ref().read_at(buf, offset),
            Place::File(file) => ReadAt::read_at(file, buf, offset),
            Place::Staged(staged) => ReadAt::read_at(&**staged, buf, offset),
        }
    }
}

fn slice(bytes: &Bytes, from: u64, len: usize) -> Bytes {
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(from..from.saturating_add(len).min(bytes.len()))
}
