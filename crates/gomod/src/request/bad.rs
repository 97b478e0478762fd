//! Why a URL path is no request.

use crate::db_name::DbNameError;
use crate::excerpt::Excerpt;
use crate::path::PathError;
use crate::rev::RevError;
use crate::tile_id::TileError;
use crate::version::VersionError;

/// A URL path that asks for nothing that can exist. The text is one sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// Longer than [`Request::LONGEST_PATH`](crate::Request::LONGEST_PATH), or one of its names is longer than
    /// its own limit.
    #[error("the path or one of its elements is too long: at most {limit} bytes are allowed")]
    TooLong {
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// A `%` that is not followed by two hexadecimal digits, or an encoded slash.
    #[error(
        "the path is not percent-encoded properly: % needs two hexadecimal digits, and / is never encoded"
    )]
    Percent,
    /// Neither below a module path nor below `sumdb/`.
    #[error(
        "not found: {0} is no path of a module proxy; there are MODULE/@v/FILE, MODULE/@latest and sumdb/NAME/"
    )]
    NoEndpoint(Excerpt),
    /// The module path is invalid.
    #[error("not found: {0}")]
    Module(#[from] PathError),
    /// Below `@v/`, but none of the files that a proxy has.
    #[error(
        "not found: {0} is no file of a module proxy; there are list, VERSION.info, VERSION.mod and VERSION.zip"
    )]
    NoFile(Excerpt),
    /// The version or query is invalid.
    #[error("not found: {0}")]
    Rev(#[from] RevError),
    /// `.mod` or `.zip` of something that is not a canonical version of the module.
    #[error("not found: {0}; only .info can be asked for by branch, tag or commit")]
    NotCanonical(VersionError),
    /// The name of the checksum database is invalid.
    #[error("not found: {0}")]
    Database(#[from] DbNameError),
    /// Below a checksum database, but none of its resources.
    #[error("not found: a checksum database has /supported, /latest, /lookup/MODULE@VERSION and /tile/TILE")]
    NoResource,
    /// A lookup that is not spelled as one.
    #[error(
        "lookup {0} is not spelled MODULE@VERSION, with the version canonical and capital letters as !letter"
    )]
    Lookup(Excerpt),
    /// A lookup of a version that the module cannot have.
    #[error("not found: {0}")]
    LookupVersion(VersionError),
    /// A tile that is misspelled or cannot exist.
    #[error("{0}")]
    Tile(#[from] TileError),
}

impl BadRequest {
    /// Whether the request is malformed (status 400). Otherwise it is well-formed, but nothing of that name can
    /// exist (status 404), which lets `go` try the next proxy.
    pub fn status_is_malformed(&self) -> bool {
        match self {
            Self::TooLong { .. } | Self::Percent | Self::Lookup(_) | Self::Tile(TileError::Spelling(_)) => {
                true
            }
            Self::NoEndpoint(_)
            | Self::Module(_)
            | Self::NoFile(_)
            | Self::Rev(_)
            | Self::NotCanonical(_)
            | Self::Database(_)
            | Self::NoResource
            | Self::LookupVersion(_)
            | Self::Tile(TileError::Height(_) | TileError::Impossible) => false,
        }
    }
}
