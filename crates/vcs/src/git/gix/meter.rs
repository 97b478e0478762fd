//! What one conversation with a server may cost, and how it failed.

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use upstream::Fault;

use crate::{Cause, VcsError, git::Progress};

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) enum Miss {
    /// The server speaks something that is not read here.
    Unspoken(String),
    /// The wire did not fail: what came makes no sense, or does not fit to what lies here.
    Garbled(VcsError),
    Vcs(VcsError),
}

impl From<VcsError> for Miss {
    fn from(error: VcsError) -> Self {
        Miss::Vcs(error)
    }
}

/// Shared by all that takes part in a conversation. What goes wrong on the wire is noted here, for it comes back
/// through layers that know only texts.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    state: Arc<Mutex<State>>,
    progress: Progress,
}

#[derive(Debug)]
struct State {
    /// What is done, for people.
    what: String,
    left: u64,
    until: Instant,
    noted: Option<Miss>,
}

impl Meter {
    /// Nothing is allowed yet. `progress` counts what comes.
    pub(super) fn new(progress: Progress) -> Self {
        let state = State { what: String::new(), left: 0, until: Instant::now(), noted: None };
        Meter { state: Arc::new(Mutex::new(state)), progress }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins something that may take so many bytes and so long.
    pub(super) fn begin(&self, what: String, bytes: u64, time: Duration) {
        let until = Instant::now().checked_add(time).unwrap_or_else(Instant::now);
        *self.state() = State { what, left: bytes, until, noted: None };
    }

    /// Whether another wait is allowed.
    pub(super) fn may_wait(&self) -> io::Result<()> {
        let mut state = self.state();
        if Instant::now() < state.until {
            return Ok(());
        }
        let late = VcsError::failed(Cause::Timeout, state.what.clone(), "it takes longer than allowed");
        Err(state.note(late.into()))
    }

    /// So many bytes have come.
    pub(super) fn received(&self, bytes: usize) -> io::Result<()> {
        self.progress.made(bytes);
        let mut state = self.state();
        match state.left.checked_sub(bytes as u64) {
            Some(left) => state.left = left,
            None => {
                let why = "the server sends more than allowed";
                let limit = VcsError::failed(Cause::Limit, state.what.clone(), why);
                return Err(state.note(limit.into()));
            }
        }
        Ok(())
    }

    /// The wire failed.
    pub(super) fn fault(&self, fault: &Fault) -> io::Error {
        let mut state = self.state();
        let failed = VcsError::failed(Cause::of(fault.kind()), state.what.clone(), fault);
        state.note(failed.into())
    }

    /// The server answers, but not as it should.
    pub(super) fn refused(&self, cause: Cause, why: impl fmt::Display) -> io::Error {
        let mut state = self.state();
        let failed = VcsError::failed(cause, state.what.clone(), why);
        state.note(failed.into())
    }

    /// The server speaks something else.
    pub(super) fn unspoken(&self, why: &str) -> io::Error {
        self.state().note(Miss::Unspoken(why.to_owned()))
    }

    /// Counts what is done beside what comes.
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What is done, for people.
    pub(super) fn what(&self) -> String {
        self.state().what.clone()
    }

    /// When it must have ended.
    pub(super) fn until(&self) -> Instant {
        self.state().until
    }

    /// What was noted first.
    pub(super) fn noted(&self) -> Option<Miss> {
        self.state().noted.take()
    }

    /// What an error of a layer above means: what was noted first, or else that the server's answer makes no sense.
    pub(super) fn judge(&self, error: &dyn fmt::Display) -> Miss {
        let text = super::words(&error.to_string());
        self.noted().unwrap_or_else(|| VcsError::failed(Cause::Server, self.what(), text).into())
    }
}

impl State {
    fn note(&mut self, miss: Miss) -> io::Error {
        let text = match &miss {
            Miss::Unspoken(why) => why.clone(),
            Miss::Vcs(error) | Miss::Garbled(error) => error.to_string(),
        };
        self.noted.get_or_insert(miss);
        io::Error::other(text)
    }
}
