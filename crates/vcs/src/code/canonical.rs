//! From a commit to the version it stands for (`convert`).

use std::cmp::Ordering;
use std::collections::HashMap;

use gomod::{Semver, Version};

use super::{Code, is_pseudo, made_up, revision::Revision, tags::compare};
use crate::VcsError;

/// Whether the commit may have versions above v1 although the path names no major.
#[derive(Debug, Default)]
struct Incompatible {
    /// Without a go.mod in the root.
    root: Option<bool>,
    /// Without a go.mod in the major's directory.
    majors: HashMap<String, bool>,
}

impl Code<'_> {
    /// The version that a revision stands for when it was asked for as `asked` (nothing: as the newest).
    pub(super) fn version_of(&self, revision: &Revision, asked: &str) -> Result<Version, VcsError> {
        let mut incompatible = Incompatible::default();
        if is_pseudo(asked) {
            let version = self.canonical(revision, asked, asked, &mut incompatible)?;
            self.check_pseudo(revision, asked)?;
            return Ok(version);
        }
        let retracted = self.retracted()?;
        if let Some(tagged) = revision.named.as_deref().and_then(|tag| self.place.tagged(tag))
            && tagged.canonical
        {
            match self.canonical(revision, &tagged.version, asked, &mut incompatible) {
                Err(VcsError::Absent(_)) => {}
                other => return other,
            }
        }
        let (mut highest, mut base) = (None::<String>, None::<String>);
        for tag in &revision.tags {
            let Some(tagged) = self.place.tagged(tag) else { continue };
            let version = tagged.version;
            if compare(&version, asked) == Ordering::Equal {
                if tagged.canonical {
                    return self.canonical(revision, &version, asked, &mut incompatible);
                }
                base = Some(version.clone());
            }
            let higher =
                highest.as_deref().is_none_or(|highest| compare(&version, highest) == Ordering::Greater);
            if tagged.canonical
                && higher
                && !retracted.covers(&version)
                && (self.place.fits(&version)
                    || self.may_be_incompatible(revision, &version, asked, &mut incompatible)?)
            {
                highest = Some(version);
            }
        }
        if let Some(highest) = highest {
            return self.canonical(revision, &highest, asked, &mut incompatible);
        }
        if base.is_none() {
            let recent = self.recent_tag(revision, |tag| {
                let Some(tagged) = self.place.tagged(tag) else { return Ok(false) };
                let version = &tagged.version;
                let fits = self.place.fits(version)
                    || self.may_be_incompatible(revision, version, asked, &mut incompatible)?;
                Ok(fits && !retracted.covers(version))
            })?;
            base = recent.and_then(|text| Semver::parse(&text).map(|semver| semver.canonical()));
        }
        let made_up = made_up::version(self.place.wanted_major(), base.as_deref(), &revision.commit)?;
        self.canonical(revision, &made_up, asked, &mut incompatible)
    }

    /// A version in its final spelling, if it is one of the module at this commit.
    fn canonical(
        &self,
        revision: &Revision,
        version: &str,
        asked: &str,
        incompatible: &mut Incompatible,
    ) -> Result<Version, VcsError> {
        let path = &self.place.path;
        let invalid =
            |version: &str, why: &str| VcsError::absent(format!("{path}@{version}: invalid version: {why}"));
        self.find_dir(revision.commit.id, version)
            .map_err(|error| error.about(|text| format!("{path}@{version}: invalid version: {text}")))?;
        let mut version = version;
        if Some(version) == asked.strip_suffix("+incompatible") {
            version = asked;
        }
        let base = version.strip_suffix("+incompatible").unwrap_or(version);
        let major = base.split('.').next().unwrap_or(base);
        let mut spelled = version.to_owned();
        let mut wrong = None;
        if !self.place.fits(base) {
            if self.may_be_incompatible(revision, base, asked, incompatible)? {
                spelled = format!("{base}+incompatible");
            } else if self.place.major.is_empty() {
                wrong = Some(format!(
                    "module contains a go.mod file, so module path must match major version (\"{}/{major}\")",
                    self.place.prefix
                ));
            } else {
                wrong = Some(
                    "module path includes a major version suffix, so major version must match".to_owned(),
                );
            }
        } else if version.ends_with("+incompatible") {
            wrong = Some(format!("+incompatible suffix not allowed: major version {major} is compatible"));
        }
        if Version::new(asked).is_ok() {
            let asked_base = asked.strip_suffix("+incompatible").unwrap_or(asked);
            if asked_base != base {
                let why = format!("resolves to version {spelled} ({asked_base} is not a tag)");
                return Err(invalid(asked, &why));
            }
        }
        if let Some(why) = wrong {
            return Err(invalid(version, &why));
        }
        Version::new(&spelled).map_err(|error| invalid(version, &error.to_string()))
    }

    /// Whether the commit may have this version above v1 although the path names no major: it has no go.mod, also not
    /// in the directory of that major, unless `+incompatible` was asked for in so many words.
    fn may_be_incompatible(
        &self,
        revision: &Revision,
        version: &str,
        asked: &str,
        seen: &mut Incompatible,
    ) -> Result<bool, VcsError> {
        if !self.place.dir.is_empty() || !self.place.major.is_empty() {
            return Ok(false);
        }
        let commit = revision.commit.id;
        let root = match seen.root {
            Some(root) => root,
            None => *seen.root.insert(!self.has_file(commit, "go.mod")?),
        };
        if !root || asked.ends_with("+incompatible") {
            return Ok(root);
        }
        let major = version.split('.').next().unwrap_or(version).to_owned();
        if let Some(without) = seen.majors.get(&major) {
            return Ok(*without);
        }
        let without = !self.has_file(commit, &format!("{major}/go.mod"))?;
        seen.majors.insert(major, without);
        Ok(without)
    }
}
