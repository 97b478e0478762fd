//! What is broken in a module cache, mended in place while go commands work with it.
//!
//! Every step is one that cannot be seen half: a file is written beside the others, synced and renamed. Between two steps
//! the version is no worse than before, so that whoever comes after a crash goes on. What is good is not touched.

mod content;
mod small;
mod tree;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use gomod::{H1, ModuleVersion, ZipFault};

use crate::{
    cache::VersionLock,
    modcache::{ModCache, Part},
    verify::Piece,
};

pub use content::Right;

/// The mending of one version. Its lock is held as long as this lives.
#[derive(Debug)]
pub struct Repair {
    cache: ModCache,
    module: ModuleVersion,
    _lock: VersionLock,
}

/// What was fetched to mend a version with.
#[derive(Debug, Default)]
pub struct Supplies {
    /// The zip, in a file of [`Repair::temporary`].
    pub zip: Option<Temporary>,
    /// The go.mod.
    pub gomod: Option<Vec<u8>>,
    /// The `.info`.
    pub info: Option<Vec<u8>>,
}

/// A file beside those of the version, under a name that `go` takes for one that was left. It goes with this value,
/// unless it was put into its place.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    file: File,
}

/// Which files are needed to mend some pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The zip.
    pub zip: bool,
    /// The go.mod.
    pub gomod: bool,
    /// The `.info`.
    pub info: bool,
}

/// Why a version could not be mended.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// What was fetched is something else.
    #[error("what the sources give has the hash {found}, and it should be {right}; nothing was changed")]
    Other {
        /// What it should be.
        right: H1,
        /// What it is.
        found: H1,
    },
    /// What was fetched is no zip of the version.
    #[error("what the sources give is no zip that go takes: {0}")]
    Zip(#[from] ZipFault),
    /// Nobody gave what is needed.
    #[error("what is needed was not fetched: {0}")]
    Lacks(&'static str),
    /// The system refused.
    #[error("{path}: {why}")]
    Io {
        /// Where.
        path: String,
        /// Why.
        why: io::Error,
    },
}

impl Repair {
    /// Takes the lock of a version; `None` while another process has it.
    ///
    /// # Errors
    /// Those of the system, for example that the cache is read-only.
    pub fn begin(cache: &ModCache, module: &ModuleVersion) -> io::Result<Option<Self>> {
        let lock = VersionLock::try_take(cache, module)?;
        Ok(lock.map(|lock| Repair { cache: cache.clone(), module: module.clone(), _lock: lock }))
    }

    /// Which files have to be fetched to mend these pieces. A tree is unpacked from the zip that lies there, if that is
    /// good.
    pub fn needs(&self, pieces: &BTreeSet<Piece>) -> Needs {
        let has_zip = self.cache.file(&self.module, Part::Zip).exists();
        let from_zip = pieces.contains(&Piece::Tree) || pieces.contains(&Piece::ZipHash);
        Needs {
            zip: pieces.contains(&Piece::Zip) || from_zip && !has_zip,
            gomod: pieces.contains(&Piece::Mod),
            info: pieces.contains(&Piece::Info),
        }
    }

    /// A file to write a zip into.
    ///
    /// # Errors
    /// Those of the system.
    pub fn temporary(&self) -> io::Result<Temporary> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let zip = self.cache.file(&self.module, Part::Zip);
        let number =
            || u64::from(std::process::id()) * 1000 + u64::from(NEXT.fetch_add(1, Ordering::Relaxed));
        for _ in 0..TRIES {
            // The form of names that `go` removes before it downloads (modfetch, `downloadZip`).
            let path = PathBuf::from(format!("{}{}.tmp", zip.display(), number()));
            match File::options().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Temporary { path, file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Mends the pieces, and says what was done, a clause each.
    ///
    /// # Errors
    /// [`RepairError`]; what was mended before stays mended.
    pub fn mend(
        &self,
        pieces: &BTreeSet<Piece>,
        right: &Right,
        supplies: Supplies,
    ) -> Result<Vec<String>, RepairError> {
        let mut done = Vec::new();
        if pieces.iter().any(|piece| matches!(piece, Piece::Zip | Piece::ZipHash | Piece::Tree)) {
            self.content(pieces, right, supplies.zip, &mut done)?;
        }
        if pieces.contains(&Piece::Mod) {
            self.gomod(&supplies.gomod.ok_or(RepairError::Lacks("go.mod"))?, right)?;
            done.push(".mod".to_owned());
        }
        if pieces.contains(&Piece::Info) {
            self.info(&supplies.info.ok_or(RepairError::Lacks(".info"))?)?;
            done.push(".info".to_owned());
        }
        Ok(done)
    }

    /// Writes a small file in one step.
    fn put(&self, part: Part, bytes: &[u8]) -> Result<(), RepairError> {
        let path = self.cache.file(&self.module, part);
        let written = self.temporary().and_then(|mut temporary| {
            io::Write::write_all(&mut temporary.file, bytes)?;
            temporary.into_place(&path)
        });
        written.map_err(|why| at(&path, why))
    }
}

impl Temporary {
    /// The file, to be written and read.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Durably gives it its own name. Whatever has that name is replaced, be it a directory.
    fn into_place(self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) {
            crate::cache::remove_tree(path)?;
        }
        fs::rename(&self.path, path)
    }
}

/// After the renaming there is nothing under its name.
impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn at(path: &Path, why: io::Error) -> RepairError {
    RepairError::Io { path: path.display().to_string(), why }
}

/// Names that are tried; each is that of this process.
const TRIES: usize = 1000;
