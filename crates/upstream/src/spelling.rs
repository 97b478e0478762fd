//! How paths are spelled for one source. Something between it and Larder may dislike `@` or `!` as the go command
//! sends them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{FaultKind, Miss};

/// How `@` and `!` are written on the wire. Both mean the same (PROTOCOL 1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As the go command does: `@` and `%21`.
    #[default]
    Usual,
    /// Percent-encoded: `%40` and `%21`.
    Encoded,
}

/// The spelling that works at one source.
#[derive(Debug, Default)]
pub(crate) struct Speller(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    kept: Spelling,
    /// Whether it ever worked.
    proven: bool,
    /// When the other one was tried in vain.
    tried: Option<Instant>,
}

impl Speller {
    /// The spelling to begin with.
    pub(crate) fn kept(&self) -> Spelling {
        self.state().kept
    }

    /// An answer to the kept spelling, and to a path with `@`. The other spelling, if it should be tried as well.
    pub(crate) fn other<T>(&self, result: &Result<T, Miss>) -> Option<Spelling> {
        let mut state = self.state();
        let Err(Miss::Failed(fault)) = result else {
            state.proven = true;
            return None;
        };
        let suspect =
            matches!(fault.kind(), FaultKind::Lie | FaultKind::Status(400) | FaultKind::Denied(403));
        let now = Instant::now();
        if state.proven || !suspect || state.tried.is_some_and(|tried| now.duration_since(tried) < REST) {
            return None;
        }
        state.tried = Some(now);
        Some(state.kept.other())
    }

    /// This spelling worked where the kept one did not.
    pub(crate) fn keep(&self, spelling: Spelling) {
        *self.state() = State { kept: spelling, proven: true, tried: None };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spelling {
    fn other(self) -> Self {
        match self {
            Spelling::Usual => Spelling::Encoded,
            Spelling::Encoded => Spelling::Usual,
        }
    }
}

/// For so long the other spelling is not tried again after it did not help.
const REST: Duration = Duration::from_mins(5);
