//! The end of a zip: where its directory is and how many entries it has.

use std::ops::Range;

use super::directory::MAX_DIRECTORY;
use super::fault::{ArchiveFault, ZipFault};
use super::fields::{ELSEWHERE, END, END64, Fields, LOCATOR64};
use crate::read_at::ReadAt;

/// What the end record says, proven to be the only way to read it.
pub(super) struct End {
    /// Entries in the directory.
    pub(super) entries: u64,
    /// Where the directory is.
    pub(super) directory: Range<u64>,
}

/// Bytes of an end record without its comment.
const END_LEN: usize = 22;
/// Bytes of a zip64 end record, and of what points to it.
const END64_LEN: usize = 56;
const LOCATOR64_LEN: usize = 20;
/// The end record may be this far from the end: its comment has at most 65,535 bytes.
const REACH: u64 = END_LEN as u64 + 0xffff;

/// Finds the end record and follows it.
pub(super) fn find(source: &impl ReadAt, len: u64) -> Result<End, ZipFault> {
    let from = len.saturating_sub(REACH);
    let mut tail = vec![0; usize::try_from(len - from).map_err(|_| ArchiveFault::NoEnd)?];
    source.read_exact_at(&mut tail, from)?;
    let (at, record) = only_end(&tail)?;
    let at = from + at as u64;
    let end = read(source, at, Fields(record))?;

    let bytes = end.directory.end - end.directory.start;
    if bytes > MAX_DIRECTORY {
        return Err(ArchiveFault::DirectoryTooLong(bytes).into());
    }
    Ok(end)
}

/// The end record in `tail`. The last one that begins there must end with `tail`, and be alone in that.
///
/// Some readers take the last signature, some the first whose comment reaches to the end; a comment that holds a
/// second record would make them disagree.
fn only_end(tail: &[u8]) -> Result<(usize, &[u8]), ArchiveFault> {
    let signature = END.to_le_bytes();
    let mut whole = None;
    let mut last_is_whole = None;
    for (at, fixed) in tail.windows(END_LEN).enumerate().filter(|(_, fixed)| fixed.starts_with(&signature)) {
        let record = tail.get(at..).unwrap_or_default();
        let is_whole = record.len() == END_LEN + comment_len(fixed);
        last_is_whole = Some(is_whole);
        if is_whole && whole.replace((at, record)).is_some() {
            return Err(ArchiveFault::TwoEnds);
        }
    }
    match (whole, last_is_whole) {
        (Some(found), Some(true)) => Ok(found),
        (_, Some(_)) => Err(ArchiveFault::EndElsewhere),
        (_, None) => Err(ArchiveFault::NoEnd),
    }
}

fn comment_len(fixed: &[u8]) -> usize {
    let len = fixed.last_chunk();
    len.map_or(0, |len| u16::from_le_bytes(*len).into())
}

/// Reads the end record at `at`, and the zip64 one before it if there is one.
fn read(source: &impl ReadAt, at: u64, mut record: Fields<'_>) -> Result<End, ZipFault> {
    let mut fields = || {
        let _signature = record.u32()?;
        let disks = [record.u16()?, record.u16()?];
        let entries = [record.u16()?, record.u16()?];
        Some((disks, entries, record.u32()?, record.u32()?))
    };
    let (disks, [entries_here, entries], len, start) = fields().ok_or(ArchiveFault::NoEnd)?;
    if disks != [0, 0] || entries_here != entries {
        return Err(ArchiveFault::SeveralDisks.into());
    }
    let (end, numbers) = match zip64(source, at)? {
        None => (at, [entries.into(), len.into(), start.into()]),
        Some((before, wide)) => {
            // When exactly Go looks at the wide numbers; 0xffff for the length is its own rule.
            let looks = entries == u16::MAX || len == 0xffff || start == ELSEWHERE;
            let agrees = |narrow: u64, elsewhere: u64, wide| narrow == wide || looks && narrow == elsewhere;
            let [wide_entries, wide_len, wide_start] = wide;
            if !agrees(entries.into(), u16::MAX.into(), wide_entries)
                || !agrees(len.into(), ELSEWHERE.into(), wide_len)
                || !agrees(start.into(), ELSEWHERE.into(), wide_start)
            {
                return Err(ArchiveFault::Zip64.into());
            }
            (before, wide)
        }
    };
    let [entries, len, start] = numbers;
    if start.checked_add(len) != Some(end) {
        return Err(ArchiveFault::DirectoryPlace.into());
    }
    Ok(End { entries, directory: start..end })
}

/// The zip64 end record: its place and its numbers (entries, length and start of the directory). There is one when
/// what points to it stands right before the end record at `at`.
fn zip64(source: &impl ReadAt, at: u64) -> Result<Option<(u64, [u64; 3])>, ZipFault> {
    let Some(locator_at) = at.checked_sub(LOCATOR64_LEN as u64) else { return Ok(None) };
    let mut locator = [0; LOCATOR64_LEN];
    source.read_exact_at(&mut locator, locator_at)?;
    let mut locator = Fields(&locator);
    if locator.u32() != Some(LOCATOR64) {
        return Ok(None);
    }
    let record_at = locator_at.checked_sub(END64_LEN as u64).ok_or(ArchiveFault::Zip64)?;
    if (locator.u32(), locator.u64(), locator.u32()) != (Some(0), Some(record_at), Some(1)) {
        return Err(ArchiveFault::Zip64.into());
    }
    let mut record = [0; END64_LEN];
    source.read_exact_at(&mut record, record_at)?;
    let mut record = Fields(&record);
    let mut fields = || {
        let begins = (record.u32()?, record.u64()?) == (END64, END64_LEN as u64 - 12);
        let _versions = record.u32()?;
        let disks = [record.u32()?, record.u32()?];
        let [entries_here, entries] = [record.u64()?, record.u64()?];
        let sound = begins && disks == [0, 0] && entries_here == entries;
        Some((sound, [entries, record.u64()?, record.u64()?]))
    };
    match fields() {
        Some((true, numbers)) => Ok(Some((record_at, numbers))),
        _ => Err(ArchiveFault::Zip64.into()),
    }
}
