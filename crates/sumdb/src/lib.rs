//! The checksum database, pure: keys, signed notes, tree heads, records, tiles.
//!
//! No socket, no file and no clock. A caller brings bytes and gets facts or a refusal.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod note;
pub mod tlog;
pub mod tree;

pub use note::{Note, NoteError, Signer, Verifier};
pub use tlog::Hash;
pub use tree::{Head, HeadError};
