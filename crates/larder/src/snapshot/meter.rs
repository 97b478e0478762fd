//! How far a long piece of work is, shown on a terminal now and then.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use crate::{
    progress::{Progress, TICK},
    scrub::amount,
};

/// Bytes that were worked on.
pub(super) struct Meter {
    what: &'static str,
    total: Option<u64>,
    done: AtomicU64,
    shown: Mutex<Instant>,
    progress: Progress,
}

impl Meter {
    /// Nothing yet, of so many bytes where that is known. `what` is done with them, as in "12 MiB read".
    pub(super) fn new(what: &'static str, total: Option<u64>) -> Self {
        let (done, shown) = (AtomicU64::default(), Mutex::new(Instant::now()));
        Meter { what, total, done, shown, progress: Progress::new() }
    }

    pub(super) fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.elapsed() < TICK {
            return;
        }
        *shown = Instant::now();
        let of = self.total.map(|total| format!(" of {}", amount(total))).unwrap_or_default();
        self.progress.draw(|| format!("{}{of} {}", amount(done), self.what));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.progress.clear();
    }
}
