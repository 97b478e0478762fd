//! Hashing entries that lie one after the other.
//!
//! Those of ordinary size are read together and unpacked in memory. Larger ones, and all with which something is
//! wrong, go through a stream.

use std::io;

use sha2::{Digest as _, Sha256};

use super::directory::{Entry, Method};
use super::fault::{EntryFault, ZipFault};
use super::inflate::Inflater;
use super::layout::Record;
use super::local::{self, MAX_DESCRIPTOR, MAX_HEADER};
use super::stream;
use crate::read_at::ReadAt;

/// SHA-256 of a file.
pub(super) type Digest = [u8; 32];

/// Bytes, packed or not, up to which an entry is held in memory. A thread holds three such buffers at most.
const WHOLE: u64 = 4 << 20;

/// One thread's tools, kept from entry to entry.
pub(super) struct Unpacker<'a, S> {
    source: &'a S,
    records: Vec<u8>,
    inflater: Inflater,
}

impl<'a, S: ReadAt> Unpacker<'a, S> {
    pub(super) fn new(source: &'a S) -> Self {
        Self { source, records: Vec::new(), inflater: Inflater::default() }
    }

    /// Checks and hashes entries that lie one after the other.
    pub(super) fn batch(
        &mut self,
        records: &[Record<'_>],
        digests: &mut Vec<(usize, Digest)>,
    ) -> Result<(), ZipFault> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(()) };
        if last.end - first.start > WHOLE {
            for record in records {
                digests.push((record.index, large(self.source, record)?));
            }
            return Ok(());
        }
        let mut rest = buffer(&mut self.records, in_memory(last.end - first.start)?);
        self.source.read_exact_at(rest, first.start)?;
        for record in records {
            let bytes;
            (bytes, rest) = rest.split_at_mut(in_memory(record.end - record.start)?.min(rest.len()));
            let named = |fault: EntryFault| fault.of(record.entry.name.as_bytes());
            let digest = match small(&mut self.inflater, bytes, record.entry).map_err(named)? {
                (_, Some(digest)) => digest,
                (header, None) => stream::digest(self.source, record.start + header as u64, record.entry)?,
            };
            digests.push((record.index, digest));
        }
        Ok(())
    }
}

/// Checks what surrounds the content of a record in memory and hashes the content. Returns the length of the header
/// and the digest, or no digest when the stream has to judge.
fn small(
    inflater: &mut Inflater,
    record: &[u8],
    entry: &Entry<'_>,
) -> Result<(usize, Option<Digest>), EntryFault> {
    let header = local::header(record, entry)?;
    let packed = usize::try_from(entry.packed).map_err(|_| EntryFault::Overlap)?;
    let rest = record.get(header..).unwrap_or_default();
    let (data, after) = rest.split_at_checked(packed).ok_or(EntryFault::Overlap)?;
    local::descriptor(after, entry)?;
    let content = match entry.method {
        Method::Stored if entry.size == entry.packed && libdeflater::crc32(data) == entry.crc => Some(data),
        Method::Deflated if entry.size <= WHOLE => inflater.whole(data, entry),
        _ => None,
    };
    Ok((header, content.map(|content| Sha256::digest(content).into())))
}

/// The same for a record that is not held in memory.
fn large(source: &impl ReadAt, record: &Record<'_>) -> Result<Digest, ZipFault> {
    let entry = record.entry;
    let named = |fault: EntryFault| fault.of(entry.name.as_bytes());
    let mut header = vec![0; in_memory(MAX_HEADER.min(record.end - record.start))?];
    source.read_exact_at(&mut header, record.start)?;
    let data = record.start + local::header(&header, entry).map_err(named)? as u64;
    let after = record.end.checked_sub(data).and_then(|len| len.checked_sub(entry.packed));
    let after = after.ok_or_else(|| named(EntryFault::Overlap))?;
    if after > MAX_DESCRIPTOR {
        return Err(named(EntryFault::Hidden(after)));
    }
    let mut descriptor = vec![0; in_memory(after)?];
    source.read_exact_at(&mut descriptor, record.end - after)?;
    local::descriptor(&descriptor, entry).map_err(named)?;
    stream::digest(source, data, entry)
}

/// `len` bytes of a buffer that is kept, with whatever is in them.
pub(super) fn buffer(kept: &mut Vec<u8>, len: usize) -> &mut [u8] {
    if kept.len() < len {
        kept.resize(len, 0);
    }
    kept.get_mut(..len).unwrap_or_default()
}

/// A length as an index. It fails only where memory is smaller than a zip.
pub(super) fn in_memory(len: u64) -> io::Result<usize> {
    usize::try_from(len).map_err(io::Error::other)
}
