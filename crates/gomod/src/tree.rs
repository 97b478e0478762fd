//! Which files of a source tree become a module zip.

use std::collections::HashSet;

use thiserror::Error;

use crate::collisions::{Collision, Place, collisions};
use crate::excerpt::Excerpt;
use crate::file_path::{FilePathFault, check_file_path};
use crate::limits::{MAX_GOMOD, MAX_LICENSE, MAX_ZIP};
use crate::vendored::VendorRule;

/// One path of the tree below a module's directory. Directories are implied and not listed; nor are git
/// submodules, which never reach these rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeFile<'a> {
    path: &'a [u8],
    kind: FileKind,
    size: u64,
}

/// What a path of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file with content.
    Regular,
    /// A symbolic link. It stays out of the zip, yet its name must be a good one.
    Symlink,
    /// A device, a socket and the like.
    Other,
}

impl<'a> TreeFile<'a> {
    /// A path relative to the module's directory, with `/` between elements, and the size of its content in bytes.
    pub fn new(path: &'a (impl AsRef<[u8]> + ?Sized), kind: FileKind, size: u64) -> Self {
        Self { path: path.as_ref(), kind, size }
    }
}

/// What happens to one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes into the zip.
    Include,
    /// It stays out, and that is well.
    Omit(Omission),
    /// No zip can be made as long as it is there.
    Refuse(FileFault),
}

/// Why a path stays out of the zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Omission {
    /// It belongs to a vendored package.
    #[error("it is in a vendor directory")]
    Vendored,
    /// A directory above it has a go.mod of its own.
    #[error("it is in another module")]
    OtherModule,
    /// `.hg_archival.txt`, which `hg archive` adds.
    #[error("`hg archive` adds it")]
    HgArchival,
    /// It is a symbolic link.
    #[error("it is a symbolic link")]
    Symlink,
    /// It is neither file nor link.
    #[error("it is not a regular file")]
    NotRegular,
}

/// Why a path forbids the zip.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileFault {
    /// `a//b`, `./a`, `a/../b` and the like.
    #[error("the path is not in its shortest form")]
    NotClean,
    /// The path begins with `/`.
    #[error("the path is not relative")]
    Absolute,
    /// The name breaks a rule for names.
    #[error(transparent)]
    Path(#[from] FilePathFault),
    /// `GO.MOD` and the like at the root.
    #[error("the name is go.mod in lower case")]
    GoModCase,
    /// It collides with another path.
    #[error(transparent)]
    Collision(#[from] Collision),
    /// The root's go.mod or LICENSE is larger than 16 MiB.
    #[error("it is larger than 16 MiB")]
    TooLarge,
}

/// Why a tree cannot become a module zip.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TreeFault {
    /// The files together exceed 500 MiB.
    #[error("the files of the module are larger than 500 MiB together")]
    TooLarge,
    /// One path forbids it: the path in quotes, and why.
    #[error("{path}: {fault}")]
    File {
        /// The path, bounded.
        path: Excerpt,
        /// What is wrong with it.
        fault: FileFault,
    },
}

/// The result of [`check_files`]: one verdict per path, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFiles<'a> {
    files: &'a [TreeFile<'a>],
    verdicts: Vec<Verdict>,
    too_large: bool,
}

impl CheckedFiles<'_> {
    /// One verdict per path, in the order given.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// Everything that forbids the zip; nothing when one can be made.
    pub fn faults(&self) -> impl Iterator<Item = TreeFault> + '_ {
        let files = self.files.iter().zip(&self.verdicts).filter_map(|(file, verdict)| match verdict {
            Verdict::Refuse(fault) => {
                Some(TreeFault::File { path: Excerpt::of_bytes(file.path), fault: fault.clone() })
            }
            Verdict::Include | Verdict::Omit(_) => None,
        });
        self.too_large.then_some(TreeFault::TooLarge).into_iter().chain(files)
    }

    /// The indices of the paths that make up the zip.
    ///
    /// # Errors
    /// The first of [`faults`](Self::faults).
    pub fn included(&self) -> Result<Vec<usize>, TreeFault> {
        if let Some(fault) = self.faults().next() {
            return Err(fault);
        }
        let included = |(at, verdict): (usize, &Verdict)| (*verdict == Verdict::Include).then_some(at);
        Ok(self.verdicts.iter().enumerate().filter_map(included).collect())
    }
}

