//! The fixed fields and signatures of zip records, all little-endian. Source: PKWARE's APPNOTE, sections 4.3 to 4.5.

/// Before each entry's content.
pub(super) const LOCAL: u32 = 0x0403_4b50;
/// Each record of the directory.
pub(super) const CENTRAL: u32 = 0x0201_4b50;
/// After the content of an entry whose size was not known before; not everybody writes it.
pub(super) const DESCRIPTOR: u32 = 0x0807_4b50;
/// The end record.
pub(super) const END: u32 = 0x0605_4b50;
/// The end record with 64-bit numbers.
pub(super) const END64: u32 = 0x0606_4b50;
/// What points to that record.
pub(super) const LOCATOR64: u32 = 0x0706_4b50;

/// Bytes before the name of a local record.
pub(super) const LOCAL_LEN: usize = 30;
/// Bytes before the name of a record of the directory.
pub(super) const CENTRAL_LEN: usize = 46;

/// Set when the sizes follow the content.
pub(super) const DESCRIBED: u16 = 1 << 3;
/// Set when the content, or the directory, is encrypted.
pub(super) const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// A number of 32 bits that stands for one of 64 elsewhere.
pub(super) const ELSEWHERE: u32 = u32::MAX;

/// The extra field with 64-bit sizes.
const ZIP64: u16 = 0x0001;
/// The extra field in which Info-ZIP repeats the name in UTF-8, after a version and a checksum.
const UNICODE_NAME: u16 = 0x7075;

/// Takes fields from the front of a record. `None` when the record is too short.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// The extra fields of a record: kind and content. What is cut short at the end is left out, as Go does.
fn extra_fields(extra: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = Fields(extra);
    std::iter::from_fn(move || {
        let kind = rest.u16()?;
        let len = rest.u16()?;
        Some((kind, rest.bytes(usize::from(len))?))
    })
}

/// Replaces each of `numbers` that is [`ELSEWHERE`] by the next number of the zip64 field. `None` when it is not
/// there.
pub(super) fn widen<const N: usize>(numbers: [u32; N], extra: &[u8]) -> Option<[u64; N]> {
    let mut wide =
        Fields(extra_fields(extra).find(|(kind, _)| *kind == ZIP64).map_or(&[], |(_, content)| content));
    let mut widened = [0; N];
    for (to, from) in widened.iter_mut().zip(numbers) {
        *to = if from == ELSEWHERE { wide.u64()? } else { from.into() };
    }
    Some(widened)
}

/// Whether an extra field names the entry otherwise than `name`.
pub(super) fn names_otherwise(name: &[u8], extra: &[u8]) -> bool {
    extra_fields(extra).any(|(kind, content)| kind == UNICODE_NAME && content.get(5..) != Some(name))
}
