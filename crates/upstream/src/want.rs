//! What is wanted of a source.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use bytes::Bytes;
use gomod::Request;
use tokio::time::Instant;

use crate::Via;

/// One thing that is wanted of a source.
#[derive(Clone, Debug)]
pub struct Want {
    /// The thing.
    pub what: Request,
    /// The Larders that the request came through for which it is wanted.
    pub via: Via,
    /// How urgent it is; it may rise while the work is under way.
    pub priority: Arc<Urgency>,
    /// When the whole answer must have arrived; after it the attempt is a failure. `None`: only the
    /// [`Limits`](crate::Limits) count.
    pub deadline: Option<Instant>,
    /// What is already there: where the source has nothing newer, the answer is
    /// [`Fetched::NotModified`](crate::Fetched::NotModified).
    pub validator: Option<Validator>,
    /// By when the first bytes of the body must be here, all tries at this source included. `None`: only the
    /// [`Limits`](crate::Limits) count.
    pub begin_by: Option<Instant>,
    /// What is already there of a zip whose body broke elsewhere.
    pub resume: Option<Resume>,
    /// The commit that is on record for the version, in hex: where its tag was moved since, repositories give what is at
    /// this one. Proxies are not told.
    pub commit: Option<Arc<str>>,
    /// Whether no other source can take over when this one fails. Then it is tried harder: a trickle is not cut, and
    /// a tripped breaker lets the request through as a probe.
    pub alone: bool,
}

/// The beginning of a zip that broke off, so that a source may continue it where its bytes are proven the same.
#[derive(Clone, Debug)]
pub struct Resume {
    /// How many bytes are there.
    pub have: u64,
    /// The whole length, as the source that broke had announced it.
    pub len: Option<u64>,
    /// The strong `ETag` of the source that broke, word for word.
    pub etag: Option<String>,
    /// The last bytes that are there, at most [`OVERLAP`]: what is compared before anything is continued.
    pub tail: Bytes,
}

/// How many bytes another source has to repeat before its body may continue one that broke elsewhere.
pub const OVERLAP: usize = 64 << 10;

impl Want {
    /// Wants `what` without a deadline, and without having it already.
    pub fn new(what: Request, priority: Arc<Urgency>) -> Self {
        Want {
            what,
            via: Via::default(),
            priority,
            deadline: None,
            validator: None,
            begin_by: None,
            resume: None,
            commit: None,
            alone: true,
        }
    }
}

/// How urgent a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Nobody waits for it.
    Background,
    /// A client waits for it.
    Client,
}

/// A priority that can rise, shared by all who wait for one piece of work.
#[derive(Debug)]
pub struct Urgency(AtomicU8);

impl Urgency {
    /// Starts at a priority.
    pub fn new(priority: Priority) -> Self {
        Urgency(AtomicU8::new(priority as u8))
    }

    /// Makes it at least this urgent; it never falls.
    pub fn raise(&self, priority: Priority) {
        self.0.fetch_max(priority as u8, Ordering::Relaxed);
    }

    /// How urgent it is now.
    pub fn get(&self) -> Priority {
        if self.0.load(Ordering::Relaxed) == Priority::Background as u8 {
            Priority::Background
        } else {
            Priority::Client
        }
    }
}

/// What a source said about an answer that is already there, given back to it word for word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    /// For `If-None-Match`.
    pub etag: Option<String>,
    /// For `If-Modified-Since`.
    pub last_modified: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgency_rises_and_never_falls() {
        let urgency = Urgency::new(Priority::Background);
        assert_eq!(urgency.get(), Priority::Background);
        urgency.raise(Priority::Client);
        urgency.raise(Priority::Background);
        assert_eq!(urgency.get(), Priority::Client);
    }
}
