//! Commits and single files.

use super::{
    Binary, Open, Trouble,
    batch::{Batch, Kind, Object},
};
use crate::{Blob, Cause, Commit, EntryKind, Oid, VcsError};

impl Binary {
    /// Whether a commit, or whatever has this name, is here.
    pub(super) fn has(&self, open: &mut Open, id: Oid) -> Result<bool, Trouble> {
        Ok(self.object(open, id, LARGEST)?.is_some())
    }

    /// A commit and its tree; `None` if the object is none.
    pub(super) fn commit_at(&self, open: &mut Open, id: Oid) -> Result<Option<(Commit, Oid)>, Trouble> {
        let object = self.object(open, id, LARGEST)?.ok_or_else(|| missing(id))?;
        if object.kind != Kind::Commit {
            return Ok(None);
        }
        let (tree, time) = read_commit(&object.bytes)
            .ok_or_else(|| VcsError::failed(Cause::Server, format!("read commit {id}"), "it is malformed"))?;
        Ok(Some((Commit { id, time }, tree)))
    }

    /// A file of a commit. Links are not followed.
    pub(super) fn file_at(
        &self,
        open: &mut Open,
        commit: Oid,
        path: &str,
        max: u64,
    ) -> Result<Option<Blob>, Trouble> {
        let Some((_, mut tree)) = self.commit_at(open, commit)? else { return Ok(None) };
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let bytes = self.object(open, tree, LARGEST)?.ok_or_else(|| missing(tree))?.bytes;
            let Some((mode, id)) = entry(&bytes, name.as_bytes(), tree.as_bytes().len()) else {
                return Ok(None);
            };
            let kind = match (mode, names.peek()) {
                (b"40000", Some(_)) => {
                    tree = id;
                    continue;
                }
                (b"120000", None) => EntryKind::Symlink,
                ([b'1', b'0', b'0', ..], None) => EntryKind::File,
                _ => return Ok(None),
            };
            let bytes = self.object(open, id, max)?.ok_or_else(|| missing(id))?.bytes;
            return Ok(Some(Blob { kind, bytes }));
        }
        Ok(None)
    }

    fn object(&self, open: &mut Open, id: Oid, max: u64) -> Result<Option<Object>, Trouble> {
        let batch = match open.batch.take() {
            Some(batch) => batch,
            None => Batch::start(self.cache.git(), &open.bare)?,
        };
        let (object, batch) = batch.object(id, max)?;
        open.batch = Some(batch);
        Ok(object)
    }
}

/// An object that others lead to is not here.
fn missing(id: Oid) -> Trouble {
    Trouble::Damaged(format!("object {id} is missing"))
}

/// The tree and the committer's time.
fn read_commit(bytes: &[u8]) -> Option<(Oid, i64)> {
    let mut lines = bytes.split(|b| *b == b'\n');
    let tree = std::str::from_utf8(lines.next()?.strip_prefix(b"tree ")?).ok()?.parse().ok()?;
    let committer =
        lines.take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(b"committer "))?;
    // As git reads it: what follows the last `>`.
    let behind = committer.rsplit(|b| *b == b'>').next()?;
    let time = std::str::from_utf8(behind).ok()?.split_ascii_whitespace().next()?.parse().ok()?;
    Some((tree, time))
}

/// Mode and object of an entry in a tree whose names of objects have `digest` bytes.
fn entry<'a>(mut tree: &'a [u8], wanted: &[u8], digest: usize) -> Option<(&'a [u8], Oid)> {
    loop {
        let space = tree.iter().position(|b| *b == b' ')?;
        let (mode, rest) = tree.split_at_checked(space)?;
        let rest = rest.get(1..)?;
        let (name, rest) = rest.split_at_checked(rest.iter().position(|b| *b == 0)?)?;
        let (id, rest) = rest.get(1..)?.split_at_checked(digest)?;
        if name == wanted {
            return Some((mode, Oid::new(id).ok()?));
        }
        tree = rest;
    }
}

/// Bytes of a commit or a tree.
const LARGEST: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read_as_git_does() {
        let tree = "ddee2166b377b4e7f0ffbb44907e6106ebb48788";
        let commit = format!(
            "tree {tree}\nparent {tree}\nauthor a > b <x> 1 +0000\ncommitter c> <d@e> 1704060001 +0200\n\ncommitter x <y> 5 +0\n"
        );
        assert_eq!(read_commit(commit.as_bytes()), Some((tree.parse().unwrap(), 1_704_060_001)));
        assert_eq!(read_commit(b"tree x"), None);
    }

    #[test]
    fn an_entry_is_found_in_a_tree() {
        let mut tree = Vec::new();
        for (mode, name) in [("100644", "a"), ("40000", "b"), ("120000", "go.mod")] {
            tree.extend(format!("{mode} {name}\0").bytes());
            tree.extend([b' '; 20]);
        }
        assert_eq!(entry(&tree, b"go.mod", 20), Some((&b"120000"[..], Oid::new(&[b' '; 20]).unwrap())));
        assert_eq!(entry(&tree, b"c", 20), None);
        assert_eq!(entry(&tree[..10], b"a", 20), None);
    }
}
