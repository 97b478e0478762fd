//! Bytes on their way in: one writer appends, many readers follow at their own pace.
//!
//! A small file never leaves memory before it is stored. A larger one moves to a file in this process's
//! staging directory in pieces of [`IN_MEMORY`]; when the disk takes no more, the rest stays in memory
//! within the budget of its [`StagingArea`].

mod area;
mod brought;
mod staged;

pub use area::StagingArea;
pub(crate) use staged::OnDisk;
pub use staged::{Growth, Staged};

use std::sync::Arc;

use bytes::Bytes;

use crate::{StoreError, blocking::blocking};

/// Bytes that every file in transit may keep in memory, whatever the budget.
const IN_MEMORY: usize = 256 * 1024;

/// The one writer of a file in transit. Dropping it leaves the readers what has arrived.
#[derive(Debug)]
pub struct Staging {
    staged: Arc<Staged>,
    sums: Vec<u32>,
    /// Not all bytes could be kept.
    broken: bool,
}

impl Staging {
    fn new(staged: Staged) -> Self {
        Staging { staged: Arc::new(staged), sums: Vec::new(), broken: false }
    }

    /// What readers hold; [`Staging::finish`] gives the same one.
    pub fn staged(&self) -> Arc<Staged> {
        Arc::clone(&self.staged)
    }

    /// Adds bytes at the end. Readers see them before this returns.
    ///
    /// When the disk is full or read-only, the bytes stay in memory; [`StoreError::Full`] says that the
    /// memory set aside for this is used up too. After an error the file can be neither stored nor completed.
    pub async fn append(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(IN_MEMORY));
            let crowded = self.staged.push(&piece, &mut self.sums).inspect_err(|_| self.broken = true)?;
            if crowded {
                let staged = Arc::clone(&self.staged);
                blocking(move || {
                    staged.spill();
                    Ok(())
                })
                .await?;
            }
        }
        Ok(())
    }

    /// All bytes have arrived: from now on the file can be stored.
    pub fn finish(mut self) -> Arc<Staged> {
        if !self.broken {
            self.staged.close(std::mem::take(&mut self.sums));
        }
        self.staged
    }
}
