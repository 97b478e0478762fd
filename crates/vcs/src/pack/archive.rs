//! A tree in a tar archive.

use std::io::{self, Read};

use gomod::FileKind;

use super::{MOST, Offered, PATHS, PackError, Taker, Tree, is_of_vcs, too_many};
use crate::tar::{File, Kind, Reader};

/// A tar archive that can be read from its beginning again and again.
#[derive(Debug)]
pub struct Archive<F> {
    open: F,
}

impl<R: Read, F: FnMut() -> R> Archive<F> {
    /// `open` begins at the first byte of the archive. Paths in it are relative to the module's root; `./` before them
    /// is fine.
    pub fn new(open: F) -> Self {
        Archive { open }
    }

    /// Goes through the archive; `each` sees every entry but directories and what is of no module.
    fn walk(
        &mut self,
        mut each: impl FnMut(&[u8], &File, &mut dyn Read) -> Result<bool, PackError>,
    ) -> Result<(), PackError> {
        let mut archive = Reader::new((self.open)());
        while let Some(file) = archive.next().map_err(broken)? {
            let mut path = &*file.path;
            while let Some(rest) = path.strip_prefix(b"./") {
                path = rest;
            }
            if file.kind == Kind::Directory || path.is_empty() || is_of_vcs(path) {
                continue;
            }
            if !each(path, &file, &mut archive.content())? {
                break;
            }
        }
        Ok(())
    }
}

impl<R: Read, F: FnMut() -> R> Tree for Archive<F> {
    fn files(&mut self) -> Result<Vec<Offered>, PackError> {
        let (mut files, mut paths) = (Vec::new(), 0);
        self.walk(|path, file, _| {
            let kind = match file.kind {
                Kind::File => FileKind::Regular,
                Kind::Symlink => FileKind::Symlink,
                Kind::Directory | Kind::Other => FileKind::Other,
                Kind::HardLink => {
                    let path: String = String::from_utf8_lossy(path).chars().take(200).collect();
                    let why =
                        format!("{path:?} is a hard link in the archive; pack it with --hard-dereference");
                    return Err(PackError::Refused(why));
                }
            };
            paths += path.len();
            if files.len() >= MOST || paths > PATHS {
                return Err(too_many());
            }
            files.push(Offered { path: path.to_owned(), kind, size: file.size });
            Ok(true)
        })?;
        Ok(files)
    }

    fn give(&mut self, wanted: &dyn Fn(&[u8]) -> bool, sink: &mut Taker<'_>) -> Result<(), PackError> {
        self.walk(|path, file, content| {
            if file.kind == Kind::File && wanted(path) {
                sink(path, content)?;
            }
            Ok(true)
        })
    }
}

/// An archive that was brought whole and cannot be read is not a good one, whatever the medium says of its end.
fn broken(error: io::Error) -> PackError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => PackError::Refused("the archive is cut short".to_owned()),
        io::ErrorKind::Other => PackError::Refused(format!("it is no tar archive: {error}")),
        _ => PackError::Io(error),
    }
}
