//! How fast a source answers, from what it did before.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The times to the first byte of one source, and what follows from them.
#[derive(Debug, Default)]
pub(crate) struct Latency(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The last [`KEPT`] times; once full, the oldest one is at `next`.
    times: Vec<Duration>,
    next: usize,
    /// The moving average, in seconds.
    average: Option<f64>,
    /// Whether the last thing heard of the source is a failure, or nothing where another one answered.
    ailing: bool,
}

impl Latency {
    /// An answer began after `time`.
    pub(crate) fn answered(&self, time: Duration) {
        let mut seen = self.seen();
        seen.ailing = false;
        let seconds = time.as_secs_f64();
        seen.average = Some(seen.average.map_or(seconds, |average| average + WEIGHT * (seconds - average)));
        if seen.times.len() < KEPT {
            seen.times.push(time);
            return;
        }
        let next = seen.next;
        if let Some(oldest) = seen.times.get_mut(next) {
            *oldest = time;
        }
        seen.next = (next + 1) % KEPT;
    }

    /// A request failed, or was given up because another source was faster.
    pub(crate) fn ailing(&self) {
        self.seen().ailing = true;
    }

    /// The moving average.
    pub(crate) fn average(&self) -> Option<Duration> {
        self.seen().average.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }

    /// How long to wait for the head of an answer, at most `limit`. Where another source can answer, that is not much
    /// longer than it usually takes; and for the rest of a body that broke (`begun`) not long at all.
    pub(crate) fn patience(&self, limit: Duration, alone: bool, begun: bool) -> Duration {
        if alone {
            return limit;
        }
        if begun {
            return limit.min(SHORTEST);
        }
        self.seen().p95().map_or(limit, |p95| limit.min((p95 * 8).max(SHORTEST)))
    }

    /// After which time without an answer another source should be asked as well.
    pub(crate) fn hedge_after(&self, unknown: Duration) -> Duration {
        let seen = self.seen();
        if seen.ailing {
            return SOONEST;
        }
        seen.p95().map_or(unknown, |p95| p95.clamp(SOONEST, LATEST))
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn p95(&self) -> Option<Duration> {
        if self.times.len() < ENOUGH {
            return None;
        }
        let mut times = self.times.clone();
        let place = (times.len() * 95).div_ceil(100) - 1;
        Some(*times.select_nth_unstable(place).1)
    }
}

/// How many times are kept.
const KEPT: usize = 100;
/// How many are needed before anything is concluded.
const ENOUGH: usize = 20;
/// The weight of the newest time in the average.
const WEIGHT: f64 = 0.2;
/// Below this, no measured latency shortens the wait for an answer.
const SHORTEST: Duration = Duration::from_secs(2);
const SOONEST: Duration = Duration::from_millis(25);
const LATEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_hedge_waits_as_long_as_the_source_usually_takes() {
        let latency = Latency::default();
        for n in 1..=19 {
            latency.answered(ms(n));
            assert_eq!(latency.hedge_after(ms(500)), ms(500));
        }
        for n in 20..=100 {
            latency.answered(ms(n));
        }
        assert_eq!(latency.hedge_after(ms(500)), ms(95));
        for _ in 0..100 {
            latency.answered(ms(1));
        }
        assert_eq!(latency.hedge_after(ms(500)), SOONEST);
        for _ in 0..100 {
            latency.answered(ms(9000));
        }
        assert_eq!(latency.hedge_after(ms(500)), LATEST);
    }

    #[test]
    fn an_answer_is_waited_for_as_long_as_the_source_deserves() {
        let latency = Latency::default();
        let limit = ms(10_000);
        assert_eq!(latency.patience(limit, false, false), limit);
        for (takes, waited) in [(10, 2000), (500, 4000), (5000, 10_000)] {
            for _ in 0..100 {
                latency.answered(ms(takes));
            }
            assert_eq!(latency.patience(limit, false, false), ms(waited), "{takes}");
            assert_eq!(latency.patience(limit, true, false), limit);
            assert_eq!(latency.patience(limit, true, true), limit);
            assert_eq!(latency.patience(limit, false, true), ms(2000));
        }
        assert_eq!(latency.patience(ms(100), false, true), ms(100));
    }

    #[test]
    fn one_that_ails_is_not_waited_for() {
        let latency = Latency::default();
        assert_eq!(latency.hedge_after(ms(500)), ms(500));
        latency.ailing();
        assert_eq!(latency.hedge_after(ms(500)), SOONEST);
        latency.answered(ms(10));
        assert_eq!(latency.hedge_after(ms(500)), ms(500));
    }

    #[test]
    fn the_average_follows() {
        let latency = Latency::default();
        assert_eq!(latency.average(), None);
        latency.answered(ms(100));
        assert_eq!(latency.average(), Some(ms(100)));
        latency.answered(ms(200));
        assert_eq!(latency.average(), Some(ms(120)));
    }
}
