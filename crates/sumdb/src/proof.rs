//! Proofs over tiles: that a tree is the beginning of another, that a record or a tile lies in a tree.
//!
//! The algorithm is that of the go command (x/mod `sumdb/client.go`, `sumdb/tlog`), without its fetching: a proof that
//! lacks tiles says which, all at once, and is tried again when they are there. Two or three rounds are the most.

use gomod::TileId;
use thiserror::Error;

use crate::authentic::Authentic;
use crate::evil::{Evil, Fork};
use crate::record::Lookup;
use crate::shape::{Shape, anchor_tiles};
use crate::tiles::{Tiles, cut, records};
use crate::tlog::Hash;
use crate::tree::Head;

/// Why something is not proven.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unproved {
    /// These tiles are needed: fetch them side by side and call again. Never empty; at most 24 for one proof.
    #[error("{} tiles are needed", .0.len())]
    Need(Vec<TileId>),
    /// The head's tree has no such tile: it is too small. Only for tiles that were asked for by name.
    #[error("the tree is too small to have tile {0}")]
    Beyond(TileId),
    /// An answer cannot be part of an honest log.
    #[error(transparent)]
    Security(#[from] Evil),
}

/// A record that is proven to lie in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The larger of the known head and the lookup's. The record lies in its tree, and the smaller one is its prefix.
    pub head: Head,
    /// Whether `head` is the lookup's and goes beyond the known one.
    pub newer: bool,
    /// The authentic tiles, as [`Tiles::get`] gives them. Only these may be stored. If `newer`, all of
    /// [`anchor_tiles`] from the known head on are among them.
    pub tiles: Vec<TileId>,
}

/// Proves that the tree of `old` is the beginning of the tree of `new`, and gives the tiles that were authenticated
/// under `new`: all of [`anchor_tiles`], or none if the trees are the same.
pub fn extends(old: &Head, new: &Head, have: &Tiles) -> Result<Vec<TileId>, Unproved> {
    if old.size > new.size {
        return Err(Evil::Rollback { old: old.size, new: new.size }.into());
    }
    same_size(old, new)?;
    if old.size == new.size {
        return Ok(Vec::new());
    }
    let authentic = Authentic::check(new, anchor_tiles(old.size, new.size), None, have)?;
    prefix(old, new, &authentic)?;
    Ok(authentic.ids().collect())
}

/// Proves that a lookup's record lies in the log: that `known`, the newest head so far, and `signed`, the one that came
/// with the lookup and was opened with the database's key, are one history, and that the record lies in the longer one.
///
/// The record's number must lie within `signed`. What the record says of a version is to be read with
/// [`Lookup::hashes`] of the same lookup, which reads nothing but the text that is proven here.
pub fn prove(
    known: Option<&Head>,
    signed: &Head,
    lookup: &Lookup<'_>,
    have: &Tiles,
) -> Result<Proved, Unproved> {
    let id = lookup.id();
    if id >= signed.size {
        return Err(Evil::Outside { id, size: signed.size }.into());
    }
    let (old, new) = match known {
        Some(known) if known.size >= signed.size => (Some(signed), known),
        known => (known, signed),
    };
    if let Some(known) = known {
        same_size(known, signed)?;
    }
    let old = old.filter(|old| old.size < new.size);

    let shape = Shape::new(new.size).ok_or(Evil::Size(new.size))?;
    let end = old.and_then(|old| shape.end_of(old.size));
    let leaf = shape.tile(0, id / u64::from(TileId::FULL));
    let authentic = Authentic::check(new, end.into_iter().chain(leaf), None, have)?;

    if let Some(old) = old {
        prefix(old, new, &authentic)?;
    }
    if authentic.node(0, id) != Some(Hash::leaf(lookup.text().as_bytes())) {
        return Err(Evil::Record { id, size: new.size }.into());
    }
    let newer = known.is_none_or(|known| signed.size > known.size);
    Ok(Proved { head: *new, newer, tiles: authentic.ids().collect() })
}

