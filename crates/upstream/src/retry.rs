//! What is tried again at the same source, how often, and after which pause.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{Fault, FaultKind, fault::RetryAfter, jitter::Jitter, stubborn::Retry};

/// Which failures another try may mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The connection broke: a new one mends it most often.
    Broken,
    /// It may pass, but another source is the better choice where there is one.
    Passing,
    /// The same again.
    Never,
}

impl Again {
    /// The whole table. Absence is no failure, and never gets here.
    pub(crate) fn of(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Reset | FaultKind::Truncated | FaultKind::Stall => Again::Broken,
            FaultKind::Dns
            | FaultKind::Connect
            | FaultKind::Timeout
            | FaultKind::Protocol
            | FaultKind::Repository
            | FaultKind::Status(408 | 425 | 429 | 500 | 502..=504 | 506..=507 | 509..) => Again::Passing,
            // 501, 505 and 508 (a loop) are there to stay, like everything else that a source says on purpose.
            FaultKind::Status(_)
            | FaultKind::Tls
            | FaultKind::Denied(_)
            | FaultKind::TooLarge
            | FaultKind::Redirect
            | FaultKind::Encoding
            | FaultKind::Lie
            | FaultKind::Disk
            | FaultKind::Lacking
            | FaultKind::Unaskable
            | FaultKind::Guarded
            | FaultKind::Tripped
            | FaultKind::Busy => Again::Never,
        }
    }
}

impl Retry {
    /// How many tries in a row a failure of this kind may have, the first one included, before a body has `begun` or
    /// after.
    pub(crate) fn tries(&self, kind: FaultKind, alone: bool, begun: bool) -> u32 {
        match Again::of(kind) {
            Again::Broken if !alone => self.tries.min(2),
            // Whoever sends bodies is there, whatever breaks them on the way.
            Again::Broken if begun && kind != FaultKind::Stall => self.tries.saturating_mul(BROKEN_BODIES),
            Again::Broken | Again::Passing if alone => self.tries,
            Again::Broken | Again::Passing | Again::Never => 1,
        }
    }

    /// The pause after `tries` tries in a row that failed, before a body has `begun` or after; nothing where the source
    /// wants a longer one than anybody waits.
    pub(crate) fn pause(&self, fault: &Fault, tries: u32, begun: bool, jitter: &Jitter) -> Option<Duration> {
        // What goes on after it was brought on is no more suspect than what begins.
        let (base, most) = if begun && tries > 0 { (self.resume_base, 2) } else { (self.base, 10) };
        let backoff = jitter.up_to(base.saturating_mul(1 << tries.saturating_sub(1).min(most)));
        let Some(asked) = fault.retry_after().map(RetryAfter::left) else { return Some(backoff) };
        (asked <= self.retry_after).then(|| asked.max(backoff))
    }
}

/// So many times as many tries are made where a body breaks again and again, and no other source has it.
const BROKEN_BODIES: u32 = 3;

/// What all requests to one source may spend on further tries. A source that fails for everybody would else get
/// several times the load just when it can bear none.
///
/// The credit is a time: it grows by itself, and each further try costs [`Retry::refill`] of it.
#[derive(Debug)]
pub(crate) struct Budget {
    config: Retry,
    credit: Mutex<(Duration, Instant)>,
}

impl Budget {
    pub(crate) fn new(config: Retry) -> Self {
        Budget { config, credit: Mutex::new((config.refill.saturating_mul(config.reserve), Instant::now())) }
    }

    /// A request begins: it pays its share.
    pub(crate) fn deposit(&self) {
        self.change(|credit, config| credit.saturating_add(config.refill.saturating_mul(config.share) / 100));
    }

    /// Pays for one further try, if there is enough.
    pub(crate) fn take(&self) -> bool {
        let mut enough = false;
        self.change(|credit, config| match credit.checked_sub(config.refill) {
            Some(rest) => {
                enough = true;
                rest
            }
            None => credit,
        });
        enough
    }

    /// Further tries helped: they were no load in vain.
    pub(crate) fn give_back(&self, tries: u32) {
        if tries > 0 {
            self.change(|credit, config| credit.saturating_add(config.refill.saturating_mul(tries)));
        }
    }

