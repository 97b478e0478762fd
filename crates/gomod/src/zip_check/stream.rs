//! Unpacking an entry of any size in small pieces: the thorough way, which says what is wrong.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Crc;
use sha2::{Digest as _, Sha256};

use super::directory::{Entry, Method};
use super::fault::{EntryFault, ZipFault};
use super::unpack::{Digest, in_memory};
use crate::read_at::ReadAt;

/// Bytes that are read or written at once.
const CHUNK: usize = 64 << 10;

/// Hashes the content of `entry`, which begins at `data`, in small pieces.
pub(super) fn digest(source: &impl ReadAt, data: u64, entry: &Entry<'_>) -> Result<Digest, ZipFault> {
    let named = |fault: EntryFault| fault.of(entry.name.as_bytes());
    let mut packed = Packed { source, at: data, left: entry.packed };
    let mut sum = Sum { sha: Sha256::new(), crc: Crc::new(), size: 0 };
    let mut chunk = vec![0; CHUNK];
    match entry.method {
        Method::Stored => loop {
            match packed.next(&mut chunk)? {
                [] => break,
                bytes => sum.add(bytes, entry).map_err(named)?,
            }
        },
        Method::Deflated => {
            let mut unpacked = vec![0; CHUNK];
            let mut deflate = Decompress::new(false);
            let mut input: &[u8] = &[];
            loop {
                if input.is_empty() {
                    input = packed.next(&mut chunk)?;
                }
                let (taken, made) = (deflate.total_in(), deflate.total_out());
                let status = deflate.decompress(input, &mut unpacked, FlushDecompress::None);
                let status = status.map_err(|_| named(EntryFault::Deflate))?;
                let taken = in_memory(deflate.total_in() - taken)?;
                let made = in_memory(deflate.total_out() - made)?;
                sum.add(unpacked.get(..made).unwrap_or_default(), entry).map_err(named)?;
                input = input.get(taken..).unwrap_or_default();
                match status {
                    Status::StreamEnd if input.is_empty() && packed.left == 0 => break,
                    Status::StreamEnd => return Err(named(EntryFault::AfterData)),
                    _ if (taken, made) == (0, 0) => return Err(named(EntryFault::Deflate)),
                    _ => {}
                }
            }
        }
    }
    sum.finish(entry).map_err(named)
}

/// The packed bytes of an entry, piece by piece.
struct Packed<'a, S> {
    source: &'a S,
    at: u64,
    left: u64,
}

impl<S: ReadAt> Packed<'_, S> {
    /// The next piece; an empty one at the end.
    fn next<'c>(&mut self, chunk: &'c mut [u8]) -> io::Result<&'c [u8]> {
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(chunk.len());
        let piece = chunk.get_mut(..len).unwrap_or_default();
        self.source.read_exact_at(piece, self.at)?;
        self.at += len as u64;
        self.left -= len as u64;
        Ok(piece)
    }
}

/// What is known of a content so far.
struct Sum {
    sha: Sha256,
    crc: Crc,
    size: u64,
}

impl Sum {
    fn add(&mut self, bytes: &[u8], entry: &Entry<'_>) -> Result<(), EntryFault> {
        self.size += bytes.len() as u64;
        if self.size > entry.size {
            return Err(EntryFault::Size(entry.size));
        }
        self.sha.update(bytes);
        self.crc.update(bytes);
        Ok(())
    }

    fn finish(self, entry: &Entry<'_>) -> Result<Digest, EntryFault> {
        if self.size != entry.size {
            return Err(EntryFault::Size(entry.size));
        }
        if self.crc.sum() != entry.crc {
            return Err(EntryFault::Checksum);
        }
        Ok(self.sha.finalize().into())
    }
}
