//! How many requests may still be sent.

use std::sync::atomic::{AtomicU32, Ordering};

/// Requests that may be sent, redirects included.
#[derive(Debug)]
pub(crate) struct Allowance {
    most: u32,
    left: AtomicU32,
}

impl Allowance {
    pub(crate) fn new(most: u32) -> Self {
        Allowance { most, left: AtomicU32::new(most) }
    }

    /// Takes one, if one is left.
    pub(crate) fn take(&self) -> bool {
        self.left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    pub(crate) fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }

    pub(crate) fn taken(&self) -> u32 {
        self.most - self.left()
    }
}
