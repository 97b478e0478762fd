//! Pseudo-versions: made for commits without a tag, and checked when somebody asks for one (`validatePseudoVersion`).

use std::cmp::Ordering;

use gomod::Semver;

use super::{Code, revision::Revision, tags::compare};
use crate::{Commit, VcsError};

/// The pseudo-version of a commit that follows the tagged version `base` (x/mod `module/pseudo.go`).
pub(super) fn version(major: &str, base: Option<&str>, commit: &Commit) -> Result<String, VcsError> {
    gomod::pseudo_version(major, base, commit.time, &commit.id.short()).ok_or_else(|| beyond(commit))
}

fn beyond(commit: &Commit) -> VcsError {
    VcsError::absent(format!("the time of commit {} is not in a year of four digits", commit.id))
}

impl Code<'_> {
    /// Whether a pseudo-version tells the truth about its commit.
    pub(super) fn check_pseudo(&self, revision: &Revision, version: &str) -> Result<(), VcsError> {
        let refuse = |text: &str| {
            VcsError::absent(format!("{}@{version}: invalid pseudo-version: {text}", self.place.path))
        };
        let semver = Semver::parse(version);
        let Some(pseudo) = semver.as_ref().and_then(Semver::pseudo) else {
            return Err(refuse("syntax error"));
        };
        let short = revision.commit.id.short();
        let rev = pseudo.rev();
        if rev != short {
            return Err(refuse(&if rev.starts_with(&short) {
                format!("revision is longer than canonical (expected {short})")
            } else if short.starts_with(rev) {
                format!("revision is shorter than canonical (expected {short})")
            } else {
                format!("does not match short name of revision (expected {short})")
            }));
        }
        let stamp = gomod::pseudo_stamp(revision.commit.time).ok_or_else(|| beyond(&revision.commit))?;
        if pseudo.stamp() != stamp {
            return Err(refuse(&format!("does not match version-control timestamp (expected {stamp})")));
        }
        let plain = version.strip_suffix("+incompatible").unwrap_or(version);
        let base = Semver::parse(plain).as_ref().and_then(Semver::pseudo).map(|pseudo| pseudo.base());
        let base = base.transpose().map_err(|_| {
            let after = plain.split('-').next().unwrap_or(plain);
            refuse(&format!("version before {after} would have negative patch number"))
        })?;
        let base = base.flatten();
        let Some(base) = base else {
            let v1 = self.place.wanted_major().is_empty() && version.starts_with("v1.");
            return if v1 {
                Err(refuse("major version without preceding tag must be v0, not v1"))
            } else {
                Ok(())
            };
        };
        let prefix = self.place.tag_prefix();
        if let Some(tag) = revision.tags.iter().find(|tag| tag.strip_prefix(&prefix).unwrap_or(tag) == base) {
            return Err(refuse(&format!(
                "tag ({tag}) found on revision {rev} is already canonical, so should not be replaced with a \
                 pseudo-version derived from that tag"
            )));
        }
        let mut last = None;
        for (name, tag) in &self.repo.refs()?.tags {
            let Some(text) = name.strip_prefix(&prefix).filter(|text| text.starts_with(&base)) else {
                continue;
            };
            if compare(text, &base) != Ordering::Equal {
                continue;
            }
            if self.repo.is_ancestor(tag.target, revision.commit.id)? {
                return Ok(());
            }
            last = Some(name);
        }
        Err(refuse(&last.map_or_else(
            || format!("preceding tag ({base}) not found"),
            |tag| format!("revision {rev} is not a descendent of preceding tag ({tag})"),
        )))
    }
}
