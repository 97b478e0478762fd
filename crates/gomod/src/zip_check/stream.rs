//! Unpacking and hashing one entry as its packed bytes come, in a fixed amount of memory.

use crc32fast::Hasher as Crc;
use flate2::{Decompress, FlushDecompress, Status};
use sha2::{Digest as _, Sha256};

use super::directory::{Entry, Method};
use super::fault::EntryFault;

/// SHA-256 of a file.
pub(super) type Digest = [u8; 32];

/// Bytes that are unpacked at once.
const CHUNK: usize = 64 << 10;

/// The tools for unpacking, kept from entry to entry.
pub(super) struct Stream {
    deflate: Decompress,
    unpacked: Box<[u8]>,
}

impl Default for Stream {
    fn default() -> Self {
        Self { deflate: Decompress::new(false), unpacked: vec![0; CHUNK].into() }
    }
}

impl Stream {
    /// Begins with another entry.
    pub(super) fn open<'s>(&'s mut self, entry: &'s Entry<'s>) -> Content<'s> {
        self.deflate.reset(false);
        Content {
            tools: self,
            entry,
            sum: Sum { sha: Sha256::new(), crc: Crc::new(), size: 0 },
            ended: false,
        }
    }
}

/// The content of one entry, as far as it has come.
pub(super) struct Content<'s> {
    tools: &'s mut Stream,
    entry: &'s Entry<'s>,
    sum: Sum,
    /// Whether the deflate data said that it ends.
    ended: bool,
}

impl Content<'_> {
    /// Takes the next packed bytes. More content than stated is not unpacked.
    pub(super) fn push(&mut self, mut packed: &[u8]) -> Result<(), EntryFault> {
        if self.entry.method == Method::Stored {
            return self.sum.add(packed, self.entry);
        }
        let Stream { deflate, unpacked } = &mut *self.tools;
        while !self.ended {
            let (taken, made) = (deflate.total_in(), deflate.total_out());
            let status = deflate.decompress(packed, unpacked, FlushDecompress::None);
            let status = status.map_err(|_| EntryFault::Deflate)?;
            let taken = usize::try_from(deflate.total_in() - taken).unwrap_or(usize::MAX);
            let made = usize::try_from(deflate.total_out() - made).unwrap_or(usize::MAX);
            let content = unpacked.get(..made).unwrap_or_default();
            self.sum.add(content, self.entry)?;
            packed = packed.get(taken..).unwrap_or_default();
            self.ended = status == Status::StreamEnd;
            if !self.ended && made < CHUNK {
                // There was room for more, so it lacks bytes, or cannot use those it has.
                return if packed.is_empty() { Ok(()) } else { Err(EntryFault::Deflate) };
            }
        }
        if packed.is_empty() { Ok(()) } else { Err(EntryFault::AfterData) }
    }

    /// Compares the whole content with what was stated.
    pub(super) fn finish(self) -> Result<Digest, EntryFault> {
        // Some tools call a directory deflated and then write nothing for it.
        let nothing = self.entry.packed == 0 && self.entry.name.ends_with('/');
        if self.entry.method == Method::Deflated && !self.ended && !nothing {
            return Err(EntryFault::Deflate);
        }
        if self.sum.size != self.entry.size {
            return Err(EntryFault::Size(self.entry.size));
        }
        if self.sum.crc.finalize() != self.entry.crc {
            return Err(EntryFault::Checksum);
        }
        Ok(self.sum.sha.finalize().into())
    }
}

/// What is known of a content so far.
struct Sum {
    sha: Sha256,
    crc: Crc,
    size: u64,
}

impl Sum {
    fn add(&mut self, content: &[u8], entry: &Entry<'_>) -> Result<(), EntryFault> {
        self.size += content.len() as u64;
        if self.size > entry.size {
            return Err(EntryFault::Size(entry.size));
        }
        self.sha.update(content);
        self.crc.update(content);
        Ok(())
    }
}
