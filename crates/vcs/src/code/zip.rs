//! A module zip from a repository's tree: the same names and contents that the go command takes, so the same h1.

use std::io::{Read, Seek, Write};

use ::zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};
use gomod::{
    FileKind, GoMod, MAX_GOMOD, MAX_LICENSE, MAX_ZIP, ModuleVersion, TreeFile, VendorRule, check_files,
};

use super::{Code, refusal};
use crate::{Cause, EntryKind, Oid, VcsError};

impl Code<'_> {
    /// Writes the zip of a version. Absent, with the go command's words, where its tree can become none.
    pub fn zip<W: Write + Seek>(&self, version: &ModuleVersion, out: W) -> Result<W, VcsError> {
        let (commit, at) = self.locate(version.version())?;
        let entries = self.repo.tree(commit, &at.dir)?;
        let licence =
            self.inherited_licence(commit, &at.dir, entries.iter().any(|entry| entry.path == LICENSE))?;
        let mut files: Vec<_> = entries
            .iter()
            .map(|entry| {
                let kind = match entry.kind {
                    EntryKind::File => FileKind::Regular,
                    EntryKind::Symlink => FileKind::Symlink,
                };
                TreeFile::new(&entry.path, kind, entry.size)
            })
            .collect();
        if let Some(licence) = &licence {
            files.push(TreeFile::new(LICENSE, FileKind::Regular, licence.len() as u64));
        }
        let refuse = |why: &dyn std::fmt::Display| VcsError::absent(format!("create zip: {why}"));
        let checked = check_files(&files, self.vendor_rule(commit, &at.dir)?);
        let paths = entries.iter().map(|entry| &*entry.path).chain(licence.is_some().then_some(LICENSE));
        if let Some(why) = refusal::of(&checked, paths) {
            return Err(refuse(&why));
        }
        let included = checked.included().map_err(|fault| refuse(&fault))?;
        let mut wanted: Vec<&[u8]> =
            included.iter().filter_map(|at| entries.get(*at)).map(|entry| &*entry.path).collect();
        wanted.sort_unstable();

        let mut zip = ZipWriter::new(out);
        let top = format!("{}@{}", version.path(), version.version());
        let mut room = MAX_ZIP;
        let mut add = |name: &[u8], content: &mut dyn Read| {
            let name = std::str::from_utf8(name).map_err(|_| refuse(&"a name is not UTF-8"))?;
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .large_file(false);
            zip.start_file(format!("{top}/{name}"), options).map_err(written)?;
            let copied = std::io::copy(&mut content.take(room + 1), &mut zip).map_err(written)?;
            room = room.checked_sub(copied).ok_or_else(|| refuse(&"module source tree too large"))?;
            Ok(())
        };
        let is_wanted = |path: &[u8]| wanted.binary_search(&path).is_ok();
        self.repo.export(commit, &at.dir, &is_wanted, &mut add)?;
        if let Some(licence) = licence {
            add(LICENSE, &mut &*licence)?;
        }
        zip.finish().map_err(written)
    }

    /// A module below the root without a LICENSE of its own has the one of the root, as it is stored.
    fn inherited_licence(&self, commit: Oid, dir: &str, has_own: bool) -> Result<Option<Vec<u8>>, VcsError> {
        if dir.is_empty() || has_own {
            return Ok(None);
        }
        Ok(self.repo.blob(commit, "LICENSE", MAX_LICENSE)?.map(|blob| blob.bytes))
    }

    /// Which files count as vendored is decided by the go line of the go.mod that lies in the zip.
    fn vendor_rule(&self, commit: Oid, dir: &str) -> Result<VendorRule, VcsError> {
        let mut go_mod = Vec::new();
        self.repo.export(commit, dir, &|path| path == b"go.mod", &mut |_, content| {
            let read = content.take(MAX_GOMOD + 1).read_to_end(&mut go_mod);
            read.map(drop).map_err(|error| VcsError::failed(Cause::Local, "read go.mod", error))
        })?;
        Ok(VendorRule::of(GoMod::language_version(&go_mod).as_ref()))
    }
}

fn written(error: impl std::fmt::Display) -> VcsError {
    VcsError::failed(Cause::Local, "write the zip", error)
}

const LICENSE: &[u8] = b"LICENSE";
