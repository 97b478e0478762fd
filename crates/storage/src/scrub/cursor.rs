//! How far a scrub has come, kept in the data directory so that the next one goes on there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Walked;
use crate::{StoreError, durable, error::Context};

/// A place in the walk, and what was found up to there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The last file that was looked at, relative to the data directory.
    pub(super) after: PathBuf,
    pub(super) walked: Walked,
}

impl Cursor {
    /// The cursor that an earlier scrub has left. One that cannot be read is none: the walk begins anew. Blocking.
    pub(super) fn load(data: &Path) -> Option<Self> {
        let text = fs::read(data.join(NAME)).ok()?;
        serde_json::from_slice(&text)
            .inspect_err(|error| tracing::warn!("{NAME} is damaged ({error}); the walk begins anew"))
            .ok()
    }

    /// Keeps it, whole or not at all. Blocking.
    pub(super) fn save(&self, data: &Path) -> Result<(), StoreError> {
        // A name that is no text cannot be kept; the one before does.
        let Ok(text) = serde_json::to_vec(self) else { return Ok(()) };
        let (path, new) = (data.join(NAME), data.join(NEW));
        fs::write(&new, text).context("write", &new)?;
        fs::File::open(&new).and_then(|file| file.sync_all()).context("fsync", &new)?;
        fs::rename(&new, &path).context("rename to", &path)?;
        durable::sync_dir(data)
    }

    /// Forgets it, so that the next walk begins at the beginning. Blocking.
    pub(super) fn clear(data: &Path) -> Result<(), StoreError> {
        let path = data.join(NAME);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", path, error))
            }
            _ => Ok(()),
        }
    }
}

const NAME: &str = "scrub";
const NEW: &str = "scrub.new";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Cursor::load(dir.path()), None);
        let cursor = Cursor { after: "modules/a".into(), walked: Walked { files: 3, ..Walked::default() } };
        cursor.save(dir.path()).unwrap();
        assert_eq!(Cursor::load(dir.path()), Some(cursor));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        for damaged in ["", "{}", "{\"after\":\"x\""] {
            fs::write(dir.path().join(NAME), damaged).unwrap();
            assert_eq!(Cursor::load(dir.path()), None, "{damaged}");
        }
        Cursor::clear(dir.path()).unwrap();
        Cursor::clear(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
