//! A zip on disk that no name leads to: it is gone with the last one who reads it.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use upstream::{Fault, FaultKind, Piece, SourceName};

use crate::{Cause, VcsError, git::Progress};

/// A whole zip. Clones share the file.
#[derive(Clone, Debug)]
pub(super) struct ZipFile {
    file: Arc<File>,
    len: u64,
}

/// Where it is written.
pub(super) type Out = BufWriter<Told>;

/// A file of which each piece that is written is told.
#[derive(Debug)]
pub(super) struct Told {
    file: File,
    progress: Progress,
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.progress.made(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Told {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl ZipFile {
    /// Makes one in a directory, and tells of each piece.
    pub(super) fn make(
        dir: &Path,
        progress: &Progress,
        write: impl FnOnce(Out) -> Result<Out, VcsError>,
    ) -> Result<Self, VcsError> {
        let local = |error: &io::Error| VcsError::failed(Cause::Local, "write the zip", error);
        // What is read in process needs no repository there before.
        let file = fs::create_dir_all(dir).and_then(|()| nameless(dir)).map_err(|error| local(&error))?;
        let file = Told { file, progress: progress.clone() };
        let out = write(BufWriter::with_capacity(CHUNK, file))?;
        let finish = |mut out: Out| {
            out.flush()?;
            let Told { file, .. } = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            let len = file.metadata()?.len();
            Ok(ZipFile { file: Arc::new(file), len })
        };
        finish(out).map_err(|error| local(&error))
    }

    /// One that is there already. It may lose its name.
    pub(super) fn of(file: File) -> Result<Self, VcsError> {
        let data = file.metadata();
        let data = data.map_err(|error| VcsError::failed(Cause::Local, "read the zip", error))?;
        Ok(ZipFile { file: Arc::new(file), len: data.len() })
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Its bytes, piece by piece.
    pub(super) fn stream(self) -> BoxStream<'static, Result<Piece, Fault>> {
        let pieces = stream::try_unfold((self, 0_u64), |(zip, at)| async move {
            let left = usize::try_from(zip.len - at).unwrap_or(usize::MAX);
            if left == 0 {
                return Ok(None);
            }
            let file = Arc::clone(&zip.file);
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; left.min(CHUNK)];
                file.read_exact_at(&mut piece, at).map(|()| Bytes::from(piece))
            });
            let piece = read.await.map_err(io::Error::other).and_then(|read| read).map_err(|error| {
                Fault::new(SourceName::direct(), FaultKind::Lacking, &error.to_string(), Duration::ZERO)
            })?;
            let next = at + piece.len() as u64;
            Ok(Some((Piece::Bytes(piece), (zip, next))))
        });
        pieces.boxed()
    }
}

/// A new file that has lost its name.
fn nameless(dir: &Path) -> io::Result<File> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("zip-{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    fs::create_dir_all(dir)?;
    let path = dir.join(name);
    // Of a process with the same number that died between the two steps.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// Bytes that are written and read at once.
const CHUNK: usize = 256 << 10;
