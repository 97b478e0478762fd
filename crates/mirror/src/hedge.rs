//! How many requests may be sent twice.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many requests may be sent to a second source while the first is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hedging {
    /// Of 100 requests. Default 10; 0 turns hedging off once the burst is used up.
    pub percent: u32,
    /// In a row, after a time without. Default 20.
    pub burst: u32,
}

impl Default for Hedging {
    fn default() -> Self {
        Hedging { percent: 10, burst: 20 }
    }
}

/// Counts hedges: a bucket that each request fills a little. When everything is slow at once, sources do not get
/// double the load.
#[derive(Debug)]
pub(crate) struct HedgeBudget {
    limits: Hedging,
    /// In hundredths of a hedge.
    saved: AtomicU32,
}

/// What a hedge costs.
const COST: u32 = 100;

impl HedgeBudget {
    pub(crate) fn new(limits: Hedging) -> Self {
        HedgeBudget { limits, saved: AtomicU32::new(limits.burst.saturating_mul(COST)) }
    }

    /// A request begins.
    pub(crate) fn earn(&self) {
        let Hedging { percent, burst } = self.limits;
        self.change(|saved| Some(saved.saturating_add(percent).min(burst.saturating_mul(COST))));
    }

    /// Whether a request may be hedged now.
    pub(crate) fn spend(&self) -> bool {
        self.change(|saved| saved.checked_sub(COST))
    }

    fn change(&self, change: impl Fn(u32) -> Option<u32>) -> bool {
        self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_in_a_row_and_then_one_in_ten() {
        let budget = HedgeBudget::new(Hedging::default());
        let in_a_row = |most: usize| (0..most).take_while(|_| budget.spend()).count();
        assert_eq!(in_a_row(100), 20);
        let mut hedged = 0;
        for _ in 0..1000 {
            budget.earn();
            hedged += usize::from(budget.spend());
        }
        assert_eq!(hedged, 100);
        for _ in 0..10_000 {
            budget.earn();
        }
        assert_eq!(in_a_row(100), 20);
    }

    #[test]
    fn hedging_can_be_turned_off() {
        let budget = HedgeBudget::new(Hedging { percent: 0, burst: 0 });
        budget.earn();
        assert!(!budget.spend());
    }
}
