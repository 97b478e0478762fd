//! The unpacked files of a version.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use gomod::H1;
use sha2::{Digest, Sha256};

/// The files below a directory, by their paths in it with `/` between elements, and the SHA-256 of what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, [u8; 32]>,
    /// What is no file or could not be read, by its path, and why.
    odd: BTreeMap<String, String>,
}

/// How a tree differs from what it was unpacked from. The paths are in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeDifference {
    /// Files that are not there.
    pub missing: Vec<String>,
    /// Files that hold something else.
    pub changed: Vec<String>,
    /// Files that were not among them.
    pub added: Vec<String>,
}

/// Reads and hashes every file below a directory. Directories without files do not count, as they do not to `go`. What
/// stands in the way of reading a file is told of it, and ends nothing.
///
/// # Errors
/// Those of the system about the directory itself; [`io::ErrorKind::InvalidData`] for more files than a module has.
pub fn read(dir: &Path) -> io::Result<Tree> {
    let mut tree = Tree::default();
    let mut open = vec![(dir.to_owned(), String::new())];
    let mut buffer = vec![0; 64 << 10];
    while let Some((dir, prefix)) = open.pop() {
        let entries = match fs::read_dir(&dir) {
            Err(error) if prefix.is_empty() => return Err(error),
            read => read.and_then(Iterator::collect::<io::Result<Vec<_>>>),
        };
        match entries {
            Ok(entries) => {
                for entry in entries {
                    if tree.files.len() + tree.odd.len() >= MOST {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                    tree.entry(&entry, &prefix, &mut open, &mut buffer);
                }
            }
            Err(error) => drop(tree.odd.insert(prefix.trim_end_matches('/').to_owned(), error.to_string())),
        }
    }
    Ok(tree)
}

/// The SHA-256 of a file.
///
/// # Errors
/// Those of the system; [`io::ErrorKind::InvalidData`] for what is no file.
pub fn digest_of(path: &Path) -> io::Result<[u8; 32]> {
    digest(path, &mut vec![0; 64 << 10])
}

/// The SHA-256 of what stands behind this path. What is no file, such as a link to a device, is not read.
fn digest(path: &Path, buffer: &mut [u8]) -> io::Result<[u8; 32]> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no file"));
    }
    content(File::open(path)?, buffer)
}

fn content(mut file: File, buffer: &mut [u8]) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    loop {
        match file.read(buffer)? {
            0 => return Ok(hash.finalize().into()),
            n => hash.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

impl Tree {
    fn entry(
        &mut self,
        entry: &fs::DirEntry,
        prefix: &str,
        open: &mut Vec<(PathBuf, String)>,
        buffer: &mut [u8],
    ) {
        let name = entry.file_name();
        let path = format!("{prefix}{}", name.to_string_lossy());
        let read = match (name.to_str(), entry.file_type()) {
            (None, _) => Err(io::Error::new(io::ErrorKind::InvalidData, "its name is no text")),
            (_, Err(error)) => Err(error),
            (Some(_), Ok(kind)) if kind.is_dir() => {
                if prefix.matches('/').count() < DEEPEST {
                    open.push((entry.path(), format!("{path}/")));
                    Ok(None)
                } else {
                    Err(io::Error::new(io::ErrorKind::InvalidData, "too many directories in each other"))
                }
            }
            (Some(_), Ok(kind)) if kind.is_file() => {
                File::open(entry.path()).and_then(|file| content(file, buffer)).map(Some)
            }
            (Some(_), Ok(_)) => digest(&entry.path(), buffer).map(Some),
        };
        match read {
            Ok(Some(digest)) => drop(self.files.insert(path, digest)),
            Ok(None) => {}
            Err(error) => drop(self.odd.insert(path, error.to_string())),
        }
    }

    /// What is no file or could not be read, by its path in the tree, and why.
    pub fn odd(&self) -> impl Iterator<Item = (&str, &str)> {
        self.odd.iter().map(|(path, why)| (path.as_str(), why.as_str()))
    }

    /// Whether something at this path is no file or could not be read.
    pub fn is_odd(&self, path: &str) -> bool {
        self.odd.contains_key(path)
    }

    /// Whether there is a file below this directory.
    pub fn has_directory(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        let first = self.files.range(prefix.clone()..).next();
        first.is_some_and(|(path, _)| path.starts_with(&prefix))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.odd.is_empty()
    }

    /// The SHA-256 of a file.
    pub fn get(&self, path: &str) -> Option<&[u8; 32]> {
        self.files.get(path)
    }

    /// The files, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8; 32])> {
        self.files.iter().map(|(path, digest)| (path.as_str(), digest))
    }

    /// Its hash, if it is what a module zip with this prefix (`PATH@VERSION`) holds. `None` for what no zip can hold: a name
    /// with a line feed, and what is no file.
    pub fn h1(&self, prefix: &str) -> Option<H1> {
        if !self.odd.is_empty() {
            return None;
        }
        let names: Vec<_> = self.files.keys().map(|path| format!("{prefix}/{path}")).collect();
        let digests = names.iter().map(String::as_str).zip(self.files.values().copied());
        H1::of_digests(digests).ok()
    }

    /// How it differs from these files, those of the zip that it was unpacked from.
    pub fn against(&self, zip: &[(Box<str>, [u8; 32])]) -> TreeDifference {
        let mut difference = TreeDifference::default();
        let wanted: BTreeMap<&str, &[u8; 32]> =
            zip.iter().filter(|(path, _)| !path.ends_with('/')).map(|(path, hash)| (&**path, hash)).collect();
        for (path, hash) in &wanted {
            match self.files.get(*path) {
                None if self.odd.contains_key(*path) => difference.changed.push((*path).to_owned()),
                None => difference.missing.push((*path).to_owned()),
                Some(found) if found != *hash => difference.changed.push((*path).to_owned()),
                Some(_) => {}
            }
        }
        let here = self.files.keys().chain(self.odd.keys());
        difference.added = here.filter(|path| !wanted.contains_key(path.as_str())).cloned().collect();
        difference.added.sort_unstable();
        difference
    }
}

impl TreeDifference {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.added.is_empty()
    }
}

/// Directories in directories that are followed: more than a path of a module's file can have.
const DEEPEST: usize = 1000;
/// Files: more than a zip of 500 MiB can hold names of.
const MOST: usize = 5_000_000;
