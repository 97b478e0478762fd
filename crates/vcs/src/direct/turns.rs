//! How much is done at once, so that no host keeps the others waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Places for work that blocks a thread.
#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
    patience: Duration,
}

/// A place. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Turns {
    /// So many places, at least two; one host has at most half of them.
    pub(super) fn new(places: usize, patience: Duration) -> Self {
        let places = places.clamp(2, Semaphore::MAX_PERMITS);
        Turns {
            all: Arc::new(Semaphore::new(places)),
            per_host: places / 2,
            hosts: Mutex::default(),
            patience,
        }
    }

    /// Waits for a place; `None` if there is none in time.
    pub(super) async fn take(&self, host: &str) -> Option<Turn> {
        let of_host = self.of_host(host);
        let both = async {
            let host = of_host.acquire_owned().await.ok()?;
            Some(Turn { _host: host, _all: Arc::clone(&self.all).acquire_owned().await.ok()? })
        };
        timeout(self.patience, both).await.ok().flatten()
    }

    fn of_host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(host).and_then(Weak::upgrade) {
            return known;
        }
        hosts.retain(|_, semaphore| semaphore.strong_count() > 0);
        let new = Arc::new(Semaphore::new(self.per_host));
        hosts.insert(host.to_owned(), Arc::downgrade(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_host_leaves_room_for_others() {
        let turns = Turns::new(4, Duration::from_secs(30));
        let slow = [turns.take("slow").await.unwrap(), turns.take("slow").await.unwrap()];
        assert!(turns.take("slow").await.is_none());
        let _others = (turns.take("a").await.unwrap(), turns.take("b").await.unwrap());
        assert!(turns.take("c").await.is_none());
        drop(slow);
        assert!(turns.take("c").await.is_some());
        assert!(turns.hosts.lock().unwrap().len() <= 4);
    }
}
