//! The shape of a transparency log: hashes of its tree, the order they are stored in, the tiles they are read in.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gomod::TileId;
use sha2::{Digest, Sha256};

/// A SHA-256 hash in the tree. `Display` is base64, as in signed texts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The root of a log without records.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The hash of one record's text.
    pub fn leaf(record: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(record).finalize().into())
    }

    /// The hash over two subtrees, left before right.
    pub fn node(left: &Self, right: &Self) -> Self {
        Self(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// The 32 bytes, as tiles hold them.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Where the hash of the `n`-th complete subtree of `level` lies when all such hashes are stored in the order in
/// which they become known. Level 0 are the records. `None` where the number would not fit.
pub fn stored_hash_index(level: u8, n: u64) -> Option<u64> {
    // The last record below the subtree; all hashes of the records before it are stored, which is twice their
    // number less the subtrees that are still open, and then one hash per level up to the one asked for.
    let last = n.checked_add(1)?.checked_mul(1u64.checked_shl(level.into())?)? - 1;
    last.checked_mul(2)?.checked_sub(last.count_ones().into())?.checked_add(level.into())
}

/// The tiles that become readable when a log grows from `old` to `new` records: per level, from the bottom, all
/// that were completed, then the partial one at the right edge. Lazy, because a growth may be large.
pub fn new_tiles(old: u64, new: u64) -> impl Iterator<Item = TileId> {
    let levels = (0..u64::BITS / TILE_HEIGHT).take_while(move |level| new >> (TILE_HEIGHT * level) > 0);
    levels.flat_map(move |level| {
        let (had, has) = (old >> (TILE_HEIGHT * level), new >> (TILE_HEIGHT * level));
        let (first, edge) = (had / TILE_WIDTH, has / TILE_WIDTH);
        let partial = has % TILE_WIDTH;
        let complete = (first..edge).map(|n| (n, TILE_WIDTH));
        let grown = complete.chain((partial > 0).then_some((edge, partial)));
        grown.filter(move |_| had < has).filter_map(move |(n, width)| tile(level, n, width))
    })
}

fn tile(level: u32, n: u64, width: u64) -> Option<TileId> {
    TileId::new(Some(u8::try_from(level).ok()?), n, u16::try_from(width).ok()?).ok()
}

/// Hashes of one level in a full tile, and its logarithm: the go command reads no other size.
const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;
const TILE_HEIGHT: u32 = 8;
