//! Tiles as they were received, and the records in a tile of records.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use gomod::TileId;

use crate::record::record_text;
use crate::tlog::Hash;

/// The body of a tile as it was received. Nothing in it is believed. Cheap to clone.
///
/// The hashes over its entries are worked out once for all clones, when they are first needed: those who prove many
/// records meet the same few tiles again and again.
#[derive(Clone)]
pub struct Tile(Arc<Inner>);

struct Inner {
    body: Vec<u8>,
    /// From the entries upwards, the hashes over the complete subtrees of each height.
    levels: OnceLock<Vec<Vec<Entry>>>,
}

/// One hash in a tile.
pub(crate) type Entry = [u8; HASH_LEN];

impl Tile {
    /// The hash over the `n`-th complete subtree of a height over its entries, read as those of a tile of hashes.
    pub(crate) fn node(&self, height: u8, n: usize) -> Option<Hash> {
        let entries: &[Entry] = self.0.body.as_chunks().0;
        if height == 0 {
            return entries.get(n).copied().map(Hash::from);
        }
        let levels = self.0.levels.get_or_init(|| {
            let mut levels: Vec<Vec<Entry>> = Vec::with_capacity(8);
            for _ in 0..8 {
                let below = levels.last().map_or(entries, Vec::as_slice);
                let over = |[left, right]: &[Entry; 2]| {
                    *Hash::node(&Hash::from(*left), &Hash::from(*right)).as_bytes()
                };
                levels.push(below.as_chunks().0.iter().map(over).collect());
            }
            levels
        });
        levels.get(usize::from(height) - 1)?.get(n).copied().map(Hash::from)
    }

    /// The hashes of the largest complete subtrees over the first `width` entries, from the left.
    pub(crate) fn peaks(&self, width: usize) -> Option<Vec<Hash>> {
        let heights = (0..=8_u8).rev().filter(|height| width >> height & 1 == 1);
        heights.map(|height| self.node(height, (width >> height) - 1)).collect()
    }
}

impl AsRef<[u8]> for Tile {
    fn as_ref(&self) -> &[u8] {
        &self.0.body
    }
}

impl From<Vec<u8>> for Tile {
    fn from(body: Vec<u8>) -> Self {
        Tile(Arc::new(Inner { body, levels: OnceLock::new() }))
    }
}

impl fmt::Debug for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tile({} bytes)", self.0.body.len())
    }
}

/// Tile bodies as they were received, at most one for each id. Nothing in them is believed.
///
/// A wider tile serves for a narrower one in the same place, as it begins with the same entries.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    bodies: BTreeMap<TileId, Tile>,
}

impl Tiles {
    /// No tiles.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a body of any content, in place of an earlier one of the same id.
    pub fn insert(&mut self, id: TileId, body: impl Into<Tile>) {
        self.bodies.insert(id, body.into());
    }

    /// Drops every body that could serve for a tile: after a lie, so that it can be fetched elsewhere.
    pub fn forget(&mut self, id: TileId) {
        let gone: Vec<TileId> = self.bodies.range(id..=id.full()).map(|(stored, _)| *stored).collect();
        for stored in gone {
            self.bodies.remove(&stored);
        }
    }

    /// The body of a tile, exactly as many entries as its width: as it was received, or the beginning of a wider one.
    /// `None` when there is none, or when the one there is has the wrong length.
    pub fn get(&self, id: TileId) -> Option<&[u8]> {
        self.find(id)?.ok().map(|(_, body)| body)
    }

    /// The same as a tile of its own.
    pub fn tile(&self, id: TileId) -> Option<Tile> {
        let (tile, body) = self.find(id)?.ok()?;
        let whole = tile.as_ref().len() == body.len();
        Some(if whole { tile.clone() } else { Tile::from(body.to_vec()) })
    }

    /// Like [`Tiles::get`], with the tile that it is the beginning of, but an error with the id of the malformed body.
    pub(crate) fn find(&self, id: TileId) -> Option<Result<(&Tile, &[u8]), TileId>> {
        let (stored, tile) = self.bodies.range(id..=id.full()).next()?;
        let body = tile.as_ref();
        let whole = match stored.level() {
            Some(_) => body.len() == usize::from(stored.width()) * HASH_LEN,
            None => records(body).is_some_and(|records| records.len() == usize::from(stored.width())),
        };
        let beginning = cut(body, id).filter(|_| whole);
        Some(beginning.map(|beginning| (tile, beginning)).ok_or(*stored))
    }
}

/// The records in a tile of records, or in any number of such tiles one behind the other: each is a text of lines,
/// and an empty line follows it. `None` if the form is wrong.
pub fn records(body: &[u8]) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\n\n")?;
        let (record, after) = rest.split_at_checked(end + 1)?;
        found.push(record_text(record).ok()?);
        rest = after.get(1..)?;
    }
    Some(found)
}

/// The first `id.width()` entries of a tile in the place of `id`. `None` if it has fewer.
pub(crate) fn cut(body: &[u8], id: TileId) -> Option<&[u8]> {
    let width = usize::from(id.width());
    let len = match id.level() {
        Some(_) => width * HASH_LEN,
        None => records(body)?.get(..width)?.iter().map(|record| record.len() + 1).sum(),
    };
    body.get(..len)
}

/// Bytes of a hash in a tile.
pub(crate) const HASH_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_is_hashed_once_for_all_its_clones() {
        let entries: Vec<Entry> = (0..=255).map(|n| [n; HASH_LEN]).collect();
        let tile = Tile::from(entries.concat());
        let clone = tile.clone();
        assert!(clone.0.levels.get().is_none());
        let root = tile.node(8, 0).unwrap();
        assert_eq!(clone.0.levels.get().unwrap()[7], [*root.as_bytes()]);

        let hash = |n: u8| Hash::from([n; HASH_LEN]);
        assert_eq!(clone.node(1, 3), Some(Hash::node(&hash(6), &hash(7))));
        assert_eq!((clone.node(0, 256), clone.node(8, 1), clone.node(9, 0)), (None, None, None));
        // What is incomplete has no hash.
        let part = Tile::from(entries[..7].concat());
        assert_eq!((part.node(1, 2), part.node(1, 3)), (clone.node(1, 2), None));
    }
}
