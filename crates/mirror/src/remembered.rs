//! What sources could not give, remembered for a short time and in bounded number: confirmed absences, and for a
//! moment failures.
//!
//! An absence that is no longer fresh is kept for the time when sources fail: `go` asks for every prefix of a package's
//! path, and cannot go on past a 5xx for one that is no module.
//!
//! The two live apart and in memory only, so a flood of names that do not exist evicts nothing but other absences. A
//! failure is remembered as one, never as an absence, and only so that a burst of the same request does not ask
//! sources once for each client.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use tokio::time::Instant;
use upstream::FaultKind;

use crate::{Freshness, Refusal, refusal::Absent};

/// What could not be given: the request's canonical path, and the route that was walked.
pub(crate) type Missing = (String, Arc<str>);

/// Bounded memories of refusals.
#[derive(Debug)]
pub(crate) struct Remembered {
    absences: Memo,
    failures: Memo,
}

/// A refusal that still counts.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) refusal: Refusal,
    until: Instant,
}

#[derive(Debug)]
struct Memo {
    known: Cache<Missing, Arc<Known>>,
    lifetime: Duration,
}

impl Remembered {
    pub(crate) fn new(freshness: Freshness) -> Self {
        Remembered {
            absences: Memo::new(ABSENCES, freshness.absent, freshness.absent.max(ABSENCE_KEPT)),
            failures: Memo::new(FAILURES, freshness.failed.min(FAILURE_LASTS), FAILURE_LASTS),
        }
    }

    pub(crate) fn get(&self, missing: &Missing) -> Option<Refusal> {
        self.known(missing).map(|known| known.refusal.clone())
    }

    pub(crate) fn known(&self, missing: &Missing) -> Option<Arc<Known>> {
        self.absences.get(missing).or_else(|| self.failures.get(missing))
    }

    /// What sources said when they last said anything, if that was an absence, however long ago.
    pub(crate) fn absent_before(&self, missing: &Missing) -> Option<Refusal> {
        self.absences.known.get(missing).map(|known| known.refusal.clone())
    }

    /// Remembers what sources said, if that was it; what follows from settings alone is quicker decided than
    /// looked up, and what this machine had no room for is no source's failure. A flight does so before it ends, so
    /// that nobody asks again in between.
    pub(crate) fn remember(&self, missing: Missing, refusal: &Refusal) {
        match refusal {
            Refusal::Absent(Absent::Everywhere { .. }) => self.absences.insert(missing, refusal),
            Refusal::Failed(faults) if faults.iter().all(|fault| fault.kind() != FaultKind::Busy) => {
                self.failures.insert(missing, refusal);
            }
            Refusal::Absent(_)
            | Refusal::Failed(_)
            | Refusal::Gone(_)
            | Refusal::Security(_)
            | Refusal::Unverified(_)
            | Refusal::Storage(_)
            | Refusal::OwnLog(_)
            | Refusal::Offline
            | Refusal::Overloaded(_)
            | Refusal::Internal(_) => {}
        }
    }
}

impl Known {
    /// For how long it still counts.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

impl Memo {
    fn new(capacity: u64, lifetime: Duration, kept: Duration) -> Self {
        Memo { known: Cache::builder().max_capacity(capacity).time_to_live(kept).build(), lifetime }
    }

    fn get(&self, missing: &Missing) -> Option<Arc<Known>> {
        self.known.get(missing).filter(|known| !known.left().is_zero())
    }

    fn insert(&self, missing: Missing, refusal: &Refusal) {
        let until = Instant::now() + self.lifetime;
        self.known.insert(missing, Arc::new(Known { refusal: refusal.clone(), until }));
    }
}

/// How many absences are remembered, at about 500 bytes each.
const ABSENCES: u64 = 20_000;
/// How long one is kept for the time when sources fail.
const ABSENCE_KEPT: Duration = Duration::from_hours(24);
/// How many failures are, at about a kilobyte each.
const FAILURES: u64 = 5_000;
/// No failure is remembered for longer, whatever is configured: a source that is well again is used.
const FAILURE_LASTS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use upstream::{Absence, Fault, SafeUrl, SourceName};

    use super::*;

    fn source() -> SourceName {
        SafeUrl::parse("https://proxy.example.com").unwrap().source_name()
    }

    fn absent() -> Refusal {
        let said = vec![Absence { source: source(), status: 404, text: None }];
        Refusal::Absent(Absent::Everywhere { said })
    }

    fn failed(kinds: &[FaultKind]) -> Refusal {
        Refusal::Failed(kinds.iter().map(|kind| Fault::new(source(), *kind, "", Duration::ZERO)).collect())
    }

    fn missing(name: &str) -> Missing {
        (name.to_owned(), "rest".into())
    }

    #[tokio::test(start_paused = true)]
    async fn absences_count_for_15_seconds_and_failures_for_one() {
        let remembered = Remembered::new(Freshness::default());
        remembered.remember(missing("a"), &absent());
        remembered.remember(missing("f"), &failed(&[FaultKind::Reset]));
        tokio::time::advance(Duration::from_millis(999)).await;
        assert!(matches!(remembered.get(&missing("f")), Some(Refusal::Failed(_))));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(remembered.get(&missing("f")).is_none());
        tokio::time::advance(Duration::from_millis(13_999)).await;
        assert_eq!(remembered.known(&missing("a")).unwrap().left(), Duration::from_millis(1));
        assert!(matches!(remembered.get(&missing("a")), Some(Refusal::Absent(_))));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(remembered.get(&missing("a")).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn no_setting_makes_a_failure_last() {
        let hour = Duration::from_hours(1);
        let remembered = Remembered::new(Freshness { failed: hour, ..Freshness::default() });
        remembered.remember(missing("f"), &failed(&[FaultKind::Reset]));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(remembered.get(&missing("f")).is_none());
    }

    #[test]
    fn only_the_words_and_failures_of_sources_are_remembered() {
        let remembered = Remembered::new(Freshness::default());
        let all = [
            Refusal::Absent(Absent::NotStored),
            Refusal::Absent(Absent::Off),
            failed(&[FaultKind::Reset, FaultKind::Busy]),
            Refusal::Overloaded(Duration::from_secs(1)),
            Refusal::Offline,
            Refusal::Internal("defect"),
            Refusal::Gone("bad".into()),
        ];
        for refusal in all {
            remembered.remember(missing("m"), &refusal);
            assert!(remembered.get(&missing("m")).is_none(), "{refusal}");
        }
        remembered.remember(missing("m"), &failed(&[FaultKind::Tripped]));
        assert!(remembered.get(&missing("m")).is_some());
    }

    #[test]
    fn a_flood_of_names_stays_within_its_bounds() {
        let remembered = Remembered::new(Freshness::default());
        let (absent, failed) = (absent(), failed(&[FaultKind::Reset]));
        for i in 0..100_000 {
            remembered.remember(missing(&format!("a{i}")), &absent);
            if i % 5 == 0 {
                remembered.remember(missing(&format!("f{i}")), &failed);
            }
        }
        for (memo, capacity) in [(&remembered.absences, ABSENCES), (&remembered.failures, FAILURES)] {
            memo.known.run_pending_tasks();
            assert!(memo.known.entry_count() <= capacity);
        }
    }
}
