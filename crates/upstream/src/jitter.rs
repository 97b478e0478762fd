//! Chance, for pauses that must not fall together.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Draws pauses. The same seed draws the same ones (SplitMix64).
#[derive(Debug)]
pub(crate) struct Jitter(AtomicU64);

impl Jitter {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Jitter(AtomicU64::new(seed.unwrap_or_else(|| RandomState::new().hash_one(0))))
    }

    /// A pause from zero up to `longest`, each equally likely.
    pub(crate) fn up_to(&self, longest: Duration) -> Duration {
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let nanos = (longest.as_nanos().min(u128::from(u64::MAX)) * u128::from(z)) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_lie_everywhere_up_to_the_longest() {
        let longest = Duration::from_millis(50);
        let draw = |seed| {
            let jitter = Jitter::new(Some(seed));
            (0..1000).map(|_| jitter.up_to(longest)).collect::<Vec<_>>()
        };
        let pauses = draw(7);
        assert_eq!(pauses, draw(7));
        assert_ne!(pauses, draw(8));
        assert!(pauses.iter().all(|&pause| pause < longest));
        for tenth in 0..10 {
            let (from, to) = (longest * tenth / 10, longest * (tenth + 1) / 10);
            let drawn = pauses.iter().filter(|&&pause| from <= pause && pause < to).count();
            assert!((60..140).contains(&drawn), "{drawn} of 1000 from {from:?} to {to:?}");
        }
        assert_eq!(Jitter::new(None).up_to(Duration::ZERO), Duration::ZERO);
    }
}
