//! A tree in a directory, as it lies there.

use std::{
    fs::{self, File},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use gomod::FileKind;

use super::{MOST, Offered, PATHS, PackError, Taker, Tree, is_of_vcs, too_many};

/// The directory of a module. Links are not followed.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    listed: Vec<(PathBuf, Offered)>,
}

impl Directory {
    /// Takes a directory; nothing is read yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Directory { root: root.into(), listed: Vec::new() }
    }
}

impl Tree for Directory {
    fn files(&mut self) -> Result<Vec<Offered>, PackError> {
        self.listed.clear();
        let (mut todo, mut paths) = (vec![self.root.clone()], 0);
        while let Some(dir) = todo.pop() {
            for entry in fs::read_dir(&dir).map_err(|error| at(&dir, &error))? {
                let entry = entry.map_err(|error| at(&dir, &error))?;
                let place = entry.path();
                let relative = place.strip_prefix(&self.root).unwrap_or(&place);
                let path = relative.as_os_str().as_bytes().to_vec();
                if is_of_vcs(&path) {
                    continue;
                }
                // Of the entry itself, not of where it leads.
                let meta = entry.metadata().map_err(|error| at(&place, &error))?;
                if meta.is_dir() {
                    todo.push(place);
                    continue;
                }
                let kind = match meta.file_type() {
                    file if file.is_file() => FileKind::Regular,
                    file if file.is_symlink() => FileKind::Symlink,
                    _ => FileKind::Other,
                };
                paths += path.len();
                if self.listed.len() >= MOST || paths > PATHS {
                    return Err(too_many());
                }
                self.listed.push((place, Offered { path, kind, size: meta.len() }));
            }
        }
        self.listed.sort_unstable_by(|(_, one), (_, other)| one.path.cmp(&other.path));
        Ok(self.listed.iter().map(|(_, offered)| offered.clone()).collect())
    }

    fn give(&mut self, wanted: &dyn Fn(&[u8]) -> bool, sink: &mut Taker<'_>) -> Result<(), PackError> {
        for (place, offered) in &self.listed {
            if offered.kind == FileKind::Regular && wanted(&offered.path) {
                let mut file = File::open(place).map_err(|error| at(place, &error))?;
                sink(&offered.path, &mut file)?;
            }
        }
        Ok(())
    }
}

fn at(path: &Path, error: &std::io::Error) -> PackError {
    PackError::Io(std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
