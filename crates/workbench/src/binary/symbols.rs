//! The names of a program's variables, where they were not stripped.

use super::{
    BinaryError,
    fields::{Fields, Order, until_zero},
    source::Source,
};

/// A table of symbols.
#[derive(Clone, Copy, Debug)]
pub(super) struct SymbolTable {
    pub(super) layout: Layout,
    /// Where the entries are in the file, and how many bytes.
    pub(super) table: (u64, u64),
    /// Where their names are.
    pub(super) names: (u64, u64),
}

/// How an entry is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Elf32,
    Elf64,
    MachO32,
    MachO64,
    Coff,
}

/// Where a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At an address.
    Address(u64),
    /// So far into a section, which counts from 1.
    Section(usize, u64),
}

impl Layout {
    /// How long an entry is.
    pub(super) fn entry(self) -> usize {
        match self {
            Layout::Elf64 => 24,
            Layout::MachO32 => 12,
            Layout::Elf32 | Layout::MachO64 => 16,
            Layout::Coff => 18,
        }
    }

    fn value(self, entry: Fields<'_>) -> Result<Option<Place>, BinaryError> {
        Ok(match self {
            Layout::Elf32 => Some(Place::Address(u64::from(entry.u32(4)?))),
            Layout::Elf64 | Layout::MachO64 => Some(Place::Address(entry.u64(8)?)),
            Layout::MachO32 => Some(Place::Address(u64::from(entry.u32(8)?))),
            Layout::Coff => {
                let section = entry.u16(12)?;
                let into = u64::from(entry.u32(8)?);
                (1..0x7fff).contains(&section).then(|| Place::Section(usize::from(section), into))
            }
        })
    }
}

impl SymbolTable {
    /// Where the variable of this name is, and whether the linker set it: then it made a symbol for the text, too
    /// (cmd/link/internal/ld, `addstrdata`). A linker puts the path of a package into a name with the dots of its last
    /// element escaped (cmd/internal/objabi, `PathToPrefix`).
    pub(super) fn find(
        &self,
        source: &Source<'_>,
        order: Order,
        name: &str,
    ) -> Result<(Option<Place>, bool), BinaryError> {
        let table = source.bytes(self.table.0, self.table.1)?;
        let names = source.bytes(self.names.0, self.names.1)?;
        let mark = if matches!(self.layout, Layout::MachO32 | Layout::MachO64) { "_" } else { "" };
        let wanted = [format!("{mark}{name}"), format!("{mark}{}", escaped(name))];
        let (mut place, mut linked) = (None, false);
        for entry in Fields::new(&table, order).each(self.layout.entry()) {
            let found = match (self.layout, entry.u32(0)?) {
                // A name of at most eight bytes stands in the entry itself.
                (Layout::Coff, 1..) => entry.name(0, 8)?,
                (Layout::Coff, 0) => from(&names, entry.u32(4)?),
                (_, at) => from(&names, at),
            };
            let is = |found: &[u8]| wanted.iter().any(|wanted| wanted.as_bytes() == found);
            if is(found) {
                place = self.layout.value(entry)?.or(place);
            }
            linked |= found.strip_suffix(b".str").is_some_and(is);
        }
        Ok((place, linked))
    }
}

fn from(names: &[u8], at: u32) -> &[u8] {
    let rest = usize::try_from(at).ok().and_then(|at| names.get(at..)).unwrap_or_default();
    // No name of a variable is longer, and a table without zeros must not be read again for each entry.
    until_zero(rest.get(..LONGEST).unwrap_or(rest))
}

fn escaped(name: &str) -> String {
    let Some((package, variable)) = name.rsplit_once('.') else { return name.to_owned() };
    match package.rsplit_once('/') {
        Some((before, last)) => format!("{before}/{}.{variable}", last.replace('.', "%2e")),
        None => name.to_owned(),
    }
}

const LONGEST: usize = 4096;
