//! Reading bytes of a zip wherever it lies: in memory or in a file that is still being kept elsewhere.

use std::io;
use std::sync::Arc;

/// Bytes that can be read at any offset, by several threads at once.
pub trait ReadAt {
    /// Fills the beginning of `buf` with the bytes at `offset` and returns how many. 0 means the end.
    ///
    /// # Errors
    /// Those of the medium. [`io::ErrorKind::Interrupted`] is tried again by the caller.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Fills all of `buf` with the bytes at `offset`.
    ///
    /// # Errors
    /// Those of the medium, and [`io::ErrorKind::UnexpectedEof`] when fewer bytes are there.
    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    buf = buf.get_mut(n..).unwrap_or_default();
                    offset = offset.saturating_add(n as u64);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

impl ReadAt for [u8] {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut rest = usize::try_from(offset).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        io::Read::read(&mut rest, buf)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(buf, offset)
    }
}

#[cfg(unix)]
impl ReadAt for std::fs::File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buf, offset)
    }
}

#[cfg(windows)]
impl ReadAt for std::fs::File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buf, offset)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for Arc<T> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time and is interrupted before each.
    struct Halting(std::sync::atomic::AtomicUsize);

    impl ReadAt for Halting {
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            if self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).is_multiple_of(2) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            b"abcdef".as_slice().read_at(&mut buf[..1], offset)
        }
    }

    #[test]
    fn short_and_interrupted_reads_are_completed() {
        let mut buf = [0; 4];
        Halting(0.into()).read_exact_at(&mut buf, 1).unwrap();
        assert_eq!(&buf, b"bcde");
    }

    #[test]
    fn reading_past_the_end() {
        let bytes = b"abc".to_vec();
        let mut buf = [0; 2];
        assert_eq!(bytes.read_at(&mut buf, 2).unwrap(), 1);
        assert_eq!(bytes.read_at(&mut buf, 3).unwrap(), 0);
        assert_eq!(bytes.read_at(&mut buf, u64::MAX).unwrap(), 0);
        let short = bytes.read_exact_at(&mut buf, 2).unwrap_err();
        assert_eq!(short.kind(), io::ErrorKind::UnexpectedEof);
    }
}
