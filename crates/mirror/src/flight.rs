//! Single flight: one piece of work per key, however many wait for it.
//!
//! The work runs in a task of its own, so a waiter that leaves hurts nobody, and a waiter that comes late
//! joins what is under way. A task that dies without a result is a failure for its waiters, never silence.

use std::{
    collections::{HashMap, hash_map},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use storage::Staged;
use tokio::{sync::watch, time::Instant};
use upstream::{Priority, Urgency};

use crate::{Refusal, answer::Verified, carry::Lineage};

/// The work that is under way.
#[derive(Debug)]
pub(crate) struct Flights<K: Eq + Hash, T> {
    running: Arc<Mutex<HashMap<K, Flight<T>>>>,
}

/// How far a flight has come.
#[derive(Clone, Debug)]
pub(crate) enum Progress<T> {
    /// Nothing arrives that a client might be given. Files that broke off before may be repeated by another one.
    Asking(Lineage),
    /// Bytes arrive in a staging file.
    Flowing(Flowing),
    /// The result, checked.
    Done(T),
    /// There is no result.
    Failed(Arc<Refusal>),
}

/// A body that arrives.
#[derive(Clone, Debug)]
pub(crate) struct Flowing {
    /// The file that grows.
    pub(crate) staged: Arc<Staged>,
    /// The length that the source announced.
    pub(crate) len: Option<u64>,
    /// The source it comes from.
    pub(crate) source: Arc<str>,
    /// What vouches for the content that the body must have.
    pub(crate) verified: Verified,
    /// The files that broke off before.
    pub(crate) lineage: Lineage,
}

/// The side of a flight that works.
#[derive(Clone, Debug)]
pub(crate) struct Pilot<T> {
    progress: Arc<watch::Sender<Progress<T>>>,
    /// Rises when somebody more urgent joins.
    pub(crate) urgency: Arc<Urgency>,
}

/// The side of a flight that waits.
#[derive(Debug)]
pub(crate) struct Passenger<T> {
    progress: watch::Receiver<Progress<T>>,
    since: Instant,
}

/// What a passenger gets who is willing to take a body that still arrives.
pub(crate) enum Landing<T> {
    /// The checked result.
    Done(T),
    /// The body has been flowing for longer than the passenger's patience.
    Flowing(Flowing, watch::Receiver<Progress<T>>),
}

#[derive(Debug)]
struct Flight<T> {
    progress: watch::Receiver<Progress<T>>,
    urgency: Arc<Urgency>,
    since: Instant,
}

impl<K: Eq + Hash, T> Default for Flights<K, T> {
    fn default() -> Self {
        Flights { running: Arc::default() }
    }
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the flight for `key`, and starts it with `work` if none is under way.
    pub(crate) fn join<F, W>(&self, key: K, priority: Priority, work: W) -> Passenger<T>
    where
        W: FnOnce(Pilot<T>) -> F,
        F: Future<Output = Result<T, Refusal>> + Send + 'static,
    {
        let mut running = lock(&self.running);
        let vacant = match running.entry(key.clone()) {
            hash_map::Entry::Occupied(flight) => {
                flight.get().urgency.raise(priority);
                return flight.get().passenger();
            }
            hash_map::Entry::Vacant(vacant) => vacant,
        };
        let (sender, progress) = watch::channel(Progress::Asking(Lineage::default()));
        let urgency = Arc::new(Urgency::new(priority));
        let pilot = Pilot { progress: Arc::new(sender), urgency: Arc::clone(&urgency) };
        let flight = vacant.insert(Flight { progress, urgency, since: Instant::now() });
        let passenger = flight.passenger();
        let leave = Leave { running: Arc::clone(&self.running), key };
        // A runtime that is being stopped drops the task at once, and with it `leave`, which needs the list.
        drop(running);
        // On the heap at once: it is large, and a task moves what it runs several times.
        let result = Box::pin(work(pilot.clone()));
        tokio::spawn(async move {
            let result = result.await;
            // Whoever asks from here on looks into the store first, or tries anew after a failure.
            drop(leave);
            pilot.progress.send_replace(match result {
                Ok(done) => Progress::Done(done),
                Err(refusal) => Progress::Failed(Arc::new(refusal)),
            });
        });
        passenger
    }
}

impl<K: Eq + Hash, T> Flights<K, T> {
    /// Joins the flight for `key` if one is under way.
    pub(crate) fn under_way(&self, key: &K, priority: Priority) -> Option<Passenger<T>> {
        let running = lock(&self.running);
        let flight = running.get(key)?;
        flight.urgency.raise(priority);
        Some(flight.passenger())
    }
}

impl<T> Flight<T> {
    fn passenger(&self) -> Passenger<T> {
        Passenger { progress: self.progress.clone(), since: self.since }
    }
}

impl<T> Pilot<T> {
    /// Says that bytes arrive.
    pub(crate) fn flowing(&self, flowing: Flowing) {
        self.progress.send_replace(Progress::Flowing(flowing));
    }

    /// Says that what arrived so far has broken off; another source is asked.
    pub(crate) fn broke_off(&self, lineage: Lineage) {
        self.progress.send_replace(Progress::Asking(lineage));
    }

    /// Lets everybody look again.
    pub(crate) fn look_again(&self) {
        self.progress.send_modify(|_| {});
    }

    /// Whether nobody waits any more. The flight's own entry holds one receiver.
    pub(crate) fn alone(&self) -> bool {
        self.progress.receiver_count() <= 1
    }
}

impl<T: Clone> Passenger<T> {
    /// When the flight began.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Waits for the checked result.
    pub(crate) async fn done(mut self) -> Result<T, Refusal> {
        loop {
            match &*self.progress.borrow_and_update() {
                Progress::Done(done) => return Ok(done.clone()),
                Progress::Failed(refusal) => return Err(Refusal::clone(refusal)),
                Progress::Asking(_) | Progress::Flowing(_) => {}
            }
            changed(&mut self.progress).await?;
        }
    }

    /// Waits for the checked result, or, once `patience` has passed since the flight began, for a body that arrives.
    pub(crate) async fn done_or_flowing(mut self, patience: Duration) -> Result<Landing<T>, Refusal> {
        let deadline = self.since + patience;
        let mut patient = Instant::now() < deadline;
        loop {
            let progress = self.progress.borrow_and_update().clone();
            match progress {
                Progress::Done(done) => return Ok(Landing::Done(done)),
                Progress::Failed(refusal) => return Err(Refusal::clone(&refusal)),
                Progress::Flowing(flowing) if !patient => {
                    return Ok(Landing::Flowing(flowing, self.progress));
                }
                Progress::Asking(_) | Progress::Flowing(_) => {}
            }
            tokio::select! {
                moved = changed(&mut self.progress) => moved?,
                () = tokio::time::sleep_until(deadline), if patient => patient = false,
            }
        }
    }
}

async fn changed<T>(progress: &mut watch::Receiver<Progress<T>>) -> Result<(), Refusal> {
    progress.changed().await.map_err(|_| Refusal::Internal("the fetch ended without a result"))
}

/// Takes the flight off the list when it ends, also by a panic.
struct Leave<K: Eq + Hash, T> {
    running: Arc<Mutex<HashMap<K, Flight<T>>>>,
    key: K,
}

impl<K: Eq + Hash, T> Drop for Leave<K, T> {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.key);
    }
}

