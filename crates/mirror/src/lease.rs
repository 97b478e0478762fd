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
