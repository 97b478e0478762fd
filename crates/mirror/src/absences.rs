//! Confirmed absences, remembered for a short time and in bounded number.
//!
//! They live in memory only and apart from everything else, so a flood of names that do not exist evicts
//! nothing but other absences. Failures never come in here.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;

use crate::{Refusal, refusal::Absent};

/// What was absent: the request's canonical path, and the route that was walked.
pub(crate) type Missing = (String, Arc<str>);

/// How many are remembered; at about 300 bytes each.
const CAPACITY: u64 = 20_000;

#[derive(Debug)]
pub(crate) struct Absences {
    known: Cache<Missing, Arc<Absent>>,
}

impl Absences {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Absences { known: Cache::builder().max_capacity(CAPACITY).time_to_live(lifetime).build() }
    }

    pub(crate) fn get(&self, missing: &Missing) -> Option<Refusal> {
        self.known.get(missing).map(|absent| Refusal::Absent(Absent::clone(&absent)))
    }

    /// Remembers what sources said, if that was it; what follows from settings alone is quicker decided than
    /// looked up. A flight does so before it ends, so that nobody asks again in between.
    pub(crate) fn remember(&self, missing: Missing, refusal: &Refusal) {
        if let Refusal::Absent(absent @ Absent::Everywhere { .. }) = refusal {
            self.known.insert(missing, Arc::new(absent.clone()));
        }
    }
}
