//! Whether a body flows too slowly, where another source may do better.

use std::{collections::VecDeque, time::Duration};

/// How much of a body came in how much time of waiting for it. While nobody asks for more, no time passes.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Bytes in a second.
    least: u64,
    over: Duration,
    waited: Duration,
    arrived: u64,
    /// Time and bytes at earlier moments, of which the first is at most a little more than `over` ago.
    marks: VecDeque<(Duration, u64)>,
}

impl Pace {
    /// Less than `least` bytes in a second over that time is too slow.
    pub(crate) fn new(least: u64, over: Duration) -> Self {
        Pace { least, over, waited: Duration::ZERO, arrived: 0, marks: VecDeque::from([(Duration::ZERO, 0)]) }
    }

    /// So many bytes came after so much waiting. Says whether that is too slow.
    pub(crate) fn is_too_slow(&mut self, waited: Duration, bytes: usize) -> bool {
        self.waited += waited;
        self.arrived += bytes as u64;
        while self.marks.get(1).is_some_and(|(then, _)| self.waited.saturating_sub(*then) >= self.over) {
            self.marks.pop_front();
        }
        let Some(&(then, had)) = self.marks.front() else { return false };
        let time = self.waited.saturating_sub(then);
        let due = u128::from(self.least) * time.as_millis() / 1000;
        let slow = time >= self.over && u128::from(self.arrived - had) < due;
        if self.marks.back().is_none_or(|(last, _)| self.waited.saturating_sub(*last) >= self.over / MARKS) {
            self.marks.push_back((self.waited, self.arrived));
        }
        slow
    }
}

const MARKS: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(4096, 20 * SECOND)
    }

    #[test]
    fn a_trickle_is_noticed_after_its_time() {
        let mut pace = pace();
        let slow = (1..100).find(|_| pace.is_too_slow(SECOND, 4000));
        assert_eq!(slow, Some(20));
        let mut pace = self::pace();
        assert!((1..1000).all(|_| !pace.is_too_slow(SECOND, 4096)));
    }

    #[test]
    fn what_was_fast_before_does_not_help() {
        let mut pace = pace();
        assert!(!pace.is_too_slow(SECOND, 1 << 30));
        let slow = (1..100).find(|_| pace.is_too_slow(SECOND, 100));
        assert!((20..=22).contains(&slow.unwrap()), "{slow:?}");
    }

    #[test]
    fn a_burst_every_few_seconds_is_fast_enough() {
        let mut pace = pace();
        assert!((1..1000).all(|_| !pace.is_too_slow(4 * SECOND, 4 * 4096)));
    }
}
