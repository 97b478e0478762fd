//! ELF files: Linux, the BSDs, Solaris and most small systems; both byte orders and word sizes.

use super::{
    BinaryError,
    fields::{Fields, Order, Width, until_zero},
    fixups::Fixups,
    image::{Image, Segment, Stretch},
    source::Source,
    symbols::{Layout, SymbolTable},
};

/// Reads the headers.
pub(super) fn read(source: &Source<'_>) -> Result<Image, BinaryError> {
    let head = source.bytes(0, source.len().min(64))?;
    let (width, order) = match (head.get(4), head.get(5)) {
        (Some(1), Some(1)) => (Width::Four, Order::Little),
        (Some(1), Some(2)) => (Width::Four, Order::Big),
        (Some(2), Some(1)) => (Width::Eight, Order::Little),
        (Some(2), Some(2)) => (Width::Eight, Order::Big),
        _ => return Err(BinaryError::Damaged("its class or byte order is unknown")),
    };
    let head = Fields::new(&head, order);
    let at = Places::of(width);
    let programs = source.bytes(
        head.word(at.program_offset, width)?,
        u64::from(head.u16(at.program_count)?) * at.program_len as u64,
    )?;
    let mut segments = Vec::new();
    let mut data = None;
    for program in Fields::new(&programs, order).each(at.program_len) {
        if program.u32(0)? != LOAD {
            continue;
        }
        let flags = program.u32(at.program_flags)?;
        let (address, memory) = (program.word(at.address, width)?, program.word(at.memory_len, width)?);
        let writable = flags & (EXECUTABLE | WRITABLE) == WRITABLE;
        if writable && data.is_none() {
            data = Some(Stretch { address, len: memory });
        }
        segments.push(Segment {
            address,
            offset: program.word(at.offset, width)?,
            len: program.word(at.file_len, width)?,
            writable,
        });
    }
    let sections = sections(source, head, at, width)?;
    for section in sections.iter().filter(|section| section.kind != NO_BYTES) {
        source.part(section.offset, section.len)?;
    }
    let named = |name: &[u8]| sections.iter().find(|section| section.name == name);
    let info = named(b".go.buildinfo").map(|section| Stretch { address: section.address, len: section.len });
    let symbols = sections.iter().find(|section| section.kind == SYMBOLS).and_then(|table| {
        let names = sections.get(usize::try_from(table.link).ok()?)?;
        let layout = match width {
            Width::Four => Layout::Elf32,
            Width::Eight => Layout::Elf64,
        };
        Some(SymbolTable { layout, table: (table.offset, table.len), names: (names.offset, names.len) })
    });
    let fixups = sections.iter().filter(|section| section.kind == ADDENDS && width == Width::Eight);
    Ok(Image {
        format: "ELF",
        machine: machine(head.u16(18)?),
        order,
        width,
        segments,
        info: info.or(data),
        symbols,
        fixups: Fixups::new(fixups.map(|section| (section.offset, section.len)).collect()),
    })
}

struct Section {
    name: Vec<u8>,
    kind: u32,
    address: u64,
    offset: u64,
    len: u64,
    link: u32,
}

/// The sections; none where the table was stripped.
fn sections(
    source: &Source<'_>,
    head: Fields<'_>,
    at: &Places,
    width: Width,
) -> Result<Vec<Section>, BinaryError> {
    let (offset, count) = (head.word(at.section_offset, width)?, head.u16(at.section_count)?);
    if offset == 0 || count == 0 {
        return Ok(Vec::new());
    }
    let table = source.bytes(offset, u64::from(count) * at.section_len as u64)?;
    let fields: Vec<_> = Fields::new(&table, head.order()).each(at.section_len).collect();
    let names = match fields.get(usize::from(head.u16(at.section_names)?)) {
        Some(names) => source.bytes(
            names.word(at.section_start, width)?,
            names.word(at.section_start + at.word, width)?.min(MOST_NAMES),
        )?,
        None => Vec::new(),
    };
    fields
        .into_iter()
        .map(|section| {
            let name = usize::try_from(section.u32(0)?).ok().and_then(|name| names.get(name..));
            Ok(Section {
                name: until_zero(name.unwrap_or_default()).to_vec(),
                kind: section.u32(4)?,
                address: section.word(at.section_start - at.word, width)?,
                offset: section.word(at.section_start, width)?,
                len: section.word(at.section_start + at.word, width)?,
                link: section.u32(at.section_start + 2 * at.word)?,
            })
        })
        .collect()
}

/// Where the fields lie.
struct Places {
    word: usize,
    program_offset: usize,
    program_count: usize,
    program_len: usize,
    program_flags: usize,
    offset: usize,
    address: usize,
    file_len: usize,
    memory_len: usize,
    section_offset: usize,
    section_count: usize,
    section_names: usize,
    section_len: usize,
    section_start: usize,
}

impl Places {
    fn of(width: Width) -> &'static Self {
        match width {
            Width::Four => &Places {
                word: 4,
                program_offset: 28,
                program_count: 44,
                program_len: 32,
                program_flags: 24,
                offset: 4,
                address: 8,
                file_len: 16,
                memory_len: 20,
                section_offset: 32,
                section_count: 48,
                section_names: 50,
                section_len: 40,
                section_start: 16,
            },
            Width::Eight => &Places {
                word: 8,
                program_offset: 32,
                program_count: 56,
                program_len: 56,
                program_flags: 4,
                offset: 8,
                address: 16,
                file_len: 32,
                memory_len: 40,
                section_offset: 40,
                section_count: 60,
                section_names: 62,
                section_len: 64,
                section_start: 24,
            },
        }
    }
}

fn machine(number: u16) -> &'static str {
    match number {
        2 => "SPARC",
        3 => "x86",
        8 => "MIPS",
        20 => "PowerPC",
        21 => "PowerPC 64",
        22 => "S/390",
        40 => "ARM",
        62 => "x86-64",
        183 => "ARM 64",
        243 => "RISC-V",
        258 => "LoongArch",
        _ => "of another processor",
    }
}

const LOAD: u32 = 1;
const EXECUTABLE: u32 = 1;
const WRITABLE: u32 = 2;
const SYMBOLS: u32 = 2;
const ADDENDS: u32 = 4;
const NO_BYTES: u32 = 8;
/// More than any file has: names of sections, not of symbols.
const MOST_NAMES: u64 = 1 << 20;
