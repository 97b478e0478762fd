//! One fetch of one thing among all processes on one data directory.

use std::time::Duration;

use gomod::Request;
use storage::Lease;
use tokio::time::{Instant, sleep};

use crate::Mirror;

/// How long another process's fetch is waited for; after that, fetching twice is better than waiting on.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a lease that another holds is tried for: at first, and at most.
const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(200);

impl Mirror {
    /// The right to fetch something, given back when dropped. Waits until no other process fetches the same; what
    /// that one fetched is stored by then. Without a catalog there are no leases, and no waiting.
    pub(crate) async fn lease(&self, what: &Request) -> Option<Lease> {
        let name = format!("fetch/{}", what.path());
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST;
        loop {
            match self.store.catalog().lease(&name).await {
                Ok(Some(lease)) => return Some(lease),
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) => return None,
                Err(error) => {
                    tracing::debug!("fetching without a lease: {error}");
                    return None;
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use storage::{Data, OpenOptions, Store};

    use super::*;
    use crate::{Chain, Config, Fallback, Freshness, Meters, Policy, Private, Route, SumdbUse};

    #[tokio::test(start_paused = true)]
    async fn one_who_holds_a_lease_for_ever_holds_nobody_up_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::open(dir.path(), OpenOptions::default()).unwrap());
        let other = Store::open(&Data::open(dir.path(), OpenOptions::default()).unwrap());
        let rest = Route {
            name: "rest".into(),
            chain: Chain::default(),
            sumdb: SumdbUse::Off,
            fallback: Fallback::Strict,
            on_unverifiable: crate::OnUnverifiable::default(),
        };
        let policy =
            Policy::new(Vec::new(), rest.into(), Private::default(), Vec::new(), Freshness::default());
        let mirror = Mirror::new(Config::default(), Arc::new(policy), store, Meters::default());
        let what = Request::parse("example.com/m/@v/v1.0.0.zip").unwrap();
        let theirs = other.catalog().lease("fetch/example.com/m/@v/v1.0.0.zip").await.unwrap().unwrap();
        let began = Instant::now();
        assert!(mirror.lease(&what).await.is_none());
        assert!(began.elapsed() >= PATIENCE);
        drop(theirs);
        assert!(mirror.lease(&what).await.is_some());
    }
}
