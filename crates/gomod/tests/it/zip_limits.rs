//! Sizes at their limits, without as much memory.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use gomod::{ArchiveFault, MAX_DIRECTORY, MAX_ZIP, ReadAt, ZipCheck, ZipFault};

use crate::handmade::{Item, Zip};
use crate::zip_check::{PREFIX, of};

/// Bytes that are zero but for a beginning and an end, and that fail beyond their number.
struct Sparse {
    head: Vec<u8>,
    tail: Vec<u8>,
    len: u64,
    read: AtomicU64,
}

impl Sparse {
    fn new(head: Vec<u8>, tail: Vec<u8>, len: u64) -> Self {
        Self { head, tail, len, read: AtomicU64::new(0) }
    }
}

impl ReadAt for Sparse {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let len = buf.len().min(usize::try_from(self.len.saturating_sub(offset)).unwrap());
        let buf = &mut buf[..len];
        buf.fill(0);
        for (start, known) in [(0, &self.head), (self.len - self.tail.len() as u64, &self.tail)] {
            let from = offset.max(start);
            let to = (offset + len as u64).min(start + known.len() as u64);
            if from < to {
                let index = |at: u64| usize::try_from(at).unwrap();
                let known = &known[index(from - start)..index(to - start)];
                buf[index(from - offset)..index(to - offset)].copy_from_slice(known);
            }
        }
        self.read.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// One stored file of zeros that makes the zip `len` bytes long.
fn zeros(len: u64) -> Sparse {
    let name = format!("{PREFIX}zeros");
    let overhead = Zip::of([Item::stored(&name, b"")]).bytes().len() as u64;
    let size = u32::try_from(len - overhead).unwrap();
    let mut crc = flate2::Crc::new();
    let chunk = vec![0; 1 << 20];
    for at in (0..size).step_by(1 << 20) {
        crc.update(&chunk[..usize::try_from(size - at).unwrap().min(1 << 20)]);
    }
    let item = Item::stored(&name, b"").with(|item| {
        item.both(|header| (header.crc, header.packed, header.size) = (crc.sum(), size, size));
    });
    let bytes = Zip::of([item]).bytes();
    let head = 30 + name.len();
    let mut tail = bytes[head..].to_vec();
    let start = u32::try_from(head).unwrap() + size;
    let at = tail.len() - 6;
    tail[at..at + 4].copy_from_slice(&start.to_le_bytes());
    Sparse::new(bytes[..head].to_vec(), tail, len)
}

#[test]
fn trap_60_a_zip_of_exactly_500_mib_is_accepted_and_one_byte_more_is_not() {
    let most = zeros(MAX_ZIP);
    let facts = ZipCheck::new(&of()).finish(&most, MAX_ZIP).unwrap();
    assert_eq!((facts.size, facts.files), (524_288_000, 1));
    let more = zeros(MAX_ZIP + 1);
    let fault = ZipCheck::new(&of()).finish(&more, MAX_ZIP + 1).unwrap_err();
    assert!(matches!(fault, ZipFault::TooLarge), "{fault}");
    assert_eq!(more.read.load(Ordering::Relaxed), 0, "nothing is read of what is too large");
}

#[test]
fn trap_60_feeding_stops_one_byte_behind_500_mib() {
    let mut check = ZipCheck::new(&of());
    let head = Zip::of([Item::stored(format!("{PREFIX}a"), b"")]).bytes();
    check.feed(&head).unwrap();
    let chunk = vec![0; 1 << 20];
    let mut fed = head.len();
    while fed + chunk.len() <= 500 << 20 {
        check.feed(&chunk).unwrap();
        fed += chunk.len();
    }
    check.feed(&chunk[..(500 << 20) - fed]).unwrap();
    assert!(matches!(check.feed(b"x"), Err(ZipFault::TooLarge)));
}

#[test]
fn a_directory_that_is_too_long_is_not_read() {
    let mut tail = Zip::default().bytes();
    let len = MAX_DIRECTORY + 1;
    tail[12..16].copy_from_slice(&u32::try_from(len).unwrap().to_le_bytes());
    let source = Sparse::new(b"PK\x05\x06".to_vec(), tail, len + 22);
    let fault = ZipCheck::new(&of()).finish(&source, len + 22).unwrap_err();
    assert!(matches!(fault, ZipFault::Archive(ArchiveFault::DirectoryTooLong(n)) if n == len), "{fault}");
    assert!(source.read.load(Ordering::Relaxed) < 70_000);
}
