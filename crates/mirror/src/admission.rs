//! How many fetches talk to sources at once, and who waits for a place among them.
//!
//! What is stored is answered without coming here, so hits are never behind misses. A fetch takes its place after
//! it has looked into the store, keeps it to its end, and never waits for another fetch while it has one. It gives it
//! back to wait for a checksum database, whose lookups line up elsewhere.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};
use upstream::{Priority, Urgency};

use crate::{Meters, Refusal};

/// How much fetching there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Fetches at once, over all sources. Default 256.
    pub fetches: usize,
    /// Fetches that may wait for a place; one more is refused at once. Default 1,024.
    pub queue: usize,
    /// How long one waits before it is refused. Default 10 s.
    pub wait: Duration,
}

impl Default for Room {
    fn default() -> Self {
        Room { fetches: 256, queue: 1024, wait: Duration::from_secs(10) }
    }
}

impl Room {
    /// Places that only a fetch that a client waits for may take: an eighth.
    fn reserved(&self) -> usize {
        self.fetches / 8
    }
}

/// Gives out the places.
#[derive(Debug)]
pub(crate) struct Admission {
    room: Room,
    meters: Meters,
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    free: usize,
    waiting: VecDeque<Waiter>,
    refused: u32,
}

#[derive(Debug)]
struct Waiter {
    urgency: Arc<Urgency>,
    call: oneshot::Sender<Place>,
}

/// The right to talk to sources, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Option<Arc<Admission>>);

impl Admission {
    pub(crate) fn new(room: Room, meters: Meters) -> Arc<Self> {
        let line = Line { free: room.fetches, waiting: VecDeque::new(), refused: 0 };
        Arc::new(Admission { room, meters, line: Mutex::new(line) })
    }

    /// A place; waits for one if need be. Clients come first, each sort in the order of asking.
    pub(crate) async fn admit(self: &Arc<Self>, urgency: &Arc<Urgency>) -> Result<Place, Refusal> {
        let Some(mut called) = self.line_up(urgency)? else { return Ok(self.place()) };
        let _waits = Waits(&self.meters);
        let deadline = Instant::now() + self.room.wait;
        loop {
            // A client may join the work of one who came when nobody waited for it.
            let look = if urgency.get() == Priority::Client { deadline } else { Instant::now() + LOOK };
            match timeout_at(look.min(deadline), &mut called).await {
                Ok(Ok(place)) => return Ok(place),
                // A client needed the place in the line.
                Ok(Err(_)) => break,
                Err(_) if Instant::now() >= deadline => break,
                Err(_) => self.call(),
            }
        }
        drop(called);
        Err(self.lock().refusal(&self.meters))
    }

    /// Takes a place at once (`None`), or one in the line.
    fn line_up(&self, urgency: &Arc<Urgency>) -> Result<Option<oneshot::Receiver<Place>>, Refusal> {
        let mut line = self.lock();
        if line.free > self.kept_from(urgency) {
            line.free -= 1;
            return Ok(None);
        }
        if line.waiting.len() >= self.room.queue {
            line.waiting.retain(|waiter| !waiter.call.is_closed());
        }
        if line.waiting.len() >= self.room.queue {
            let behind = |waiter: &Waiter| waiter.urgency.get() < urgency.get();
            match line.waiting.iter().rposition(behind) {
                Some(last) => drop(line.waiting.remove(last)),
                None => return Err(line.refusal(&self.meters)),
            }
        }
        let (call, called) = oneshot::channel();
        line.waiting.push_back(Waiter { urgency: Arc::clone(urgency), call });
        self.meters.waiting.inc();
        Ok(Some(called))
    }

    /// Gives free places to those who wait.
    fn call(self: &Arc<Self>) {
        while let Some(waiter) = self.next() {
            if let Err(mut place) = waiter.call.send(self.place()) {
                place.0 = None;
                self.lock().free += 1;
            }
        }
    }

    /// The one who is next, whose place is not free any more.
    fn next(&self) -> Option<Waiter> {
        let mut line = self.lock();
        let client = line.waiting.iter().position(|waiter| waiter.urgency.get() == Priority::Client);
        let next = client.unwrap_or(0);
        let waiter = line.waiting.get(next)?;
        if line.free <= self.kept_from(&waiter.urgency) {
            return None;
        }
        line.free -= 1;
        line.waiting.remove(next)
    }

    /// How many places must stay free.
    fn kept_from(&self, urgency: &Urgency) -> usize {
        match urgency.get() {
            Priority::Client => 0,
            Priority::Background => self.room.reserved(),
        }
    }

    fn place(self: &Arc<Self>) -> Place {
        self.meters.fetching.inc();
        Place(Some(Arc::clone(self)))
    }

    /// The line is consistent across a panic: each change is one step.
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Whoever is turned away is told another time to come back, so that they do not all come at once: the
    /// multiples of the golden ratio spread evenly however many there are.
    fn refusal(&mut self, meters: &Meters) -> Refusal {
        meters.overloaded.inc();
        self.refused = self.refused.wrapping_add(GOLDEN);
        Refusal::Overloaded(SOONEST + SPREAD.mul_f64(f64::from(self.refused) / f64::from(u32::MAX)))
    }
}

