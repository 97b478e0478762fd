//! What many durations say at once.

use std::time::Duration;

/// Three quantiles by nearest rank: the shortest duration that so many percent do not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// Half of them.
    pub p50: Duration,
    /// 95 %.
    pub p95: Duration,
    /// 99 %.
    pub p99: Duration,
}

impl Quantiles {
    /// Those of any number of durations, in any order; nothing of none.
    pub fn of(times: &[Duration]) -> Option<Self> {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied();
        Some(Quantiles { p50: at(50)?, p95: at(95)?, p99: at(99)? })
    }
}

/// A duration in milliseconds, exact to the microsecond.
pub(super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(milliseconds: &[u64]) -> Option<[u128; 3]> {
        let times: Vec<_> = milliseconds.iter().copied().map(Duration::from_millis).collect();
        Quantiles::of(&times).map(|q| [q.p50, q.p95, q.p99].map(|time| time.as_millis()))
    }

    #[test]
    fn quantiles_are_durations_that_were_measured() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some([7, 7, 7]));
        assert_eq!(of(&[2, 1]), Some([1, 2, 2]));
        assert_eq!(of(&(1..=100).rev().collect::<Vec<_>>()), Some([50, 95, 99]));
        assert_eq!(of(&(1..=20).collect::<Vec<_>>()), Some([10, 19, 20]));
    }
}
