//! Every file below some directories, in one order, so that a walk can go on where another ended.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
};

use crate::{StoreError, error::Context};

/// Files by name, a directory's in the place of its name. Links to directories are not followed.
#[derive(Debug)]
pub(super) struct Walk {
    data: PathBuf,
    /// What is still to be looked at of each directory on the way down, the deepest last.
    open: Vec<VecDeque<Entry>>,
    after: Option<PathBuf>,
}

#[derive(Debug)]
struct Entry {
    /// Relative to the data directory.
    path: PathBuf,
    is_dir: bool,
}

impl Walk {
    /// All files below `roots`, which are in order, that come after `after`.
    pub(super) fn new(data: PathBuf, roots: &[&str], after: Option<PathBuf>) -> Self {
        let root = |name: &&str| Entry { path: PathBuf::from(name), is_dir: true };
        Walk { data, open: vec![roots.iter().map(root).collect()], after }
    }

    /// The next file, relative to the data directory. An error tells which directory cannot be read; the walk goes
    /// on behind it. Blocking.
    pub(super) fn next(&mut self) -> Option<Result<PathBuf, StoreError>> {
        loop {
            let Some(entry) = self.open.last_mut()?.pop_front() else {
                self.open.pop();
                continue;
            };
            if self.is_done(&entry) {
                continue;
            }
            if !entry.is_dir {
                return Some(Ok(entry.path));
            }
            match self.entries(&entry.path) {
                Ok(entries) => self.open.push(entries),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn is_done(&self, entry: &Entry) -> bool {
        let Some(after) = &self.after else { return false };
        entry.path <= *after && !(entry.is_dir && after.starts_with(&entry.path))
    }

    fn entries(&self, dir: &Path) -> Result<VecDeque<Entry>, StoreError> {
        let whole = self.data.join(dir);
        let found = match fs::read_dir(&whole) {
            // Whoever removes what is empty may be at work.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(VecDeque::new()),
            found => found.context("read", &whole)?,
        };
        let mut entries = Vec::new();
        for entry in found {
            let entry = entry.context("read", &whole)?;
            let is_dir = entry.file_type().context("look at", entry.path())?.is_dir();
            entries.push(Entry { path: dir.join(entry.file_name()), is_dir });
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(walk: Walk) -> Vec<String> {
        let mut walk = walk;
        std::iter::from_fn(|| walk.next()).map(|path| path.unwrap().display().to_string()).collect()
    }

    #[test]
    fn a_walk_goes_on_behind_any_file() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["a/b/1", "a/b/2", "a/b.c/1", "a/c", "m/x/@v/1", "m/x-y/@v/1", "n/1"] {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let walk = |after: Option<&String>| {
            all(Walk::new(dir.path().to_owned(), &["a", "m", "none"], after.map(PathBuf::from)))
        };
        let whole = walk(None);
        assert_eq!(whole, ["a/b/1", "a/b/2", "a/b.c/1", "a/c", "m/x/@v/1", "m/x-y/@v/1"]);
        for (n, file) in whole.iter().enumerate() {
            assert_eq!(walk(Some(file)), whole[n + 1..], "after {file}");
        }
        // One that is gone by now.
        assert_eq!(walk(Some(&"a/b/15".to_owned())), whole[1..]);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_passed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/1"), "").unwrap();
        let mut walk = Walk::new(dir.path().to_owned(), &["a/1", "a"], None);
        assert!(walk.next().unwrap().is_err());
        assert_eq!(walk.next().unwrap().unwrap(), Path::new("a/1"));
        assert!(walk.next().is_none());
    }
}
