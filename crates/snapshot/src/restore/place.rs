//! The directory of a restore, and the journal in it.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Journal, Unrestored};
use crate::{Digest, Manifest};

/// The directory, for one process at a time.
pub(super) struct Place {
    /// The one that is there while anything is to be done.
    root: PathBuf,
    files: PathBuf,
    _lock: Lock,
}

/// A lock that is given back with the value: a program that is just being started has a copy of every open file.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Where it cannot be given back, closing gives it back a little later.
        let _ = self.0.unlock();
    }
}

/// What a journal says beside the manifest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: u32,
    /// Of the manifest that follows.
    manifest: String,
    signer: Option<String>,
    at: Timestamp,
}

impl Place {
    /// Whether there is anything to be finished or removed.
    pub(super) fn is_there(data: &Path) -> bool {
        root(data).join(FILES).exists()
    }

    /// Takes the directory; `None` if another process has it.
    pub(super) fn take(data: &Path) -> Result<Option<Self>, Unrestored> {
        let root = root(data);
        fs::create_dir_all(&root).map_err(Unrestored::Io)?;
        let lock = File::options().write(true).create(true).truncate(false).open(root.join("lock"));
        let lock = lock.map_err(Unrestored::Io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(Unrestored::Io(error)),
        }
        let files = root.join(FILES);
        Ok(Some(Place { root, files, _lock: Lock(lock) }))
    }

    /// Where files are unpacked.
    pub(super) fn directory(&self) -> &Path {
        &self.files
    }

    /// Makes it anew, empty.
    pub(super) fn make(&self) -> io::Result<()> {
        self.clear()?;
        fs::create_dir(&self.files)
    }

    /// Removes it. The journal goes first: half of the files with it would be a restore that cannot be finished.
    pub(super) fn clear(&self) -> io::Result<()> {
        if self.has_journal() {
            fs::remove_file(self.files.join(JOURNAL))?;
            sync(&self.files)?;
        }
        match fs::remove_dir_all(&self.files) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether the restore was decided.
    pub(super) fn has_journal(&self) -> bool {
        self.files.join(JOURNAL).exists()
    }

    /// Decides: all files last from now on, and then the journal does.
    pub(super) fn decide(&self, journal: &Journal) -> io::Result<()> {
        last(&self.files)?;
        let manifest = journal.manifest.to_json();
        let head = Head {
            format: FORMAT,
            manifest: Digest::of(&manifest).to_string(),
            signer: journal.signer.clone(),
            at: journal.at,
        };
        let new = self.files.join("journal.new");
        let mut file = File::create(&new)?;
        serde_json::to_writer(&mut file, &head)?;
        file.write_all(b"\n")?;
        file.write_all(&manifest)?;
        file.sync_all()?;
        fs::rename(&new, self.files.join(JOURNAL))?;
        sync(&self.files)?;
        sync(&self.root)
    }

    /// What was decided; nothing if nothing was.
    pub(super) fn journal(&self) -> Result<Option<Journal>, Unrestored> {
        let bytes = match fs::read(self.files.join(JOURNAL)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(Unrestored::Io)?,
        };
        let damaged = || {
            let path = self.files.join(JOURNAL);
            let why =
                format!("{} is damaged; remove {} and restore again", path.display(), self.files.display());
            Unrestored::Io(io::Error::other(why))
        };
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (head, manifest) = bytes.split_at_checked(end + 1).ok_or_else(damaged)?;
        let head: Head = serde_json::from_slice(head).map_err(|_| damaged())?;
        if head.format != FORMAT || Digest::of(manifest).to_string() != head.manifest {
            return Err(damaged());
        }
        let manifest = Manifest::parse(manifest).map_err(|_| damaged())?;
        Ok(Some(Journal { manifest, signer: head.signer, at: head.at }))
    }
}

fn root(data: &Path) -> PathBuf {
    data.join("restore")
}

/// Waits until the files of a directory are on the disk, with one call for all of them where there is one.
#[cfg(target_os = "linux")]
fn last(directory: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(directory)?)?)
}

/// Waits until the files of a directory are on the disk.
#[cfg(not(target_os = "linux"))]
fn last(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        File::open(entry?.path())?.sync_all()?;
    }
    sync(directory)
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

const FILES: &str = "files";
const JOURNAL: &str = "journal";
const FORMAT: u32 = 1;
