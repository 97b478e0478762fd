//! The files below a directory, and their content as `git archive` gives it.

use std::{borrow::Cow, collections::HashMap};

use gix_object::Kind;

use super::{
    attributes::{self, Attributes},
    convert::{Conversion, Unknown},
    objects::{LARGEST_OBJECT, Objects},
};
use crate::{
    Cause, Entry, EntryKind, Oid, VcsError,
    git::{
        binary::MOST_FILES,
        object::{Malformed, Mode, entries},
        trouble::Trouble,
    },
};

/// The files and links below a directory of a commit.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) commit: Oid,
    /// With a `/` at its end, or nothing.
    pub(super) dir: String,
    pub(super) entries: Vec<Entry>,
    /// The tree of the whole commit.
    root: Option<Oid>,
    /// The attribute files below the directory, by their paths there.
    attributes: HashMap<Vec<u8>, Oid>,
}

impl Tree {
    /// Reads a directory, `""` or one with `/` at its end.
    pub(super) fn read(objects: &Objects, commit: Oid, dir: String, what: &str) -> Result<Self, Trouble> {
        let root = objects.commit(commit)?.map(|facts| facts.tree);
        let top = match (root, dir.trim_end_matches('/')) {
            (Some(root), "") => Some(root),
            (Some(root), dir) => match objects.at(root, dir.as_bytes())? {
                Some((Mode::Directory, id)) => Some(id),
                _ => None,
            },
            (None, _) => None,
        };
        let mut reading = Reading { objects, what, entries: Vec::new(), bytes: 0, trees: 0 };
        if let Some(top) = top {
            reading.walk(top, &mut Vec::new(), 0)?;
        }
        let attributes = reading.entries.iter().filter(|entry| {
            entry.path.strip_suffix(ATTRIBUTES).is_some_and(|dir| dir.is_empty() || dir.ends_with(b"/"))
        });
        let attributes = attributes.map(|entry| (entry.path.clone(), entry.id)).collect();
        Ok(Self { commit, dir, entries: reading.entries, root, attributes })
    }

    /// What becomes of one of its files.
    pub(super) fn conversion(
        &self,
        objects: &Objects,
        attributes: &mut Attributes,
        entry: &Entry,
    ) -> Result<Conversion, Trouble> {
        let mut path = self.dir.clone().into_bytes();
        path.extend_from_slice(&entry.path);
        self.learn(objects, attributes, &path)?;
        Ok(attributes.conversion(&path))
    }

    /// The content of one of its files.
    pub(super) fn content(
        &self,
        objects: &Objects,
        attributes: &mut Attributes,
        entry: &Entry,
    ) -> Result<Result<Vec<u8>, Unknown>, Trouble> {
        let conversion = self.conversion(objects, attributes, entry)?;
        let stored = objects.need(entry.id, Kind::Blob, LARGEST_OBJECT as u64)?;
        let given = conversion.apply(&stored, entry.id);
        Ok(given
            .map(|given| match given {
                Cow::Borrowed(_) => None,
                Cow::Owned(given) => Some(given),
            })
            .map(|given| given.unwrap_or(stored)))
    }

    /// Reads the attribute files of the directories that a path goes through.
    fn learn(&self, objects: &Objects, attributes: &mut Attributes, path: &[u8]) -> Result<(), Trouble> {
        let Some(root) = self.root else { return Ok(()) };
        let dirs = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at + 1);
        for end in [0].into_iter().chain(dirs) {
            let dir = path.get(..end).unwrap_or_default();
            if attributes.knows(dir) {
                continue;
            }
            let file = [dir, ATTRIBUTES].concat();
            let id = match file.strip_prefix(self.dir.as_bytes()) {
                Some(below) => self.attributes.get(below).copied(),
                None => match objects.at(root, &file)? {
                    Some((Mode::File | Mode::Symlink, id)) => Some(id),
                    _ => None,
                },
            };
            let content = match id.map(|id| objects.need(id, Kind::Blob, attributes::LARGEST)).transpose() {
                // As git has it: it does not act.
                Err(Trouble::Vcs(VcsError::Failed { cause: Cause::Limit, .. })) => None,
                other => other?,
            };
            attributes.add(dir, content.as_deref());
        }
        Ok(())
    }
}

struct Reading<'a> {
    objects: &'a Objects,
    what: &'a str,
    entries: Vec<Entry>,
    /// Of all paths.
    bytes: usize,
    trees: usize,
}

impl Reading<'_> {
    fn walk(&mut self, tree: Oid, path: &mut Vec<u8>, depth: usize) -> Result<(), Trouble> {
        self.trees += 1;
        self.bytes += path.len();
        if depth > DEEPEST || self.trees > MOST_FILES || self.bytes > PATHS {
            return Err(self.limit("directories that are too many or too deep"));
        }
        let bytes = self.objects.tree(tree)?;
        for entry in entries(&bytes, tree.as_bytes().len()) {
            let (mode, name, id) = entry.map_err(|Malformed| {
                VcsError::failed(Cause::Server, self.what, format!("tree {tree} is malformed"))
            })?;
            let before = path.len();
            path.extend_from_slice(name);
            match mode {
                Mode::Submodule => {}
                Mode::Directory => {
                    path.push(b'/');
                    self.walk(id, path, depth + 1)?;
                }
                Mode::File => self.add(path, EntryKind::File, id)?,
                Mode::Symlink => self.add(path, EntryKind::Symlink, id)?,
            }
            path.truncate(before);
        }
        Ok(())
    }

    fn add(&mut self, path: &[u8], kind: EntryKind, id: Oid) -> Result<(), Trouble> {
        self.bytes += path.len();
        if self.entries.len() >= MOST_FILES || self.bytes > PATHS {
            return Err(self.limit(&format!("more than {MOST_FILES} files")));
        }
        let (_, size) =
            self.objects.header(id)?.ok_or_else(|| Trouble::Damaged(format!("object {id} is missing")))?;
        self.entries.push(Entry { path: path.to_owned(), kind, id, size });
        Ok(())
    }

    fn limit(&self, why: &str) -> Trouble {
        VcsError::failed(Cause::Limit, self.what, why).into()
    }
}

const ATTRIBUTES: &[u8] = b".gitattributes";
/// Directories in each other. No path is that long.
const DEEPEST: usize = 500;
/// Bytes of all paths of a directory.
const PATHS: usize = 128 << 20;
