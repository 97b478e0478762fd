//! Addresses that are put in when a program is loaded.
//!
//! A program that can be loaded anywhere holds in its data not the addresses themselves. Go's own linker writes them
//! there all the same; those of the system do not.

use super::{
    BinaryError,
    fields::{Fields, Order},
    source::Source,
};

/// How addresses come into the data.
#[derive(Debug, Default)]
pub(super) struct Fixups {
    /// The tables of an ELF file with addends of 64 bits: where in the file, and how many bytes.
    tables: Vec<(u64, u64)>,
    /// In a Mach-O file an address may be a link of a chain, relative to this.
    chained: Option<u64>,
}

impl Fixups {
    /// The addresses are in the data.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// They may be in these tables.
    pub(super) fn new(tables: Vec<(u64, u64)>) -> Self {
        Fixups { tables, chained: None }
    }

    /// They may be links of a chain.
    pub(super) fn chained(base: u64) -> Self {
        Fixups { tables: Vec::new(), chained: Some(base) }
    }

    /// What the address that is written as `written` at `place` may be, the likeliest first.
    pub(super) fn resolve(
        &self,
        source: &Source<'_>,
        order: Order,
        place: u64,
        written: u64,
    ) -> Result<Vec<u64>, BinaryError> {
        let mut found = vec![written];
        if let Some(base) = self.chained {
            // DYLD_CHAINED_PTR_64 and DYLD_CHAINED_PTR_64_OFFSET (mach-o/fixup-chains.h).
            let target = written & ((1 << 36) - 1);
            found.extend([target, base.wrapping_add(target)]);
        }
        if written == 0 {
            for (offset, len) in &self.tables {
                let table = source.bytes(*offset, *len)?;
                for entry in Fields::new(&table, order).each(24) {
                    if entry.u64(0)? == place {
                        found.push(entry.u64(16)?);
                    }
                }
            }
        }
        Ok(found)
    }
}
