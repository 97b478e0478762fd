//! What a scrub counts while it walks.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard},
};

use serde::{Deserialize, Serialize};

use crate::{StoreError, blocking::locked};

/// What a walk has come across.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walked {
    /// Files that were checked.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Files that were damaged.
    pub found: u64,
    /// Files among those checked that came from outside, so that no receipt vouches for them.
    pub foreign: u64,
    /// Files that are no objects of Larder and were left alone.
    pub passed: u64,
    /// Files and directories that could not be checked.
    pub unchecked: u64,
}

/// The counts of a walk that goes on.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Walked>);

impl From<Walked> for Tally {
    fn from(walked: Walked) -> Self {
        Tally(Mutex::new(walked))
    }
}

impl Tally {
    /// The counts at this moment.
    pub fn walked(&self) -> Walked {
        *self.lock()
    }

    pub(super) fn read(&self, bytes: u64) {
        self.lock().bytes += bytes;
    }

    pub(super) fn checked(&self) {
        self.lock().files += 1;
    }

    pub(super) fn foreign(&self) {
        self.lock().foreign += 1;
    }

    pub(super) fn found(&self) {
        self.lock().found += 1;
    }

    /// `@v/list` is derived, and made anew whenever an `.info` comes or goes.
    pub(super) fn passed(&self, path: &Path) {
        if !path.ends_with("@v/list") {
            tracing::debug!("{} is no object of Larder", path.display());
            self.lock().passed += 1;
        }
    }

    pub(super) fn cannot_check(&self, error: &StoreError) {
        tracing::error!("not checked: {error}");
        self.lock().unchecked += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Walked> {
        locked(&self.0)
    }
}
