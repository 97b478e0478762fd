//! PE files: Windows.

use super::{
    BinaryError,
    fields::{Fields, Order, Width},
    fixups::Fixups,
    image::{Image, Segment, Stretch},
    source::Source,
    symbols::{Layout, SymbolTable},
};

/// Reads the headers.
pub(super) fn read(source: &Source<'_>) -> Result<Image, BinaryError> {
    let dos = source.bytes(0, 64)?;
    let start = u64::from(Fields::new(&dos, Order::Little).u32(0x3c)?);
    let head = source.bytes(start, 24)?;
    if !head.starts_with(b"PE\0\0") {
        return Err(BinaryError::Damaged("it has no PE header"));
    }
    let head = Fields::new(&head, Order::Little);
    let optional_len = u64::from(head.u16(20)?);
    let optional = source.bytes(start + 24, optional_len)?;
    let optional = Fields::new(&optional, Order::Little);
    let (width, base) = match optional.u16(0)? {
        0x10b => (Width::Four, u64::from(optional.u32(28)?)),
        0x20b => (Width::Eight, optional.u64(24)?),
        _ => return Err(BinaryError::Damaged("its optional header is of an unknown kind")),
    };
    let table = source.bytes(start + 24 + optional_len, u64::from(head.u16(6)?) * SECTION as u64)?;
    let (mut segments, mut info) = (Vec::new(), None);
    for section in Fields::new(&table, Order::Little).each(SECTION) {
        let (memory, relative) = (u64::from(section.u32(8)?), u64::from(section.u32(12)?));
        let (len, offset) = (u64::from(section.u32(16)?), u64::from(section.u32(20)?));
        let flags = section.u32(36)?;
        let address = base.wrapping_add(relative);
        let is_data = flags & !ALIGNED == DATA | READABLE | WRITABLE;
        if info.is_none() && relative != 0 && len != 0 && is_data {
            info = Some(Stretch { address, len: memory });
        }
        segments.push(Segment { address, offset, len, writable: flags & WRITABLE != 0 });
    }
    let (symbols, count) = (u64::from(head.u32(12)?), u64::from(head.u32(16)?));
    let symbols = if symbols != 0 && count != 0 {
        let len = count * Layout::Coff.entry() as u64;
        let names = symbols + len;
        // The table of names begins with its own length.
        let named = source.bytes(names, 4)?;
        source.part(names, u64::from(Fields::new(&named, Order::Little).u32(0)?))?;
        Some(SymbolTable {
            layout: Layout::Coff,
            table: (symbols, len),
            // The table of names ends the file, or is followed by what somebody appended.
            names: (names, source.len().saturating_sub(names)),
        })
    } else {
        None
    };
    Ok(Image {
        format: "PE",
        machine: machine(head.u16(4)?),
        order: Order::Little,
        width,
        segments,
        info,
        symbols,
        fixups: Fixups::none(),
    })
}

fn machine(number: u16) -> &'static str {
    match number {
        0x14c => "x86",
        0x1c0 | 0x1c4 => "ARM",
        0x8664 => "x86-64",
        0xaa64 => "ARM 64",
        _ => "of another processor",
    }
}

const SECTION: usize = 40;
const DATA: u32 = 0x40;
const READABLE: u32 = 0x4000_0000;
const WRITABLE: u32 = 0x8000_0000;
/// Alignment does not count (debug/buildinfo, `peExe`).
const ALIGNED: u32 = 0x0060_0000;
