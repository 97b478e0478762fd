//! Writing a module zip: the same names and contents give the same bytes whoever writes them, and when.

use std::io::{self, Read, Seek, Write};

use thiserror::Error;
use zip::{
    CompressionMethod, DateTime, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use crate::limits::MAX_ZIP;
use crate::module_version::ModuleVersion;

/// The zip of a module version that is being written. Which files belong into it is decided by
/// [`check_files`](crate::check_files); in which order they come plays no part in the hash.
#[derive(Debug)]
pub struct ModuleZip<W: Write + Seek> {
    zip: ZipWriter<W>,
    top: String,
    /// Bytes of content that may still come.
    room: u64,
}

/// Why a zip cannot be written.
#[derive(Debug, Error)]
pub enum ModuleZipError {
    /// The contents together exceed 500 MiB.
    #[error("the files of the module are larger than 500 MiB together")]
    TooLarge,
    /// A name is not UTF-8, or cannot stand in a zip.
    #[error("a name is not UTF-8")]
    Name,
    /// A content cannot be read, or the zip not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<W: Write + Seek> ModuleZip<W> {
    /// Begins a zip in a place where one can go back.
    pub fn new(of: &ModuleVersion, out: W) -> Self {
        Self::of(of, ZipWriter::new(out))
    }

    fn of(of: &ModuleVersion, zip: ZipWriter<W>) -> Self {
        Self { zip, top: of.to_string(), room: MAX_ZIP }
    }

    /// Adds a file under its path relative to the module's root.
    pub fn add(&mut self, path: &[u8], content: &mut (impl Read + ?Sized)) -> Result<(), ModuleZipError> {
        let path = std::str::from_utf8(path).map_err(|_| ModuleZipError::Name)?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .large_file(false);
        self.zip.start_file(format!("{}/{path}", self.top), options).map_err(io::Error::from)?;
        let copied = io::copy(&mut content.take(self.room.saturating_add(1)), &mut self.zip)?;
        self.room = self.room.checked_sub(copied).ok_or(ModuleZipError::TooLarge)?;
        Ok(())
    }

    /// Ends the zip.
    pub fn finish(self) -> Result<W, ModuleZipError> {
        Ok(self.zip.finish().map_err(io::Error::from)?)
    }
}

impl<W: Write> ModuleZip<StreamWriter<W>> {
    /// Begins a zip in a place where nobody can go back: sizes stand behind the contents.
    pub fn streamed(of: &ModuleVersion, out: W) -> Self {
        Self::of(of, ZipWriter::new_stream(out))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, repeat};

    use super::*;
    use crate::{ModulePath, Version, ZipCheck, read_gomod};

    fn of() -> ModuleVersion {
        ModuleVersion::new(ModulePath::new("example.com/m").unwrap(), Version::new("v1.0.0").unwrap())
            .unwrap()
    }

    fn fill<W: Write + Seek>(mut zip: ModuleZip<W>) -> W {
        zip.add(b"go.mod", &mut &b"module example.com/m\n"[..]).unwrap();
        zip.add(b"a/b.go", &mut &b"package b\n"[..]).unwrap();
        zip.finish().unwrap()
    }

    #[test]
    fn both_ways_of_writing_pass_the_check_with_one_hash() {
        let plain = fill(ModuleZip::new(&of(), Cursor::new(Vec::new()))).into_inner();
        let again = fill(ModuleZip::new(&of(), Cursor::new(Vec::new()))).into_inner();
        assert_eq!(plain, again, "no time is in it");
        let streamed = fill(ModuleZip::streamed(&of(), Vec::new())).into_inner();
        let check = |zip: &Vec<u8>| ZipCheck::new(&of()).finish(zip.as_slice(), zip.len() as u64).unwrap();
        assert_eq!((check(&plain).h1, check(&plain).files), (check(&streamed).h1, 2));
        let go_mod = read_gomod(&of(), &streamed, streamed.len() as u64).unwrap();
        assert_eq!(go_mod.as_deref(), Some(&b"module example.com/m\n"[..]));
    }

    #[test]
    fn there_is_room_for_what_go_takes_and_no_more() {
        let mut zip = ModuleZip::streamed(&of(), io::sink());
        zip.add(b"a", &mut repeat(0).take(MAX_ZIP - 1)).unwrap();
        zip.add(b"b", &mut repeat(0).take(1)).unwrap();
        let more = zip.add(b"c", &mut repeat(0).take(1));
        assert!(matches!(more, Err(ModuleZipError::TooLarge)), "{more:?}");
        let name = zip.add(b"\xff", &mut io::empty());
        assert!(matches!(name, Err(ModuleZipError::Name)), "{name:?}");
    }
}
