//! Work that is done once for all who ask at the same time, and remembered for a while.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch, time::Instant};

/// Results by key. The work is done in a task of its own: whoever waits for it may leave.
pub(super) struct Shared<K, V>(Arc<Inner<K, V>>);

struct Inner<K, V> {
    runtime: Handle,
    most: usize,
    weight: fn(&V) -> usize,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    flights: HashMap<K, Flight<V>>,
    begun: u64,
}

/// Work under way, or what came of it.
#[derive(Clone)]
pub(super) struct Flight<V> {
    number: u64,
    result: watch::Receiver<Option<Known<V>>>,
}

/// What came of it, and when.
#[derive(Clone)]
pub(super) struct Known<V> {
    pub(super) value: V,
    at: Instant,
}

impl<V> Known<V> {
    pub(super) fn age(&self) -> Duration {
        self.at.elapsed()
    }
}

impl<V: Clone> Flight<V> {
    /// Waits for the end; `None` if the work was broken off.
    pub(super) async fn wait(mut self) -> Option<Known<V>> {
        self.result.wait_for(Option::is_some).await.ok()?.clone()
    }
}

impl<K: Clone + Eq + Hash + Send + 'static, V: Clone + Send + Sync + 'static> Shared<K, V> {
    /// Remembers results of at most that weight in all.
    pub(super) fn new(runtime: Handle, most: usize, weight: fn(&V) -> usize) -> Self {
        let state = Mutex::new(State { flights: HashMap::new(), begun: 0 });
        Shared(Arc::new(Inner { runtime, most, weight, state }))
    }

    /// Joins the work on `key`, or takes its result if that `fits`; else begins the work anew, which is told of the last
    /// result. The work says for how long its own is remembered.
    pub(super) fn join<F>(
        &self,
        key: &K,
        fits: impl FnOnce(&Known<V>) -> bool,
        work: impl FnOnce(Option<V>) -> F,
    ) -> Flight<V>
    where
        F: Future<Output = (V, Duration)> + Send + 'static,
    {
        let mut state = self.0.state();
        let mut last = None;
        if let Some(flight) = state.flights.get(key) {
            let joins = match &*flight.result.borrow() {
                Some(known) => {
                    last = Some(known.value.clone());
                    fits(known)
                }
                // Without a sender the work is dead.
                None => flight.result.has_changed().is_ok(),
            };
            if joins {
                return flight.clone();
            }
        }
        state.begun += 1;
        let (sender, result) = watch::channel(None);
        let flight = Flight { number: state.begun, result };
        state.flights.insert(key.clone(), flight.clone());
        drop(state);
        let (work, inner, key, number) = (work(last), Arc::downgrade(&self.0), key.clone(), flight.number);
        self.0.runtime.spawn(async move {
            let (value, keep) = work.await;
            sender.send_replace(Some(Known { value, at: Instant::now() }));
            // Only those that know of it hold the result from here on.
            drop(sender);
            if let Some(inner) = inner.upgrade() {
                inner.make_room();
            }
            tokio::time::sleep(keep).await;
            if let Some(inner) = inner.upgrade() {
                inner.expire(&key, number);
            }
        });
        flight
    }

    /// Forgets a result. Work under way stays.
    pub(super) fn forget(&self, key: &K) {
        let mut state = self.0.state();
        if state.flights.get(key).is_some_and(|flight| flight.result.borrow().is_some()) {
            state.flights.remove(key);
        }
    }
}

impl<K: Eq + Hash, V> Inner<K, V> {
    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expire(&self, key: &K, number: u64) {
        let mut state = self.state();
        if state.flights.get(key).is_some_and(|flight| flight.number == number) {
            state.flights.remove(key);
        }
    }
}

impl<K: Clone + Eq + Hash, V> Inner<K, V> {
    /// The oldest results go first; work under way stays, and weighs nothing.
    fn make_room(&self) {
        let mut state = self.state();
        let weigh = |flight: &Flight<V>| {
            flight.result.borrow().as_ref().map(|known| (self.weight)(&known.value).max(1))
        };
        let done = state
            .flights
            .iter()
            .filter_map(|(key, flight)| weigh(flight).map(|weight| (flight.number, weight, key.clone())));
        let mut done: Vec<_> = done.collect();
        let mut all: usize = done.iter().map(|(_, weight, _)| weight).sum();
        if all <= self.most {
            return;
        }
        done.sort_unstable_by_key(|(number, ..)| *number);
        for (_, weight, key) in done {
            if all <= self.most {
                return;
            }
            state.flights.remove(&key);
            all -= weight;
        }
    }
}

impl<K, V> fmt::Debug for Shared<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("most", &self.0.most).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const ALWAYS: fn(&Known<u32>) -> bool = |_| true;
    const MINUTE: Duration = Duration::from_mins(1);

    fn shared(most: usize) -> Shared<&'static str, u32> {
        Shared::new(Handle::current(), most, |number| *number as usize)
    }

    async fn value(flight: Flight<u32>) -> u32 {
        flight.wait().await.unwrap().value
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_done_once_and_by_itself() {
        let (shared, count, go) = (shared(9), Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let join = || {
            let (count, go) = (Arc::clone(&count), Arc::clone(&go));
            shared.join(&"a", ALWAYS, |_| async move {
                go.notified().await;
                (count.fetch_add(1, Ordering::Relaxed), MINUTE)
            })
        };
        // Nobody waits, and still it is done.
        drop(join());
        let waiting: Vec<_> = (0..50).map(|_| join()).collect();
        go.notify_one();
        for flight in waiting {
            assert_eq!(value(flight).await, 0);
        }
        assert_eq!(value(join()).await, 0);
        tokio::time::sleep(MINUTE * 2).await;
        go.notify_one();
        assert_eq!(value(join()).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_is_done_anew_and_told_of_the_last() {
        let shared = shared(9);
        let next = |fits| {
            shared.join(
                &"a",
                move |_| fits,
                |last| async move { (last.map_or(0, |last: u32| last + 1), MINUTE) },
            )
        };
        assert_eq!(value(next(true)).await, 0);
        assert_eq!(value(next(true)).await, 0);
        assert_eq!(value(next(false)).await, 1);
        // The first result's time is over, the second one's is not.
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(value(next(true)).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_goes_and_what_was_broken_off_is_no_result() {
        let shared = shared(5);
        let put = |key, number| shared.join(&key, ALWAYS, move |_| async move { (number, MINUTE) });
        for (key, number) in [("a", 1), ("b", 2), ("c", 3)] {
            assert_eq!(value(put(key, number)).await, number);
        }
        // The last one's weight is told when it is there.
        tokio::task::yield_now().await;
        assert_eq!(value(put("b", 4)).await, 2);
        assert_eq!(value(put("a", 4)).await, 4);
        let broken = shared.join(&"d", ALWAYS, |_| async { panic!("broken off") });
        assert!(broken.wait().await.is_none());
        assert_eq!(value(put("d", 4)).await, 4);
    }
}