/// An authentic tile of hashes or records for a client: exactly `id.width()` entries, whatever wider tile they come
/// from. Beside it, the tiles that were authenticated on the way; the tile itself may be stored as well.
pub fn tile(head: &Head, id: TileId, have: &Tiles) -> Result<(Vec<u8>, Vec<TileId>), Unproved> {
    let authentic = authenticate(head, &[id], have)?;
    // Not the body that is there for `id`: a narrower one than was authenticated may lie beside it.
    let source = authentic.iter().find(|source| (id..=id.full()).contains(source));
    let body = source.and_then(|source| cut(have.get(*source)?, id));
    Ok((body.ok_or(Unproved::Beyond(id))?.to_vec(), authentic))
}

/// Authenticates any number of tiles under one head and gives all that were, those above them among them: each as wide
/// as the head's tree has it, or for a tile of records at least as wide as asked for.
pub fn authenticate(head: &Head, ids: &[TileId], have: &Tiles) -> Result<Vec<TileId>, Unproved> {
    let shape = Shape::new(head.size).ok_or(Evil::Size(head.size))?;
    let mut hashes = Vec::with_capacity(ids.len());
    let mut data = Vec::new();
    for &id in ids {
        let whole = shape.tile(id.level().unwrap_or(0), id.n());
        let whole = whole.filter(|whole| whole.width() >= id.width()).ok_or(Unproved::Beyond(id))?;
        hashes.push(whole);
        if id.level().is_none() {
            let widest = TileId::new(None, id.n(), whole.width()).map_err(|_| Unproved::Beyond(id))?;
            let narrow = have.find(widest).is_none() && have.find(id).is_some();
            data.push((if narrow { id } else { widest }, whole));
        }
    }
    let authentic = Authentic::check(head, hashes, data.iter().map(|(id, _)| *id), have)?;
    for (id, whole) in &data {
        let texts = have.get(*id).and_then(records);
        let same = texts.zip(authentic.entries(*whole)).is_some_and(|(texts, leaves)| {
            let leaf = |text: &&str| *Hash::leaf(text.as_bytes()).as_bytes();
            leaves.get(..texts.len()).is_some_and(|leaves| leaves.iter().copied().eq(texts.iter().map(leaf)))
        });
        if !same {
            return Err(Evil::Tile { tiles: vec![*id], size: head.size }.into());
        }
    }
    Ok(authentic.ids().chain(data.into_iter().map(|(id, _)| id)).collect())
}

/// Two trees of one size are one tree. An empty one has the root of nothing.
fn same_size(one: &Head, other: &Head) -> Result<(), Evil> {
    if one.size == other.size && one.root != other.root {
        return Err(Evil::Fork(Box::new(Fork {
            old: *one,
            new: *other,
            root: other.root,
            proof: Vec::new(),
        })));
    }
    Ok(())
}

fn prefix(old: &Head, new: &Head, authentic: &Authentic<'_>) -> Result<(), Evil> {
    match authentic.root(old.size) {
        Some(root) if root == old.root => Ok(()),
        Some(root) => {
            let proof = consistency(old.size, 0, new.size, authentic).unwrap_or_default();
            Err(Evil::Fork(Box::new(Fork { old: *old, new: *new, root, proof })))
        }
        None => Err(Evil::Tile { tiles: authentic.ids().collect(), size: new.size }),
    }
}

/// The consistency proof of RFC 6962 for the first `old` records within the subtree of the records from `start` to
/// `end`, of which `start` is its beginning too.
fn consistency(old: u64, start: u64, end: u64, authentic: &Authentic<'_>) -> Option<Vec<Hash>> {
    if old == 0 {
        return Some(Vec::new());
    }
    if old == end {
        return if start == 0 { Some(Vec::new()) } else { Some(vec![subtree(start, end, authentic)?]) };
    }
    let middle = start + half(end - start);
    let (mut proof, other) = if old <= middle {
        (consistency(old, start, middle, authentic)?, subtree(middle, end, authentic)?)
    } else {
        (consistency(old, middle, end, authentic)?, subtree(start, middle, authentic)?)
    };
    proof.push(other);
    Some(proof)
}

/// The hash over the records from `start` to `end`, one subtree of the tree.
fn subtree(start: u64, end: u64, authentic: &Authentic<'_>) -> Option<Hash> {
    let size = end - start;
    if size.is_power_of_two() {
        let level = size.trailing_zeros();
        return authentic.node(u8::try_from(level).ok()?, start >> level);
    }
    let middle = start + half(size);
    Some(Hash::node(&subtree(start, middle, authentic)?, &subtree(middle, end, authentic)?))
}

/// The largest power of two below a number of at least 2.
fn half(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
