//! Work that waits for the disk, away from the threads that serve.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::StoreError;

/// Runs `work` where it may block. It goes on to its end even when the caller stops waiting.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Stopped))
}

/// Locks a mutex whose data is consistent at every moment, so that a panic elsewhere does not matter.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
