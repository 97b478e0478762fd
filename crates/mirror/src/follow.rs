//! A body that is read while it still arrives.

use std::sync::Arc;

use bytes::Bytes;
use storage::Staged;
use tokio::sync::watch;

use crate::{
    Refusal,
    artifact::Landed,
    carry::{Carried, Lineage},
    flight::{Flowing, Progress},
    refusal::LOST,
};

/// What is held back of a body until it was checked: a client without these bytes has no complete answer.
const HELD_BACK: u64 = 64 * 1024;
/// How much is read at once.
const PIECE: u64 = 128 * 1024;

/// One client's place in a file that grows. It reads at its own offset, so clients neither wait for each
/// other nor hold memory.
///
/// When the file breaks off and another one repeats what the client has, it goes on with that one.
#[derive(Debug)]
pub struct Follow {
    staged: Arc<Staged>,
    len: Option<u64>,
    source: Arc<str>,
    offset: u64,
    progress: watch::Receiver<Progress<Arc<Landed>>>,
}

/// How far a client may read.
enum Way {
    /// Up to here, and the rest after the check.
    Safe(u64),
    /// Up to here, which is the end, after the check.
    Checked(u64),
    /// Not before this file, which is another one than before, has come as far as the client.
    Until(Arc<Staged>),
    /// Not before another source has begun.
    Nothing,
}

impl Follow {
    pub(crate) fn new(flowing: Flowing, progress: watch::Receiver<Progress<Arc<Landed>>>) -> Self {
        let Flowing { staged, len, source, .. } = flowing;
        Follow { staged, len, source, offset: 0, progress }
    }

    /// The length that the source announced.
    pub fn len_hint(&self) -> Option<u64> {
        self.len
    }

    /// The source that the bytes come from.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// Waits until the whole body was checked, without reading it.
    pub async fn landed(mut self) -> Result<(), Refusal> {
        loop {
            match &*self.progress.borrow_and_update() {
                Progress::Done(_) => return Ok(()),
                Progress::Failed(refusal) => return Err(Refusal::clone(refusal)),
                Progress::Asking(_) | Progress::Flowing(_) => {}
            }
            self.progress.changed().await.map_err(|_| LOST)?;
        }
    }

    /// The next piece; `None` at the end, which is reached only after the check. An error means that the
    /// response must be aborted, so that the client cannot take it for complete.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let way = self.way()?;
            if let Way::Safe(safe) | Way::Checked(safe) = way
                && self.offset < safe
            {
                let want = (safe - self.offset).min(PIECE);
                let piece = self
                    .staged
                    .read_at(self.offset, want)
                    .await
                    .map_err(|error| Refusal::Storage(Arc::new(error)))?;
                self.offset += piece.len() as u64;
                return Ok(Some(piece));
            }
            let (file, beyond) = match way {
                Way::Checked(_) => return Ok(None),
                Way::Safe(_) => (Some(Arc::clone(&self.staged)), self.offset + HELD_BACK),
                Way::Until(file) => (Some(file), self.offset.saturating_sub(1)),
                Way::Nothing => (None, 0),
            };
            let grown = async {
                match file {
                    Some(file) => file.watch().beyond(beyond).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                moved = self.progress.changed() => moved.map_err(|_| LOST)?,
                () = grown => {}
            }
        }
    }

    /// How far the client may read now. An error: what arrives is not the rest of what it has.
    fn way(&mut self) -> Result<Way, Refusal> {
        let (staged, len, lineage, checked) = match &*self.progress.borrow_and_update() {
            Progress::Failed(refusal) => return Err(Refusal::clone(refusal)),
            Progress::Asking(lineage) => return lineage.has(&self.staged).map(|()| Way::Nothing),
            Progress::Flowing(Flowing { staged, len, lineage, .. }) => {
                (Arc::clone(staged), *len, lineage.clone(), false)
            }
            Progress::Done(landed) => {
                let arrived = landed.arrived.as_ref().ok_or(LOST)?;
                let len = Some(arrived.staged.written());
                (Arc::clone(&arrived.staged), len, arrived.lineage.clone(), true)
            }
        };
        if !Arc::ptr_eq(&staged, &self.staged) && !self.goes_over(&staged, &lineage)? {
            return Ok(Way::Until(staged));
        }
        // The client was told a length, and whatever has another one is not what it waits for.
        if let (Some(told), Some(len)) = (self.len, len)
            && told != len
        {
            return Err(lineage.why());
        }
        let there = self.staged.written();
        if checked {
            return Ok(Way::Checked(there));
        }
        let there = self.len.map_or(there, |told| there.min(told));
        Ok(Way::Safe(there.saturating_sub(HELD_BACK)))
    }

    fn goes_over(&mut self, to: &Arc<Staged>, lineage: &Lineage) -> Result<bool, Refusal> {
        match lineage.carried(&self.staged, self.offset, to) {
            Carried::Over => {
                self.staged = Arc::clone(to);
                Ok(true)
            }
            Carried::NotYet => Ok(false),
            Carried::Never(why) => Err(why),
        }
    }
}
