//! The module cache kept in order: what lies there, and what of it goes, while go commands work with it.
//!
//! The one promise that `go` makes about its cache is the lock of a version: whoever downloads or unpacks holds it. A
//! build that only reads takes no lock. So a version goes only after three steps: its lock is held, a mark is there
//! that sends every later `go` to that lock, and no `go` from before the mark may be reading it.

mod choice;
mod inventory;
mod list;
mod lock;
mod readers;
mod removal;

pub use choice::{Chosen, Reason, Selector, SelectorError, Wish, choose};
pub use inventory::{Inventory, Kept, Pile, Remains};
pub use lock::VersionLock;
pub use readers::{Reader, Readers};
pub(crate) use removal::remove_tree;
pub use removal::{Outcome, Stays, make_writable, remove, remove_remains};
