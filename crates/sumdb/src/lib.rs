//! The checksum database, pure: keys, signed notes, tree heads, records, tiles.
//!
//! No socket, no file and no clock. A caller brings bytes and gets facts or a refusal.
//!
//! [`Head::open`] and [`Lookup::check`] are the whole check of an answer that is stored or handed on byte for byte:
//! they keep out error pages, cut bodies, answers to another question and answers of another database. That a record
//! truly lies in the signed tree is a proof over tiles, which every client makes for itself.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod note;
pub mod record;
pub mod tlog;
pub mod tree;

pub use note::{Note, NoteError, Signer, Verifier};
pub use record::{Hashes, Lookup, RecordError};
pub use tlog::Hash;
pub use tree::{Head, HeadError};
