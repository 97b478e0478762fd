//! What the rules need of a repository.

use std::fmt;
use std::io::Read;

use crate::{Oid, Refs, VcsError};

/// A repository, readable. Every method blocks, and may fetch what is missing.
///
/// # Contract
/// * One value sees one state of the references: [`refs`](Repo::refs) is listed once.
/// * Absence and failure are told apart; a server that refuses, hangs or breaks off is a failure.
/// * All that comes from the repository is bounded; more is [`Cause::Limit`](crate::Cause::Limit).
pub trait Repo: fmt::Debug + Send + Sync {
    /// Where it is, for people and for `Origin`; without credentials.
    fn url(&self) -> &str;

    /// Branches, tags and HEAD.
    fn refs(&self) -> Result<&Refs, VcsError>;

    /// A commit that something points at. Absent if the object is none.
    fn commit(&self, id: Oid) -> Result<Commit, VcsError>;

    /// The one commit whose name begins with these 7 or more lower-case hex digits, among those that are reachable
    /// from branches, tags and HEAD. Absent if there is none; an error as go shows it if there are several.
    fn find(&self, hex: &str) -> Result<Oid, VcsError>;

    /// The names of all tags whose commit is this one or lies behind it.
    fn tags_behind(&self, id: Oid) -> Result<Vec<String>, VcsError>;

    /// Whether `old` is `new` or lies behind it. What is no commit lies behind none.
    fn is_ancestor(&self, old: Oid, new: Oid) -> Result<bool, VcsError>;

    /// A file as it is stored, of at most `max` bytes; `None` where there is nothing, a directory or a submodule.
    fn blob(&self, commit: Oid, path: &str, max: u64) -> Result<Option<Blob>, VcsError>;

    /// All files and links below a directory (`""` is the root), submodules left out; empty where there is no such
    /// directory. In the order of the tree.
    fn tree(&self, commit: Oid, dir: &str) -> Result<Vec<Entry>, VcsError>;

    /// The content of the files below a directory as `git archive` gives it, where neither `export-subst` nor
    /// `export-ignore` act. Only those that `wanted` says yes to, each once, in any order.
    fn export(
        &self,
        commit: Oid,
        dir: &str,
        wanted: &dyn Fn(&[u8]) -> bool,
        sink: &mut Sink<'_>,
    ) -> Result<(), VcsError>;
}

/// Takes a file's path below the directory, and its content.
pub type Sink<'a> = dyn FnMut(&[u8], &mut dyn Read) -> Result<(), VcsError> + 'a;

/// A commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: Oid,
    /// When it was committed: seconds since 1970, UTC.
    pub time: i64,
}

/// A file as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Whether it is a file or a link.
    pub kind: EntryKind,
    /// Its content; of a link, where it leads.
    pub bytes: Vec<u8>,
}

/// One file or link of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path below the directory that was asked for.
    pub path: Vec<u8>,
    /// Whether it is a file or a link.
    pub kind: EntryKind,
    /// Its object.
    pub id: Oid,
    /// Its length in bytes as it is stored.
    pub size: u64,
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
}
