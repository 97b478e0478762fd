//! The module cache (GOMODCACHE), read and never written.
//!
//! Layout: cmd/go/internal/modfetch, `cache.go`. Below `cache/download/PATH/@v/` lie `.info`, `.mod`, `.zip`,
//! `.ziphash`, `.lock` and `.partial` of each version, and beside `cache` the unpacked trees, `PATH@VERSION`.

mod tree;
mod zip;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use gomod::{H1, ModulePath, ModuleVersion};

pub use tree::{Tree, TreeDifference, digest_of, read as read_tree};
pub use zip::{CachedZip, read as read_zip, read_at as read_zip_at};

/// A module cache.
#[derive(Clone, Debug)]
pub struct ModCache {
    root: PathBuf,
}

/// One of the files that are kept of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is known of the version, as JSON.
    Info,
    /// Its go.mod.
    Mod,
    /// Its files, as they were downloaded.
    Zip,
    /// The hash of the zip, as it was computed when it was downloaded. `go` believes it.
    ZipHash,
    /// What is locked while it is downloaded and unpacked.
    Lock,
    /// There while it is unpacked, and after that was broken off.
    Partial,
}

/// What a `.ziphash` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZipHash {
    /// There is none: `go` hashes the zip, or fetches it.
    Absent,
    /// What lies there is no hash; `go` hashes the zip again.
    Torn,
    /// This one.
    Says(H1),
}

/// A file that some `go` left behind when it was broken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// How long nobody has written to it.
    pub age: Duration,
}

impl Part {
    fn ending(self) -> &'static str {
        match self {
            Part::Info => "info",
            Part::Mod => "mod",
            Part::Zip => "zip",
            Part::ZipHash => "ziphash",
            Part::Lock => "lock",
            Part::Partial => "partial",
        }
    }
}

impl ModCache {
    /// The cache in this directory, which need not be there.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        ModCache { root: root.into() }
    }

    /// Its directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the downloaded versions of a module lie.
    pub fn versions(&self, path: &ModulePath) -> PathBuf {
        self.root.join("cache/download").join(path.escaped().as_ref()).join("@v")
    }

    /// Where a file of a version lies.
    pub fn file(&self, module: &ModuleVersion, part: Part) -> PathBuf {
        let name = format!("{}.{}", module.version().escaped(), part.ending());
        self.versions(module.path()).join(name)
    }

    /// Where the unpacked files of a version lie.
    pub fn tree(&self, module: &ModuleVersion) -> PathBuf {
        self.root.join(format!("{}@{}", module.path().escaped(), module.version().escaped()))
    }

    /// Where answers of a checksum database lie that were proven.
    pub fn database(&self, name: &str) -> PathBuf {
        self.root.join("cache/download/sumdb").join(name)
    }

    /// The go.mod of a version. `None` if it is not there.
    ///
    /// # Errors
    /// Those of the system, and [`io::ErrorKind::FileTooLarge`] above 16 MiB.
    pub fn gomod(&self, module: &ModuleVersion) -> io::Result<Option<Vec<u8>>> {
        small_file(&self.file(module, Part::Mod), gomod::MAX_GOMOD)
    }

    /// What the `.ziphash` of a version says.
    ///
    /// # Errors
    /// Those of the system.
    pub fn ziphash(&self, module: &ModuleVersion) -> io::Result<ZipHash> {
        Ok(match small_file(&self.file(module, Part::ZipHash), 4096) {
            Ok(None) => ZipHash::Absent,
            Ok(Some(bytes)) => std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .map_or(ZipHash::Torn, ZipHash::Says),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => ZipHash::Torn,
            Err(error) => return Err(error),
        })
    }

    /// Whether `go` would build from the tree without looking at the zip: the tree and the `.ziphash` are there and
    /// unpacking ended (modfetch, `DownloadDir`).
    pub fn is_unpacked(&self, module: &ModuleVersion) -> bool {
        self.tree(module).is_dir()
            && self.file(module, Part::ZipHash).exists()
            && !self.file(module, Part::Partial).exists()
    }

    /// Temporary files of a version that lie there still. While a `go` works, some do.
    pub fn leftovers(&self, module: &ModuleVersion, now: SystemTime) -> Vec<Leftover> {
        let stem = format!("{}.", module.version().escaped());
        let Ok(entries) = fs::read_dir(self.versions(module.path())) else { return Vec::new() };
        let temporary = entries.flatten().filter(|entry| {
            let name = entry.file_name();
            name.to_str().and_then(|name| name.strip_prefix(&stem)?.strip_suffix(".tmp")).is_some()
        });
        let leftover = |entry: fs::DirEntry| {
            let meta = entry.metadata().ok()?;
            let age = now.duration_since(meta.modified().ok()?).unwrap_or_default();
            Some(Leftover { path: entry.path(), size: meta.len(), age })
        };
        temporary.take(MANY).filter_map(leftover).collect()
    }

    /// Whether another process holds the lock of a version, which every `go` that needs it then waits for.
    ///
    /// The lock is taken for an instant and shared, so that a `go` that comes in between waits no longer than that.
    pub fn is_locked(&self, module: &ModuleVersion) -> bool {
        is_locked(&self.file(module, Part::Lock))
    }
}

/// Whether another process holds this file locked for itself. What cannot be opened is not.
pub fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

/// A whole file of at most so many bytes; `None` if it is not there.
pub(crate) fn small_file(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Some(bytes))
}

/// Whether nothing is there, or something above it is no directory.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// How many temporary files of one version are told of.
const MANY: usize = 100;
