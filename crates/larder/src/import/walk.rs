//! A directory of modules, walked: which versions lie there, and what is odd. Blocking, in bounded memory, and without
//! following links, so that no loop and no way out of the directory is taken.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context, bail};
use gomod::ModuleVersion;
use storage::Kind;
use tokio::sync::mpsc::Sender;

use super::name::{self, Named};
use super::report::{Reason, Refused};

/// What a walk finds.
#[derive(Debug)]
pub(super) enum Found {
    /// A version, and which files of it are there.
    Version(Files),
    /// What looks like part of a module and cannot be one.
    Odd(Refused),
}

/// The files of one version. They may be gone or be something else by the time they are opened.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) version: ModuleVersion,
    pub(super) files: Vec<(Kind, PathBuf)>,
}

/// How far the walk is.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Files that belong to no version.
    pub(super) passed: AtomicU64,
    /// Entries of directories, of any kind.
    pub(super) entries: AtomicU64,
}

/// Where the modules begin: below a module cache, or here.
pub(super) fn root(modcache: Option<&Path>, dir: Option<&Path>) -> anyhow::Result<PathBuf> {
    let (given, must) = match (modcache, dir) {
        (Some(modcache), _) => (modcache, true),
        (None, Some(dir)) => (dir, false),
        (None, None) => bail!("name a directory with --modcache or --dir"),
    };
    let looked = fs::metadata(given).with_context(|| format!("cannot read {}", name::shown(given)))?;
    if !looked.is_dir() {
        bail!("{} is no directory", name::shown(given));
    }
    let download = given.join("cache").join("download");
    if download.is_dir() {
        return Ok(download);
    }
    if must && !given.ends_with("cache/download") {
        bail!(
            "{} has no cache/download, so it is no module cache; name what `go env GOMODCACHE` prints",
            name::shown(given)
        );
    }
    Ok(given.to_owned())
}

/// Walks until the end, or until nobody listens.
pub(super) struct Walk<'a> {
    root: &'a Path,
    walked: &'a Walked,
    tell: Sender<Found>,
}

/// Nobody listens any more.
struct Gone;

/// An entry of a directory: its name, and what it is.
struct Entry {
    name: OsString,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    File,
    Dir,
    Link,
    Other,
}

impl<'a> Walk<'a> {
    pub(super) fn new(root: &'a Path, walked: &'a Walked, tell: Sender<Found>) -> Self {
        Walk { root, walked, tell }
    }

    /// Walks the whole tree. An error: not even its top can be read.
    pub(super) fn run(self) -> anyhow::Result<()> {
        fs::read_dir(self.root).with_context(|| format!("cannot read {}", name::shown(self.root)))?;
        let mut ahead = vec![PathBuf::new()];
        while let Some(dir) = ahead.pop() {
            match self.directory(&dir) {
                Ok(below) => ahead.extend(below.into_iter().rev()),
                Err(Gone) => break,
            }
        }
        Ok(())
    }

    /// Looks at one directory, relative to the top, and gives those below it that are to be looked at.
    fn directory(&self, dir: &Path) -> Result<Vec<PathBuf>, Gone> {
        if dir.components().count() > DEEPEST || dir.as_os_str().len() > LONGEST {
            self.odd(dir, Reason::Name, "it lies deeper than a module can")?;
            return Ok(Vec::new());
        }
        let Some(entries) = self.read(dir)? else { return Ok(Vec::new()) };
        if dir.file_name().is_some_and(|name| name == "@v") {
            self.versions(dir, &entries)?;
            return Ok(Vec::new());
        }
        self.athens(dir, &entries)?;
        let mut below = Vec::new();
        for entry in &entries {
            let path = dir.join(&entry.name);
            match entry.what {
                // It holds no modules, in every layout.
                What::Dir if dir.as_os_str().is_empty() && entry.name == "sumdb" => self.pass(1),
                What::Dir => below.push(path),
                What::Link => self.odd(&path, Reason::Link, LINK)?,
                What::File | What::Other => {}
            }
        }
        Ok(below)
    }