    fn change(&self, change: impl FnOnce(Duration, &Retry) -> Duration) {
        let now = Instant::now();
        let mut held = self.credit.lock().unwrap_or_else(PoisonError::into_inner);
        let (credit, since) = *held;
        let full = self.config.refill.saturating_mul(self.config.reserve);
        let grown = credit.saturating_add(now.duration_since(since)).min(full);
        *held = (change(grown, &self.config).min(full), now);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::SafeUrl;

    #[test]
    fn what_is_tried_again_and_how_often() {
        let retry = Retry::default();
        for (kind, alone, else_) in [
            (FaultKind::Dns, 3, 1),
            (FaultKind::Connect, 3, 1),
            (FaultKind::Timeout, 3, 1),
            (FaultKind::Protocol, 3, 1),
            (FaultKind::Reset, 3, 2),
            (FaultKind::Truncated, 3, 2),
            (FaultKind::Stall, 3, 2),
            (FaultKind::Status(408), 3, 1),
            (FaultKind::Status(425), 3, 1),
            (FaultKind::Status(429), 3, 1),
            (FaultKind::Status(500), 3, 1),
            (FaultKind::Status(502), 3, 1),
            (FaultKind::Status(503), 3, 1),
            (FaultKind::Status(504), 3, 1),
            (FaultKind::Status(599), 3, 1),
            (FaultKind::Status(400), 1, 1),
            (FaultKind::Status(405), 1, 1),
            (FaultKind::Status(418), 1, 1),
            (FaultKind::Status(206), 1, 1),
            (FaultKind::Status(501), 1, 1),
            (FaultKind::Status(505), 1, 1),
            (FaultKind::Status(508), 1, 1),
            (FaultKind::Tls, 1, 1),
            (FaultKind::Denied(401), 1, 1),
            (FaultKind::Denied(403), 1, 1),
            (FaultKind::TooLarge, 1, 1),
            (FaultKind::Redirect, 1, 1),
            (FaultKind::Encoding, 1, 1),
            (FaultKind::Lie, 1, 1),
            (FaultKind::Disk, 1, 1),
            (FaultKind::Unaskable, 1, 1),
            (FaultKind::Guarded, 1, 1),
            (FaultKind::Tripped, 1, 1),
            (FaultKind::Busy, 1, 1),
        ] {
            for (begun, more) in [(false, 1), (true, 3)] {
                let more = if matches!(kind, FaultKind::Reset | FaultKind::Truncated) { more } else { 1 };
                let tries = (retry.tries(kind, true, begun), retry.tries(kind, false, begun));
                assert_eq!(tries, (alone * more, else_), "{kind:?} {begun}");
            }
        }
    }

    fn fault(retry_after: Option<RetryAfter>) -> Fault {
        let source = SafeUrl::parse("https://proxy.example.com").unwrap().source_name();
        Fault::new(source, FaultKind::Status(503), "", Duration::ZERO).with_retry_after(retry_after)
    }

    #[test]
    fn pauses_grow_and_what_the_source_asks_for_is_kept_within_reason() {
        let (retry, jitter) = (Retry::default(), Jitter::new(Some(1)));
        let pause = |retry_after, tries| retry.pause(&fault(retry_after), tries, false, &jitter);
        for _ in 0..100 {
            assert!(pause(None, 1).unwrap() <= Duration::from_millis(50));
            assert!(pause(None, 2).unwrap() <= Duration::from_millis(100));
        }
        assert!((0..100).any(|_| pause(None, 2).unwrap() > Duration::from_millis(50)));
        let within =
            |tries| (0..100).map(|_| retry.pause(&fault(None), tries, true, &jitter).unwrap()).max().unwrap();
        assert!(within(0) <= Duration::from_millis(50));
        assert!((Duration::from_millis(150)..Duration::from_millis(250)).contains(&within(1)));
        let asked = |seconds| Some(RetryAfter::In(Duration::from_secs(seconds)));
        assert_eq!(pause(asked(1), 1), Some(Duration::from_secs(1)));
        assert_eq!(pause(asked(2), 1), Some(Duration::from_secs(2)));
        assert_eq!(pause(asked(3), 1), None);
        let at = |span: i64| Some(RetryAfter::At(Timestamp::now() + jiff::SignedDuration::from_secs(span)));
        let soon = pause(at(2), 1).unwrap();
        assert!(Duration::from_secs(1) < soon && soon <= Duration::from_secs(2), "{soon:?}");
        assert_eq!(pause(at(60), 1), None);
        assert!(pause(at(-60), 1).unwrap() <= Duration::from_millis(50));
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_fails_for_everybody_gets_a_fifth_more() {
        let budget = Budget::new(Retry::default());
        let mut further = 0;
        for _ in 0..1000 {
            budget.deposit();
            further += (0..2).filter(|_| budget.take()).count();
        }
        assert_eq!(further, 10 + 200 - 1, "the reserve, and a fifth");
        assert!(!budget.take());
        budget.give_back(2);
        assert!(budget.take() && budget.take() && !budget.take(), "what helped is paid back");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(budget.take(), "it grows by itself");
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10, "but not without end");
    }
}
