//! Objects of a repository in the cache, each checked against its name before anybody sees it.

use std::{collections::HashSet, path::Path};

use gix_hash::{Kind as HashKind, ObjectId};
use gix_object::{Exists, Find, Kind};
use gix_odb::Header;

use super::bases::Bases;
use crate::{
    Blob, Cause, EntryKind, Oid, VcsError,
    git::{
        Progress,
        cache::Format,
        object::{CommitFacts, Mode, entry, read_commit},
        trouble::Trouble,
    },
};

/// The objects of one repository.
pub(super) struct Objects {
    odb: gix_odb::Handle,
    /// Tells that the work goes on where nothing comes from outside.
    progress: Progress,
}

impl Format {
    pub(super) fn hash(self) -> HashKind {
        match self {
            Format::Sha1 => HashKind::Sha1,
            Format::Sha256 => HashKind::Sha256,
        }
    }
}

impl Objects {
    /// Opens the directory of a bare repository. What is read of it counts.
    pub(super) fn open(repository: &Path, format: Format, progress: &Progress) -> Result<Self, Trouble> {
        let options = gix_odb::store::init::Options {
            slots: gix_odb::store::init::Slots::Given(SLOTS),
            use_multi_pack_index: false,
            alloc_limit_bytes: Some(LARGEST_OBJECT),
            ..Default::default()
        };
        let odb = gix_odb::at_opts(repository.join("objects"), format.hash(), None, options);
        let odb = odb.map_err(|error| Trouble::Damaged(error.to_string()))?;
        let odb = odb.with_pack_cache(|| Box::new(Bases::default()));
        Ok(Self { odb, progress: progress.clone() })
    }

    /// For thin packs: what a delta may build upon.
    pub(super) fn handle(&self) -> gix_odb::Handle {
        self.odb.clone()
    }

    pub(super) fn has(&self, id: Oid) -> bool {
        name(id).is_some_and(|id| self.has_name(&id))
    }

    pub(super) fn has_name(&self, id: &ObjectId) -> bool {
        self.odb.exists(id)
    }

    /// Kind and length; `None` if it is not here.
    pub(super) fn header(&self, id: Oid) -> Result<Option<(Kind, u64)>, Trouble> {
        self.progress.made(1);
        let Some(id) = name(id) else { return Ok(None) };
        let header = self.odb.try_header(&id).map_err(|error| damaged(id, &error))?;
        Ok(header.map(|header| (header.kind(), header.size())))
    }

    /// An object of at most `max` bytes; `None` if it is not here.
    pub(super) fn get(&self, id: Oid, max: u64) -> Result<Option<(Kind, Vec<u8>)>, Trouble> {
        let Some((_, size)) = self.header(id)? else { return Ok(None) };
        if size > max {
            let why = format!("it has {size} bytes, {max} are allowed");
            return Err(VcsError::failed(Cause::Limit, format!("read object {id}"), why).into());
        }
        let Some(id) = name(id) else { return Ok(None) };
        let mut bytes = Vec::new();
        let object = self.odb.try_find(&id, &mut bytes).map_err(|error| damaged(id, &error))?;
        let Some(object) = object else { return Ok(None) };
        object.verify_checksum(&id).map_err(|error| damaged(id, &error))?;
        let kind = object.kind;
        self.progress.made(bytes.len());
        Ok(Some((kind, bytes)))
    }

    /// An object that another one leads to.
    pub(super) fn need(&self, id: Oid, kind: Kind, max: u64) -> Result<Vec<u8>, Trouble> {
        match self.get(id, max)? {
            Some((found, bytes)) if found == kind => Ok(bytes),
            Some((found, _)) => Err(Trouble::Damaged(format!("{id} is a {found} and not a {kind}"))),
            None => Err(Trouble::Damaged(format!("object {id} is missing"))),
        }
    }

    /// A commit; `None` if the object is none.
    pub(super) fn commit(&self, id: Oid) -> Result<Option<CommitFacts>, Trouble> {
        match self.get(id, LARGEST)? {
            None => Err(Trouble::Damaged(format!("object {id} is missing"))),
            Some((Kind::Commit, bytes)) => read_commit(&bytes).map(Some).ok_or_else(|| {
                VcsError::failed(Cause::Server, format!("read commit {id}"), "it is malformed").into()
            }),
            Some(_) => Ok(None),
        }
    }

    pub(super) fn tree(&self, id: Oid) -> Result<Vec<u8>, Trouble> {
        self.need(id, Kind::Tree, LARGEST)
    }

    /// What a path of a tree leads to. Links are not followed.
    pub(super) fn at(&self, mut tree: Oid, path: &[u8]) -> Result<Option<(Mode, Oid)>, Trouble> {
        let mut names = path.split(|b| *b == b'/').peekable();
        while let Some(name) = names.next() {
            let bytes = self.tree(tree)?;
            match (entry(&bytes, name, tree.as_bytes().len()), names.peek()) {
                (Some((Mode::Directory, id)), Some(_)) => tree = id,
                (found, None) => return Ok(found),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// A file or a link of a tree, of at most `max` bytes.
    pub(super) fn file(&self, tree: Oid, path: &[u8], max: u64) -> Result<Option<Blob>, Trouble> {
        let (kind, id) = match self.at(tree, path)? {
            Some((Mode::File, id)) => (EntryKind::File, id),
            Some((Mode::Symlink, id)) => (EntryKind::Symlink, id),
            _ => return Ok(None),
        };
        Ok(Some(Blob { kind, bytes: self.need(id, Kind::Blob, max)? }))
    }

    /// All objects whose names begin with these digits.
    pub(super) fn beginning(&self, hex: &str) -> Result<Vec<Oid>, Trouble> {
        let Ok(prefix) = gix_hash::Prefix::from_hex(hex) else { return Ok(Vec::new()) };
        let mut found = HashSet::new();
        self.odb
            .lookup_prefix(prefix, Some(&mut found))
            .map_err(|error| Trouble::Damaged(error.to_string()))?;
        Ok(found.into_iter().filter_map(|id| Oid::new(id.as_bytes()).ok()).collect())
    }
}

/// As the object database has it.
pub(super) fn name(id: Oid) -> Option<ObjectId> {
    ObjectId::try_from(id.as_bytes()).ok()
}

fn damaged(id: ObjectId, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Damaged(format!("object {id}: {error}"))
}

/// Bytes of a commit or a tree.
const LARGEST: u64 = 64 << 20;
/// Bytes of any object. No larger file fits into a module (PROTOCOL 2.2), and with its base this is held in memory.
pub(super) const LARGEST_OBJECT: usize = 512 << 20;
/// How many packs there may be; a repository with more begins anew.
pub(super) const SLOTS: u16 = 512;
