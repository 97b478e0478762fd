//! Reading a snapshot's archive, where every entry is known before it comes.

use std::io::{self, BufRead, Read};

use zstd::stream::read::Decoder;

use crate::{
    Refused,
    manifest::Manifest,
    refused::EntryFault,
    tar::{self, Found},
};

/// The archive, read from its beginning to its end once.
pub(crate) struct Archive<R: BufRead> {
    from: Decoder<'static, R>,
}

impl<R: BufRead> Archive<R> {
    pub(crate) fn open(mut from: R) -> Result<Self, Refused> {
        let begins = from.fill_buf().map_err(Refused::Read)?;
        if !begins.starts_with(&MAGIC) {
            return Err(Refused::Form("it does not begin as one".to_owned()));
        }
        let mut decoder = Decoder::with_buffer(from).map_err(Refused::Read)?.single_frame();
        decoder.window_log_max(WINDOW).map_err(Refused::Read)?;
        Ok(Archive { from: decoder })
    }

    /// An entry that every snapshot has, of at most `max` bytes.
    pub(crate) fn first(&mut self, name: &str, max: u64) -> Result<Vec<u8>, Refused> {
        let mut block = [0; tar::BLOCK];
        self.exact(&mut block, name)?;
        let size = match tar::look(&block) {
            Found::File { name: found, size: Some(size) } if found == name => size,
            _ => return Err(Refused::Form(format!("it does not have {name} where it should be"))),
        };
        let as_written = tar::header(name, size) == block;
        if !as_written {
            return Err(Refused::Entry { name: name.to_owned(), why: EntryFault::Header });
        }
        if size > max {
            return Err(Refused::Form(format!("{name} is {size} bytes long")));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        self.exact(&mut bytes, name)?;
        self.padding(size, name)?;
        Ok(bytes)
    }

    /// The header of the entry that the manifest has in this place.
    pub(crate) fn begin(&mut self, manifest: &Manifest, at: usize) -> Result<(), Refused> {
        let Some(entry) = manifest.files().get(at) else { return Ok(()) };
        let name = entry.key.to_string();
        let expected = tar::header(&name, entry.size);
        let mut found = [0; tar::BLOCK];
        for expected in expected.chunks(tar::BLOCK) {
            self.exact(&mut found, &name)?;
            if found != expected {
                return Err(other(manifest, at, &name, &found));
            }
        }
        Ok(())
    }

    /// Bytes of the entry that was begun.
    pub(crate) fn content(
        &mut self,
        into: &mut [u8],
        name: &(impl std::fmt::Display + ?Sized),
    ) -> Result<(), Refused> {
        self.exact(into, name)
    }

    /// What stands behind the content of an entry.
    pub(crate) fn padding(
        &mut self,
        size: u64,
        name: &(impl std::fmt::Display + ?Sized),
    ) -> Result<(), Refused> {
        let mut block = [0; tar::BLOCK];
        let padding = block.get_mut(..tar::padding(size)).unwrap_or_default();
        self.exact(padding, name)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(Refused::Entry { name: name.to_string(), why: EntryFault::Header });
        }
        Ok(())
    }

    /// The end of the archive, of its frame, and of the file.
    pub(crate) fn end(mut self, manifest: &Manifest) -> Result<(), Refused> {
        let mut block = [0; tar::BLOCK];
        for _ in 0..2 {
            self.exact(&mut block, "the end of the archive")?;
            if block != [0; tar::BLOCK] {
                return Err(other(manifest, manifest.files().len(), "", &block));
            }
        }
        if self.from.read(&mut block).map_err(|error| refused(error, "the end of the archive"))? > 0 {
            return Err(Refused::Trailing);
        }
        let mut rest = self.from.finish();
        if rest.fill_buf().map_err(Refused::Read)?.is_empty() { Ok(()) } else { Err(Refused::Trailing) }
    }

    fn exact(&mut self, into: &mut [u8], within: &(impl std::fmt::Display + ?Sized)) -> Result<(), Refused> {
        self.from.read_exact(into).map_err(|error| refused(error, &within.to_string()))
    }
}

/// What an error in the middle of the archive means. Those of the system have a number, those of zstd have none.
fn refused(error: io::Error, within: &str) -> Refused {
    if error.raw_os_error().is_some() {
        return Refused::Read(error);
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Refused::CutOff(within.to_owned());
    }
    Refused::Form(format!("within {within}: {error}"))
}

/// Which entry is to blame for a header that is not the expected one.
fn other(manifest: &Manifest, at: usize, expected: &str, found: &[u8; tar::BLOCK]) -> Refused {
    let blame = |name: &str, why| Refused::Entry { name: name.to_owned(), why };
    let (name, size) = match tar::look(found) {
        Found::End | Found::Garbage if expected.is_empty() => return Refused::Trailing,
        Found::End => return blame(expected, EntryFault::Missing),
        Found::Garbage => return blame(expected, EntryFault::Header),
        Found::Link(name) => return blame(&name, EntryFault::Link),
        Found::Special(name) => return blame(&name, EntryFault::Special),
        Found::File { name, size } => (name, size),
    };
    if name.starts_with('/') || name.split('/').any(|element| matches!(element, ".." | "." | "")) {
        return blame(&name, EntryFault::Elsewhere);
    }
    if name == expected {
        let said = manifest.files().get(at).map(|entry| entry.size);
        return blame(&name, if size == said { EntryFault::Header } else { EntryFault::Size });
    }
    let position = manifest.files().iter().position(|entry| entry.key.to_string() == name);
    match position {
        Some(position) if position < at => blame(&name, EntryFault::Twice),
        Some(_) => blame(expected, EntryFault::Missing),
        None if name == crate::SEAL || name == crate::MANIFEST => blame(&name, EntryFault::Twice),
        None => blame(&name, EntryFault::Unlisted),
    }
}

/// What a zstd frame begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// 8 MiB: more than what is written here needs, and a bound to the memory that a frame may ask for.
const WINDOW: u32 = 23;
