//! What a file is, as it is written down.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};

use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};
use storage::SealedFile;

/// Reads it all. A file that is written to meanwhile is read once more, and is an error the second time.
pub(super) fn facts(path: &Path, buffer: &mut [u8]) -> io::Result<SealedFile> {
    let meta = fs::symlink_metadata(path)?;
    if meta.is_symlink() {
        let target = fs::read_link(path)?;
        return Ok(sealed(&meta, Sha256::digest(target.as_os_str().as_bytes()).into()));
    }
    match read(path, buffer)? {
        Some(file) => Ok(file),
        None => read(path, buffer)?.ok_or_else(|| io::Error::other("it was written to while it was read")),
    }
}

/// What can be said of a file without reading it.
pub(super) fn is_as(path: &Path, was: &SealedFile) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| sealed(&meta, was.sha256) == *was)
}

/// `None` if it was written to meanwhile.
fn read(path: &Path, buffer: &mut [u8]) -> io::Result<Option<SealedFile>> {
    // A link or a pipe may have come into its place.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let before = file.metadata()?;
    if !before.is_file() {
        return Err(io::Error::other("it is no file any more"));
    }
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    loop {
        match file.read(buffer) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(buffer.get(..n).unwrap_or_default());
                size += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let sha256 = hash.finalize().into();
    let (first, last) = (sealed(&before, sha256), sealed(&file.metadata()?, sha256));
    Ok((first == last && size == last.size).then_some(last))
}

fn sealed(meta: &Metadata, sha256: [u8; 32]) -> SealedFile {
    let time = meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec());
    SealedFile { sha256, size: meta.len(), mode: meta.mode(), time }
}
