//! The bytes of a program file, or of one program in it.

use std::io;

use gomod::ReadAt;

use super::BinaryError;

/// A stretch of a file.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    file: &'a dyn ReadAt,
    start: u64,
    len: u64,
}

impl<'a> Source<'a> {
    /// All of a file of this many bytes.
    pub(super) fn new(file: &'a dyn ReadAt, len: u64) -> Self {
        Source { file, start: 0, len }
    }

    /// A part of it.
    pub(super) fn part(&self, start: u64, len: u64) -> Result<Self, BinaryError> {
        let end = start.checked_add(len).filter(|end| *end <= self.len);
        end.ok_or(BEYOND)?;
        Ok(Source { file: self.file, start: self.start + start, len })
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// All of these bytes. What is asked for is at most what the file has, so that no header can demand more memory.
    pub(super) fn bytes(&self, at: u64, len: u64) -> Result<Vec<u8>, BinaryError> {
        let part = self.part(at, len)?;
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| BEYOND)?];
        match self.file.read_exact_at(&mut bytes, part.start) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(BEYOND),
            Err(error) => Err(error.into()),
        }
    }
}

const BEYOND: BinaryError = BinaryError::Damaged("its headers lead beyond its end; it was cut");
