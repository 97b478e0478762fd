//! A file that lies in the store without a receipt: it came from outside, and nothing vouches for it yet.

use std::{io, sync::Arc};

use bytes::Bytes;
use gomod::{H1, ModuleVersion, ReadAt};
use jiff::Timestamp;

use crate::{
    Blob, Content, Evidence, FileFact, Kind, Rot, State, Stored, Tag,
    blob::Damage,
    blocking::blocking,
    checksum::{checksums, checksums_of},
};

/// A file without a receipt, opened. It is used after a full check of its bytes, then
/// [`Store::adopt`](crate::Store::adopt)ed or, failing the check, [`refused`](Foreign::refuse) and set aside.
#[derive(Clone, Debug)]
pub struct Foreign {
    version: ModuleVersion,
    kind: Kind,
    stored: Stored,
}

impl Foreign {
    pub(crate) fn new(version: &ModuleVersion, kind: Kind, stored: Stored) -> Self {
        Foreign { version: version.clone(), kind, stored }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.stored.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All bytes, unless there are more than `max`.
    pub async fn bytes(&self, max: u64) -> Result<Bytes, Rot> {
        let key = crate::Key::File(self.version.clone(), self.kind);
        match self.stored.bytes(&key, max).await {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(self.refuse(format!("it is {} bytes long, more than {max}", self.len()))),
            Err(error) => Err(self.rot(Damage::Unreadable(io::Error::other(error)))),
        }
    }

    /// The fact of a file that passed its check: reads it once more for its checksums.
    pub async fn fact(
        &self,
        h1: Option<H1>,
        source: impl Into<Arc<str>>,
        at: Timestamp,
        evidence: Evidence,
    ) -> Result<FileFact, Rot> {
        let sums = match &self.stored.content {
            Content::Bytes(bytes) => Ok(checksums(bytes)),
            Content::File(file) => {
                let (file, len) = (Arc::clone(file), self.len());
                let sums = blocking(move || Ok(checksums_of(&*file, len))).await;
                sums.unwrap_or_else(|error| Err(io::Error::other(error)))
            }
        };
        let sums = sums.map_err(|error| self.rot(Damage::Unreadable(error)))?;
        Ok(FileFact::of_parts(h1, self.len(), sums, source.into(), at, evidence))
    }

    /// The file as one that can be served without being adopted: where nothing can be written.
    pub fn blob(&self, fact: FileFact) -> Result<Blob, Rot> {
        Blob::new(&self.version, self.kind, self.stored.clone(), fact, State::Verified)
    }

    /// Why it cannot be used, for [`Store::quarantine`](crate::Store::quarantine).
    pub fn refuse(&self, why: impl Into<String>) -> Rot {
        self.rot(Damage::Refused(why.into()))
    }

    /// The very file.
    pub(crate) fn tag(&self) -> &Tag {
        &self.stored.tag
    }

    pub(crate) fn rot(&self, damage: Damage) -> Rot {
        Rot::new(&self.version, self.kind, Some(self.stored.tag.clone()), damage)
    }
}

impl ReadAt for Foreign {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.stored.content.read_at(buf, offset)
    }
}
