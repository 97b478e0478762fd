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
mod go_mod;
mod go_sum;
mod go_version;
mod h1;
mod info;
mod letters;
mod limits;
mod module_line;
mod module_version;
mod module_zip;
mod path;
mod patterns;
mod proxy_list;
mod pseudo;
mod quote;
mod read_at;
mod request;
mod rev;
mod semver;
mod source_url;
mod sumdb_path;
mod sumdb_spec;
mod tile_id;
mod tree;
mod vendored;
mod version;
mod version_list;
mod zip_check;

pub use collisions::Collision;
pub use db_name::{DbName, DbNameError};
pub use excerpt::Excerpt;
pub use file_path::{FilePathFault, check_file_path};
pub use go_mod::{
    DirectiveFault, Exclude, GoMod, GoModError, GoWork, Module, Replace, Replacement, Require, Retract,
    SyntaxFault,
};
pub use go_sum::{GoSum, GoSumError, SumCheck, SumFile, SumLine};
pub use go_version::GoVersion;
pub use h1::{H1, H1Error};
pub use info::{Info, InfoError, Origin};
pub use limits::{MAX_GOMOD, MAX_LICENSE, MAX_ZIP};
pub use module_line::scan_module_line;
pub use module_version::ModuleVersion;
pub use module_zip::{ModuleZip, ModuleZipError};
pub use path::{ModulePath, PathError, PathFault, check_import_path, split_major};
pub use patterns::Patterns;
pub use proxy_list::{ProxyEntry, ProxyList, ProxyListError, ProxyTarget, Separator};
pub use pseudo::{BaseError, Pseudo, pseudo_stamp, pseudo_version};
pub use quote::{auto_quote, quote, unquote};
pub use read_at::ReadAt;
pub use request::{BadRequest, Request};
pub use rev::{Rev, RevError};
pub use semver::Semver;
pub use source_url::{SourceUrl, SourceUrlError, SourceUrlFault};
pub use sumdb_path::SumdbPath;
pub use sumdb_spec::{SumdbSpec, SumdbSpecError};
pub use tile_id::{TileError, TileId};
pub use tree::{CheckedFiles, FileFault, FileKind, Omission, TreeFault, TreeFile, Verdict, check_files};
pub use vendored::VendorRule;
pub use version::{Version, VersionError};
pub use version_list::VersionList;
pub use zip_check::{
    ArchiveFault, EntryFault, Looks, MAX_DIRECTORY, ZipCheck, ZipContents, ZipFacts, ZipFault, read_entry,
    read_gomod,
};
