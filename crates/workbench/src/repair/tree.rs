//! Unpacked files, mended one by one: those that are as in the zip stay, with their times.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use gomod::ZipContents;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::{Repair, RepairError, at};
use crate::{cache::remove_tree, modcache::digest_of};

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mended {
    pub(super) written: usize,
    pub(super) removed: usize,
}

/// Makes the tree what the zip holds, which was checked.
pub(super) fn mend(repair: &Repair, zip: &File, contents: &ZipContents) -> Result<Mended, RepairError> {
    let root = repair.cache().tree(repair.module());
    let before = fs::symlink_metadata(&root).ok().filter(fs::Metadata::is_dir);
    let like = before.map_or(DIR, |meta| meta.permissions().mode() & 0o7777);
    let mut open = Opened { modes: BTreeMap::new(), root: root.clone(), like };
    let done = work(repair, zip, contents, &mut open);
    let closed = open.close().map_err(|why| at(&root, why));
    let mended = done?;
    closed?;
    Ok(mended)
}

fn work(
    repair: &Repair,
    zip: &File,
    contents: &ZipContents,
    open: &mut Opened,
) -> Result<Mended, RepairError> {
    let root = open.root.clone();
    let io = |why| at(&root, why);
    let wanted: BTreeMap<&str, &[u8; 32]> = contents
        .files
        .iter()
        .filter(|(path, _)| !path.ends_with('/'))
        .map(|(path, digest)| (&**path, digest))
        .collect();
    let mut mended = Mended::default();
    open.make_dir(&root).map_err(io)?;
    let good = sorted_out(&root, &wanted, open, &mut mended).map_err(io)?;
    let missing: Vec<_> = wanted.iter().filter(|(path, _)| !good.contains(**path)).collect();
    if missing.is_empty() {
        return Ok(mended);
    }
    let mut archive = ZipArchive::new(zip).map_err(|why| io(why.into()))?;
    for (path, digest) in missing {
        let file = root.join(path);
        let written = unpacked(repair, &mut archive, path, digest).and_then(|temporary| {
            for dir in parents(&root, &file) {
                open.make_dir(&dir)?;
            }
            temporary.file.set_permissions(Permissions::from_mode(FILE))?;
            temporary.into_place(&file)
        });
        written.map_err(|why| at(&file, why))?;
        mended.written += 1;
    }
    Ok(mended)
}

/// Removes what does not belong there, and says which files are good.
fn sorted_out(
    root: &Path,
    wanted: &BTreeMap<&str, &[u8; 32]>,
    open: &mut Opened,
    mended: &mut Mended,
) -> io::Result<BTreeSet<String>> {
    let mut good = BTreeSet::new();
    let mut dirs = vec![(root.to_owned(), String::new())];
    while let Some((dir, prefix)) = dirs.pop() {
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let path = entry.file_name().into_string().ok().map(|name| format!("{prefix}{name}"));
            let digest = path.as_deref().and_then(|path| wanted.get(path));
            match (path, digest) {
                (Some(path), None) if kind.is_dir() => {
                    open.readable(&entry.path())?;
                    dirs.push((entry.path(), format!("{path}/")));
                }
                (Some(path), Some(digest)) if kind.is_file() => {
                    if digest_of(&entry.path()).is_ok_and(|found| found == **digest) {
                        good.insert(path);
                    }
                }
                // What should be a file and is none is replaced.
                (_, Some(_)) => {}
                (_, None) => {
                    open.writable(&dir)?;
                    if kind.is_dir() {
                        remove_tree(&entry.path())?;
                    } else {
                        fs::remove_file(entry.path())?;
                    }
                    mended.removed += 1;
                }
            }
        }
    }
    Ok(good)
}

/// A file of the zip in a temporary one.
fn unpacked(
    repair: &Repair,
    archive: &mut ZipArchive<&File>,
    path: &str,
    digest: &[u8; 32],
) -> io::Result<super::Temporary> {
    let mut entry = archive.by_name(&format!("{}/{path}", repair.module()))?;
    let mut temporary = repair.temporary()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; PIECE];
    loop {
        let n = entry.read(&mut buffer)?;
        let Some(piece) = buffer.get(..n).filter(|piece| !piece.is_empty()) else { break };
        hash.update(piece);
        temporary.file.write_all(piece)?;
    }
    // Two readers of zips may differ; what was checked counts.
    if hash.finalize()[..] != digest[..] {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(temporary)
}

/// The directories from the root down to the one that a file lies in.
fn parents(root: &Path, file: &Path) -> Vec<PathBuf> {
    let mut dirs: Vec<_> =
        file.ancestors().skip(1).take_while(|dir| *dir != root).map(Path::to_owned).collect();
    dirs.push(root.to_owned());
    dirs.reverse();
    dirs
}

/// Directories that were made writable, with the permissions that they had.
struct Opened {
    root: PathBuf,
    modes: BTreeMap<PathBuf, u32>,
    /// The permissions that new ones get in the end: those of the root.
    like: u32,
}

impl Opened {
    /// Sees to it that a directory is there and can be written. A link is none: what it leads to is not the tree.
    fn make_dir(&mut self, dir: &Path) -> io::Result<()> {
        match fs::symlink_metadata(dir) {
            Ok(meta) if meta.is_dir() => return self.writable(dir),
            Ok(_) => fs::remove_file(dir)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        fs::create_dir_all(dir)?;
        self.modes.insert(dir.to_owned(), self.like);
        Ok(())
    }

    fn writable(&mut self, dir: &Path) -> io::Result<()> {
        self.with(dir, 0o700)
    }

    fn readable(&mut self, dir: &Path) -> io::Result<()> {
        self.with(dir, 0o500)
    }

    fn with(&mut self, dir: &Path, bits: u32) -> io::Result<()> {
        let mode = fs::symlink_metadata(dir)?.permissions().mode() & 0o7777;
        if mode & bits != bits {
            fs::set_permissions(dir, Permissions::from_mode(mode | bits))?;
            self.modes.entry(dir.to_owned()).or_insert(mode | 0o500);
        }
        Ok(())
    }

    /// Gives all of them their permissions back, the deepest first.
    fn close(self) -> io::Result<()> {
        for (dir, mode) in self.modes.into_iter().rev() {
            match fs::set_permissions(&dir, Permissions::from_mode(mode)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// As `go` unpacks files (x/mod/zip, `Unzip`).
const FILE: u32 = 0o444;
/// As `go` leaves directories (modfetch, `makeDirsReadOnly`).
const DIR: u32 = 0o555;
/// Bytes that are unpacked at once.
const PIECE: usize = 64 << 10;
