//! Reading and writing a file at an offset.

use std::{fs::File, io};

use bytes::{Bytes, BytesMut};
use gomod::ReadAt;

/// Exactly `len` bytes at `offset`. Blocking.
pub(crate) fn exact(file: &File, offset: u64, len: usize) -> io::Result<Bytes> {
    let mut buf = BytesMut::zeroed(len);
    file.read_exact_at(&mut buf, offset)?;
    Ok(buf.freeze())
}

/// The same, but only if the bytes are in memory already, so that no thread has to wait for the disk.
#[cfg(target_os = "linux")]
pub(crate) fn at_once(file: &File, offset: u64, len: usize) -> Option<Bytes> {
    use rustix::io::{ReadWriteFlags, preadv2};

    let mut buf = BytesMut::zeroed(len);
    let mut bufs = [io::IoSliceMut::new(&mut buf)];
    match preadv2(file, &mut bufs, offset, ReadWriteFlags::NOWAIT) {
        Ok(read) if read == len => Some(buf.freeze()),
        _ => None,
    }
}

/// The same, but only where the system can tell that it would not wait.
#[cfg(not(target_os = "linux"))]
pub(crate) fn at_once(_: &File, _: u64, _: usize) -> Option<Bytes> {
    None
}

/// All of a file that is at most `max` bytes long; `None` if it is longer. Blocking.
pub(crate) fn bounded(file: &File, len: u64, max: u64) -> io::Result<Option<Bytes>> {
    match usize::try_from(len) {
        Ok(small) if len <= max => exact(file, 0, small).map(Some),
        _ => Ok(None),
    }
}

/// Writes all of `bytes` at `offset`. Blocking.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}
