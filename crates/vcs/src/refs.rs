//! The references of a repository: what its branches and tags point at.

use std::collections::BTreeMap;

use crate::Oid;

/// What a repository's server lists: HEAD, branches and tags. Other references (`refs/pull/…`) do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs {
    /// The branch that HEAD names, without `refs/heads/`; `None` for a detached or missing HEAD.
    pub default_branch: Option<String>,
    /// The commit at HEAD; `None` in an empty repository or where HEAD names a branch that is not there.
    pub head: Option<Oid>,
    /// Branches without `refs/heads/`, and their commits.
    pub heads: BTreeMap<String, Oid>,
    /// Tags without `refs/tags/`, and what they stand for: annotated ones are followed to their object. That is not
    /// always a commit.
    pub tags: BTreeMap<String, Tag>,
}

/// What a tag points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What the reference itself names: the tag object of an annotated tag.
    pub direct: Oid,
    /// The object at the end.
    pub target: Oid,
}