/// Decides for every path of a module's tree whether it goes into the zip. The first rule that applies decides.
///
/// Of paths that collide with one another at least one is refused, which refuses the tree; it is the later one of two
/// that are neighbours in the order of names.
///
/// `vendor` comes from the go line of the root's go.mod. Rule: `checkFiles` of golang.org/x/mod/zip.
pub fn check_files<'a>(files: &'a [TreeFile<'a>], vendor: VendorRule) -> CheckedFiles<'a> {
    let nested = nested_modules(files);
    let by_name: Vec<_> = files.iter().map(|file| by_name(file, vendor, &nested)).collect();

    let named =
        by_name.iter().enumerate().filter_map(|(at, named)| named.as_ref().ok().map(|path| (at, *path)));
    let (at, places): (Vec<usize>, Vec<_>) =
        named.map(|(at, path)| (at, Place { path, is_dir: false })).unzip();
    let mut colliding: Vec<Option<Collision>> = vec![None; files.len()];
    for (place, collision) in collisions(&places) {
        if let Some(slot) = at.get(place).and_then(|&at| colliding.get_mut(at)) {
            slot.get_or_insert(collision);
        }
    }

    let mut room = MAX_ZIP;
    let mut too_large = false;
    let verdicts = files.iter().zip(by_name).zip(colliding).map(|((file, named), collision)| {
        let path = match (named, collision) {
            (Err(verdict), _) => return verdict,
            (Ok(_), Some(collision)) => return Verdict::Refuse(collision.into()),
            (Ok(path), None) => path,
        };
        match file.kind {
            FileKind::Regular => {}
            FileKind::Symlink => return Verdict::Omit(Omission::Symlink),
            FileKind::Other => return Verdict::Omit(Omission::NotRegular),
        }
        match room.checked_sub(file.size) {
            Some(rest) => room = rest,
            None => too_large = true,
        }
        match path {
            "go.mod" if file.size > MAX_GOMOD => Verdict::Refuse(FileFault::TooLarge),
            "LICENSE" if file.size > MAX_LICENSE => Verdict::Refuse(FileFault::TooLarge),
            _ => Verdict::Include,
        }
    });
    let verdicts = verdicts.collect();
    CheckedFiles { files, verdicts, too_large }
}

/// What the name alone decides, or the name as text.
fn by_name<'a>(file: &TreeFile<'a>, vendor: VendorRule, nested: &HashSet<&[u8]>) -> Result<&'a str, Verdict> {
    let path = file.path;
    if !is_clean(path) {
        return Err(Verdict::Refuse(FileFault::NotClean));
    }
    if path.starts_with(b"/") {
        return Err(Verdict::Refuse(FileFault::Absolute));
    }
    if vendor.leaves_out(path) {
        return Err(Verdict::Omit(Omission::Vendored));
    }
    if directories(path).any(|dir| nested.contains(dir)) {
        return Err(Verdict::Omit(Omission::OtherModule));
    }
    if path == b".hg_archival.txt" {
        return Err(Verdict::Omit(Omission::HgArchival));
    }
    let path = str::from_utf8(path).map_err(|_| FilePathFault::NotUtf8);
    let path = path.and_then(|path| check_file_path(path).map(|()| path));
    let path = path.map_err(|fault| Verdict::Refuse(fault.into()))?;
    if is_gomod(path.as_bytes()) && path != "go.mod" {
        return Err(Verdict::Refuse(FileFault::GoModCase));
    }
    Ok(path)
}

/// The directories below the root that hold a file called go.mod in any case, each without trailing slash.
fn nested_modules<'a>(files: &[TreeFile<'a>]) -> HashSet<&'a [u8]> {
    let regular = files.iter().filter(|file| file.kind == FileKind::Regular);
    let split = regular.filter_map(|file| {
        let slash = file.path.iter().rposition(|&b| b == b'/')?;
        let (dir, base) = file.path.split_at_checked(slash)?;
        base.strip_prefix(b"/").is_some_and(is_gomod).then_some(dir)
    });
    split.collect()
}

/// Whether a base name counts as go.mod on a file system that ignores case.
pub(crate) fn is_gomod(base: &[u8]) -> bool {
    base.eq_ignore_ascii_case(b"go.mod")
}

/// Each directory that `path` lies in, innermost first, without trailing slash.
fn directories(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().rev().filter(|&(_, &b)| b == b'/');
    slashes.filter_map(|(at, _)| path.get(..at))
}

/// Whether `path` is what Go's `path.Clean` would make of it.
fn is_clean(path: &[u8]) -> bool {
    let (relative, elements) = match path {
        b"" => return false,
        b"." | b"/" => return true,
        [b'/', rest @ ..] => (false, rest),
        rest => (true, rest),
    };
    let mut below = !relative;
    elements.split(|&b| b == b'/').all(|element| match element {
        b"" | b"." => false,
        b".." => !below,
        _ => {
            below = true;
            true
        }
    })
}
