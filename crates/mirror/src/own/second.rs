//! The newest head, kept a second time: in a file beside the key, which no backup of the store brings back.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use gomod::DbName;
use sumdb::{Head, Verifier};

use super::{OwnError, note};

/// The file. Every head is here before anybody can see it.
#[derive(Clone, Debug)]
pub(super) struct SecondHead {
    log: DbName,
    path: PathBuf,
}

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) head: Head,
    /// Whether the present key signed it; an earlier one may have.
    pub(super) signed: bool,
}

impl SecondHead {
    pub(super) fn at(log: DbName, path: PathBuf) -> Self {
        SecondHead { log, path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The head in the file; `None` if there is no file.
    pub(super) async fn read(&self, key: &Verifier) -> Result<Option<Seen>, OwnError> {
        let (second, key) = (self.clone(), key.clone());
        blocking(move || second.load(&key)).await
    }

    /// Puts a head in the place of an older one. It survives a crash when this returns.
    pub(super) async fn forward(&self, head: Head, note: String, key: &Verifier) -> Result<(), OwnError> {
        let (second, key) = (self.clone(), key.clone());
        blocking(move || {
            // A writer that was overtaken must not take it back. That one fails at the head in the store.
            let seen = second.load(&key)?;
            if seen.is_some_and(|seen| seen.head.size > head.size || (seen.head == head && seen.signed)) {
                return Ok(());
            }
            second.replace(note.as_bytes())
        })
        .await
    }

    fn load(&self, key: &Verifier) -> Result<Option<Seen>, OwnError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", error)),
        };
        let no_head = |why: String| OwnError::NoHead { log: self.log.clone(), path: self.path.clone(), why };
        match Head::open(&bytes, key) {
            Ok(head) => Ok(Some(Seen { head, signed: true })),
            Err(error) => match note::unopened(&bytes) {
                Some(head) => Ok(Some(Seen { head, signed: false })),
                None => Err(no_head(error.to_string())),
            },
        }
    }

    fn replace(&self, bytes: &[u8]) -> Result<(), OwnError> {
        storage::replace_file(&self.path, bytes).map_err(|error| self.failed("write", error))
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> OwnError {
        OwnError::Second { doing, path: self.path.clone(), source: Arc::new(source) }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OwnError> + Send + 'static,
) -> Result<T, OwnError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(OwnError::Stopped))
}
