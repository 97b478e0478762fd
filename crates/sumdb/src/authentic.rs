//! Tiles that were checked against a tree head, from its root hash downwards.

use std::collections::BTreeMap;

use gomod::TileId;

use crate::evil::Evil;
use crate::proof::Unproved;
use crate::shape::Shape;
use crate::tiles::{Entry, Tile, Tiles};
use crate::tlog::Hash;
use crate::tree::Head;

/// Tiles of hashes under one head, all of them authentic.
pub(crate) struct Authentic<'a> {
    tiles: BTreeMap<TileId, Part<'a>>,
    size: u64,
}

/// The beginning of a tile of hashes, as wide as the head's tree has it.
#[derive(Clone, Copy)]
struct Part<'a> {
    tile: &'a Tile,
    entries: &'a [Entry],
}

impl<'a> Authentic<'a> {
    /// Checks the tiles `wanted`, as wide as the head's tree has them, and all tiles above them. `also` names tiles
    /// that are needed besides, so that one round fetches everything.
    pub(crate) fn check(
        head: &Head,
        wanted: impl IntoIterator<Item = TileId>,
        also: impl IntoIterator<Item = TileId>,
        have: &'a Tiles,
    ) -> Result<Self, Unproved> {
        let shape = Shape::new(head.size).ok_or(Unproved::Security(Evil::Size(head.size)))?;
        let order = shape.closure(wanted);
        let lie = |tiles| Unproved::Security(Evil::Tile { tiles, size: head.size });

        let mut missing = Vec::new();
        let mut tiles = BTreeMap::new();
        for &id in &order {
            match have.find(id) {
                Some(Ok((tile, body))) => {
                    let entries = body.as_chunks().0;
                    tiles.insert(id, Part { tile, entries });
                }
                Some(Err(malformed)) => return Err(lie(vec![malformed])),
                None => missing.push(id),
            }
        }
        for id in also {
            match have.find(id) {
                Some(Ok(_)) => (),
                Some(Err(malformed)) => return Err(lie(vec![malformed])),
                None => missing.push(id),
            }
        }
        if !missing.is_empty() {
            return Err(Unproved::Need(missing));
        }

        // The edge gives the root. If it gives another one, there is no telling which tile of it is to blame.
        let edge: Vec<TileId> = shape.edge().collect();
        let peaks: Option<Vec<_>> = edge.iter().rev().map(|id| tiles.get(id)?.peaks()).collect();
        if peaks.is_none_or(|peaks| root_over(&peaks.concat()) != head.root) {
            return Err(lie(edge));
        }
        // Every other tile is full, and is one entry of its parent, which was checked before it.
        for &id in order.iter().filter(|id| !edge.contains(id)) {
            let place = usize::try_from(id.n() % u64::from(TileId::FULL)).ok();
            let entry =
                shape.parent(id).zip(place).and_then(|(parent, place)| tiles.get(&parent)?.node(0, place));
            let over = tiles.get(&id).and_then(|part| part.node(8, 0));
            if entry.is_none() || over != entry {
                return Err(lie(vec![id]));
            }
        }
        Ok(Self { tiles, size: head.size })
    }

    /// The ids of the tiles, parents first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = TileId> {
        self.tiles.keys().rev().copied()
    }

    /// The hashes in a tile, as many as the head's tree has.
    pub(crate) fn entries(&self, id: TileId) -> Option<&'a [Entry]> {
        self.tiles.get(&id).map(|part| part.entries)
    }

    /// The hash over the `n`-th complete subtree of a level of the tree, where its tile is among these.
    pub(crate) fn node(&self, level: u8, n: u64) -> Option<Hash> {
        let height = level % 8;
        let first = n.checked_mul(1 << height)?;
        let tile = Shape::new(self.size)?.tile(level / 8, first / u64::from(TileId::FULL))?;
        let at = usize::try_from(first % u64::from(TileId::FULL)).ok()?;
        self.tiles.get(&tile)?.node(height, at >> height)
    }

    /// The root over the first `size` records, where the tiles along their edge are among these.
    pub(crate) fn root(&self, size: u64) -> Option<Hash> {
        let bits = (0..63_u8).rev().filter(|bit| size >> bit & 1 == 1);
        let peaks: Option<Vec<Hash>> = bits.map(|bit| self.node(bit, (size >> bit) - 1)).collect();
        peaks.map(|peaks| root_over(&peaks))
    }
}

impl Part<'_> {
    /// The hash over the `n`-th complete subtree of a height over the entries.
    fn node(&self, height: u8, n: usize) -> Option<Hash> {
        let within = (n + 1) << height <= self.entries.len();
        if within { self.tile.node(height, n) } else { None }
    }

    fn peaks(&self) -> Option<Vec<Hash>> {
        self.tile.peaks(self.entries.len())
    }
}

/// The root over the largest complete subtrees of a tree, given from the left.
pub(crate) fn root_over(peaks: &[Hash]) -> Hash {
    peaks.iter().rev().copied().reduce(|right, left| Hash::node(&left, &right)).unwrap_or_else(Hash::empty)
}
