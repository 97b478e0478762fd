//! Changes to a directory that survive a crash of the machine.
//!
//! A file is stored by exactly these system calls; a test holds them to it:
//!
//! | to create, if absent | to replace |
//! |---|---|
//! | `fsync` of the staged file | `fsync` of the staged file |
//! | `mkdir` of each missing directory, `fsync` of the one above | the same |
//! | | `flock` of the object's shard |
//! | `link` of the staged file to its name | `link` to a new name in staging, `rename` to its name |
//! | `fsync` of the directory | `fsync` of the directory |
//!
//! Many small files are stored together with two waits for the disk instead of two for each; see
//! `local::together`.
//!
//! `link` never overwrites, so of several creators one wins; `rename` never leaves a moment without the file.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;

use crate::{Key, QuarantineId, StoreError, blocking::locked, error::Context};

/// What became of a [`link`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linked {
    Done,
    /// The name is taken.
    Exists,
    /// This file system has no hard links.
    Unsupported,
}

/// Gives a file another name that nobody has.
pub(crate) fn link(from: &Path, to: &Path) -> Result<Linked, StoreError> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(Linked::Done),
        Err(error) => match error.kind() {
            io::ErrorKind::AlreadyExists => Ok(Linked::Exists),
            io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported | io::ErrorKind::TooManyLinks => {
                Ok(Linked::Unsupported)
            }
            io::ErrorKind::CrossesDevices => {
                Err(StoreError::io("link from staging, on another file system, to", to, error))
            }
            _ => Err(StoreError::io("link to", to, error)),
        },
    }
}

/// Gives a file another name that nobody has, or a copy under that name.
pub(crate) fn double(from: &Path, to: &Path) -> Result<(), StoreError> {
    if link(from, to)? != Linked::Done {
        fs::copy(from, to).context("copy to", to)?;
        File::open(to).and_then(|copy| copy.sync_all()).context("fsync", to)?;
    }
    Ok(())
}

/// Puts a file in the place of another, by way of a name nobody has. `from` keeps its own name.
pub(crate) fn replace(from: &Path, by_way_of: &Path, to: &Path) -> Result<(), StoreError> {
    double(from, by_way_of)?;
    let renamed = fs::rename(by_way_of, to).context("rename to", to);
    // Renaming one name of a file to another of the same file does nothing, says POSIX.
    let _ = fs::remove_file(by_way_of);
    renamed
}

/// Puts bytes in the place of a small file outside the data directory, by way of a new one beside it that is called
/// `….new`. There is always the old content or the new one, also after a crash; the new one lasts when this returns.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Nobody else's, whoever else writes there at this moment.
    let mut new = path.to_owned().into_os_string();
    new.push(format!(".{}-{}.new", std::process::id(), REPLACED.fetch_add(1, Ordering::Relaxed)));
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let replaced = File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    replaced.inspect_err(|_| drop(fs::remove_file(&new)))?;
    File::open(dir)?.sync_all()
}

/// How many files this process has begun to replace.
static REPLACED: AtomicU64 = AtomicU64::new(0);

/// Makes what happened in a directory last.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).context("fsync", dir)
}

/// Makes a directory and those above it, and makes that last.
pub(crate) fn make_all(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let above = dir.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make_all(above)?;
    }
    match fs::create_dir(dir) {
        Ok(()) => sync_dir(above.unwrap_or(Path::new("."))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) => Err(StoreError::io("create", dir, error)),
    }
}

/// The directories that are known to survive a crash.
///
/// One that is there may have been made by another process a moment ago, or by one that died before it could
/// make it last. So each is synced once by each process.
#[derive(Debug)]
pub(crate) struct Directories {
    root: PathBuf,
    durable: Mutex<HashSet<PathBuf>>,
}

impl Directories {
    pub(crate) fn below(root: PathBuf) -> Self {
        Directories { root, durable: Mutex::default() }
    }

    /// Makes a directory below the root, and those between, so that they last.
    pub(crate) fn make(&self, dir: &Path) -> Result<(), StoreError> {
        if dir == self.root || (locked(&self.durable).contains(dir) && dir.is_dir()) {
            return Ok(());
        }
        let above = dir.parent().unwrap_or(&self.root);
        self.make(above)?;
        match fs::create_dir(dir) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::io("create", dir, error)),
        }
        sync_dir(above)?;
        self.survive([dir.to_owned()]);
        Ok(())
    }

    /// Makes a directory below the root, and those between, which do not last yet: `made` gets those of which that
    /// is not known.
    #[cfg(target_os = "linux")]
    pub(crate) fn make_for_now(&self, dir: &Path, made: &mut HashSet<PathBuf>) -> Result<(), StoreError> {
        let known = dir == self.root || made.contains(dir) || locked(&self.durable).contains(dir);
        if known && dir.is_dir() {
            return Ok(());
        }
        self.make_for_now(dir.parent().unwrap_or(&self.root), made)?;
        match fs::create_dir(dir) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::io("create", dir, error)),
        }
        made.insert(dir.to_owned());
        Ok(())
    }

    /// From now on these are known to survive a crash.
    pub(crate) fn survive(&self, dirs: impl IntoIterator<Item = PathBuf>) {
        let mut durable = locked(&self.durable);
        for dir in dirs {
            if durable.len() >= REMEMBERED {
                durable.clear();
            }
            durable.insert(dir);
        }
    }
}

/// At about 150 bytes each.
const REMEMBERED: usize = 20_000;

/// Moves a file of the data directory into quarantine, with a file beside it that says why.
pub(crate) fn quarantine(
    data: &Path,
    key: &Key,
    file: &Path,
    reason: &str,
) -> Result<QuarantineId, StoreError> {
    let at = Timestamp::now();
    let mut n = 0;
    let (id, note_path, mut note) = loop {
        let id = QuarantineId::new(at, n);
        let path = data.join(format!("quarantine/{id}.reason"));
        match File::options().write(true).create_new(true).open(&path) {
            Ok(note) => break (id, path, note),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(error) => return Err(StoreError::io("create", path, error)),
        }
    };
    let to = data.join(Key::Quarantine(id.clone()).path());
    let moved = writeln!(note, "{key}\n{reason}\n{at}")
        .and_then(|()| note.sync_all())
        .context("write", &note_path)
        .and_then(|()| fs::rename(file, &to).context("rename to", &to));
    if let Err(error) = moved {
        let _ = fs::remove_file(&note_path);
        return Err(error);
    }
    sync_dir(&data.join("quarantine"))?;
    sync_dir(file.parent().unwrap_or(data))?;
    Ok(id)
}
