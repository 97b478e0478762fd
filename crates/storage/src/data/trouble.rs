//! Whether the disk takes anything at present, and when it does so again.

use std::{
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use crate::{Meters, StagingArea, StoreError, blocking::blocking, blocking::locked};

/// The last refusal of the disk, until something is written again.
///
/// Nobody is kept from trying: each file is offered to the disk anew. This is for people and for metrics, and a
/// probe that is made once a second finds out that all is well again when nobody stores anything.
#[derive(Debug)]
pub(crate) struct Trouble {
    meters: Meters,
    refusal: Mutex<Option<String>>,
}

impl Trouble {
    pub(crate) fn new(meters: Meters) -> Self {
        Trouble { meters, refusal: Mutex::default() }
    }

    /// The last refusal, if nothing could be written since.
    pub(crate) fn refusal(&self) -> Option<String> {
        locked(&self.refusal).clone()
    }

    /// Something was written.
    pub(crate) fn over(&self) {
        if locked(&self.refusal).take().is_some() {
            self.meters.trouble.set(0);
            tracing::info!("the disk takes files again");
        }
    }

    /// Notes what became of a try to write. The first refusal of several starts the probe.
    pub(crate) fn note<T>(self: &Arc<Self>, tried: &Result<T, StoreError>, area: &Arc<StagingArea>) {
        match tried {
            Ok(_) => self.over(),
            Err(error) if error.is_of_the_disk() => {
                self.meters.trouble.set(1);
                let first = locked(&self.refusal).replace(error.to_string()).is_none();
                if first && let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(probe(Arc::downgrade(self), Arc::downgrade(area)));
                }
            }
            Err(_) => {}
        }
    }
}

/// Tries to write until it succeeds, or somebody else did, or the directory is given up.
async fn probe(trouble: Weak<Trouble>, area: Weak<StagingArea>) {
    loop {
        tokio::time::sleep(PROBED).await;
        let (Some(trouble), Some(area)) = (trouble.upgrade(), area.upgrade()) else { return };
        if trouble.refusal().is_none() {
            return;
        }
        match blocking(move || area.probe()).await {
            Ok(()) => return trouble.over(),
            Err(error) => *locked(&trouble.refusal) = Some(error.to_string()),
        }
    }
}

/// How often the disk is tried while it takes nothing.
const PROBED: Duration = Duration::from_secs(1);
