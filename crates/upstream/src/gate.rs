//! How many requests to one source are under way at a time, and who is next.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use crate::want::{Priority, Urgency};

/// Lets so many through at a time. Who is urgent goes before who is not; else it is first come, first served.
#[derive(Debug)]
pub(crate) struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most_waiting: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    free: usize,
    waiting: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    urgency: Arc<Urgency>,
    turn: oneshot::Sender<Permit>,
}

/// The right to be under way. The next one's turn comes when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Option<Arc<Inner>>);

impl Gate {
    pub(crate) fn new(at_a_time: usize, most_waiting: usize) -> Self {
        let queue = Queue { free: at_a_time.max(1), waiting: VecDeque::new() };
        Gate(Arc::new(Inner { most_waiting, queue: Mutex::new(queue) }))
    }

    /// A permit, if one is free.
    pub(crate) fn try_enter(&self) -> Option<Permit> {
        let mut queue = self.0.queue();
        queue.free = queue.free.checked_sub(1)?;
        Some(Permit(Some(Arc::clone(&self.0))))
    }

    /// Waits for a permit. Nothing, if none came until then, or if too many wait already.
    pub(crate) async fn enter(&self, urgency: &Arc<Urgency>, until: Instant) -> Option<Permit> {
        let (turn, mine) = oneshot::channel();
        {
            let mut queue = self.0.queue();
            if let Some(free) = queue.free.checked_sub(1) {
                queue.free = free;
                return Some(Permit(Some(Arc::clone(&self.0))));
            }
            queue.waiting.retain(|waiter| !waiter.turn.is_closed());
            if queue.waiting.len() >= self.0.most_waiting {
                return None;
            }
            queue.waiting.push_back(Waiter { urgency: Arc::clone(urgency), turn });
        }
        timeout_at(until, mine).await.ok()?.ok()
    }
}

impl Inner {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a permit on. Whoever does not wait any more is passed over.
    fn pass_on(self: Arc<Self>) {
        let mut permit = Permit(Some(self));
        while let Some(inner) = &permit.0 {
            let Some(waiter) = inner.queue().next() else {
                permit.0 = None;
                return;
            };
            match waiter.turn.send(permit) {
                Ok(()) => return,
                Err(back) => permit = back,
            }
        }
    }
}

impl Queue {
    /// Who is next; if nobody waits, the permit is free.
    fn next(&mut self) -> Option<Waiter> {
        let urgent = self.waiting.iter().position(|waiter| waiter.urgency.get() == Priority::Client);
        let next = self.waiting.remove(urgent.unwrap_or(0));
        self.free += usize::from(next.is_none());
        next
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(inner) = self.0.take() {
            inner.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn urgency(priority: Priority) -> Arc<Urgency> {
        Arc::new(Urgency::new(priority))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[tokio::test(start_paused = true)]
    async fn the_urgent_go_first_and_urgency_may_rise_while_one_waits() {
        let gate = Arc::new(Gate::new(1, 10));
        let held = gate.try_enter().unwrap();
        assert!(gate.try_enter().is_none());
        let raised = urgency(Priority::Background);
        let waits = [
            ("first", urgency(Priority::Background)),
            ("raised", Arc::clone(&raised)),
            ("client", urgency(Priority::Client)),
        ];
        let (done, mut order) = tokio::sync::mpsc::unbounded_channel();
        for (name, urgency) in waits {
            let (gate, done) = (Arc::clone(&gate), done.clone());
            tokio::spawn(async move {
                let permit = gate.enter(&urgency, soon()).await;
                done.send((name, permit.is_some())).unwrap();
            });
            tokio::task::yield_now().await;
        }
        raised.raise(Priority::Client);
        drop(held);
        for name in ["raised", "client", "first"] {
            assert_eq!(order.recv().await.unwrap(), (name, true));
        }
        assert!(gate.try_enter().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_has_an_end_and_loses_no_permit() {
        let gate = Gate::new(1, 1);
        let client = urgency(Priority::Client);
        let held = gate.try_enter().unwrap();
        let started = Instant::now();
        assert!(gate.enter(&client, soon()).await.is_none());
        assert_eq!(started.elapsed(), Duration::from_secs(10));
        drop(held);
        let held = gate.enter(&client, soon()).await.unwrap();
        drop(held);
        assert!(gate.try_enter().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_has_an_end() {
        let gate = Arc::new(Gate::new(1, 1));
        let held = gate.try_enter().unwrap();
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter(&urgency(Priority::Client), soon()).await.is_some() }
        });
        tokio::task::yield_now().await;
        let started = Instant::now();
        assert!(gate.enter(&urgency(Priority::Client), soon()).await.is_none());
        assert_eq!(started.elapsed(), Duration::ZERO);
        drop(held);
        assert!(waiting.await.unwrap());
    }
}