    /// The entries of a directory in order; nothing if it cannot be read, which is told.
    fn read(&self, dir: &Path) -> Result<Option<Vec<Entry>>, Gone> {
        let mut entries = Vec::new();
        let listing = match fs::read_dir(self.root.join(dir)) {
            Ok(listing) => listing,
            Err(error) => {
                self.odd(dir, Reason::Unreadable, error.to_string())?;
                return Ok(None);
            }
        };
        for entry in listing {
            let kind = entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?)));
            let (name, kind) = match kind {
                Ok(entry) => entry,
                // It has gone meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    self.odd(dir, Reason::Unreadable, error.to_string())?;
                    return Ok(None);
                }
            };
            if entries.len() == MOST {
                self.odd(dir, Reason::Name, "it has more entries than a directory of modules can have")?;
                return Ok(None);
            }
            self.walked.entries.fetch_add(1, Ordering::Relaxed);
            let what = match kind {
                _ if kind.is_dir() => What::Dir,
                _ if kind.is_file() => What::File,
                _ if kind.is_symlink() => What::Link,
                _ => What::Other,
            };
            entries.push(Entry { name, what });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(entries))
    }

    /// The `@v` of a module.
    fn versions(&self, dir: &Path, entries: &[Entry]) -> Result<(), Gone> {
        let parent = dir.parent().and_then(Path::to_str).unwrap_or("\u{fffd}");
        let module = match name::module(parent) {
            Ok(module) => module,
            Err(why) => return self.odd(dir, Reason::Name, why),
        };
        let mut versions: BTreeMap<ModuleVersion, Vec<(Kind, PathBuf)>> = BTreeMap::new();
        for entry in entries {
            let path = dir.join(&entry.name);
            let Some(text) = entry.name.to_str() else {
                self.odd(&path, Reason::Name, NOT_TEXT)?;
                continue;
            };
            match name::in_versions(&module, text) {
                Named::File(version, kind) => {
                    if self.is_file(&path, entry.what)? {
                        versions.entry(version).or_default().push((kind, self.root.join(path)));
                    }
                }
                Named::Other => self.pass(1),
                Named::Bad(why) => self.odd(&path, Reason::Name, why)?,
            }
        }
        versions.into_iter().try_for_each(|(version, files)| self.found(version, files))
    }

    /// A directory of a version, as Athens has them, if it is one. Other files in it are not modules'.
    fn athens(&self, dir: &Path, entries: &[Entry]) -> Result<(), Gone> {
        let not_text = entries.iter().filter(|entry| entry.name.to_str().is_none());
        for entry in not_text.filter(|entry| entry.what != What::Link) {
            self.odd(&dir.join(&entry.name), Reason::Name, NOT_TEXT)?;
        }
        let of_version = || {
            let version = dir.file_name()?.to_str()?;
            Some((dir.parent()?.to_str()?, version))
        };
        let named = |entry: &Entry| name::in_athens(of_version()?.1, entry.name.to_str()?);
        let has = |kind| entries.iter().any(|entry| named(entry) == Some(kind));
        let version = of_version().map(|(module, version)| name::athens(module, version));
        let version = match version {
            Some(Ok(version)) => Some(version),
            // A go.mod alone lies in many directories.
            Some(Err(why)) if has(Kind::Zip) || has(Kind::Info) => {
                self.odd(dir, Reason::Name, why)?;
                return Ok(());
            }
            _ => None,
        };
        let mut files = Vec::new();
        for entry in entries.iter().filter(|entry| entry.what != What::Dir || named(entry).is_some()) {
            let path = dir.join(&entry.name);
            match named(entry).filter(|_| version.is_some()) {
                Some(kind) if entry.what == What::File => files.push((kind, self.root.join(path))),
                // Of a link is told where all of them are.
                _ if entry.what == What::Link => {}
                Some(_) => drop(self.is_file(&path, entry.what)?),
                None => self.pass(1),
            }
        }
        match version {
            Some(version) if !files.is_empty() => self.found(version, files),
            _ => Ok(()),
        }
    }

    /// Whether what should be a file is one; if not, that is told.
    fn is_file(&self, path: &Path, what: What) -> Result<bool, Gone> {
        match what {
            What::File => return Ok(true),
            What::Link => self.odd(path, Reason::Link, LINK)?,
            What::Dir => self.odd(path, Reason::NotFile, "it is a directory")?,
            What::Other => self.odd(path, Reason::NotFile, "it is a pipe, a socket or a device")?,
        }
        Ok(false)
    }

    fn found(&self, version: ModuleVersion, files: Vec<(Kind, PathBuf)>) -> Result<(), Gone> {
        self.tell.blocking_send(Found::Version(Files { version, files })).map_err(|_| Gone)
    }

    fn odd(&self, path: &Path, reason: Reason, why: impl Into<String>) -> Result<(), Gone> {
        let refused = Refused { path: path.to_owned(), file: None, reason, why: why.into() };
        self.tell.blocking_send(Found::Odd(refused)).map_err(|_| Gone)
    }

    fn pass(&self, files: u64) {
        self.walked.passed.fetch_add(files, Ordering::Relaxed);
    }
}

const LINK: &str = "it is a symbolic link; links are not followed";
const NOT_TEXT: &str = "its name is not UTF-8";
/// Elements of a path below the top. Each element of a module path has at least two bytes with its slash.
const DEEPEST: usize = 256;
/// Bytes of such a path.
const LONGEST: usize = 4096;
/// Entries of one directory: ten times what the module with the most versions has.
const MOST: usize = 1_000_000;
