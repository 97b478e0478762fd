//! Growing a log of one's own: from its right edge and new records to new tiles and a new head.

use gomod::TileId;
use thiserror::Error;

use crate::authentic::root_over;
use crate::proof::{Unproved, authenticate};
use crate::record::{RecordError, new_record};
use crate::shape::{LEVELS, Shape};
use crate::tiles::{HASH_LEN, Tiles};
use crate::tlog::Hash;
use crate::tree::Head;

/// The right edge of a log: all that is needed to append to it. At most 64 KiB of hashes and 255 records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Hashes of the largest complete subtrees side by side, one per one-bit of the size, from the left.
    peaks: Vec<Hash>,
    /// The partial tile of hashes per level, from the bottom. Empty where the edge lies between two tiles.
    hashes: [Vec<u8>; LEVELS as usize],
    /// The partial tile of records.
    records: Vec<u8>,
}

impl Frontier {
    /// A log without records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a log at its signed head, from the tiles of its right edge: of hashes on every level, and of records.
    /// They are authenticated, so that nothing is ever appended to something else.
    pub fn from_tiles(head: &Head, have: &Tiles) -> Result<Self, Unproved> {
        let shape = Shape::new(head.size);
        let edge: Vec<TileId> = shape.into_iter().flat_map(Shape::edge).collect();
        let bottom = edge.iter().find(|tile| tile.level() == Some(0));
        let data = bottom.and_then(|tile| TileId::new(None, tile.n(), tile.width()).ok());
        authenticate(head, data.as_slice(), have)?;

        let mut frontier = Self { size: head.size, ..Self::default() };
        frontier.records = data.and_then(|data| have.get(data)).unwrap_or_default().to_vec();
        for tile in edge.iter().rev() {
            let Some(body) = have.tile(*tile) else { continue };
            frontier.peaks.extend(body.peaks(usize::from(tile.width())).unwrap_or_default());
            if let Some(edge) = frontier.hashes.get_mut(usize::from(tile.level().unwrap_or(0))) {
                body.as_ref().clone_into(edge);
            }
        }
        Ok(frontier)
    }

    /// Number of records.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Size and root, to be signed.
    pub fn head(&self) -> Head {
        Head { size: self.size, root: root_over(&self.peaks) }
    }

    /// Appends one record and gives the tiles that it completes: of records and of hashes, from the bottom.
    pub fn append(&mut self, text: &str) -> Result<Vec<(TileId, Vec<u8>)>, GrowError> {
        let mut complete = Vec::new();
        self.push(text, &mut complete)?;
        Ok(complete)
    }

    /// The partial tiles at the right edge: of records and of hashes, from the bottom.
    pub fn edge(&self) -> Vec<(TileId, Vec<u8>)> {
        let Some(shape) = Shape::new(self.size) else { return Vec::new() };
        let mut tiles = Vec::new();
        for id in shape.edge() {
            let level = id.level().unwrap_or(0);
            let Some(body) = self.hashes.get(usize::from(level)) else { continue };
            if let (0, Ok(data)) = (level, TileId::new(None, id.n(), id.width())) {
                tiles.push((data, self.records.clone()));
            }
            tiles.push((id, body.clone()));
        }
        tiles
    }

    fn push(&mut self, text: &str, complete: &mut Vec<(TileId, Vec<u8>)>) -> Result<(), GrowError> {
        new_record(text)?;
        if Shape::new(self.size + 1).is_none() {
            return Err(GrowError::Full);
        }
        self.records.extend_from_slice(text.as_bytes());
        self.records.push(b'\n');

        let mut hash = Hash::leaf(text.as_bytes());
        self.enter(0, &hash, complete);
        // Each one-bit at the end of the size is a subtree that this record makes a pair with.
        for height in (1_u8..).take(self.size.trailing_ones() as usize) {
            let Some(left) = self.peaks.pop() else { break };
            hash = Hash::node(&left, &hash);
            if height.is_multiple_of(8) {
                self.enter(height / 8, &hash, complete);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
        Ok(())
    }

    /// Puts a hash into the edge tile of its level, before the size counts its record.
    fn enter(&mut self, level: u8, hash: &Hash, complete: &mut Vec<(TileId, Vec<u8>)>) {
        let Some(edge) = self.hashes.get_mut(usize::from(level)) else { return };
        edge.extend_from_slice(hash.as_bytes());
        if edge.len() < usize::from(TileId::FULL) * HASH_LEN {
            return;
        }
        let hashes = std::mem::take(edge);
        let n = self.size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
        if let (0, Ok(data)) = (level, TileId::new(None, n, TileId::FULL)) {
            complete.push((data, std::mem::take(&mut self.records)));
        }
        complete.extend(TileId::new(Some(level), n, TileId::FULL).map(|id| (id, hashes)));
    }
}

/// A log after records were appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The new right edge.
    pub frontier: Frontier,
    /// The tiles to write before the head is signed: all of hashes and of records that were completed, and the partial
    /// ones at the new edge. Those on levels where nothing was added are not among them.
    pub tiles: Vec<(TileId, Vec<u8>)>,
    /// The new size and root.
    pub head: Head,
}

/// Appends records in their order; the first gets the number `old.size()`. All or none. Linear in the records.
pub fn grow(old: &Frontier, records: &[&str]) -> Result<Growth, GrowError> {
    let mut frontier = old.clone();
    let mut tiles = Vec::new();
    for text in records {
        frontier.push(text, &mut tiles)?;
    }
    let added = |id: &TileId| {
        let level = 8 * u32::from(id.level().unwrap_or(0));
        old.size.checked_shr(level) < frontier.size.checked_shr(level)
    };
    tiles.extend(frontier.edge().into_iter().filter(|(id, _)| added(id)));
    Ok(Growth { head: frontier.head(), frontier, tiles })
}

/// Why nothing was appended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GrowError {
    /// A text is no record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The log has as many records as the client can count.
    #[error("the log is full: it has as many records as a client can count")]
    Full,
}
