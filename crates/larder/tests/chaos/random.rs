//! Chances that can be repeated.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use testkit::note;

/// Random numbers from `LARDER_CHAOS_SEED`, to repeat a run, or from the clock. (xorshift64*)
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        let given = std::env::var("LARDER_CHAOS_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos())
        });
        note(&format!("LARDER_CHAOS_SEED={seed}"));
        Self(seed.wrapping_mul(2) | 1)
    }

    /// A number below the limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % limit
    }

    /// A time between two, in milliseconds.
    pub(crate) fn millis(&mut self, from: usize, to: usize) -> Duration {
        Duration::from_millis((from + self.below(to - from)).try_into().unwrap())
    }

    /// Other numbers that follow from these.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.below(usize::MAX) as u64 | 1)
    }
}
