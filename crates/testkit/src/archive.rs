//! Zip files, also such as no honest tool writes, and the bodies of answers.

use std::{
    io::{Cursor, Read, Write},
    sync::Arc,
};

use flate2::{Compression, Crc, write::DeflateEncoder};
use sha2::{Digest, Sha256};

use crate::noise::Noise;

/// What an answer carries: bytes in memory, or a zip whose one big file is made while it is read.
#[derive(Clone, Debug)]
pub enum Body {
    /// All of it.
    Bytes(Arc<[u8]>),
    /// `head`, then `len` bytes of noise, then `tail`.
    Noise {
        /// What comes before the noise.
        head: Arc<[u8]>,
        /// The same seed gives the same bytes.
        seed: u64,
        /// How many bytes of noise.
        len: u64,
        /// What comes after it.
        tail: Arc<[u8]>,
    },
}

impl Body {
    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Noise { head, len, tail, .. } => head.len() as u64 + len + tail.len() as u64,
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its bytes from the beginning, a piece at a time.
    pub fn reader(&self) -> Box<dyn Read + Send> {
        match self.clone() {
            Body::Bytes(bytes) => Box::new(Cursor::new(bytes)),
            Body::Noise { head, seed, len, tail } => {
                Box::new(Cursor::new(head).chain(Noise::new(seed).take(len)).chain(Cursor::new(tail)))
            }
        }
    }

    /// All its bytes, in memory.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes).unwrap();
        bytes
    }
}

impl<T: Into<Vec<u8>>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Body::Bytes(bytes.into().into())
    }
}

/// A zip being written, entry by entry, with nothing checked: the same name twice, directories, names that climb
/// and sizes that lie are all possible.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

struct Facts {
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
}

impl Archive {
    /// An archive without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a deflated file.
    pub fn file(self, name: &str, content: &[u8]) -> Self {
        let size = u32::try_from(content.len()).unwrap();
        self.file_claiming(name, content, size)
    }

    /// Adds a deflated file whose headers say `size`, whatever it is.
    pub fn file_claiming(mut self, name: &str, content: &[u8], size: u32) -> Self {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
        packer.write_all(content).unwrap();
        let packed = packer.finish().unwrap();
        let mut crc = Crc::new();
        crc.update(content);
        let facts = Facts { method: 8, crc: crc.sum(), packed: u32::try_from(packed.len()).unwrap(), size };
        self.entry(name, &facts);
        self.bytes.extend(packed);
        self
    }

    /// The finished zip.
    pub fn finish(mut self) -> Vec<u8> {
        let tail = self.tail(0);
        self.bytes.extend(tail);
        self.bytes
    }

    /// The finished zip with one more entry of `len` bytes of noise, stored as they are, and the SHA-256 of that
    /// entry. Below 4 GiB.
    pub fn finish_with_noise(mut self, name: &str, seed: u64, len: u64) -> (Body, [u8; 32]) {
        let mut crc = Crc::new();
        let mut sha = Sha256::new();
        let mut noise = Noise::new(seed).take(len);
        let mut piece = vec![0; 1 << 16];
        loop {
            let n = noise.read(&mut piece).unwrap();
            if n == 0 {
                break;
            }
            crc.update(&piece[..n]);
            sha.update(&piece[..n]);
        }
        let size = u32::try_from(len).unwrap();
        self.entry(name, &Facts { method: 0, crc: crc.sum(), packed: size, size });
        let tail = self.tail(size);
        (Body::Noise { head: self.bytes.into(), seed, len, tail: tail.into() }, sha.finalize().into())
    }

    fn entry(&mut self, name: &str, facts: &Facts) {
        let offset = u32::try_from(self.bytes.len()).unwrap();
        let name_len = u16::try_from(name.len()).unwrap();
        // Version 2.0, names in UTF-8, 1 January 1980.
        let mut shared = Vec::new();
        for field in [20, 0x800, facts.method, 0, 0x21] {
            put16(&mut shared, field);
        }
        for field in [facts.crc, facts.packed, facts.size] {
            put32(&mut shared, field);
        }
        put16(&mut shared, name_len);
        put16(&mut shared, 0);

        put32(&mut self.bytes, 0x0403_4b50);
        self.bytes.extend(&shared);
        self.bytes.extend(name.as_bytes());

        put32(&mut self.directory, 0x0201_4b50);
        put16(&mut self.directory, 20);
        self.directory.extend(&shared);
        for _ in 0..3 {
            put16(&mut self.directory, 0);
        }
        put32(&mut self.directory, 0);
        put32(&mut self.directory, offset);
        self.directory.extend(name.as_bytes());
        self.entries += 1;
    }

    /// The central directory and its end, for an archive whose entries take `beyond` bytes more than are here.
    fn tail(&self, beyond: u32) -> Vec<u8> {
        let mut tail = self.directory.clone();
        put32(&mut tail, 0x0605_4b50);
        for field in [0, 0, self.entries, self.entries] {
            put16(&mut tail, field);
        }
        put32(&mut tail, u32::try_from(self.directory.len()).unwrap());
        put32(&mut tail, u32::try_from(self.bytes.len()).unwrap() + beyond);
        put16(&mut tail, 0);
        tail
    }
}

fn put16(out: &mut Vec<u8>, n: u16) {
    out.extend(n.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, n: u32) {
    out.extend(n.to_le_bytes());
}
