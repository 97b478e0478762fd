//! The format marker of a data directory, and the way from older formats to this one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{OpenError, lock};
use crate::{StoreError, error::Context};

/// The format this Larder reads and writes.
const CURRENT: u32 = 1;

/// Step `n` leads from format `n` to `n + 1`. A directory without a marker has format 0: it is new, or was
/// filled by something else, and what lies in `modules/` is used after a check of each file.
const MIGRATIONS: [Migration; CURRENT as usize] = [make_directories];

type Migration = fn(&Path) -> Result<(), StoreError>;

/// Holds the directory open for this process, in the current format.
pub(super) fn settle(dir: &Path) -> Result<lock::Held, OpenError> {
    let lock_file = dir.join("lock");
    loop {
        let held = lock::shared(&lock_file)?;
        if read(dir)? == Some(CURRENT) {
            // A backup has no directories without files in them.
            make_directories(dir)?;
            return Ok(held);
        }
        drop(held);
        if let Some(alone) = lock::try_exclusive(&lock_file)? {
            migrate(dir)?;
            drop(alone);
        } else if read(dir)?.is_some_and(|format| format < CURRENT) {
            return Err(OpenError::OlderInUse(dir.to_owned()));
        }
        // Somebody else is making the directory at this moment: the next turn waits for them.
    }
}

/// The format of a directory that is not changed; a missing marker is fine.
pub(super) fn check(dir: &Path) -> Result<(), OpenError> {
    match read(dir)? {
        None | Some(CURRENT) => Ok(()),
        Some(_) => Err(OpenError::OlderReadOnly(dir.to_owned())),
    }
}

fn migrate(dir: &Path) -> Result<(), OpenError> {
    for format in read(dir)?.unwrap_or(0)..CURRENT {
        if let Some(step) = MIGRATIONS.get(format as usize) {
            step(dir)?;
        }
        write(dir, format + 1)?;
    }
    Ok(())
}

fn make_directories(dir: &Path) -> Result<(), StoreError> {
    for name in ["modules", "answers", "quarantine", "leases", "locks", "staging"] {
        let path = dir.join(name);
        fs::create_dir_all(&path).context("create", &path)?;
    }
    Ok(())
}

/// The format that the marker names; `None` without a marker.
fn read(dir: &Path) -> Result<Option<u32>, OpenError> {
    let path = marker(dir);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read", path, error).into()),
    };
    let format = text.strip_prefix(PREFIX).and_then(|rest| rest.trim_end().parse().ok());
    match format {
        Some(format) if format > CURRENT => Err(OpenError::Newer { dir: dir.to_owned(), format }),
        Some(format) => Ok(Some(format)),
        None => Err(OpenError::Marker(path)),
    }
}

/// Writes the marker so that it is there whole or not at all.
fn write(dir: &Path, format: u32) -> Result<(), StoreError> {
    let new = dir.join("format.new");
    fs::write(&new, format!("{PREFIX}{format}\n")).context("write", &new)?;
    fs::File::open(&new).and_then(|file| file.sync_all()).context("fsync", &new)?;
    fs::rename(&new, marker(dir)).context("rename", &new)?;
    fs::File::open(dir).and_then(|dir| dir.sync_all()).context("fsync", dir)
}

fn marker(dir: &Path) -> PathBuf {
    dir.join("format")
}

const PREFIX: &str = "larder data format ";
