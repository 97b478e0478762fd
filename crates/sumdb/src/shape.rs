//! Which tiles a tree of a given size has, and which of them lie above which records.

use std::collections::BTreeSet;

use gomod::TileId;

/// The tiles of a tree of some size. Its right edge is one partial tile per level that has any, all others are full;
/// every full tile is one entry of the level above, so that a chain leads from each tile to the edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape(u64);

impl Shape {
    /// `None` for more records than the client can count.
    pub(crate) fn new(size: u64) -> Option<Self> {
        i64::try_from(size).is_ok().then_some(Self(size))
    }

    /// The tile in a place, as wide as this tree has it. `None` where the tree has nothing.
    pub(crate) fn tile(self, level: u8, n: u64) -> Option<TileId> {
        let entries = self.entries(level).checked_sub(n.checked_mul(FULL)?)?;
        TileId::new(Some(level), n, u16::try_from(entries.min(FULL)).ok()?).ok()
    }

    /// The partial tiles, from the lowest level. Together they give the root.
    pub(crate) fn edge(self) -> impl Iterator<Item = TileId> {
        let levels = (0..LEVELS).filter(move |&level| !self.entries(level).is_multiple_of(FULL));
        levels.filter_map(move |level| self.tile(level, self.entries(level) / FULL))
    }

    /// The tile that holds the hash over a full tile. `None` for the edge, which only the root is over.
    pub(crate) fn parent(self, tile: TileId) -> Option<TileId> {
        let above = tile.level()?.checked_add(1)?;
        if tile.is_full() { self.tile(above, tile.n() / FULL) } else { None }
    }

    /// Tiles of hashes with all that is needed to authenticate them: the edge, and their chains up to it. Each stands
    /// behind its parent.
    pub(crate) fn closure(self, wanted: impl IntoIterator<Item = TileId>) -> Vec<TileId> {
        let mut all: BTreeSet<TileId> = self.edge().collect();
        for tile in wanted {
            let mut next = Some(tile);
            while let Some(tile) = next.filter(|&tile| all.insert(tile)) {
                next = self.parent(tile);
            }
        }
        all.into_iter().rev().collect()
    }

    /// The tile of this tree in which its first `old` records end: the lowest that their right edge runs through. All
    /// others it runs through lie above this one or are at the edge of this tree. `None` for no records.
    pub(crate) fn end_of(self, old: u64) -> Option<TileId> {
        let end = Self(old).edge().next()?;
        self.tile(end.level()?, end.n())
    }

    fn entries(self, level: u8) -> u64 {
        self.0.checked_shr(8 * u32::from(level)).unwrap_or(0)
    }
}

/// What must be stored before the head of `new` records may take the place of the one of `old`: the tiles of the new
/// tree along the old one's right edge, and its own right edge.
///
/// With them, whatever stored tiles proved of a record under `old` can be proven under `new`, and `old` can be proven
/// to be a prefix. They are complete in themselves: the parent of each is among them. At most 16; none if `new` is
/// smaller than `old` or larger than any log.
pub fn anchor_tiles(old: u64, new: u64) -> Vec<TileId> {
    match Shape::new(new) {
        Some(shape) if old <= new => shape.closure(shape.end_of(old)),
        _ => Vec::new(),
    }
}

/// Entries of a full tile, and levels of tiles in the largest log.
const FULL: u64 = TileId::FULL as u64;
pub(crate) const LEVELS: u8 = 8;
