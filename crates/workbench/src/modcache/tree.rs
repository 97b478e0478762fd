//! The unpacked files of a version.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use gomod::H1;
use sha2::{Digest, Sha256};

/// The files below a directory, by their paths in it with `/` between elements, and the SHA-256 of what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, [u8; 32]>,
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

/// Reads and hashes every file below a directory. Directories without files do not count, as they do not to `go`.
///
/// # Errors
/// Those of the system; [`io::ErrorKind::InvalidData`] for a name that is no text or more files than a module has.
pub fn read(dir: &Path) -> io::Result<Tree> {
    let mut tree = Tree::default();
    let mut open = vec![(dir.to_owned(), String::new())];
    let mut buffer = vec![0; 64 << 10];
    while let Some((dir, prefix)) = open.pop() {
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                if prefix.matches('/').count() < DEEPEST {
                    open.push((entry.path(), format!("{path}/")));
                }
                continue;
            }
            if tree.files.len() >= MOST {
                return Err(io::ErrorKind::InvalidData.into());
            }
            tree.files.insert(path, digest(&entry.path(), &mut buffer)?);
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
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    loop {
        match file.read(buffer)? {
            0 => return Ok(hash.finalize().into()),
            n => hash.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

impl Tree {
    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The SHA-256 of a file.
    pub fn get(&self, path: &str) -> Option<&[u8; 32]> {
        self.files.get(path)
    }

    /// The files, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8; 32])> {
        self.files.iter().map(|(path, digest)| (path.as_str(), digest))
    }

    /// Its hash, if it is what a module zip with this prefix (`PATH@VERSION`) holds. `None` for a name with a line feed,
    /// which no zip can hold.
    pub fn h1(&self, prefix: &str) -> Option<H1> {
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
                None => difference.missing.push((*path).to_owned()),
                Some(found) if found != *hash => difference.changed.push((*path).to_owned()),
                Some(_) => {}
            }
        }
        let added = self.files.keys().filter(|path| !wanted.contains_key(path.as_str()));
        difference.added = added.cloned().collect();
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
