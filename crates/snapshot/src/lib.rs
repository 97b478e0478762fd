//! One file with modules and all that proves them, for places without network.
//!
//! A snapshot is a tar archive in one zstd frame. Its first entry names the second, the manifest, by digest and may be
//! signed; the manifest names every other entry, in order, with size and digest. Unpacked, the entries below `modules/`
//! are a GOPROXY with its checksum databases.
//!
//! A snapshot is believed for two reasons, and each module needs one of them: the record of a checksum database whose
//! key is known, proven with the tiles and the signed head inside; or the signature of somebody whose key is known.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod archive;
mod content;
mod diff;
mod digest;
mod manifest;
mod pack;
mod records;
mod refused;
mod restore;
mod seal;
mod stock;
mod tar;
mod trust;
mod unpack;
mod write;

pub use diff::{Change, Diff};
pub use digest::Digest;
pub use manifest::{Database, Entry, Given, Manifest, ManifestError, Module};
pub use refused::{EntryFault, RecordFault, Refused};
pub use restore::{Restored, Unrestored, finish, restore};
pub use seal::{Seal, SealError};
pub use stock::{LeftOut, Short, Stock, Wanted};
pub use trust::Trust;
pub use unpack::{Checked, Keep, Snapshot};

/// The name of the first entry.
pub(crate) const SEAL: &str = "snapshot.note";
/// The name of the second entry.
pub(crate) const MANIFEST: &str = "snapshot.json";
