//! Writing a snapshot: tar in one zstd frame, entry by entry.

use std::io::{self, Write};

use zstd::stream::write::Encoder;

use crate::tar;

/// The archive while it is written. Equal entries give equal bytes.
pub(crate) struct Packer<W: Write> {
    out: Encoder<'static, W>,
    /// Bytes of the entry that are still to come.
    left: u64,
    padding: usize,
}

impl<W: Write> Packer<W> {
    pub(crate) fn new(out: W) -> io::Result<Self> {
        let mut out = Encoder::new(out, LEVEL)?;
        out.include_checksum(true)?;
        Ok(Packer { out, left: 0, padding: 0 })
    }

    /// Begins an entry, when the one before is whole.
    pub(crate) fn begin(&mut self, name: &str, size: u64) -> io::Result<()> {
        if self.left > 0 {
            return Err(io::Error::other("the entry before is not whole"));
        }
        self.out.write_all(&tar::header(name, size))?;
        (self.left, self.padding) = (size, tar::padding(size));
        self.fill()
    }

    /// Adds bytes to the entry.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| io::Error::other("the entry is longer than it was said to be"))?;
        self.out.write_all(bytes)?;
        self.fill()
    }

    /// A whole entry.
    pub(crate) fn entry(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.begin(name, bytes.len() as u64)?;
        self.write(bytes)
    }

    /// Writes the end, and gives back what was written to.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.left > 0 {
            return Err(io::Error::other("the last entry is not whole"));
        }
        self.out.write_all(&tar::END)?;
        self.out.finish()
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.left == 0 {
            let padding = std::mem::take(&mut self.padding);
            self.out.write_all(tar::END.get(..padding).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// Zips do not get smaller, and everything else is small: what is fast.
const LEVEL: i32 = 1;
