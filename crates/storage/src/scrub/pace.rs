//! How fast a scrub reads: it leaves the disk to those who serve.

use std::{num::NonZeroU64, sync::Mutex, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::blocking::locked;

/// Keeps a number of bytes per second, with at most [`AHEAD`] in one go after a pause.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Option<NonZeroU64>,
    /// When all that was read so far may have been read.
    due: Mutex<Instant>,
}

impl Pace {
    /// `None`: as fast as it goes.
    pub(super) fn new(rate: Option<NonZeroU64>) -> Self {
        Pace { rate, due: Mutex::new(Instant::now()) }
    }

    /// Waits until these bytes were due.
    pub(super) async fn read(&self, bytes: u64) {
        let Some(rate) = self.rate else { return };
        let due = {
            let mut due = locked(&self.due);
            let earliest = Instant::now().checked_sub(AHEAD).unwrap_or(*due);
            *due = (*due).max(earliest) + time_for(bytes, rate);
            *due
        };
        sleep_until(due).await;
    }
}

fn time_for(bytes: u64, rate: NonZeroU64) -> Duration {
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(rate.get());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// What was not used of the rate is made up for at most this long.
const AHEAD: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_take_their_time() {
        let began = Instant::now();
        let pace = Pace::new(NonZeroU64::new(1000));
        for _ in 0..50 {
            pace.read(100).await;
        }
        let took = began.elapsed();
        assert!(took > Duration::from_millis(4800) && took < Duration::from_millis(5200), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_not_made_up_for() {
        let pace = Pace::new(NonZeroU64::new(1000));
        tokio::time::sleep(Duration::from_hours(1)).await;
        let began = Instant::now();
        pace.read(2000).await;
        assert!(began.elapsed() > Duration::from_millis(1800));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nothing_waits() {
        let began = Instant::now();
        Pace::new(None).read(u64::MAX).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
