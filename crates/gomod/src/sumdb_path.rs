//! What can be asked of a checksum database.

use std::fmt;

use crate::module_version::ModuleVersion;
use crate::tile_id::TileId;

/// One resource of a checksum database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SumdbPath {
    /// Whether a proxy relays this database.
    Supported,
    /// The signed note of the newest tree.
    Latest,
    /// The record of a module version, with a signed tree that holds it.
    Lookup(ModuleVersion),
    /// A tile of hashes or of records.
    Tile(TileId),
}

/// The path below the database's URL: `latest`, `lookup/example.com/!m@v1.0.0`, `tile/8/0/001.p/5`.
impl fmt::Display for SumdbPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supported => f.write_str("supported"),
            Self::Latest => f.write_str("latest"),
            Self::Lookup(mv) => write!(f, "lookup/{}@{}", mv.path().escaped(), mv.version().escaped()),
            Self::Tile(tile) => write!(f, "tile/{tile}"),
        }
    }
}
