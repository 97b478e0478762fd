//! What is asked of the mirror, and how far it may go for it.

use std::{sync::Arc, time::Duration};

use gomod::Request;
use jiff::Timestamp;
use upstream::{Priority, Via};

use crate::Policy;

/// One question to the mirror.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The artifact, list, query or checksum record wanted.
    pub what: Request,
    /// How far the mirror may go.
    pub reach: Reach,
    /// The Larders that it came through.
    pub via: Via,
    /// How urgent it is: a client waits, or nobody does.
    pub priority: Priority,
    /// How old an answer that changes may be for this client; an older one is confirmed by a source first. Zero
    /// (`Cache-Control: no-cache`): confirmed just now. What never changes is never asked for again.
    pub max_age: Option<Duration>,
    /// The rules this question is answered under, even if they are swapped meanwhile.
    pub policy: Arc<Policy>,
    /// The time of asking; freshness is judged by it.
    pub now: Timestamp,
}

/// How far the mirror may go for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Only what is stored: a closed world, in which "not stored" is an absence (`--offline`,
    /// `/cached-only/`, `Disable-Module-Fetch`).
    Stored,
    /// The sources of the module's route as well.
    Anywhere,
}
