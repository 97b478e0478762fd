//! Which tags are versions of the module.

use std::cmp::Ordering;

use gomod::{Semver, Version, VersionList};

use super::{Code, Place, is_pseudo, revision::unknown};
use crate::VcsError;

/// The version in a tag's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tagged {
    /// Without build metadata.
    pub(super) version: String,
    /// Whether the tag says exactly this.
    pub(super) canonical: bool,
}

impl Place {
    /// The version in the name of a tag: it begins with a complete one. Tags like pseudo-versions name none.
    pub(super) fn tagged(&self, tag: &str) -> Option<Tagged> {
        let text = tag.strip_prefix(&self.tag_prefix())?;
        if is_pseudo(tag) {
            return None;
        }
        let version = Semver::parse(text)?.canonical();
        text.starts_with(&version).then(|| Tagged { canonical: version == text, version })
    }
}

impl Code<'_> {
    /// The tagged versions, sorted.
    pub fn versions(&self) -> Result<VersionList, VcsError> {
        let place = self.place;
        if place.path.as_str().starts_with("gopkg.in/") && place.major.ends_with("-unstable") {
            return Ok(VersionList::of([]));
        }
        let (mut list, mut incompatible) = (Vec::new(), Vec::new());
        for tag in self.repo.refs()?.tags.keys() {
            let Some(text) = tag.strip_prefix(&place.tag_prefix()) else { continue };
            let Some(version) = listed(text) else { continue };
            if version.fits_major(&place.major) {
                list.push(version);
            } else if place.dir.is_empty() && place.major.is_empty() {
                incompatible.push(version);
            }
        }
        list.sort_by(Version::precedence);
        incompatible.sort_by(Version::precedence);
        self.append_incompatible(&mut list, &incompatible)?;
        Ok(VersionList::of(list))
    }

    /// Majors above 1 without a suffix in the path count as long as their newest version has no go.mod, and the newest
    /// compatible version has none either.
    fn append_incompatible(&self, list: &mut Vec<Version>, above: &[Version]) -> Result<(), VcsError> {
        if above.is_empty() || list.last().map_or(Ok(false), |newest| self.tag_has_go_mod(newest))? {
            return Ok(());
        }
        for same in above.chunk_by(|a, b| a.major() == b.major()) {
            let Some(newest) = same.last() else { continue };
            if !self.tag_has_go_mod(newest)? {
                let named =
                    same.iter().filter_map(|version| Version::new(&format!("{version}+incompatible")).ok());
                list.extend(named);
            }
        }
        Ok(())
    }

    fn tag_has_go_mod(&self, version: &Version) -> Result<bool, VcsError> {
        let tag = self.repo.refs()?.tags.get(version.as_str()).ok_or_else(|| unknown(version.as_str()))?;
        let commit = self.repo.commit(tag.target);
        let commit = commit.map_err(|error| {
            error.about(|_| format!("module {}: tag {version} is at no commit", self.place.path))
        })?;
        self.has_file(commit.id, "go.mod")
    }

    /// The version in the highest of the tags behind a commit that `allowed` lets count; it becomes the base of a
    /// pseudo-version.
    pub(super) fn recent_tag(
        &self,
        revision: &super::revision::Revision,
        mut allowed: impl FnMut(&str) -> Result<bool, VcsError>,
    ) -> Result<Option<String>, VcsError> {
        let mut highest: Option<String> = None;
        for tag in self.repo.tags_behind(revision.commit.id)? {
            let Some(text) = tag.strip_prefix(&self.place.tag_prefix()) else { continue };
            let higher = highest.as_deref().is_none_or(|highest| compare(text, highest) == Ordering::Greater);
            if higher && Semver::parse(text).is_some() && allowed(&tag)? {
                highest = Some(text.to_owned());
            }
        }
        Ok(highest)
    }
}

/// The version of a tag that is listed: only its own canonical spelling counts.
fn listed(text: &str) -> Option<Version> {
    let semver = Semver::parse(text)?;
    if semver.canonical() != text || semver.pseudo().is_some() {
        return None;
    }
    Version::new(text).ok()
}

/// Semantic precedence of two texts; what is no version is below all others.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    match (Semver::parse(a), Semver::parse(b)) {
        (Some(a), Some(b)) => a.precedence(&b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
