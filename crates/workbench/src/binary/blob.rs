//! Where the linker put the build info (debug/buildinfo, `readRawBuildInfo`).

use std::io;

use super::{
    BinaryError, BuildInfo, Unreadable,
    fields::{Fields, Order, Width},
    image::Image,
    source::Source,
};

/// The two texts of the build info.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Blob {
    go: Vec<u8>,
    modules: Vec<u8>,
}

/// Why there are none.
#[derive(Debug)]
pub(super) enum Missing {
    /// No build info is there.
    NotGo,
    /// It begins, and leads to where nothing is.
    Cut,
    /// The file cannot be read.
    Io(io::Error),
}

impl From<BinaryError> for Missing {
    fn from(error: BinaryError) -> Self {
        match error {
            BinaryError::Io(error) => Missing::Io(error),
            BinaryError::Format | BinaryError::Damaged(_) => Missing::Cut,
        }
    }
}

impl Blob {
    /// What it says.
    pub(super) fn build_info(self) -> Result<BuildInfo, Unreadable> {
        let text = |bytes| {
            String::from_utf8(bytes).map_err(|_| Unreadable::Damaged("the build info is no text".to_owned()))
        };
        let go = text(self.go)?;
        // A sentinel of 16 bytes stands on each side (cmd/go/internal/modload, `infoStart`).
        let framed = self.modules.len() >= 33 && self.modules.iter().rev().nth(16) == Some(&b'\n');
        let inner = self.modules.get(16..self.modules.len().saturating_sub(16)).filter(|_| framed);
        let Some(inner) = inner else { return Err(Unreadable::NoModules { go }) };
        BuildInfo::parse(go, &text(inner.to_vec())?).map_err(|fault| Unreadable::Damaged(fault.to_string()))
    }
}

/// Looks for it.
pub(super) fn find(image: &Image, source: &Source<'_>) -> Result<Blob, Missing> {
    let at = search(image, source)?.ok_or(Missing::NotGo)?;
    let header = image.read_all(source, at, HEADER)?.ok_or(Missing::Cut)?;
    let (Some(pointer), Some(flags)) = (header.get(14), header.get(15)) else { return Err(Missing::Cut) };
    let blob = if flags & INLINE != 0 {
        let (go, next) = inline(image, source, at.wrapping_add(HEADER))?;
        let (modules, _) = inline(image, source, next)?;
        Blob { go, modules }
    } else {
        let width = match pointer {
            4 => Width::Four,
            8 => Width::Eight,
            _ => return Err(Missing::Cut),
        };
        let order = if flags & BIG == 0 { Order::Little } else { Order::Big };
        let fields = Fields::new(&header, order);
        let second = 16 + if width == Width::Four { 4 } else { 8 };
        Blob {
            go: pointed(image, source, order, width, fields.word(16, width)?)?,
            modules: pointed(image, source, order, width, fields.word(second, width)?)?,
        }
    };
    if blob.go.is_empty() { Err(Missing::NotGo) } else { Ok(blob) }
}

/// The address of the magic: the first one that is aligned.
fn search(image: &Image, source: &Source<'_>) -> Result<Option<u64>, Missing> {
    let Some(place) = image.info else { return Ok(None) };
    let end = place.address.checked_add(place.len).ok_or(Missing::Cut)?;
    let mut at = place.address.checked_next_multiple_of(ALIGN).ok_or(Missing::Cut)?;
    while at < end {
        let Some(bytes) = image.read(source, at, (end - at).min(CHUNK))? else { return Ok(None) };
        let found = bytes.chunks(16).position(|chunk| chunk.starts_with(MAGIC));
        if let Some(found) = found {
            return Ok(Some(at + found as u64 * ALIGN));
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        at = (at + bytes.len() as u64).next_multiple_of(ALIGN);
    }
    Ok(None)
}

/// A text behind its length, since Go 1.18; and where it ends.
fn inline(image: &Image, source: &Source<'_>, at: u64) -> Result<(Vec<u8>, u64), Missing> {
    let bytes = image.read(source, at, 10)?.ok_or(Missing::Cut)?;
    let (mut len, mut used) = (0_u64, 0_u32);
    loop {
        let byte = bytes.get(used as usize).ok_or(Missing::Cut)?;
        let part = u64::from(byte & 0x7f);
        len |= part.checked_shl(7 * used).filter(|moved| moved >> (7 * used) == part).ok_or(Missing::Cut)?;
        used += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let at = at.wrapping_add(u64::from(used));
    let text = text(image, source, at, len)?;
    Ok((text, at.wrapping_add(len)))
}

/// A text that a string of Go names, before Go 1.18.
fn pointed(
    image: &Image,
    source: &Source<'_>,
    order: Order,
    width: Width,
    at: u64,
) -> Result<Vec<u8>, Missing> {
    if at == 0 {
        return Ok(Vec::new());
    }
    let header = image.read_all(source, at, 2 * width.bytes())?.ok_or(Missing::Cut)?;
    let fields = Fields::new(&header, order);
    let len = fields.word(if width == Width::Four { 4 } else { 8 }, width)?;
    if len == 0 { Ok(Vec::new()) } else { text(image, source, fields.word(0, width)?, len) }
}

fn text(image: &Image, source: &Source<'_>, at: u64, len: u64) -> Result<Vec<u8>, Missing> {
    if len == 0 {
        return Ok(Vec::new());
    }
    if len > LARGEST {
        return Err(Missing::Cut);
    }
    image.read_all(source, at, len)?.ok_or(Missing::Cut)
}

const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGN: u64 = 16;
const HEADER: u64 = 32;
const BIG: u8 = 1;
const INLINE: u8 = 2;
const CHUNK: u64 = 1 << 20;
/// A hundred times more than the largest programs list.
const LARGEST: u64 = 64 << 20;
