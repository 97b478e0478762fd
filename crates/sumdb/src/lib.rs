//! The checksum database, pure: keys, signed notes, tree heads, records, tiles.
//!
//! No socket, no file and no clock. A caller brings bytes and gets facts or a refusal.
//!
//! [`Head::open`] and [`Lookup::check`] look at an answer alone: they keep out error pages, cut bodies, answers to
//! another question and answers of another database. That a record truly lies in the signed tree, and that the tree is
//! a continuation of the one known before, is what [`prove`] shows over [`Tiles`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod audit;
mod authentic;
mod evil;
mod grow;
pub mod note;
mod proof;
pub mod record;
mod shape;
pub mod sums;
mod tiles;
pub mod tlog;
pub mod tree;

pub use audit::{AuditError, Auditor};
pub use evil::{Evil, Fork};
pub use grow::{Frontier, GrowError, Growth, grow};
pub use note::{Note, NoteError, PrivateKey, Signer, Verifier};
pub use proof::{Proved, Unproved, authenticate, extends, prove, tile};
pub use record::{Hashes, Lookup, RecordError};
pub use shape::anchor_tiles;
pub use sums::{Sum, SumsError, SumsHead, SumsWriter, sums};
pub use tiles::{Tile, Tiles, records};
pub use tlog::Hash;
pub use tree::{Head, HeadError};