/// One who was counted among those who wait, until it ends.
struct Waits<'a>(&'a Meters);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.dec();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(admission) = self.0.take() {
            admission.meters.fetching.dec();
            admission.lock().free += 1;
            admission.call();
        }
    }
}

/// How often one who came without a client looks whether a client has joined.
const LOOK: Duration = Duration::from_millis(50);
/// When the first of those who are turned away may come back, and over what time the others are spread.
const SOONEST: Duration = Duration::from_secs(2);
const SPREAD: Duration = Duration::from_secs(8);
/// The golden ratio's part of 2³².
const GOLDEN: u32 = 0x9e37_79b9;

#[cfg(test)]
mod tests {
    use tokio::task::JoinHandle;

    use super::*;

    fn admission(fetches: usize, queue: usize) -> Arc<Admission> {
        Admission::new(Room { fetches, queue, wait: Duration::from_secs(10) }, Meters::default())
    }

    fn as_(priority: Priority) -> Arc<Urgency> {
        Arc::new(Urgency::new(priority))
    }

    async fn admit(admission: &Arc<Admission>, priority: Priority) -> Result<Place, Refusal> {
        admission.admit(&as_(priority)).await
    }

    /// One who waits, and does so already.
    async fn waiting(
        admission: &Arc<Admission>,
        urgency: &Arc<Urgency>,
    ) -> JoinHandle<Result<Place, Refusal>> {
        let (theirs, urgency) = (Arc::clone(admission), Arc::clone(urgency));
        let waiter = tokio::spawn(async move { theirs.admit(&urgency).await });
        // On the one thread of the test, it is polled at the first of these.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        waiter
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_waits_for_one() {
        let admission = admission(2, 8);
        let first = admit(&admission, Priority::Client).await.unwrap();
        let second = admit(&admission, Priority::Client).await.unwrap();
        assert_eq!(admission.meters.fetching.get(), 2);
        let third = waiting(&admission, &as_(Priority::Client)).await;
        assert!(!third.is_finished());
        drop(first);
        drop((third.await.unwrap().unwrap(), second));
        assert_eq!((admission.meters.fetching.get(), admission.lock().free), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_the_deadline() {
        let admission = admission(1, 8);
        let held = admit(&admission, Priority::Client).await.unwrap();
        let began = Instant::now();
        for priority in [Priority::Client, Priority::Background] {
            let refused = admit(&admission, priority).await;
            assert!(matches!(refused, Err(Refusal::Overloaded(_))), "{refused:?}");
        }
        assert!(began.elapsed() >= Duration::from_secs(20) && began.elapsed() < Duration::from_secs(21));
        drop(held);
        admit(&admission, Priority::Client).await.unwrap();
        assert_eq!(admission.meters.overloaded.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_line_refuses_at_once_and_spreads_those_it_refuses() {
        let admission = admission(1, 2);
        let _held = admit(&admission, Priority::Client).await.unwrap();
        let client = as_(Priority::Client);
        let _line = [waiting(&admission, &client).await, waiting(&admission, &client).await];
        let began = Instant::now();
        let mut told = Vec::new();
        for _ in 0..8 {
            let refused = admit(&admission, Priority::Client).await;
            let Err(Refusal::Overloaded(after)) = refused else { panic!("{refused:?}") };
            assert!(after >= SOONEST && after <= SOONEST + SPREAD, "{after:?}");
            told.push(after);
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        told.sort();
        let apart = Duration::from_millis(300);
        assert!(told.windows(2).all(|pair| pair[1] > pair[0] + apart), "{told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn clients_come_before_work_that_nobody_waits_for() {
        let admission = admission(1, 2);
        let held = admit(&admission, Priority::Client).await.unwrap();
        let background = waiting(&admission, &as_(Priority::Background)).await;
        let client = waiting(&admission, &as_(Priority::Client)).await;
        // The line is full, and the one whom nobody waits for leaves it.
        let late = waiting(&admission, &as_(Priority::Client)).await;
        assert!(matches!(background.await.unwrap(), Err(Refusal::Overloaded(_))));
        drop(held);
        let place = client.await.unwrap().unwrap();
        assert!(!late.is_finished());
        drop(place);
        late.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn some_places_are_kept_for_clients() {
        let admission = admission(8, 8);
        let mut held = Vec::new();
        for _ in 0..7 {
            held.push(admit(&admission, Priority::Background).await.unwrap());
        }
        let urgency = as_(Priority::Background);
        let behind = waiting(&admission, &urgency).await;
        held.push(admit(&admission, Priority::Client).await.unwrap());
        held.pop();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!behind.is_finished());
        // A client joins the work.
        urgency.raise(Priority::Client);
        behind.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_leaves_the_line_takes_no_place_with_him() {
        let admission = admission(1, 8);
        let held = admit(&admission, Priority::Client).await.unwrap();
        let gone = waiting(&admission, &as_(Priority::Client)).await;
        let stays = waiting(&admission, &as_(Priority::Client)).await;
        gone.abort();
        drop(gone.await);
        drop(held);
        stays.await.unwrap().unwrap();
        assert_eq!((admission.lock().free, admission.meters.waiting.get()), (1, 0));
    }
}
