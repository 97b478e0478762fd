//! The files of a module as they were published, to compare copies with.

use std::{collections::BTreeMap, fmt, fs::File, io, path::PathBuf};

use gomod::{H1, ModuleVersion, ZipCheck, ZipFault, read_entry};

use crate::modcache::{ModCache, Part, read_tree, small_file};

/// The files of a version, by their paths in the module, with the SHA-256 of what each holds.
#[derive(Debug)]
pub struct Original {
    module: ModuleVersion,
    h1: H1,
    files: BTreeMap<String, [u8; 32]>,
    place: Place,
}

/// Where the files themselves are.
enum Place {
    Zip(File),
    Tree(PathBuf),
}

impl Original {
    /// Those that a zip holds, which is read and hashed.
    ///
    /// # Errors
    /// It is none that `go` takes as this version's, or it cannot be read.
    pub fn of_zip(module: ModuleVersion, file: File) -> Result<Self, ZipFault> {
        let len = file.metadata().map_err(ZipFault::Unreadable)?.len();
        let contents = ZipCheck::new(&module).contents(&file, len)?;
        let files = contents.files.into_iter().map(|(path, digest)| (path.into(), digest)).collect();
        Ok(Original { module, h1: contents.facts.h1, files, place: Place::Zip(file) })
    }

    /// Those that lie in the module cache: in the zip, or else unpacked, if one of them has this hash.
    pub(super) fn cached(cache: &ModCache, module: &ModuleVersion, right: Option<H1>) -> Option<Self> {
        let is_right = |h1: H1| right.is_none_or(|right| right == h1);
        let zip = File::open(cache.file(module, Part::Zip)).ok();
        let zip = zip.and_then(|file| Original::of_zip(module.clone(), file).ok());
        if let Some(zip) = zip.filter(|zip| is_right(zip.h1)) {
            return Some(zip);
        }
        // What was unpacked proves nothing where nobody says what it should be.
        right?;
        let dir = cache.tree(module);
        let tree = read_tree(&dir).ok()?;
        let h1 = tree.h1(&module.to_string()).filter(|h1| is_right(*h1))?;
        let files = tree.files().map(|(path, digest)| (path.to_owned(), *digest)).collect();
        Some(Original { module: module.clone(), h1, files, place: Place::Tree(dir) })
    }

    /// The version.
    pub fn module(&self) -> &ModuleVersion {
        &self.module
    }

    /// The hash of all of it.
    pub fn h1(&self) -> H1 {
        self.h1
    }

    /// The SHA-256 of a file.
    pub(super) fn digest(&self, path: &str) -> Option<&[u8; 32]> {
        self.files.get(path)
    }

    /// The names of the files that lie in a directory of it, not deeper; empty for the root.
    pub(super) fn names_in<'a>(&'a self, dir: &str) -> impl Iterator<Item = &'a str> {
        let prefix = if dir.is_empty() { String::new() } else { format!("{dir}/") };
        let from = prefix.clone();
        let below = self.files.range(from..).map_while(move |(path, _)| path.strip_prefix(prefix.as_str()));
        below.filter(|name| !name.is_empty() && !name.contains('/'))
    }

    /// What a file of at most 16 MiB holds.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let bytes = match &self.place {
            Place::Zip(file) => {
                let len = file.metadata().ok()?.len();
                read_entry(&self.module, path, file, len).ok().flatten()?
            }
            Place::Tree(dir) => small_file(&dir.join(path), gomod::MAX_GOMOD).ok().flatten()?,
        };
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Zip(_) => f.write_str("Zip"),
            Place::Tree(dir) => write!(f, "Tree({})", dir.display()),
        }
    }
}

/// The SHA-256 of a file of a directory that is used instead of a module. `None` if it is not there.
///
/// # Errors
/// Those of the system.
pub(super) fn digest_in(dir: &std::path::Path, path: &str) -> io::Result<Option<[u8; 32]>> {
    match crate::modcache::digest_of(&dir.join(path)) {
        Ok(digest) => Ok(Some(digest)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
