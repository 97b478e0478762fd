//! One fetch of one thing among all processes on one data directory.

use std::{sync::Arc, time::Duration};

use gomod::Request;
use tokio::time::{Instant, sleep};

use crate::Mirror;

/// How long another process's fetch is waited for; after that, fetching twice is better than waiting on.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a lease that another holds is tried for: at first, and at most.
const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(200);

/// The right to fetch something, given back when dropped.
pub(crate) struct Leased {
    _lease: Option<storage::Lease>,
    /// Whether somebody else had it first.
    pub(crate) waited: bool,
}

impl Mirror {
    /// Waits until no other process fetches the same. Without a catalog there are no leases, and no waiting.
    pub(crate) async fn lease(self: &Arc<Self>, what: &Request) -> Leased {
        let name = format!("fetch/{}", what.path());
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST;
        let mut waited = false;
        loop {
            match self.store.catalog().lease(&name).await {
                Ok(Some(lease)) => return Leased { _lease: Some(lease), waited },
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) => return Leased { _lease: None, waited },
                Err(error) => {
                    tracing::debug!("fetching without a lease: {error}");
                    return Leased { _lease: None, waited };
                }
            }
            waited = true;
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}
