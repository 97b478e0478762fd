//! `order = "fastest"`: equal sources of a chain, the fastest first.
//!
//! Equals are neighbours that `|` joins, or any separator where the route's fallback is `any`. What a `,` separates
//! stays where it is. A source that was never measured comes first, one that is left alone last, and one request in
//! 20 asks another one first, so that what is known of it does not grow old.

use std::{sync::Arc, time::Duration};

use gomod::Request;

use crate::source::{Link, Source};

/// One request in so many asks another source first.
const EXPLORE: u64 = 20;

/// The sources of a chain in the order in which request number `round` asks them.
pub(crate) fn fastest(
    links: &[Link],
    what: &Request,
    equal: impl Fn(&Link) -> bool,
    round: u64,
) -> Vec<Arc<Source>> {
    let mut order = Vec::with_capacity(links.len());
    for run in links.chunk_by(|link, _| equal(link)) {
        let mut run: Vec<_> = run.iter().map(|link| Arc::clone(&link.source)).collect();
        sort(&mut run, |source| (source.tripped(what), source.latency()), round);
        order.append(&mut run);
    }
    order
}

/// `None` is less than any latency.
fn sort<T>(run: &mut [T], speed: impl Fn(&T) -> (bool, Option<Duration>), round: u64) {
    run.sort_by_cached_key(speed);
    let others = run.len().saturating_sub(1) as u64;
    if others > 0 && round % EXPLORE == EXPLORE - 1 {
        let other = usize::try_from(1 + round / EXPLORE % others).unwrap_or_default();
        if let Some(front) = run.get_mut(..=other) {
            front.rotate_right(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_first_the_unknown_before_it_and_now_and_then_another() {
        let ms = |latency: u64| (latency == 99, (latency > 0).then(|| Duration::from_millis(latency)));
        let order = |latencies: &str, round| {
            let mut run: Vec<u64> = latencies.split(' ').map(|latency| latency.parse().unwrap()).collect();
            sort(&mut run, |latency| ms(*latency), round);
            run.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(order("30 10 20", 0), "10 20 30");
        assert_eq!(order("30 0 20", 1), "0 20 30");
        assert_eq!(order("99 200", 1), "200 99");
        assert_eq!(order("30", 19), "30");
        assert_eq!(order("30 10 20", 19), "20 10 30");
        assert_eq!(order("30 10 20", 39), "30 10 20");
        let explored = (0..1000).filter(|round| order("30 10 20", *round) != "10 20 30").count();
        assert_eq!(explored, 50);
    }
}
