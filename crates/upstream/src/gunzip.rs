//! Decompresses a body in bounded steps.

use std::io::{self, Write};

use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;

/// A gzip body that is decompressed as it arrives. However much a few bytes claim to be, one step gives at most
/// about a mebibyte, so the caller can stop in time.
pub(crate) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    input: Bytes,
    begun: bool,
}

impl Gunzip {
    pub(crate) fn new() -> Self {
        Gunzip { decoder: MultiGzDecoder::new(Vec::new()), input: Bytes::new(), begun: false }
    }

    /// Takes the next compressed piece; only after [`Gunzip::step`] gave nothing more.
    pub(crate) fn feed(&mut self, piece: Bytes) {
        self.begun |= !piece.is_empty();
        self.input = piece;
    }

    /// The next decompressed piece, or nothing until more is fed.
    pub(crate) fn step(&mut self) -> io::Result<Option<Bytes>> {
        while self.input.has_remaining() {
            let piece = self.input.split_to(STEP.min(self.input.len()));
            self.decoder.write_all(&piece)?;
            if let Some(bytes) = self.take() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The last piece. It fails if the end is missing or its checksum is wrong, which cannot be told apart here.
    /// No byte at all is an empty body.
    pub(crate) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        if self.begun {
            self.decoder.try_finish()?;
        }
        Ok(self.take())
    }

    fn take(&mut self) -> Option<Bytes> {
        let out = self.decoder.get_mut();
        (!out.is_empty()).then(|| std::mem::take(out).into())
    }
}

/// Deflate expands at most 1,032 times.
const STEP: usize = 1024;

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn gunzip(data: &[u8], piece: usize) -> io::Result<Vec<u8>> {
        let mut gunzip = Gunzip::new();
        let mut out = Vec::new();
        for piece in data.chunks(piece) {
            gunzip.feed(Bytes::copy_from_slice(piece));
            while let Some(bytes) = gunzip.step()? {
                out.extend_from_slice(&bytes);
            }
        }
        if let Some(bytes) = gunzip.finish()? {
            out.extend_from_slice(&bytes);
        }
        Ok(out)
    }

    #[test]
    fn what_was_compressed_comes_back_in_pieces_of_any_size() {
        let data: Vec<u8> = (0..50_000u32).flat_map(|i| (i % 251).to_le_bytes()).collect();
        let packed = gzip(&data);
        for piece in [1, 7, 1024, 1 << 20] {
            assert_eq!(gunzip(&packed, piece).unwrap(), data, "{piece}");
        }
        let two = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(gunzip(&two, 5).unwrap(), b"one two");
        assert_eq!(gunzip(b"", 1).unwrap(), b"");
    }

    #[test]
    fn every_cut_is_noticed() {
        let packed = gzip(b"v1.0.0\nv1.1.0\nv1.2.0\n");
        for len in 1..packed.len() {
            assert!(gunzip(&packed[..len], 3).is_err(), "cut after {len} of {}", packed.len());
        }
    }

    #[test]
    fn damage_is_noticed() {
        let mut packed = gzip(b"v1.0.0\nv1.1.0\nv1.2.0\n");
        let end = packed.len() - 6;
        packed[end] ^= 1;
        assert!(gunzip(&packed, 3).is_err());
        assert!(gunzip(b"v1.0.0\n", 3).is_err());
    }

    #[test]
    fn one_step_of_a_bomb_is_bounded() {
        let bomb = gzip(&vec![0; 64 << 20]);
        let mut gunzip = Gunzip::new();
        gunzip.feed(bomb.into());
        while let Some(bytes) = gunzip.step().unwrap() {
            assert!(bytes.len() <= 2 << 20, "{}", bytes.len());
        }
    }
}
