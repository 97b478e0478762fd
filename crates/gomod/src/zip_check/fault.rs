//! What can be wrong with a zip.

use std::io;

use thiserror::Error;

use super::directory::MAX_DIRECTORY;
use crate::collisions::Collision;
use crate::excerpt::Excerpt;
use crate::file_path::FilePathFault;
use crate::limits::MAX_ZIP;

/// Why a zip is not accepted, or could not be judged.
#[derive(Debug, Error)]
pub enum ZipFault {
    /// The medium failed. This says nothing about the zip.
    #[error("the zip cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The bytes do not begin as a zip does.
    #[error("this is not a zip: {0}")]
    NotZip(Looks),
    /// The zip is larger than 500 MiB.
    #[error("the zip is larger than {MAX_ZIP} bytes, the most that the go command takes")]
    TooLarge,
    /// The files are larger than 500 MiB together.
    #[error(
        "the files of the zip are larger than {MAX_ZIP} bytes together, the most that the go command takes"
    )]
    ContentTooLarge,
    /// Other bytes were fed than are being checked.
    #[error("{fed} bytes of the zip arrived, but it has {len}")]
    Length {
        /// Bytes that were fed.
        fed: u64,
        /// Bytes to be checked.
        len: u64,
    },
    /// The zip as a whole is broken, or can be read in more than one way.
    #[error("the zip is broken or ambiguous: {0}")]
    Archive(#[from] ArchiveFault),
    /// One entry is broken or not allowed.
    #[error("entry {entry} of the zip {fault}")]
    Entry {
        /// The name of the entry, bounded.
        entry: Excerpt,
        /// What is wrong with it.
        fault: EntryFault,
    },
}

/// What bytes look like that are no zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Looks {
    /// HTML or XML.
    #[error("it begins like a web page")]
    Markup,
    /// JSON.
    #[error("it begins like JSON")]
    Json,
    /// A compressed tar, perhaps.
    #[error("it begins like gzip")]
    Gzip,
    /// Fewer bytes than any zip has.
    #[error("it is empty or cut short")]
    Short,
    /// Anything else.
    #[error("it does not begin with a zip entry")]
    Other,
}

/// What is wrong with a zip as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ArchiveFault {
    /// There is no end record.
    #[error("its end is missing")]
    NoEnd,
    /// The zip goes on after its end record, or stops before the record's comment does.
    #[error("its end record is not at its end")]
    EndElsewhere,
    /// Two records could be the end record.
    #[error("it has two end records")]
    TwoEnds,
    /// The zip says that it is one of several volumes.
    #[error("it is a part of several")]
    SeveralDisks,
    /// The zip64 end record is missing or contradicts the other.
    #[error("its two end records contradict each other")]
    Zip64,
    /// The directory is not right before the end record.
    #[error("its directory is not where its end record says")]
    DirectoryPlace,
    /// The directory is longer than Larder reads.
    #[error("its directory has {0} bytes, and {MAX_DIRECTORY} is the limit")]
    DirectoryTooLong(u64),
    /// A record of the directory is cut or has no signature.
    #[error("its directory has a broken record")]
    DirectoryRecord,
    /// The end record counts other entries than there are.
    #[error("its directory has {found} entries where its end record counts {counted}")]
    EntryCount {
        /// According to the end record.
        counted: u64,
        /// According to the directory.
        found: u64,
    },
    /// Bytes come before the first entry.
    #[error("{0} bytes in front of its first entry belong to none")]
    Front(u64),
}

/// What is wrong with one entry. The texts follow on "the entry".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntryFault {
    /// The name does not begin with `path@version/`.
    #[error("lies outside of {0}")]
    Outside(Excerpt),
    /// The name breaks a rule for names.
    #[error("has a bad name: {0}")]
    Name(#[from] FilePathFault),
    /// It collides with another entry.
    #[error("cannot be unpacked everywhere: {0}")]
    Collision(#[from] Collision),
    /// It is a go.mod, in any case, but not at the root.
    #[error("is a go.mod below the root, which makes its directory another module")]
    NestedGoMod,
    /// It is the root's go.mod with capital letters.
    #[error("must be called go.mod in lower case")]
    GoModCase,
    /// It is the root's go.mod or LICENSE, larger than 16 MiB.
    #[error("is larger than 16 MiB")]
    TooLarge,
    /// Its name ends in a slash, yet it has content.
    #[error("is a directory with content")]
    DirectoryWithContent,
    /// It is encrypted.
    #[error("is encrypted")]
    Encrypted,
    /// It is neither stored nor deflated.
    #[error("is compressed by method {0}, and only 0 (stored) and 8 (deflate) are known to the go command")]
    Method(u16),
    /// An extra field gives it another name.
    #[error("has another name in an extra field")]
    OtherName,
    /// It announces 64-bit sizes that are not there.
    #[error("lacks its zip64 sizes")]
    Zip64,
    /// Its bytes overlap those of the next entry or of the directory.
    #[error("overlaps what follows it")]
    Overlap,
    /// It is not where entries are.
    #[error("is said to lie behind the entries")]
    OutOfBounds,
    /// Bytes follow it that belong to no entry.
    #[error("is followed by {0} bytes that belong to no entry")]
    Hidden(u64),
    /// Where it should be is no entry.
    #[error("is not where the directory says")]
    NoHeader,
    /// What stands before its content contradicts the directory.
    #[error("has another {0} before its content than in the directory")]
    HeaderDiffers(&'static str),
    /// What stands after its content contradicts the directory.
    #[error("has another size or checksum after its content than in the directory")]
    DescriptorDiffers,
    /// The compressed bytes are broken.
    #[error("is not valid deflate data")]
    Deflate,
    /// The compressed data ends before the entry does.
    #[error("has bytes after the end of its compressed data")]
    AfterData,
    /// It has another size than the directory says.
    #[error("does not unpack to {0} bytes, as the directory says")]
    Size(u64),
    /// Its content has another checksum than the directory says.
    #[error("does not have the CRC-32 that the directory says")]
    Checksum,
}

impl EntryFault {
    /// The fault of the entry with this name.
    pub(super) fn of(self, name: &[u8]) -> ZipFault {
        ZipFault::Entry { entry: Excerpt::of_bytes(name), fault: self }
    }
}
