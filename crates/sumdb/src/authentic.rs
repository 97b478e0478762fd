//! Tiles that were checked against a tree head, from its root hash downwards.

use std::collections::BTreeMap;

use gomod::TileId;

use crate::evil::Evil;
use crate::proof::Unproved;
use crate::shape::Shape;
use crate::tiles::{HASH_LEN, Tiles};
use crate::tlog::Hash;
use crate::tree::Head;

/// Tiles of hashes under one head, all of them authentic.
pub(crate) struct Authentic<'a> {
    tiles: BTreeMap<TileId, &'a [Entry]>,
    size: u64,
}

/// One hash in a tile.
pub(crate) type Entry = [u8; HASH_LEN];

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
                Some(Ok(body)) => drop(tiles.insert(id, body.as_chunks().0)),
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
        let peaks = edge.iter().rev().flat_map(|id| peaks(tiles.get(id).copied().unwrap_or_default()));
        if root_over(&peaks.collect::<Vec<_>>()) != head.root {
            return Err(lie(edge));
        }
        // Every other tile is full, and is one entry of its parent, which was checked before it.
        for &id in order.iter().filter(|id| !edge.contains(id)) {
            let place = usize::try_from(id.n() % u64::from(TileId::FULL)).ok();
            let entry =
                shape.parent(id).zip(place).and_then(|(parent, place)| tiles.get(&parent)?.get(place));
            let entries: &[Entry] = tiles.get(&id).copied().unwrap_or_default();
            if entry.is_none_or(|entry: &Entry| subtree(entries) != Hash::from(*entry)) {
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
        self.tiles.get(&id).copied()
    }

    /// The hash over the `n`-th complete subtree of a level of the tree, where its tile is among these.
    pub(crate) fn node(&self, level: u8, n: u64) -> Option<Hash> {
        let height = level % 8;
        let first = n.checked_mul(1 << height)?;
        let tile = Shape::new(self.size)?.tile(level / 8, first / u64::from(TileId::FULL))?;
        let at = usize::try_from(first % u64::from(TileId::FULL)).ok()?;
        Some(subtree(self.entries(tile)?.get(at..at + (1 << height))?))
    }

    /// The root over the first `size` records, where the tiles along their edge are among these.
    pub(crate) fn root(&self, size: u64) -> Option<Hash> {
        let bits = (0..63_u8).rev().filter(|bit| size >> bit & 1 == 1);
        let peaks: Option<Vec<Hash>> = bits.map(|bit| self.node(bit, (size >> bit) - 1)).collect();
        peaks.map(|peaks| root_over(&peaks))
    }
}

/// The hashes of the largest complete subtrees over an edge tile, from the left.
pub(crate) fn peaks(entries: &[Entry]) -> Vec<Hash> {
    let mut rest = entries;
    let bits = (0..usize::BITS).rev().filter(|bit| entries.len() >> bit & 1 == 1);
    let next = |bit| {
        let (peak, after) = rest.split_at(1_usize << bit);
        rest = after;
        subtree(peak)
    };
    bits.map(next).collect()
}

/// The root over the largest complete subtrees of a tree, given from the left.
pub(crate) fn root_over(peaks: &[Hash]) -> Hash {
    peaks.iter().rev().copied().reduce(|right, left| Hash::node(&left, &right)).unwrap_or_else(Hash::empty)
}

/// The hash over a power of two of entries.
fn subtree(entries: &[Entry]) -> Hash {
    match entries {
        [] => Hash::empty(),
        [one] => Hash::from(*one),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            Hash::node(&subtree(left), &subtree(right))
        }
    }
}
