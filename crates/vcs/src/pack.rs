//! A module zip from a tree that somebody brings: an archive, or a directory. The rules are those for repositories.

mod archive;
mod directory;

use std::io::{self, Read, Seek, Write};

use gomod::{FileKind, GoMod, MAX_GOMOD, ModuleZip, ModuleZipError, TreeFile, VendorRule, check_files};

pub use self::{archive::Archive, directory::Directory};
use crate::refusal;

/// Files that may become a module. Every method may be called again.
pub trait Tree {
    /// All files, links and whatever else there is, directories aside; without the directories in which git, Mercurial,
    /// Subversion and Bazaar keep their own.
    fn files(&mut self) -> Result<Vec<Offered>, PackError>;

    /// Gives the content of those files whose path `wanted` says yes to, each once, in any order.
    fn give(&mut self, wanted: &dyn Fn(&[u8]) -> bool, sink: &mut Taker<'_>) -> Result<(), PackError>;
}

/// Takes a file's path, and its content.
pub type Taker<'a> = dyn FnMut(&[u8], &mut dyn Read) -> Result<(), PackError> + 'a;

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Relative to the module's root, with `/` between elements.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: FileKind,
    /// Bytes of its content.
    pub size: u64,
}

/// Why a tree becomes no zip.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// It is none that can become one; at most ten lines.
    #[error("{0}")]
    Refused(String),
    /// It cannot be read, or the zip not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes the files of a tree that belong to the module into its zip.
///
/// The same files give the same hash as from a repository whose `.gitattributes` change nothing.
pub fn pack<W: Write + Seek>(tree: &mut dyn Tree, mut zip: ModuleZip<W>) -> Result<W, PackError> {
    let offered = tree.files()?;
    let mut go_mod = Vec::new();
    tree.give(&|path| path == b"go.mod", &mut |_, content| {
        go_mod.clear();
        content.take(MAX_GOMOD + 1).read_to_end(&mut go_mod)?;
        Ok(())
    })?;
    let rule = VendorRule::of(GoMod::language_version(&go_mod).as_ref());
    let files: Vec<_> = offered.iter().map(|file| TreeFile::new(&file.path, file.kind, file.size)).collect();
    let mut wanted =
        select(&files, offered.iter().map(|file| &*file.path), rule).map_err(PackError::Refused)?;
    wanted.sort_unstable();
    tree.give(&|path| wanted.binary_search(&path).is_ok(), &mut |path, content| Ok(zip.add(path, content)?))?;
    Ok(zip.finish()?)
}

/// The paths that belong into the zip, or all that forbids it in the go command's words. `paths` are those of `files`.
pub(crate) fn select<'a>(
    files: &[TreeFile<'_>],
    paths: impl Iterator<Item = &'a [u8]> + Clone,
    rule: VendorRule,
) -> Result<Vec<&'a [u8]>, String> {
    let checked = check_files(files, rule);
    if let Some(why) = refusal::of(&checked, paths.clone()) {
        return Err(why);
    }
    let included = checked.included().map_err(|fault| fault.to_string())?;
    let mut included = included.into_iter().peekable();
    let chosen = paths.enumerate().filter(|(at, _)| included.next_if_eq(at).is_some());
    Ok(chosen.map(|(_, path)| path).collect())
}

/// Whether a path belongs to a version control system and not to the module (`CreateFromDir` of x/mod `zip`).
fn is_of_vcs(path: &[u8]) -> bool {
    path.split(|b| *b == b'/').any(|element| matches!(element, b".git" | b".hg" | b".svn" | b".bzr"))
}

fn too_many() -> PackError {
    PackError::Refused(format!("the tree has more than {MOST} files, or names that are too long together"))
}

impl From<ModuleZipError> for PackError {
    fn from(error: ModuleZipError) -> Self {
        match error {
            ModuleZipError::TooLarge | ModuleZipError::Name => PackError::Refused(error.to_string()),
            ModuleZipError::Io(error) => PackError::Io(error),
        }
    }
}

/// Files of a tree.
const MOST: usize = 500_000;
/// Bytes of all their paths.
const PATHS: usize = 64 << 20;
