//! Answers that change: how long a stored one is given as it is, and who waits for a newer one.
//!
//! A fresh one is given; a somewhat older one is given too, and asked for again behind; for an old one a client waits
//! a moment. Whatever sources do then, the stored answer stands until they give another. So a dead source
//! delays nobody who asks for something stored.

use std::time::Duration;

use gomod::Separator;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use upstream::Priority;

use crate::{
    Ask, Fallback, Mirror, answer::Keep, flight::Passenger, policy::Route, remembered::Missing, source::Link,
};

/// How a stored answer stands when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It counts for this much longer.
    Fresh(Duration),
    /// It is given at once, and asked for again behind.
    Behind,
    /// A client waits a moment for a newer one.
    Old,
    /// The client wants it confirmed, however long that takes.
    Unconfirmed,
}

/// What came of asking again.
pub(crate) enum Renewal<T> {
    /// This did.
    New(T),
    /// Nothing, just now or a moment ago; the old answer may be repeated for as long as that counts.
    Refused(Keep),
    /// They are still being asked; the old answer may be repeated for a moment, if they are slow.
    UnderWay(Keep),
}

impl Standing {
    /// `at` is when the answer was given or confirmed; nothing if that is not known.
    pub(crate) fn of(at: Option<Timestamp>, ask: &Ask) -> Self {
        let age = at.map(|at| age(at, ask.now));
        if ask.max_age.is_some_and(|most| most.is_zero() || age.is_none_or(|age| age > most)) {
            return Standing::Unconfirmed;
        }
        let Some((at, age)) = at.zip(age) else { return Standing::Old };
        if let Some(left) = fresh_for(at, ask) {
            Standing::Fresh(left)
        } else if at <= ask.now && age <= ask.policy.freshness().behind {
            Standing::Behind
        } else {
            Standing::Old
        }
    }
}

/// For how long an answer still counts, whatever the client wants. One from the future, which a wrong clock has left,
/// does not count for ever.
pub(crate) fn fresh_for(at: Timestamp, ask: &Ask) -> Option<Duration> {
    let lasts = ask.policy.freshness().present;
    (at.duration_since(ask.now).unsigned_abs() <= lasts).then(|| lasts.saturating_sub(age(at, ask.now)))
}

/// How old an answer is; one from the future is new.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(at).try_into().unwrap_or_default()
}

/// Whether every source that may be asked for an answer that changes is known to be out of order. Without leave to go
/// on, the first such source ends the walk.
pub(crate) fn all_tripped(links: &[Link], strict: bool, ask: &Ask) -> bool {
    for link in links {
        if !link.source.tripped(&ask.what) {
            return false;
        }
        if strict && link.after == Separator::Comma {
            return true;
        }
    }
    true
}

/// Whether a failure of a source before a `,` is the end for answers that change.
pub(crate) fn is_strict(route: &Route) -> bool {
    route.fallback != Fallback::Any || route.is_private()
}

impl Mirror {
    /// Asks for a newer answer than the stored one, and waits for it as its standing demands. `tripped` is whether
    /// no source that could be asked is in order.
    pub(crate) async fn renew<T: Clone>(
        &self,
        ask: &Ask,
        standing: Standing,
        missing: &Missing,
        tripped: bool,
        join: impl FnOnce(Priority) -> Passenger<T>,
    ) -> Renewal<T> {
        if let Some(known) = self.remembered.known(missing) {
            return Renewal::Refused(Keep::For(known.left()));
        }
        let patience = ask.policy.freshness().wait;
        let (priority, wait) = match standing {
            Standing::Fresh(_) | Standing::Behind => (Priority::Background, Some(Duration::ZERO)),
            Standing::Old if tripped => (Priority::Background, Some(Duration::ZERO)),
            Standing::Unconfirmed if tripped => (ask.priority, Some(patience)),
            Standing::Old => (ask.priority, Some(patience)),
            Standing::Unconfirmed => (ask.priority, None),
        };
        let flight = join(priority);
        // Who comes while others have waited long enough waits no more.
        let since = flight.since();
        let done = match wait.map(|wait| since.checked_add(wait)) {
            Some(Some(until)) => timeout_at(until, flight.done()).await.ok(),
            Some(None) | None => Some(flight.done().await),
        };
        match done {
            Some(Ok(new)) => {
                self.meters.revalidated.inc();
                Renewal::New(new)
            }
            Some(Err(refusal)) => {
                tracing::debug!(what = %ask.what.path(), "answering with what was known before: {refusal}");
                let known = self.remembered.known(missing);
                Renewal::Refused(known.map_or(Keep::No, |known| Keep::For(known.left())))
            }
            None => {
                // What may come at any moment is not kept from anybody.
                let slow = since + patience <= Instant::now();
                Renewal::UnderWay(if slow { Keep::For(patience) } else { Keep::No })
            }
        }
    }
}
