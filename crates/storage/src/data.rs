//! The data directory: one place on a disk that any number of Larder processes share.
//!
//! ```text
//! format             the format marker
//! lock               shared by every process that uses the directory, exclusive while the format changes
//! modules/           a GOPROXY with checksum database: files, receipts, sumdb/
//! answers/           lists, @latest, branch queries
//! quarantine/        files that were not what they should be, each with the reason
//! catalog.sqlite     the index for people
//! leases/ locks/     lock files; all may be removed while no Larder runs
//! staging/           one directory per running process
//! ```

mod format;
pub(crate) mod lock;
mod scratch;
mod space;
mod trouble;

pub(crate) use scratch::Scratch;
pub(crate) use space::Space;
pub(crate) use trouble::Trouble;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{Meters, StagingArea, StoreError, data::lock::Shards, durable, local::Bound};

/// How a data directory is used.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Whether a directory that cannot be written will do: what is stored is served, nothing is stored.
    pub read_only_ok: bool,
    /// How much of the file system stays free. Default 5 %.
    pub min_free: MinFree,
    /// Bytes of memory for all files in transit together while the disk is full or read-only.
    pub staging_memory: u64,
    /// How many files may lie in quarantine; the oldest go first.
    pub quarantine_files: usize,
    /// How many bytes may lie in quarantine; the oldest go first.
    pub quarantine_bytes: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions {
            read_only_ok: true,
            min_free: MinFree::Percent(5),
            staging_memory: 64 << 20,
            quarantine_files: 1000,
            quarantine_bytes: 1 << 30,
        }
    }
}

/// How much of a file system stays free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinFree {
    /// So many percent of its size, 0 to 100.
    Percent(u8),
    /// So many bytes.
    Bytes(u64),
}

/// An opened data directory. Dropping the last handle lets others change its format.
#[derive(Debug)]
pub struct Data {
    dir: PathBuf,
    space: Arc<Space>,
    staging: Arc<StagingArea>,
    shared: Option<Shared>,
    quarantine: Bound,
    meters: Meters,
}

/// What a process has of a directory that it may write.
#[derive(Debug)]
struct Shared {
    _in_use: lock::Held,
    shards: Shards,
    crashed: usize,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be made, and not be read either.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The path names something else.
    #[error("{} is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// It cannot be written, and that will not do.
    #[error("{} cannot be written: {source}", dir.display())]
    ReadOnly {
        /// The data directory.
        dir: PathBuf,
        /// What the system said.
        source: Box<StoreError>,
    },
    /// A newer Larder made it.
    #[error(
        "{} has data format {format}, which is newer than this Larder knows; use the newer Larder, or another --data",
        dir.display()
    )]
    Newer {
        /// The data directory.
        dir: PathBuf,
        /// The format it has.
        format: u32,
    },
    /// It must be brought to the current format, but an older Larder is using it.
    #[error("{} is in use by an older Larder; stop that one first", .0.display())]
    OlderInUse(PathBuf),
    /// It would have to be brought to the current format, but cannot be written.
    #[error("{} has an older data format and cannot be written; make it writable once", .0.display())]
    OlderReadOnly(PathBuf),
    /// The marker is no marker.
    #[error("{} is no format marker of a Larder data directory; use another --data", .0.display())]
    Marker(PathBuf),
}

impl Data {
    /// Opens a data directory, making it if need be. Blocking, and quick: nothing stored is looked at.
    pub fn open(dir: impl Into<PathBuf>, options: OpenOptions) -> Result<Arc<Data>, OpenError> {
        let dir = dir.into();
        if dir.exists() && !dir.is_dir() {
            return Err(OpenError::NotADirectory(dir));
        }
        let refused = match Data::open_for_writing(&dir, options) {
            Err(OpenError::Store(error)) if is_refusal(&error) => error,
            opened => return opened.map(Arc::new),
        };
        // Neither made nor readable: the first refusal is the one to tell.
        if fs::read_dir(&dir).is_err() {
            return Err(refused.into());
        }
        if !options.read_only_ok {
            return Err(OpenError::ReadOnly { dir, source: Box::new(refused) });
        }
        format::check(&dir)?;
        tracing::warn!("{refused}; what is stored in {} is served, nothing is stored", dir.display());
        // What passes through still wants room; without any, only what fits into memory does.
        let meters = Meters::default();
        meters.trouble.set(1);
        let staging = match Scratch::elsewhere() {
            Ok(scratch) => {
                let space = Space::new(scratch.dir().to_owned(), options.min_free);
                StagingArea::on_disk(scratch, Arc::new(space), options.staging_memory, meters.clone())
            }
            Err(error) => {
                tracing::warn!("{error}; zips above {} bytes cannot pass", options.staging_memory);
                StagingArea::in_memory(options.staging_memory)
            }
        };
        Ok(Arc::new(Data {
            space: Arc::new(Space::new(dir.clone(), options.min_free)),
            staging,
            shared: None,
            quarantine: Bound { files: options.quarantine_files, bytes: options.quarantine_bytes },
            meters,
            dir,
        }))
    }

    fn open_for_writing(dir: &Path, options: OpenOptions) -> Result<Data, OpenError> {
        durable::make_all(dir)?;
        let in_use = format::settle(dir)?;
        let (scratch, crashed) = Scratch::open(&dir.join("staging"))?;
        let space = Arc::new(Space::new(dir.to_owned(), options.min_free));
        let (memory, meters) = (options.staging_memory, Meters::default());
        Ok(Data {
            staging: StagingArea::on_disk(scratch, Arc::clone(&space), memory, meters.clone()),
            space,
            quarantine: Bound { files: options.quarantine_files, bytes: options.quarantine_bytes },
            meters,
            shared: Some(Shared { _in_use: in_use, shards: Shards::in_dir(dir.join("locks")), crashed }),
            dir: dir.to_owned(),
        })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether nothing is stored, because the directory cannot be written.
    pub fn is_read_only(&self) -> bool {
        self.shared.is_none()
    }

    /// What keeps new files from being stored at the moment, one sentence each; nothing when all is well.
    pub fn trouble(&self) -> Vec<String> {
        if self.is_read_only() {
            return vec![StoreError::ReadOnly(self.dir.clone()).to_string()];
        }
        match self.space.check(0) {
            Err(full) => vec![full.to_string()],
            Ok(()) => self.staging.trouble().refusal().into_iter().collect(),
        }
    }

    /// What is counted, to be registered.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// How much may lie in quarantine.
    pub(crate) fn quarantine(&self) -> Bound {
        self.quarantine
    }

    /// Where files in transit lie.
    pub fn staging(&self) -> &Arc<StagingArea> {
        &self.staging
    }

    /// How many processes were found that had ended without tidying up.
    pub(crate) fn crashed(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.crashed)
    }

    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    /// The locks of single objects; an error in a directory that cannot be written.
    pub(crate) fn shards(&self) -> Result<&Shards, StoreError> {
        let shared = self.shared.as_ref();
        shared.map(|shared| &shared.shards).ok_or_else(|| StoreError::ReadOnly(self.dir.clone()))
    }
}

/// Whether the directory could not be written, rather than something being wrong with it.
fn is_refusal(error: &StoreError) -> bool {
    match error {
        StoreError::ReadOnly(_) | StoreError::Full(_) => true,
        StoreError::Io { source, .. } => matches!(
            source.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
        _ => false,
    }
}
