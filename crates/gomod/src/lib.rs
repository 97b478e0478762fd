//! The rules of Go modules: paths, versions, go.mod, go.sum, zips and their hashes. Pure: no I/O, no clock.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod calendar;
mod collisions;
mod db_name;
mod element;
mod escape;
mod excerpt;
mod file_path;
mod folding;
mod h1;
mod letters;
mod limits;
mod module_version;
mod path;
mod pseudo;
mod read_at;
mod request;
mod rev;
mod semver;
mod sumdb_path;
mod tile_id;
mod tree;
mod vendored;
mod version;

pub use collisions::Collision;
pub use db_name::{DbName, DbNameError};
pub use excerpt::Excerpt;
pub use file_path::{FilePathFault, check_file_path};
pub use h1::{H1, H1Error};
pub use limits::{MAX_GOMOD, MAX_LICENSE, MAX_ZIP};
pub use module_version::ModuleVersion;
pub use path::{ModulePath, PathError, PathFault, check_import_path, split_major};
pub use pseudo::{BaseError, Pseudo};
pub use read_at::ReadAt;
pub use request::{BadRequest, Request};
pub use rev::{Rev, RevError};
pub use semver::Semver;
pub use sumdb_path::SumdbPath;
pub use tile_id::{TileError, TileId};
pub use tree::{CheckedFiles, FileFault, FileKind, Omission, TreeFault, TreeFile, Verdict, check_files};
pub use vendored::VendorRule;
pub use version::{Version, VersionError};
