//! The ledger of files: what lies below some directories is written down once, and compared at any time later, on
//! any machine, with no network.
//!
//! For everything that is no module: vendor trees, build inputs, artefacts on a disk that travels.

mod check;
mod create;
mod diff;
mod hash;
mod listing;
mod place;
mod pool;
mod walk;

use std::{io, path::PathBuf};

use storage::SealError;

pub use check::{Checked, Rules, check};
pub use create::{Created, create};
pub use diff::{Difference, Kind, Seen, diff};
pub use listing::{Signed, sign, signature};
pub use place::{Place, PlaceError, to_check, to_create};

/// Why directories could not be sealed or checked.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] SealError),
    /// A directory cannot be read.
    #[error("cannot read {}: {why}", dir.display())]
    Unreadable {
        /// The directory.
        dir: PathBuf,
        /// Why.
        why: io::Error,
    },
}

/// How far it is, for whoever looks on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files that were hashed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}
