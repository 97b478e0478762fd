//! What stands around the content of an entry must say what the directory says.

use super::directory::Entry;
use super::fault::EntryFault;
use super::fields::{DESCRIBED, DESCRIPTOR, ENCRYPTED, Fields, LOCAL, names_otherwise, widen};

/// A data descriptor has at most this many bytes.
pub(super) const MAX_DESCRIPTOR: u64 = 24;

/// Compares the header at the beginning of `record` with the directory and returns its length.
pub(super) fn header(record: &[u8], entry: &Entry<'_>) -> Result<usize, EntryFault> {
    let raw = Raw::take(Fields(record)).ok_or(EntryFault::NoHeader)?;
    if raw.name != entry.name.as_bytes() || names_otherwise(raw.name, raw.extra) {
        return Err(EntryFault::HeaderDiffers("name"));
    }
    if (raw.flags ^ entry.flags) & (DESCRIBED | ENCRYPTED) != 0 {
        return Err(EntryFault::HeaderDiffers("set of flags"));
    }
    if raw.method != entry.method.number() {
        return Err(EntryFault::HeaderDiffers("method"));
    }
    // Sizes that follow the content are not known here, and then are often zero.
    let agrees = |here: u64, there: u64| here == there || here == 0 && entry.is_described();
    let [size, packed] = widen([raw.size, raw.packed], raw.extra).ok_or(EntryFault::Zip64)?;
    if !agrees(size, entry.size) || !agrees(packed, entry.packed) {
        return Err(EntryFault::HeaderDiffers("size"));
    }
    if !agrees(raw.crc.into(), entry.crc.into()) {
        return Err(EntryFault::HeaderDiffers("checksum"));
    }
    Ok(raw.len)
}

/// Compares what follows the content with the directory. It has 12 or 20 bytes, as sizes have 32 or 64 bits, and 4
/// more when there is a signature.
pub(super) fn descriptor(after: &[u8], entry: &Entry<'_>) -> Result<(), EntryFault> {
    if !entry.is_described() {
        return if after.is_empty() { Ok(()) } else { Err(EntryFault::Hidden(after.len() as u64)) };
    }
    let mut fields = Fields(after);
    let sound = match after.len() {
        12 | 20 => true,
        16 | 24 => fields.u32() == Some(DESCRIPTOR),
        len if len as u64 > MAX_DESCRIPTOR => return Err(EntryFault::Hidden(len as u64)),
        _ => false,
    };
    let crc = fields.u32();
    let wide = fields.0.len() == 16;
    let mut size = || if wide { fields.u64() } else { fields.u32().map(u64::from) };
    if sound && crc == Some(entry.crc) && (size(), size()) == (Some(entry.packed), Some(entry.size)) {
        return Ok(());
    }
    Err(EntryFault::DescriptorDiffers)
}

/// The fields of a local header that matter here.
struct Raw<'a> {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    name: &'a [u8],
    extra: &'a [u8],
    len: usize,
}

impl<'a> Raw<'a> {
    fn take(record: Fields<'a>) -> Option<Self> {
        let mut from = record;
        if from.u32()? != LOCAL {
            return None;
        }
        let _version = from.u16()?;
        let (flags, method) = (from.u16()?, from.u16()?);
        let _time = from.u32()?;
        let (crc, packed, size) = (from.u32()?, from.u32()?, from.u32()?);
        let [name, extra] = [from.u16()?, from.u16()?].map(usize::from);
        let (name, extra) = (from.bytes(name)?, from.bytes(extra)?);
        let len = record.0.len() - from.0.len();
        Some(Self { flags, method, crc, packed, size, name, extra, len })
    }
}
