//! A version taken out of a cache, with the lock that `go` takes.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use super::{
    Chosen, Reader, Readers, Reason, Remains, VersionLock,
    inventory::{pile, used},
    list,
};
use crate::modcache::{ModCache, Part};

/// What became of a version that was to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is gone.
    Removed,
    /// It is as it was.
    Kept(Stays),
}

/// Why a version stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// A process holds its lock: it is being downloaded, unpacked or mended.
    Locked,
    /// A process may be reading it.
    Read(Reader),
    /// It was used after it was looked at, or, where the system does not tell who reads, in the last hour.
    Used,
}

/// Takes a version out. It goes whole or stays whole for every `go`, whatever happens meanwhile; what is left after a
/// crash counts as not unpacked, and is completed by the next `go` or the next call.
///
/// # Errors
/// Those of the system, for example that the cache is read-only. Part of it may be gone then.
pub fn remove(cache: &ModCache, chosen: &Chosen, seen: SystemTime) -> io::Result<Outcome> {
    let module = &chosen.module;
    let kept = |why| Ok(Outcome::Kept(why));
    if let Some(why) = read_by(cache, chosen) {
        return kept(why);
    }
    let Some(_lock) = VersionLock::try_take(cache, module)? else { return kept(Stays::Locked) };
    let partial = cache.file(module, Part::Partial);
    if chosen.content {
        // From now on every go command that needs it waits for the lock. One that read it before is looked for once
        // more, and so is a use since the choice was made.
        let marked = !partial.exists();
        if marked {
            File::create(&partial)?;
        }
        let why = read_by(cache, chosen).or_else(|| used_since(cache, chosen, seen).then_some(Stays::Used));
        if let Some(why) = why {
            if marked {
                fs::remove_file(&partial)?;
            }
            return kept(why);
        }
        for part in [Part::ZipHash, Part::Zip] {
            gone(fs::remove_file(cache.file(module, part)))?;
        }
        let tree = cache.tree(module);
        remove_tree(&tree)?;
        gone(fs::remove_file(&partial))?;
        remove_empty(cache, &tree);
    }
    if chosen.facts {
        gone(fs::remove_file(cache.file(module, Part::Info)))?;
        gone(fs::remove_file(cache.file(module, Part::Mod)))?;
        if !cache.file(module, Part::Zip).exists() {
            gone(fs::remove_file(cache.file(module, Part::ZipHash)))?;
        }
        list::rewrite(cache, module.path())?;
    }
    Ok(Outcome::Removed)
}

/// Takes out what a broken `go` has left, if nobody can be writing it any more.
///
/// # Errors
/// Those of the system.
pub fn remove_remains(cache: &ModCache, remains: &Remains, now: SystemTime) -> io::Result<Outcome> {
    // A temporary file of a go.mod is written without a lock, though in an instant.
    if now.duration_since(remains.written).is_ok_and(|age| age < AN_HOUR) {
        return Ok(Outcome::Kept(Stays::Used));
    }
    let Some(_lock) = VersionLock::try_take(cache, &remains.of)? else {
        return Ok(Outcome::Kept(Stays::Locked));
    };
    if fs::symlink_metadata(&remains.path).is_ok_and(|meta| meta.is_dir()) {
        remove_tree(&remains.path)?;
    } else {
        gone(fs::remove_file(&remains.path))?;
    }
    Ok(Outcome::Removed)
}

/// Who keeps it from going at this moment.
fn read_by(cache: &ModCache, chosen: &Chosen) -> Option<Stays> {
    let readers = Readers::look(cache);
    if !readers.are_known() {
        let an_hour_ago = SystemTime::now().checked_sub(AN_HOUR)?;
        return (last_used(cache, chosen) > an_hour_ago).then_some(Stays::Used);
    }
    readers.of(cache, &chosen.module).cloned().map(Stays::Read)
}

/// Whether it was used after somebody had looked at it, where that counts.
fn used_since(cache: &ModCache, chosen: &Chosen, seen: SystemTime) -> bool {
    chosen.reason != Reason::Named && last_used(cache, chosen) > seen
}

fn last_used(cache: &ModCache, chosen: &Chosen) -> SystemTime {
    let zip = fs::metadata(cache.file(&chosen.module, Part::Zip)).map(|meta| used(&meta));
    pile(&cache.tree(&chosen.module)).1.max(zip.unwrap_or(SystemTime::UNIX_EPOCH))
}

/// Removes a tree, whose directories `go` has made read-only. Links in it are not followed.
pub(crate) fn remove_tree(tree: &Path) -> io::Result<()> {
    make_writable(tree);
    gone(fs::remove_dir_all(tree))
}

/// Makes the directories at and below one writable for their owner, as far as that can be done.
pub fn make_writable(dir: &Path) {
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        if !fs::symlink_metadata(&dir).is_ok_and(|meta| meta.is_dir()) {
            continue;
        }
        let _ = fs::set_permissions(&dir, Permissions::from_mode(0o755));
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        let dirs = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        open.extend(dirs.map(|entry| entry.path()));
    }
}

/// Removes the directories above a tree that are empty now. A `go` that just made one makes it once more.
fn remove_empty(cache: &ModCache, tree: &Path) {
    for dir in tree.ancestors().skip(1).take_while(|dir| *dir != cache.root()) {
        if fs::remove_dir(dir).is_err() {
            break;
        }
    }
}

/// That something is gone already is as good.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Longer than `go` works on anything without a lock.
const AN_HOUR: Duration = Duration::from_hours(1);
