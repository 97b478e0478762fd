//! How many requests may be sent twice.

use std::sync::atomic::{AtomicU32, Ordering};

/// Lets one request in ten be hedged, and up to 20 in a row after a time without: a bucket that each request fills
/// by a tenth of a hedge. When everything is slow at once, sources do not get double the load.
#[derive(Debug)]
pub(crate) struct HedgeBudget {
    tenths: AtomicU32,
}

/// What a hedge costs, in requests.
const COST: u32 = 10;
/// The most hedges in a row.
const BURST: u32 = 20;

impl Default for HedgeBudget {
    fn default() -> Self {
        HedgeBudget { tenths: AtomicU32::new(BURST * COST) }
    }
}

impl HedgeBudget {
    /// A request begins.
    pub(crate) fn earn(&self) {
        self.change(|tenths| Some((tenths + 1).min(BURST * COST)));
    }

    /// Whether a request may be hedged now.
    pub(crate) fn spend(&self) -> bool {
        self.change(|tenths| tenths.checked_sub(COST))
    }

    fn change(&self, change: impl Fn(u32) -> Option<u32>) -> bool {
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_in_a_row_and_then_one_in_ten() {
        let budget = HedgeBudget::default();
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
}
