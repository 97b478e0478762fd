//! The files below a directory, in the order of the bytes of their paths: the order in which a ledger has them.

use std::{
    fs::{self, DirEntry},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    vec,
};

/// What the walk comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A file or a link, by its path below the directory.
    File(String),
    /// Something that cannot be read, or cannot be written down.
    Unread(String, String),
}

/// The walk. Links are not followed, and the ledger itself is passed by.
pub(super) struct Walk {
    root: PathBuf,
    /// The rest of each directory from the first one down to the present one, with the path of it.
    open: Vec<(String, vec::IntoIter<Step>)>,
    ledger: Option<(u64, u64)>,
}

struct Step {
    name: String,
    /// The name, with a slash behind that of a directory: so paths below it stand where they should.
    key: String,
    kind: Kind,
}

enum Kind {
    Dir,
    File,
    Odd(String),
}

impl Walk {
    /// Begins it.
    ///
    /// # Errors
    /// That the directory itself cannot be read.
    pub(super) fn new(root: &Path, ledger: &Path) -> io::Result<Self> {
        let ledger = fs::metadata(ledger).ok().map(|meta| (meta.dev(), meta.ino()));
        let mut walk = Walk { root: root.to_owned(), open: Vec::new(), ledger };
        let steps = walk.steps(root)?;
        walk.open.push((String::new(), steps));
        Ok(walk)
    }

    fn steps(&self, dir: &Path) -> io::Result<vec::IntoIter<Step>> {
        let mut steps = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if self.ledger.is_none_or(|ledger| !is(&entry, ledger)) {
                steps.push(step(&entry));
            }
        }
        steps.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(steps.into_iter())
    }
}

fn is(entry: &DirEntry, ledger: (u64, u64)) -> bool {
    entry.metadata().is_ok_and(|meta| (meta.dev(), meta.ino()) == ledger)
}

fn step(entry: &DirEntry) -> Step {
    let odd = |why: &str| Kind::Odd(why.to_owned());
    let (name, kind) = match (entry.file_name().into_string(), entry.file_type()) {
        (Err(name), _) => {
            (name.to_string_lossy().into_owned(), odd("its name is no text, so it cannot be written down"))
        }
        (Ok(name), Err(error)) => (name, Kind::Odd(error.to_string())),
        (Ok(name), Ok(kind)) if kind.is_dir() => (name, Kind::Dir),
        (Ok(name), Ok(kind)) if kind.is_file() || kind.is_symlink() => (name, Kind::File),
        (Ok(name), Ok(_)) => (name, odd("it is neither a file nor a link")),
    };
    let key = if matches!(kind, Kind::Dir) { format!("{name}/") } else { name.clone() };
    Step { name, key, kind }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let (dir, steps) = self.open.last_mut()?;
            let Some(step) = steps.next() else {
                self.open.pop();
                continue;
            };
            let path = if dir.is_empty() { step.name } else { format!("{dir}/{}", step.name) };
            match step.kind {
                Kind::File => return Some(Found::File(path)),
                Kind::Odd(why) => return Some(Found::Unread(path, why)),
                Kind::Dir => match self.steps(&self.root.join(&path)) {
                    Ok(steps) => self.open.push((path, steps)),
                    Err(error) => return Some(Found::Unread(path, error.to_string())),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_whole_paths() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = ["a", "a.b", "b/x", "b.c", "b/a/z", "b-c/x", "ä/x"];
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir(dir.path().join("empty")).unwrap();
        std::os::unix::fs::symlink("/nowhere", dir.path().join("link")).unwrap();
        let ledger = dir.path().join("ledger");
        fs::write(&ledger, "").unwrap();
        let found: Vec<_> = Walk::new(dir.path(), &ledger).unwrap().collect();
        let mut want: Vec<_> =
            files.iter_mut().map(|file| file.to_owned()).chain(["link".to_owned()]).collect();
        want.sort_unstable();
        assert_eq!(found, want.into_iter().map(Found::File).collect::<Vec<_>>());
    }
}
