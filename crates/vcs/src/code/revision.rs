//! From a name to a commit (cmd/go `codehost/git.go`, `Stat`).

use gomod::{Semver, Version};

use super::Code;
use crate::{Commit, Oid, VcsError};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The version.
    pub version: Version,
    /// Its commit.
    pub commit: Commit,
    /// The reference that led to it, as `refs/tags/v1.0.0`, `refs/heads/main` or `HEAD`; `None` for a commit that was
    /// named itself.
    pub reference: Option<String>,
}

/// A commit, and the tags at it.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) commit: Commit,
    /// The names of all tags at this commit, sorted.
    pub(super) tags: Vec<String>,
    /// The tag that was named, if it was one.
    pub(super) named: Option<String>,
    pub(super) reference: Option<String>,
}

impl Code<'_> {
    /// The name that is looked for in the repository when this is asked for: of a version its tag, of a
    /// pseudo-version its commit.
    pub(super) fn revision_of(&self, asked: &str) -> String {
        let Some(semver) = Semver::parse(asked) else { return asked.to_owned() };
        if let Some(pseudo) = semver.pseudo() {
            return pseudo.rev().to_owned();
        }
        let tag = asked.strip_suffix("+incompatible").unwrap_or(asked);
        format!("{}{tag}", self.place.tag_prefix())
    }

    /// Tag, branch, `HEAD`, or the beginning of a commit's name, in this order.
    pub(super) fn look_up(&self, name: &str) -> Result<Revision, VcsError> {
        let refs = self.repo.refs()?;
        let (id, reference) = if let Some(tag) = refs.tags.get(name) {
            (tag.target, Some(format!("refs/tags/{name}")))
        } else if let Some(head) = refs.heads.get(name) {
            (*head, Some(format!("refs/heads/{name}")))
        } else if let Some(head) = refs.head.filter(|_| name == "HEAD") {
            (head, Some("HEAD".to_owned()))
        } else if is_hash(name) {
            (self.repo.find(name)?, None)
        } else {
            return Err(unknown(name));
        };
        let commit = self.repo.commit(id).map_err(|error| error.about(|_| unknown(name).to_string()))?;
        let named = reference.as_deref().and_then(|reference| reference.strip_prefix("refs/tags/"));
        Ok(Revision { tags: self.tags_at(commit.id)?, named: named.map(str::to_owned), commit, reference })
    }

    pub(super) fn tags_at(&self, id: Oid) -> Result<Vec<String>, VcsError> {
        let tags = self.repo.refs()?.tags.iter();
        Ok(tags.filter(|(_, tag)| tag.target == id).map(|(name, _)| name.clone()).collect())
    }
}

pub(super) fn unknown(name: &str) -> VcsError {
    VcsError::absent(format!("unknown revision {name}"))
}

/// Seven digits at least, as go has it, and no more than the longest name.
fn is_hash(name: &str) -> bool {
    (7..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
