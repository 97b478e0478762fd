//! A module zip from a repository's tree: the same names and contents that the go command takes, so the same h1.

use std::io::{Read, Seek, Write};

use gomod::{
    FileKind, GoMod, MAX_GOMOD, MAX_LICENSE, ModuleVersion, ModuleZip, ModuleZipError, TreeFile, VendorRule,
};

use super::Code;
use crate::{Cause, EntryKind, Oid, Repo, VcsError, pack};

impl Code<'_> {
    /// Writes the zip of a version. Absent, with the go command's words, where its tree can become none.
    pub fn zip<W: Write + Seek>(&self, version: &ModuleVersion, out: W) -> Result<W, VcsError> {
        let (commit, at) = self.locate(version.version())?;
        zip_of(self.repo, commit, &at.dir, version, out)
    }
}

/// Writes the zip that a directory of a commit (`""` is the root) gives under the name of this version. Whether it is
/// a module of that name is not asked. Absent, with the go command's words, where the tree can become none.
pub fn zip_of<W: Write + Seek>(
    repo: &dyn Repo,
    commit: Oid,
    dir: &str,
    version: &ModuleVersion,
    out: W,
) -> Result<W, VcsError> {
    let tree = Dir { repo, commit, below: dir };
    let entries = repo.tree(commit, dir)?;
    let licence = tree.inherited_licence(entries.iter().any(|entry| entry.path == LICENSE))?;
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
    let paths = entries.iter().map(|entry| &*entry.path).chain(licence.is_some().then_some(LICENSE));
    let vendor = if entries.iter().any(|entry| is_below_vendor(&entry.path)) {
        tree.vendor_rule()?
    } else {
        VendorRule::of(None)
    };
    let wanted = pack::select(&files, paths, vendor);
    let mut wanted = wanted.map_err(|why| VcsError::absent(format!("create zip: {why}")))?;
    // An inherited one lies outside of the directory, and is added below.
    wanted.retain(|path| licence.is_none() || *path != LICENSE);
    wanted.sort_unstable();

    let mut zip = ModuleZip::new(version, out);
    let is_wanted = |path: &[u8]| wanted.binary_search(&path).is_ok();
    repo.export(commit, dir, &is_wanted, &mut |name, content| zip.add(name, content).map_err(written))?;
    if let Some(licence) = licence {
        zip.add(LICENSE, &mut &*licence).map_err(written)?;
    }
    zip.finish().map_err(written)
}

/// A directory of a commit.
struct Dir<'a> {
    repo: &'a dyn Repo,
    commit: Oid,
    below: &'a str,
}

impl Dir<'_> {
    /// A module below the root without a LICENSE of its own has the one of the root, as it is stored.
    fn inherited_licence(&self, has_own: bool) -> Result<Option<Vec<u8>>, VcsError> {
        if self.below.is_empty() || has_own {
            return Ok(None);
        }
        Ok(self.repo.blob(self.commit, "LICENSE", MAX_LICENSE)?.map(|blob| blob.bytes))
    }

    /// Which files count as vendored is decided by the go line of the go.mod that lies in the zip.
    fn vendor_rule(&self) -> Result<VendorRule, VcsError> {
        let mut go_mod = Vec::new();
        self.repo.export(self.commit, self.below, &|path| path == b"go.mod", &mut |_, content| {
            let read = content.take(MAX_GOMOD + 1).read_to_end(&mut go_mod);
            read.map(drop).map_err(|error| VcsError::failed(Cause::Local, "read go.mod", error))
        })?;
        Ok(VendorRule::of(GoMod::language_version(&go_mod).as_ref()))
    }
}

/// Whether the path may be a vendored one, by whatever rule.
fn is_below_vendor(path: &[u8]) -> bool {
    path.split(|b| *b == b'/').rev().skip(1).any(|name| name == b"vendor")
}

fn written(error: ModuleZipError) -> VcsError {
    match error {
        ModuleZipError::TooLarge => VcsError::absent("create zip: module source tree too large"),
        ModuleZipError::Name => VcsError::absent(format!("create zip: {error}")),
        ModuleZipError::Io(error) => VcsError::failed(Cause::Local, "write the zip", error),
    }
}

const LICENSE: &[u8] = b"LICENSE";
