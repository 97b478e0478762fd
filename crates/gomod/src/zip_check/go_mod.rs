//! Taking the go.mod out of a zip that passed its check.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::directory::{self, Method};
use super::fault::{ArchiveFault, EntryFault, ZipFault};
use super::{end, layout, local};
use crate::limits::MAX_GOMOD;
use crate::module_version::ModuleVersion;
use crate::read_at::ReadAt;

/// The bytes of the go.mod at the root of a module's zip of `len` bytes; `None` if it has none. For a zip that passed
/// [`ZipCheck`](super::ZipCheck): of any other, what is found may not be what another reader finds.
///
/// # Errors
/// What the check would say of this entry, or [`ZipFault::Unreadable`].
pub fn read_gomod(
    of: &ModuleVersion,
    source: &(impl ReadAt + Sync),
    len: u64,
) -> Result<Option<Vec<u8>>, ZipFault> {
    read_entry(of, "go.mod", source, len)
}

/// The same of any file of at most 16 MiB, by its path in the module.
///
/// # Errors
/// What the check would say of this entry, or [`ZipFault::Unreadable`].
pub fn read_entry(
    of: &ModuleVersion,
    path: &str,
    source: &(impl ReadAt + Sync),
    len: u64,
) -> Result<Option<Vec<u8>>, ZipFault> {
    let end = end::find(source, len)?;
    let directory = directory::read(source, &end)?;
    let entries = directory::parse(&directory, &end)?;
    let name = format!("{of}/{path}");
    let records = layout::records(&entries, end.directory.start)?;
    let Some(record) = records.iter().find(|record| record.entry.name == name) else { return Ok(None) };
    if record.entry.size > MAX_GOMOD {
        return Err(record.fault(EntryFault::TooLarge));
    }
    // Deflate makes nothing much longer than it was, so this is no more memory than the content.
    let room = record.end - record.start;
    let room = usize::try_from(room).ok().filter(|room| *room as u64 <= 2 * MAX_GOMOD);
    let mut bytes = vec![0; room.ok_or(ArchiveFault::DirectoryPlace)?];
    source.read_exact_at(&mut bytes, record.start)?;
    let begins = local::header(&bytes, record.entry).map_err(|fault| record.fault(fault))?;
    let packed = usize::try_from(record.entry.packed).unwrap_or(usize::MAX);
    let packed = bytes.get(begins..).and_then(|rest| rest.get(..packed));
    let packed = packed.ok_or_else(|| record.fault(EntryFault::Overlap))?;
    let mut content = Vec::new();
    let read = match record.entry.method {
        Method::Stored => packed.take(MAX_GOMOD + 1).read_to_end(&mut content),
        Method::Deflated => DeflateDecoder::new(packed).take(MAX_GOMOD + 1).read_to_end(&mut content),
    };
    read.map_err(|_| record.fault(EntryFault::Deflate))?;
    if content.len() as u64 != record.entry.size {
        return Err(record.fault(EntryFault::Size(record.entry.size)));
    }
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;
    use crate::{ModulePath, Version, ZipCheck};

    fn of() -> ModuleVersion {
        ModuleVersion::new(ModulePath::new("example.com/m").unwrap(), Version::new("v1.0.0").unwrap())
            .unwrap()
    }

    fn zip(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in files {
            let options = SimpleFileOptions::default().compression_method(method);
            zip.start_file(format!("{}/{name}", of()), options).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn the_bytes_are_those_that_the_zip_holds() {
        let long = b"module example.com/m\n// and so on\n".repeat(10_000);
        for content in [&b"module example.com/m\n"[..], b"", &long] {
            for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
                let zip = zip(&[("a.go", b"package a\n"), ("go.mod", content), ("z", b"z")], method);
                let len = zip.len() as u64;
                ZipCheck::new(&of()).finish(&*zip, len).unwrap();
                assert_eq!(read_gomod(&of(), &zip, len).unwrap().as_deref(), Some(content));
            }
        }
        let without = zip(&[("a.go", b"package a\n")], CompressionMethod::Deflated);
        assert_eq!(read_gomod(&of(), &without, without.len() as u64).unwrap(), None);
    }

    #[test]
    fn a_zip_that_changed_is_noticed() {
        let mut zip = zip(&[("go.mod", b"module example.com/m\n")], CompressionMethod::Stored);
        let at = zip.windows(6).position(|part| part == b"go.mod").unwrap();
        zip[at] = b'x';
        assert!(read_gomod(&of(), &zip, zip.len() as u64).is_err());
        assert!(read_gomod(&of(), &zip[..10].to_vec(), 10).is_err());
    }
}
