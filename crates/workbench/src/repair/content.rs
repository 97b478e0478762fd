//! The zip, the hash that is kept of it, and what is unpacked from it.

use std::{collections::BTreeSet, fs, fs::File, io};

use gomod::{H1, ModuleVersion, ZipCheck, ZipContents};

use super::{Repair, RepairError, Temporary, at, tree};
use crate::{
    cache::remove_tree,
    modcache::{CachedZip, ModCache, Part, ZipHash, read_tree, read_zip},
    verify::Piece,
};

/// What a version should be, as far as somebody says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Right {
    /// The hash of its zip.
    pub zip: Option<H1>,
    /// The hash of its go.mod.
    pub gomod: Option<H1>,
}

impl Right {
    /// Where nobody says what the content should be, the piece that is not broken says it.
    #[must_use]
    pub fn or_what_is_good(
        mut self,
        cache: &ModCache,
        module: &ModuleVersion,
        broken: &BTreeSet<Piece>,
    ) -> Self {
        if self.zip.is_none() && !broken.contains(&Piece::ZipHash) {
            self.zip = match cache.ziphash(module) {
                Ok(ZipHash::Says(h1)) => Some(h1),
                _ => None,
            };
        }
        if self.zip.is_none() && !broken.contains(&Piece::Tree) && cache.is_unpacked(module) {
            self.zip = read_tree(&cache.tree(module)).ok().and_then(|tree| tree.h1(&module.to_string()));
        }
        self
    }
}

impl Repair {
    /// Mends the content. The kept hash goes first and comes last: without one, `go` waits for the lock.
    pub(super) fn content(
        &self,
        pieces: &BTreeSet<Piece>,
        right: &Right,
        fetched: Option<Temporary>,
        done: &mut Vec<String>,
    ) -> Result<(), RepairError> {
        let zip = self.cache.file(&self.module, Part::Zip);
        let (file, contents, temporary) = match fetched {
            Some(mut temporary) => {
                let contents = self.checked(temporary.file(), right)?;
                let file = temporary.file.try_clone().map_err(|why| at(&zip, why))?;
                (file, contents, Some(temporary))
            }
            None => match read_zip(&self.cache, &self.module) {
                CachedZip::Whole(contents) => {
                    agrees(&contents, right)?;
                    (File::open(&zip).map_err(|why| at(&zip, why))?, contents, None)
                }
                CachedZip::Broken(fault) => return Err(fault.into()),
                CachedZip::Unreadable(why) => return Err(at(&zip, why)),
                CachedZip::Absent => return Err(RepairError::Lacks("zip")),
            },
        };
        let kept = self.cache.file(&self.module, Part::ZipHash);
        if pieces.contains(&Piece::ZipHash) {
            let is_dir = fs::symlink_metadata(&kept).is_ok_and(|meta| meta.is_dir());
            let removed = if is_dir { remove_tree(&kept) } else { fs::remove_file(&kept) };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&kept, error)),
                _ => {}
            }
        }
        if pieces.contains(&Piece::Zip) {
            let temporary = temporary.ok_or(RepairError::Lacks("zip"))?;
            temporary.into_place(&zip).map_err(|why| at(&zip, why))?;
            done.push("zip".to_owned());
        }
        if pieces.contains(&Piece::Tree) {
            let mended = tree::mend(self, &file, &contents)?;
            done.push(format!("{} written and {} removed in its tree", mended.written, mended.removed));
        }
        if pieces.contains(&Piece::ZipHash) {
            self.put(Part::ZipHash, contents.facts.h1.to_string().as_bytes())?;
            done.push(".ziphash".to_owned());
        }
        Ok(())
    }

    /// Whether what was fetched is the zip of this version, and the right one.
    fn checked(&self, file: &File, right: &Right) -> Result<ZipContents, RepairError> {
        let zip = self.cache.file(&self.module, Part::Zip);
        let len = file.metadata().map_err(|why| at(&zip, why))?.len();
        let file = file.try_clone().map_err(|why| at(&zip, why))?;
        let contents = ZipCheck::new(&self.module).contents(file, len)?;
        agrees(&contents, right)?;
        Ok(contents)
    }

    pub(super) fn cache(&self) -> &ModCache {
        &self.cache
    }

    pub(super) fn module(&self) -> &ModuleVersion {
        &self.module
    }
}

fn agrees(contents: &ZipContents, right: &Right) -> Result<(), RepairError> {
    let found = contents.facts.h1;
    match right.zip {
        Some(right) if right != found => Err(RepairError::Other { right, found }),
        _ => Ok(()),
    }
}
