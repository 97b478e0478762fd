//! The rules of Go modules: paths, versions, go.mod, go.sum, zips and their hashes. Pure: no I/O, no clock.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod calendar;
mod db_name;
mod element;
mod escape;
mod excerpt;
mod module_version;
mod path;
mod pseudo;
mod request;
mod rev;
mod semver;
mod sumdb_path;
mod tile_id;
mod version;

pub use db_name::{DbName, DbNameError};
pub use excerpt::Excerpt;
pub use module_version::ModuleVersion;
pub use path::{ModulePath, PathError, PathFault, check_import_path, split_major};
pub use pseudo::{BaseError, Pseudo};
pub use request::{BadRequest, Request};
pub use rev::{Rev, RevError};
pub use semver::Semver;
pub use sumdb_path::SumdbPath;
pub use tile_id::{TileError, TileId};
pub use version::{Version, VersionError};
