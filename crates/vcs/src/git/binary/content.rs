//! Commits and single files.

use super::{
    Binary, Open, Trouble,
    batch::{Batch, Kind, Object},
};
use crate::{
    Blob, Cause, Commit, EntryKind, Oid, VcsError,
    git::object::{Mode, entry, read_commit},
};

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
        let facts = read_commit(&object.bytes)
            .ok_or_else(|| VcsError::failed(Cause::Server, format!("read commit {id}"), "it is malformed"))?;
        Ok(Some((Commit { id, time: facts.time }, facts.tree)))
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
                (Mode::Directory, Some(_)) => {
                    tree = id;
                    continue;
                }
                (Mode::Symlink, None) => EntryKind::Symlink,
                (Mode::File, None) => EntryKind::File,
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

/// Bytes of a commit or a tree.
const LARGEST: u64 = 64 << 20;