/// The map stays consistent across a panic: each critical section is one insert or remove.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_that_has_stopped_is_a_refusal_and_holds_nobody_up() {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let flights: Flights<u8, u8> = Flights::default();
        for _ in 0..2 {
            let _inside = handle.enter();
            let passenger = flights.join(1, Priority::Client, |_| async { Ok(1) });
            let landed = futures_util::FutureExt::now_or_never(passenger.done());
            assert!(matches!(landed, Some(Err(Refusal::Internal(_)))));
        }
        assert!(lock(&flights.running).is_empty());
    }

    #[tokio::test]
    async fn work_that_panics_is_a_refusal_and_the_next_asker_begins_anew() {
        let flights: Flights<u8, u8> = Flights::default();
        let first = flights.join(1, Priority::Client, |_| async { panic!("on purpose") });
        assert!(matches!(first.done().await, Err(Refusal::Internal(_))));
        let second = flights.join(1, Priority::Client, |_| async { Ok(2) });
        assert_eq!(second.done().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn who_joins_shares_the_work_and_raises_its_urgency() {
        let flights: Flights<u8, u8> = Flights::default();
        let (go, went) = tokio::sync::oneshot::channel::<()>();
        let (urgency, told) = std::sync::mpsc::channel();
        let first = flights.join(1, Priority::Background, |pilot| async move {
            let _ = went.await;
            let _ = urgency.send(pilot.urgency.get());
            Ok(1)
        });
        let second = flights.join(1, Priority::Client, |_| async { Ok(2) });
        let other = flights.join(2, Priority::Client, |_| async { Ok(3) });
        go.send(()).unwrap();
        assert_eq!(first.done().await.unwrap(), 1);
        assert_eq!(second.done().await.unwrap(), 1);
        assert_eq!(other.done().await.unwrap(), 3);
        assert_eq!(told.recv().unwrap(), Priority::Client);
    }

    #[tokio::test]
    async fn a_pilot_is_alone_when_every_passenger_has_left() {
        let flights: Flights<u8, u8> = Flights::default();
        let (tell, told) = tokio::sync::oneshot::channel();
        let first = flights.join(1, Priority::Client, |pilot| async move {
            let _ = tell.send(pilot);
            std::future::pending().await
        });
        let pilot = told.await.unwrap();
        let second = flights.join(1, Priority::Client, |_| async { Ok(2) });
        assert!(!pilot.alone());
        drop(first);
        assert!(!pilot.alone());
        drop(second);
        assert!(pilot.alone());
        let third = flights.join(1, Priority::Client, |_| async { Ok(3) });
        assert!(!pilot.alone());
        drop(third);
    }
}
