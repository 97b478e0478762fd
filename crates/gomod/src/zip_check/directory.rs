//! The directory of a zip: one record per entry.

use super::end::End;
use super::fault::{ArchiveFault, EntryFault, ZipFault};
use super::fields::{CENTRAL, CENTRAL_LEN, DESCRIBED, ENCRYPTED, Fields, names_otherwise, widen};
use crate::file_path::FilePathFault;
use crate::read_at::ReadAt;

/// Bytes of a zip's directory that are read at most; room for about 400,000 files. Larder's own limit, there to
/// bound memory: the check needs up to five times as much while it runs.
pub const MAX_DIRECTORY: u64 = 64 << 20;

/// An entry as the directory states it. Nothing of it is proven yet.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) flags: u16,
    pub(super) method: Method,
    /// CRC-32 of the content.
    pub(super) crc: u32,
    /// Bytes in the zip.
    pub(super) packed: u64,
    /// Bytes of the content.
    pub(super) size: u64,
    /// Where its local record begins.
    pub(super) start: u64,
}

impl Entry<'_> {
    /// Whether sizes and checksum follow the content.
    pub(super) fn is_described(&self) -> bool {
        self.flags & DESCRIBED != 0
    }
}

/// The methods of compression that the go command knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

impl Method {
    pub(super) fn new(number: u16) -> Result<Self, EntryFault> {
        match number {
            0 => Ok(Self::Stored),
            8 => Ok(Self::Deflated),
            other => Err(EntryFault::Method(other)),
        }
    }

    pub(super) fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// Reads the directory, whose length [`End`] bounded.
pub(super) fn read(source: &impl ReadAt, end: &End) -> Result<Vec<u8>, ZipFault> {
    let len = usize::try_from(end.directory.end - end.directory.start);
    let mut bytes = vec![0; len.map_err(|_| ArchiveFault::DirectoryPlace)?];
    source.read_exact_at(&mut bytes, end.directory.start)?;
    Ok(bytes)
}

/// Takes the directory apart. Its records must fill it and be as many as its end says.
pub(super) fn parse<'a>(directory: &'a [u8], end: &End) -> Result<Vec<Entry<'a>>, ZipFault> {
    let most = directory.len() / CENTRAL_LEN;
    let mut entries = Vec::with_capacity(usize::try_from(end.entries).unwrap_or(most).min(most));
    let mut rest = Fields(directory);
    while !rest.0.is_empty() {
        entries.push(record(&mut rest)?);
    }
    let found = entries.len() as u64;
    if found != end.entries {
        return Err(ArchiveFault::EntryCount { counted: end.entries, found }.into());
    }
    Ok(entries)
}

fn record<'a>(rest: &mut Fields<'a>) -> Result<Entry<'a>, ZipFault> {
    let raw = Raw::take(rest).ok_or(ArchiveFault::DirectoryRecord)?;
    let name = raw.name;
    raw.judge().map_err(|fault| fault.of(name))
}

/// The fields of a record that matter here.
struct Raw<'a> {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    start: u32,
    name: &'a [u8],
    extra: &'a [u8],
}

impl<'a> Raw<'a> {
    fn take(from: &mut Fields<'a>) -> Option<Self> {
        if from.u32()? != CENTRAL {
            return None;
        }
        let _versions = from.u32()?;
        let (flags, method) = (from.u16()?, from.u16()?);
        let _time = from.u32()?;
        let (crc, packed, size) = (from.u32()?, from.u32()?, from.u32()?);
        let [name, extra, comment] = [from.u16()?, from.u16()?, from.u16()?].map(usize::from);
        let _disk_and_attributes = from.u64()?;
        let start = from.u32()?;
        let (name, extra) = (from.bytes(name)?, from.bytes(extra)?);
        let _comment = from.bytes(comment)?;
        Some(Self { flags, method, crc, packed, size, start, name, extra })
    }

    fn judge(self) -> Result<Entry<'a>, EntryFault> {
        let Self { flags, crc, .. } = self;
        let name = str::from_utf8(self.name).map_err(|_| FilePathFault::NotUtf8)?;
        if flags & ENCRYPTED != 0 {
            return Err(EntryFault::Encrypted);
        }
        let method = Method::new(self.method)?;
        if names_otherwise(self.name, self.extra) {
            return Err(EntryFault::OtherName);
        }
        let [size, packed, start] =
            widen([self.size, self.packed, self.start], self.extra).ok_or(EntryFault::Zip64)?;
        Ok(Entry { name, flags, method, crc, packed, size, start })
    }
}
