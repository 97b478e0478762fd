//! Hashing entries that lie one after the other, and comparing what was stated with what is there.

use super::fault::{EntryFault, ZipFault};
use super::layout::Record;
use super::local::{self, MAX_DESCRIPTOR};
use super::stream::{Digest, Stream};
use crate::read_at::ReadAt;

/// Bytes of the zip that are read at once; more than the longest header.
pub(super) const BATCH: usize = 256 << 10;

/// One thread's tools.
pub(super) struct Unpacker<'a, S> {
    source: &'a S,
    bytes: Box<[u8]>,
    stream: Stream,
}

impl<'a, S: ReadAt> Unpacker<'a, S> {
    /// For a zip of so many bytes.
    pub(super) fn new(source: &'a S, len: u64) -> Self {
        let room = usize::try_from(len).unwrap_or(BATCH).min(BATCH);
        Self { source, bytes: vec![0; room].into(), stream: Stream::default() }
    }

    /// Checks and hashes records that lie one after the other.
    pub(super) fn batch(
        &mut self,
        records: &[Record<'_>],
        digests: &mut Vec<(usize, Digest)>,
    ) -> Result<(), ZipFault> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(()) };
        let Some(mut rest) = room(&mut self.bytes, last.end - first.start) else {
            for record in records {
                digests.push((record.index, self.large(record)?));
            }
            return Ok(());
        };
        self.source.read_exact_at(rest, first.start)?;
        for record in records {
            let bytes;
            let len = usize::try_from(record.end - record.start).unwrap_or(usize::MAX);
            (bytes, rest) = rest.split_at_mut(len.min(rest.len()));
            let digest = small(&mut self.stream, bytes, record).map_err(|fault| record.fault(fault))?;
            digests.push((record.index, digest));
        }
        Ok(())
    }

    /// A record that is not read at once.
    fn large(&mut self, record: &Record<'_>) -> Result<Digest, ZipFault> {
        let entry = record.entry;
        let named = |fault: EntryFault| record.fault(fault);
        self.source.read_exact_at(&mut self.bytes, record.start)?;
        let data = record.start + local::header(&self.bytes, entry).map_err(named)? as u64;
        let after = record.end.checked_sub(data).and_then(|len| len.checked_sub(entry.packed));
        let after = after.ok_or_else(|| named(EntryFault::Overlap))?;
        if after > MAX_DESCRIPTOR {
            return Err(named(EntryFault::Hidden(after)));
        }
        let end = record.end - after;
        let descriptor = room(&mut self.bytes, after).unwrap_or_default();
        self.source.read_exact_at(descriptor, end)?;
        local::descriptor(descriptor, entry).map_err(named)?;

        let mut content = self.stream.open(entry);
        for at in (data..end).step_by(self.bytes.len().max(1)) {
            let piece = match room(&mut self.bytes, end - at) {
                Some(piece) => piece,
                None => &mut self.bytes,
            };
            self.source.read_exact_at(piece, at)?;
            content.push(piece).map_err(named)?;
        }
        content.finish().map_err(named)
    }
}

/// Checks what surrounds the content of a record in memory, and hashes the content.
fn small(stream: &mut Stream, bytes: &[u8], record: &Record<'_>) -> Result<Digest, EntryFault> {
    let entry = record.entry;
    let rest = bytes.get(local::header(bytes, entry)?..).unwrap_or_default();
    let packed = usize::try_from(entry.packed).map_err(|_| EntryFault::Overlap)?;
    let (data, after) = rest.split_at_checked(packed).ok_or(EntryFault::Overlap)?;
    local::descriptor(after, entry)?;
    let mut content = stream.open(entry);
    content.push(data)?;
    content.finish()
}

/// The first `len` bytes, if there are as many.
fn room(bytes: &mut [u8], len: u64) -> Option<&mut [u8]> {
    bytes.get_mut(..usize::try_from(len).ok()?)
}
