//! Where the entries lie: one after the other, from the first byte of the zip to its directory.

use super::directory::Entry;
use super::fault::{ArchiveFault, EntryFault, ZipFault};
use super::fields::LOCAL_LEN;

/// The bytes that belong to one entry: header, content, and what may follow it.
#[derive(Clone, Copy)]
pub(super) struct Record<'e> {
    pub(super) entry: &'e Entry<'e>,
    /// Index of the entry in the directory.
    pub(super) index: usize,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Record<'_> {
    /// The fault of this record's entry.
    pub(super) fn fault(&self, fault: EntryFault) -> ZipFault {
        fault.of(self.entry.name.as_bytes())
    }
}

/// The records in the order of their bytes. Each ends where the next begins, the last at `directory`.
pub(super) fn records<'e>(entries: &'e [Entry<'e>], directory: u64) -> Result<Vec<Record<'e>>, ZipFault> {
    let mut records: Vec<_> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| Record { entry, index, start: entry.start, end: directory })
        .collect();
    records.sort_by_key(|record| record.start);

    let front = records.first().map_or(directory, |first| first.start);
    if front != 0 {
        return Err(ArchiveFault::Front(front).into());
    }
    let mut next = directory;
    for record in records.iter_mut().rev() {
        record.end = next;
        next = record.start;
    }
    records.iter().try_for_each(|record| fits(record, directory))?;
    Ok(records)
}

fn fits(record: &Record<'_>, directory: u64) -> Result<(), ZipFault> {
    let least = (LOCAL_LEN + record.entry.name.len()) as u64;
    let end = record.start.checked_add(least).and_then(|data| data.checked_add(record.entry.packed));
    let fault = match end {
        _ if record.start >= directory => EntryFault::OutOfBounds,
        Some(end) if end <= record.end => return Ok(()),
        _ => EntryFault::Overlap,
    };
    Err(record.fault(fault))
}
