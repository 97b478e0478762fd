//! How much room repositories take, and how it is made.

use std::{
    ffi::OsStr,
    fs::{self, DirEntry, File},
    io,
    path::Path,
    time::SystemTime,
};

use super::{Cache, remove};

impl Cache {
    /// Removes repositories that nobody uses, those used longest ago first, until the rest has room. A repository that
    /// cannot be removed now is left for the next time.
    pub(in crate::git) fn make_room(&self) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let mut all = Vec::new();
        for entry in entries.flatten().filter(|entry| entry.path().extension() == Some(OsStr::new("use"))) {
            let Some(name) = entry.path().file_stem().map(OsStr::to_owned) else { continue };
            let used = entry.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            all.push((used, size_of(&self.dir.join(&name)), name));
        }
        let mut total: u64 = all.iter().map(|(_, size, _)| size).sum();
        all.sort();
        for (_, size, name) in all.into_iter().filter(|(_, size, _)| *size > 0) {
            if total <= self.config.size {
                break;
            }
            if remove_unused(&self.dir.join(name)).is_ok_and(|removed| removed) {
                total = total.saturating_sub(size);
            }
        }
    }
}

/// Whether nobody used it, and it is gone.
fn remove_unused(dir: &Path) -> io::Result<bool> {
    let lock = |kind: &str| File::open(dir.with_extension(kind));
    let (used, fetch) = (lock("use")?, lock("fetch")?);
    if used.try_lock().is_err() || fetch.try_lock().is_err() {
        return Ok(false);
    }
    let old = dir.with_extension("old");
    remove(&old)?;
    fs::rename(dir, &old)?;
    remove(&old)?;
    Ok(true)
}

/// Bytes of the files below a directory. What goes away meanwhile counts for nothing.
pub(in crate::git) fn size_of(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let size = |entry: DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size_of(&entry.path()),
        _ => entry.metadata().map_or(0, |data| data.len()),
    };
    entries.flatten().map(size).sum()
}

/// Removes what a killed git leaves behind: locks, and objects that were being written.
pub(super) fn sweep(dir: &Path) -> io::Result<()> {
    // No reference's name ends so.
    remove_files(dir, &|name| name.strip_suffix(".lock").is_some())?;
    remove_files(&dir.join("objects"), &|name| name.starts_with("tmp_") || name.starts_with(".tmp"))
}

fn remove_files(dir: &Path, which: &dyn Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_files(&entry.path(), which)?;
        } else if which(&entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
