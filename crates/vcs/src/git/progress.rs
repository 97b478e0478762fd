//! Whether something still comes.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

/// Counts what comes from a server, or is made of it, so that whoever waits can tell work that goes on from one that
/// hangs. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<AtomicU64>);

/// Those that count together, as long as there is one.
#[derive(Debug)]
pub(crate) struct Counters(Weak<AtomicU64>);

impl Counters {
    /// One more of them.
    pub(crate) fn join(&self) -> Option<Progress> {
        self.0.upgrade().map(Progress)
    }
}

impl Progress {
    /// All that count together with this one.
    pub(crate) fn counters(&self) -> Counters {
        Counters(Arc::downgrade(&self.0))
    }

    /// So many bytes more.
    pub(crate) fn made(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How many so far; only that it changes tells something.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
