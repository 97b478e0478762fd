//! Accepting a module zip from somebody else: is it one that the go command takes, and what is its hash?
//!
//! The check is stricter than the go command in one respect. A zip states everything twice, before each file and
//! in the directory at its end, and readers differ in what they believe. Here both must agree, and the entries must
//! fill the zip from its first byte to its directory, so that there is nothing that another reader could see
//! otherwise.
//!
//! Sizes that the zip states are compared with limits before anything is done with them, and with the real ones
//! afterwards. Memory is bounded by [`MAX_DIRECTORY`] and a few buffers, whatever the zip claims.

mod arrival;
mod content;
mod directory;
mod end;
mod fault;
mod fields;
mod go_mod;
mod layout;
mod local;
mod paths;
mod stream;
mod unpack;

use crate::h1::H1;
use crate::limits::MAX_ZIP;
use crate::module_version::ModuleVersion;
use crate::read_at::ReadAt;

pub use directory::MAX_DIRECTORY;
pub use fault::{ArchiveFault, EntryFault, Looks, ZipFault};
pub use go_mod::{read_entry, read_gomod};

/// The check of one zip. It can begin while the bytes arrive and ends with all of them at hand.
#[derive(Debug)]
pub struct ZipCheck {
    prefix: String,
    head: Vec<u8>,
    fed: u64,
}

/// What is known of a zip that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZipFacts {
    /// The hash that go.sum and checksum databases record.
    pub h1: H1,
    /// Bytes of the zip.
    pub size: u64,
    /// Files in it, without directory entries.
    pub files: u64,
    /// Bytes of all files together, unpacked.
    pub uncompressed: u64,
}

/// What lies in a zip that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipContents {
    /// What is known of the whole.
    pub facts: ZipFacts,
    /// Paths in the module, and the SHA-256 of what they hold; in the order of the zip.
    pub files: Vec<(Box<str>, [u8; 32])>,
}

impl ZipCheck {
    /// A check for the zip of this module version.
    pub fn new(of: &ModuleVersion) -> Self {
        Self { prefix: format!("{of}/"), head: Vec::new(), fed: 0 }
    }

    /// Looks at the next bytes as they arrive. Feeding is optional, but all or nothing.
    ///
    /// What is plain from the first bytes or from their number is said here, so that a fetch can be given up early.
    ///
    /// # Errors
    /// [`ZipFault::NotZip`], [`ZipFault::TooLarge`], or [`ZipFault::Entry`] when the first entry belongs to another
    /// module.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), ZipFault> {
        self.fed = self.fed.saturating_add(bytes.len() as u64);
        if self.fed > MAX_ZIP {
            return Err(ZipFault::TooLarge);
        }
        let missing = arrival::needed(&self.prefix).saturating_sub(self.head.len());
        if missing == 0 {
            return Ok(());
        }
        self.head.extend_from_slice(bytes.get(..missing).unwrap_or(bytes));
        arrival::check(&self.head, &self.prefix)
    }

    /// Checks the whole zip of `len` bytes and hashes it, on two threads when there is enough to do.
    ///
    /// Rule: `checkZip` and `HashZip` of golang.org/x/mod.
    ///
    /// # Errors
    /// The first fault of the zip, always the same one for the same bytes, or [`ZipFault::Unreadable`].
    pub fn finish(self, source: impl ReadAt + Sync, len: u64) -> Result<ZipFacts, ZipFault> {
        self.read(source, len, |_, _| ())
    }

    /// The same, with every file: its path in the module, with `/` between elements, and the SHA-256 of its content.
    /// Directory entries are among them; their paths end in `/`.
    ///
    /// # Errors
    /// As of [`finish`](Self::finish).
    pub fn contents(self, source: impl ReadAt + Sync, len: u64) -> Result<ZipContents, ZipFault> {
        let mut files = Vec::new();
        let prefix = self.prefix.clone();
        let facts = self.read(source, len, |name, digest| {
            files.push((name.strip_prefix(&prefix).unwrap_or(name).into(), digest));
        })?;
        Ok(ZipContents { facts, files })
    }

    fn read(
        self,
        source: impl ReadAt + Sync,
        len: u64,
        mut each: impl FnMut(&str, [u8; 32]),
    ) -> Result<ZipFacts, ZipFault> {
        if len > MAX_ZIP {
            return Err(ZipFault::TooLarge);
        }
        if self.fed != 0 && self.fed != len {
            return Err(ZipFault::Length { fed: self.fed, len });
        }
        let mut head = vec![0; usize::try_from(len.min(16)).unwrap_or_default()];
        source.read_exact_at(&mut head, 0)?;
        arrival::signature(&head)?;

        let end = end::find(&source, len)?;
        let directory = directory::read(&source, &end)?;
        let entries = directory::parse(&directory, &end)?;
        let totals = paths::check(&entries, &self.prefix)?;
        let records = layout::records(&entries, end.directory.start)?;
        let digests = content::digests(&source, &records)?;
        for (entry, digest) in entries.iter().zip(&digests) {
            each(entry.name, *digest);
        }
        let h1 = H1::of_digests(entries.iter().map(|entry| entry.name).zip(digests));
        // `paths::check` refused control characters.
        let h1 = h1.map_err(|_| ArchiveFault::DirectoryRecord)?;
        Ok(ZipFacts { h1, size: len, files: totals.files, uncompressed: totals.bytes })
    }
}
