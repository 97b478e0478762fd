//! A body that is read while it still arrives.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use storage::Staged;
use tokio::sync::watch;

use crate::{
    Refusal,
    artifact::Landed,
    flight::{Flowing, Progress},
};

/// What is held back of a body until it was checked: a client without these bytes has no complete answer.
const HELD_BACK: u64 = 64 * 1024;
/// How much is read at once.
const PIECE: u64 = 128 * 1024;

const LOST: Refusal = Refusal::Internal("the fetch ended without a result");

/// One client's place in a file that grows. It reads at its own offset, so clients neither wait for each
/// other nor hold memory.
#[derive(Debug)]
pub struct Follow {
    staged: Arc<Staged>,
    len: Option<u64>,
    source: Arc<str>,
    broken: Arc<OnceLock<Refusal>>,
    offset: u64,
    progress: watch::Receiver<Progress<Arc<Landed>>>,
}

impl Follow {
    pub(crate) fn new(flowing: Flowing, progress: watch::Receiver<Progress<Arc<Landed>>>) -> Self {
        let Flowing { staged, len, source, broken } = flowing;
        Follow { staged, len, source, broken, offset: 0, progress }
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
        while !self.safe()?.1 {
            self.moved().await?;
        }
        Ok(())
    }

    /// The next piece; `None` at the end, which is reached only after the check. An error means that the
    /// response must be aborted, so that the client cannot take it for complete.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let (safe, checked) = self.safe()?;
            if self.offset < safe {
                let want = (safe - self.offset).min(PIECE);
                let piece = self
                    .staged
                    .read_at(self.offset, want)
                    .await
                    .map_err(|error| Refusal::Storage(Arc::new(error)))?;
                self.offset += piece.len() as u64;
                return Ok(Some(piece));
            }
            if checked {
                return Ok(None);
            }
            let mut grown = self.staged.watch();
            tokio::select! {
                moved = self.progress.changed() => moved.map_err(|_| LOST)?,
                () = grown.beyond(self.offset + HELD_BACK) => {}
            }
        }
    }

    async fn moved(&mut self) -> Result<(), Refusal> {
        self.progress.changed().await.map_err(|_| LOST)
    }

    /// How far may be read now, and whether that is all there is.
    fn safe(&mut self) -> Result<(u64, bool), Refusal> {
        match &*self.progress.borrow_and_update() {
            Progress::Done(landed) if landed.came_as(&self.staged) => Ok((self.staged.written(), true)),
            Progress::Flowing(flowing) if Arc::ptr_eq(&flowing.staged, &self.staged) => {
                Ok((self.staged.written().saturating_sub(HELD_BACK), false))
            }
            Progress::Failed(refusal) => Err(Refusal::clone(refusal)),
            // Another source is asked by now; what it sends is not the rest of what this client has.
            Progress::Asking | Progress::Flowing(_) | Progress::Done(_) => {
                Err(self.broken.get().cloned().unwrap_or(LOST))
            }
        }
    }
}
