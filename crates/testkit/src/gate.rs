//! A door that a test opens when it wants to: how tests order events without sleeping.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::LIMIT;

/// A closed door. Answers wait before it until the test opens it, and the test can wait until they stand there.
/// Clones are the same door.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    open: bool,
    arrived: usize,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap_or_else(PoisonError::into_inner).open = true;
        changed.notify_all();
    }

    /// Blocks until `count` answers have come to the gate since it was made.
    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        let (state, changed) = &*self.0;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, waited) = changed.wait_timeout_while(state, LIMIT, |s| s.arrived < count).unwrap();
        let arrived = state.arrived;
        drop(state);
        assert!(!waited.timed_out(), "{arrived} of {count} came to the gate within {LIMIT:?}");
    }

    /// Arrives at the gate and blocks until it is open.
    pub(crate) fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.arrived += 1;
        changed.notify_all();
        drop(changed.wait_while(state, |s| !s.open).unwrap_or_else(PoisonError::into_inner));
    }
}
