//! How long somebody waits: until the moments of the want, and longer for work that visibly goes on.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};
use upstream::Want;

use crate::git::{Counters, Progress};

/// How far the work for one who waits has come.
#[derive(Debug, Default)]
pub(super) struct Stage(OnceLock<Progress>);

impl Stage {
    /// It is known where the code is, and this counts what comes from there.
    pub(super) fn located(&self, progress: Progress) {
        let _ = self.0.set(progress);
    }

    /// Whether it is known where the code is.
    pub(super) fn is_located(&self) -> bool {
        self.0.get().is_some()
    }

    fn count(&self) -> usize {
        self.0.get().map_or(0, Progress::count)
    }

    /// Waits for the work as long as the want allows; `None` if it is late. Where no other source can take over, work
    /// that goes on may begin its answer later than wanted: a repository is fetched whole before the first byte.
    pub(super) async fn wait<T>(&self, want: &Want, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        let (mut count, mut moved) = (self.count(), None::<Instant>);
        loop {
            let look = Instant::now() + LOOK;
            let moments = [want.begin_by, want.deadline].into_iter().flatten();
            let until = moments.filter(|at| *at > Instant::now()).chain([look]).min().unwrap_or(look);
            if let Ok(done) = timeout_at(until, &mut work).await {
                return Some(done);
            }
            let now = Instant::now();
            if self.count() != count {
                (count, moved) = (self.count(), Some(now));
            }
            let is_over = |at: Option<Instant>| at.is_some_and(|at| at <= now);
            let goes_on = want.alone && moved.is_some_and(|moved| now - moved < HANGS);
            if is_over(want.deadline) || is_over(want.begin_by) && !goes_on {
                return None;
            }
        }
    }
}

/// What counts the work at each repository, by its URLs, as long as there is any.
#[derive(Debug, Default)]
pub(super) struct Progresses(Mutex<HashMap<Vec<String>, Counters>>);

impl Progresses {
    pub(super) fn of(&self, urls: &[String]) -> Progress {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(progress) = known.get(urls).and_then(Counters::join) {
            return progress;
        }
        known.retain(|_, progress| progress.join().is_some());
        let progress = Progress::default();
        known.insert(urls.to_vec(), progress.counters());
        progress
    }
}

/// How often it is looked whether the work goes on.
const LOOK: Duration = Duration::from_millis(500);
/// Work of which nothing was seen for so long hangs.
const HANGS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::Arc};

    use gomod::Request;
    use upstream::{Priority, Urgency};

    use super::*;

    /// After how many seconds it is given up, if something comes each second up to that one.
    async fn given_up(change: impl FnOnce(&mut Want, Instant), comes_until: u64) -> u64 {
        let request = Request::parse("example.com/m/@v/list").unwrap();
        let mut want = Want::new(request, Arc::new(Urgency::new(Priority::Client)));
        let started = Instant::now();
        want.begin_by = Some(started + Duration::from_secs(14));
        change(&mut want, started);
        let (stage, progress) = (Stage::default(), Progress::default());
        stage.located(progress.clone());
        let coming = tokio::spawn(async move {
            for _ in 0..comes_until {
                tokio::time::sleep(Duration::from_secs(1)).await;
                progress.made(1);
            }
        });
        assert!(stage.wait(&want, pending::<()>()).await.is_none());
        coming.abort();
        started.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_is_waited_for_and_what_hangs_is_not() {
        assert_eq!(given_up(|_, _| {}, 0).await, 14);
        assert_eq!(given_up(|_, _| {}, 8).await, 14);
        let late = given_up(|_, _| {}, 100).await;
        assert!((105..108).contains(&late), "{late}");
        let soon = |want: &mut Want, now| want.deadline = Some(now + Duration::from_mins(1));
        assert_eq!(given_up(soon, 100).await, 60);
        // Somebody else may have it sooner.
        assert_eq!(given_up(|want, _| want.alone = false, 100).await, 14);
    }
}
