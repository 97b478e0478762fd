//! Mach-O files: macOS and iOS, for one processor or universal.

use super::{
    BinaryError,
    fields::{Fields, Order, Width},
    fixups::Fixups,
    image::{Image, Segment, Stretch},
    source::Source,
    symbols::{Layout, SymbolTable},
};

/// The programs of a universal file, each by its beginning and length; `None` for any other file.
pub(super) fn parts(source: &Source<'_>) -> Result<Option<Vec<(u64, u64)>>, BinaryError> {
    let Ok(head) = source.bytes(0, 8) else { return Ok(None) };
    let head = Fields::new(&head, Order::Big);
    let wide = match head.u32(0)? {
        0xcafe_babe => false,
        0xcafe_babf => true,
        _ => return Ok(None),
    };
    let count = head.u32(4)?;
    // A compiled class of Java begins alike, and has its version here.
    if count == 0 || count > MOST_PARTS {
        return Err(BinaryError::Format);
    }
    let entry = if wide { 32 } else { 20 };
    let table = source.bytes(8, u64::from(count) * entry as u64)?;
    let parts = Fields::new(&table, Order::Big).each(entry).map(|part| {
        Ok(if wide {
            (part.u64(8)?, part.u64(16)?)
        } else {
            (u64::from(part.u32(8)?), u64::from(part.u32(12)?))
        })
    });
    parts.collect::<Result<_, BinaryError>>().map(Some)
}

/// Reads the headers of one program.
pub(super) fn read(source: &Source<'_>) -> Result<Image, BinaryError> {
    let head = source.bytes(0, 28)?;
    let (order, width) = match *head.as_slice() {
        [0xfe, 0xed, 0xfa, 0xce, ..] => (Order::Big, Width::Four),
        [0xfe, 0xed, 0xfa, 0xcf, ..] => (Order::Big, Width::Eight),
        [0xce, ..] => (Order::Little, Width::Four),
        _ => (Order::Little, Width::Eight),
    };
    let head = Fields::new(&head, order);
    let start = match width {
        Width::Four => 28,
        Width::Eight => 32,
    };
    let commands = source.bytes(start, u64::from(head.u32(20)?))?;
    let mut found = Found::default();
    let mut rest = commands.as_slice();
    for _ in 0..head.u32(16)? {
        let len = Fields::new(rest, order).u32(4)? as usize;
        let (command, after) = rest.split_at_checked(len.max(8)).ok_or(CUT)?;
        found.command(Fields::new(command, order), width)?;
        rest = after;
    }
    if let Some(SymbolTable { table, names, .. }) = found.symbols {
        source.part(table.0, table.1)?;
        source.part(names.0, names.1)?;
    }
    Ok(Image {
        format: "Mach-O",
        machine: machine(head.u32(4)?),
        order,
        width,
        segments: found.segments,
        info: found.info.or(found.data),
        symbols: found.symbols,
        fixups: Fixups::chained(found.base),
    })
}

#[derive(Default)]
struct Found {
    segments: Vec<Segment>,
    info: Option<Stretch>,
    data: Option<Stretch>,
    symbols: Option<SymbolTable>,
    /// Where the program begins in memory.
    base: u64,
}

impl Found {
    fn command(&mut self, command: Fields<'_>, of: Width) -> Result<(), BinaryError> {
        match command.u32(0)? {
            0x1 => self.segment(command, Width::Four),
            0x19 => self.segment(command, Width::Eight),
            0x2 => {
                let layout = match of {
                    Width::Four => Layout::MachO32,
                    Width::Eight => Layout::MachO64,
                };
                let count = u64::from(command.u32(12)?);
                self.symbols = (count > 0).then_some(SymbolTable {
                    layout,
                    table: (u64::from(command.u32(8)?), count * layout.entry() as u64),
                    names: (u64::from(command.u32(16)?), u64::from(command.u32(20)?)),
                });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn segment(&mut self, command: Fields<'_>, width: Width) -> Result<(), BinaryError> {
        let word = match width {
            Width::Four => 4,
            Width::Eight => 8,
        };
        let address = command.word(24, width)?;
        let memory = command.word(24 + word, width)?;
        let len = command.word(24 + 3 * word, width)?;
        let (most, first) = (command.u32(24 + 4 * word)?, command.u32(28 + 4 * word)?);
        let is_data = address != 0 && len != 0 && most == READ_WRITE && first == READ_WRITE;
        if is_data && self.data.is_none() {
            self.data = Some(Stretch { address, len: memory });
        }
        let name = command.name(8, 16)?;
        if name == b"__TEXT" {
            self.base = address;
        }
        if name != b"__PAGEZERO" {
            let offset = command.word(24 + 2 * word, width)?;
            self.segments.push(Segment { address, offset, len, writable: first & WRITABLE != 0 });
        }
        let (first, len) = match width {
            Width::Four => (56, 68),
            Width::Eight => (72, 80),
        };
        for number in 0..command.u32(32 + 4 * word)? as usize {
            let at = number.checked_mul(len).and_then(|at| at.checked_add(first)).ok_or(CUT)?;
            if command.name(at, 16)? == b"__go_buildinfo" {
                let stretch = Stretch {
                    address: command.word(at + 32, width)?,
                    len: command.word(at + 32 + word, width)?,
                };
                self.info.get_or_insert(stretch);
            }
        }
        Ok(())
    }
}

fn machine(number: u32) -> &'static str {
    match number {
        7 => "x86",
        0x0100_0007 => "x86-64",
        12 => "ARM",
        0x0100_000c => "ARM 64",
        18 => "PowerPC",
        0x0100_0012 => "PowerPC 64",
        _ => "of another processor",
    }
}

const READ_WRITE: u32 = 3;
const WRITABLE: u32 = 2;
const MOST_PARTS: u32 = 32;
const CUT: BinaryError = BinaryError::Damaged("its load commands are cut");
