//! The data directory: one place on a disk that any number of Larder processes share.
//!
//! ```text
//! format             the format marker
//! lock               shared by every process that uses the directory, exclusive while the format changes
//! modules/           a GOPROXY with checksum database: files, receipts, sumdb/
//! answers/           lists, @latest, branch queries
//! journals/          of a log of its own: the records that were taken last
//! restore/           a snapshot that is being restored: its files, and once they were checked the journal
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
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use crate::{Meters, StagingArea, StoreError, blocking::blocking, data::lock::Shards, durable, local::Bound};

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
    /// Nothing as long as the directory cannot be written.
    shared: OnceLock<Shared>,
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
        let refused = match settle(&dir) {
            Err(OpenError::Store(error)) if is_refusal(&error) => error,
            settled => {
                let (shared, scratch) = settled?;
                let meters = Meters::default();
                let space = Arc::new(Space::new(dir.clone(), options.min_free));
                let staging = StagingArea::new(options.staging_memory, meters.clone());
                staging.use_disk(scratch, Arc::clone(&space));
                return Ok(Arc::new(Data::new(dir, options, space, staging, shared.into(), meters)));
            }
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
        let staging = StagingArea::new(options.staging_memory, meters.clone());
        match Scratch::elsewhere() {
            Ok(scratch) => {
                let space = Space::new(scratch.dir().to_owned(), options.min_free);
                staging.use_disk(scratch, Arc::new(space));
            }
            Err(error) => {
                tracing::warn!("{error}; zips above {} bytes cannot pass", options.staging_memory);
            }
        }
        let space = Arc::new(Space::new(dir.clone(), options.min_free));
        let data = Arc::new(Data::new(dir, options, space, staging, OnceLock::new(), meters));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(until_writable(Arc::downgrade(&data)));
        }
        Ok(data)
    }

    fn new(
        dir: PathBuf,
        options: OpenOptions,
        space: Arc<Space>,
        staging: Arc<StagingArea>,
        shared: OnceLock<Shared>,
        meters: Meters,
    ) -> Self {
        let quarantine = Bound { files: options.quarantine_files, bytes: options.quarantine_bytes };
        Data { dir, space, staging, shared, quarantine, meters }
    }

    /// Tries again whether the directory can be written. Blocking.
    fn try_to_write(&self) -> Result<(), OpenError> {
        let (shared, scratch) = settle(&self.dir)?;
        // Where they lay until now is another disk, from which nothing can be linked into this one.
        self.staging.use_disk(scratch, Arc::clone(&self.space));
        let _ = self.shared.set(shared);
        self.meters.trouble.set(0);
        tracing::info!("{} can be written again", self.dir.display());
        Ok(())
    }
    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether nothing is stored, because the directory cannot be written.
    pub fn is_read_only(&self) -> bool {
        self.shared.get().is_none()
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

    /// Whether there is room for so many bytes beside what is to stay free. Blocking.
    pub fn check_room(&self, bytes: u64) -> Result<(), StoreError> {
        self.space.check(bytes)
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
    pub fn crashed(&self) -> usize {
        self.shared.get().map_or(0, |shared| shared.crashed)
    }

    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    /// The locks of single objects; an error in a directory that cannot be written.
    pub(crate) fn shards(&self) -> Result<&Shards, StoreError> {
        let shared = self.shared.get();
        shared.map(|shared| &shared.shards).ok_or_else(|| StoreError::ReadOnly(self.dir.clone()))
    }
}

/// Makes the directory if need be, and takes this process's part of it.
fn settle(dir: &Path) -> Result<(Shared, Scratch), OpenError> {
    durable::make_all(dir)?;
    let in_use = format::settle(dir)?;
    let (scratch, crashed) = Scratch::open(&dir.join("staging"))?;
    Ok((Shared { _in_use: in_use, shards: Shards::in_dir(dir.join("locks")), crashed }, scratch))
}

/// Tries a directory that could not be written until it can be, or is given up.
async fn until_writable(data: Weak<Data>) {
    loop {
        tokio::time::sleep(TRIED).await;
        let Some(data) = data.upgrade() else { return };
        let tried = blocking(move || Ok(data.try_to_write())).await;
        if !matches!(tried, Ok(Err(OpenError::Store(_)))) {
            return;
        }
    }
}

/// How often that is.
const TRIED: Duration = Duration::from_secs(1);

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
