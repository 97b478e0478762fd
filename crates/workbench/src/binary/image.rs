//! A program as it would lie in memory, by the headers of its file.

use super::{
    BinaryError,
    fields::{Order, Width},
    fixups::Fixups,
    source::Source,
    symbols::SymbolTable,
};

/// A program, whatever the format of its file.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) format: &'static str,
    pub(super) machine: &'static str,
    pub(super) order: Order,
    pub(super) width: Width,
    pub(super) segments: Vec<Segment>,
    /// Where the build info is looked for, as debug/buildinfo does.
    pub(super) info: Option<Stretch>,
    pub(super) symbols: Option<SymbolTable>,
    pub(super) fixups: Fixups,
}

/// Bytes of the file that lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) len: u64,
    pub(super) writable: bool,
}

/// A stretch of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) address: u64,
    pub(super) len: u64,
}

impl Image {
    /// The format and the processor.
    pub(super) fn kind(&self) -> String {
        let bits = self.width.bytes() * 8;
        format!("{} {bits}-bit {}", self.format, self.machine)
    }

    /// Whether the file names its variables.
    pub(super) fn has_names(&self) -> bool {
        self.symbols.is_some()
    }

    /// At most `len` bytes of memory; fewer where the segment ends. `None` where nothing lies.
    pub(super) fn read(
        &self,
        source: &Source<'_>,
        address: u64,
        len: u64,
    ) -> Result<Option<Vec<u8>>, BinaryError> {
        let Some((segment, into)) = self.segment(address) else { return Ok(None) };
        source.bytes(segment.offset.saturating_add(into), (segment.len - into).min(len)).map(Some)
    }

    /// Exactly `len` bytes of memory, if they lie there.
    pub(super) fn read_all(
        &self,
        source: &Source<'_>,
        address: u64,
        len: u64,
    ) -> Result<Option<Vec<u8>>, BinaryError> {
        let fits = self.segment(address).is_some_and(|(segment, into)| segment.len - into >= len);
        if fits { self.read(source, address, len) } else { Ok(None) }
    }

    fn segment(&self, address: u64) -> Option<(&Segment, u64)> {
        self.segments.iter().find_map(|segment| {
            let into = address.checked_sub(segment.address)?;
            (into < segment.len).then_some((segment, into))
        })
    }
}
