//! Whether something still comes.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering},
};

/// Counts what comes from a server, or is made of it, so that whoever waits can tell work that goes on from one that
/// hangs. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<AtomicUsize>);

/// Those that count together, as long as there is one.
#[derive(Debug)]
pub(crate) struct Counters(Weak<AtomicUsize>);

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

    /// So many bytes, or things, more.
    pub(crate) fn made(&self, more: usize) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many so far; only that it changes tells something.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// The count itself, for those who add to one.
    pub(crate) fn shared(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.0)
    }
}
