//! The versions of modules: canonical semantic versions, perhaps with `+incompatible`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::escape;
use crate::excerpt::Excerpt;
use crate::pseudo::Pseudo;
use crate::semver::{INCOMPATIBLE, Semver};

/// A module version in the one form Go uses: `vX.Y.Z`, perhaps a pre-release, perhaps `+incompatible`.
///
/// The order is semantic precedence (`v1.9.0 < v1.10.0-rc.1 < v1.10.0`); versions of equal precedence are
/// ordered by their text, so that only identical ones are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(Arc<str>);

impl Version {
    /// Takes a version that is already canonical. `v1`, `v1.2` and `v1.2.3+meta` are refused.
    pub fn new(text: &str) -> Result<Self, VersionError> {
        match Semver::parse(text) {
            Some(semver) if semver.is_canonical_for_modules() => Ok(Self(text.into())),
            Some(_) => Err(VersionError::NotCanonical(Excerpt::of(text))),
            None => Err(VersionError::NotSemver(Excerpt::of(text))),
        }
    }

    /// Makes any semantic version canonical: `v1.2` becomes `v1.2.0`, build metadata other than
    /// `+incompatible` is dropped.
    pub fn canonical(text: &str) -> Result<Self, VersionError> {
        let semver = Semver::parse(text).ok_or_else(|| VersionError::NotSemver(Excerpt::of(text)))?;
        let mut canonical = semver.canonical();
        if semver.build() == INCOMPATIBLE {
            canonical.push_str(INCOMPATIBLE);
        }
        Ok(Self(canonical.into()))
    }

    /// Reads the escaped form used in URLs and on disk: `v1.0.0-!r!c1` is `v1.0.0-RC1`.
    pub fn from_escaped(escaped: &str) -> Result<Self, VersionError> {
        let text = escape::unescape(escaped).ok_or_else(|| VersionError::Escaping(Excerpt::of(escaped)))?;
        Self::new(&text)
    }

    /// The escaped form: safe in a URL and as a file name.
    pub fn escaped(&self) -> Cow<'_, str> {
        escape::escape(&self.0)
    }

    /// The version as people write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is a semantic version at all, canonical or not.
    pub fn is_semver(text: &str) -> bool {
        Semver::parse(text).is_some()
    }

    /// Whether this names a commit (`v0.0.0-20240101000000-abcdefabcdef`) instead of a tag.
    pub fn is_pseudo(&self) -> bool {
        self.pseudo().is_some()
    }

    /// The parts of a pseudo-version; `None` for any other version.
    pub fn pseudo(&self) -> Option<Pseudo<'_>> {
        self.parts()?.pseudo()
    }

    /// Whether this is a pre-release; a pseudo-version is one too.
    pub fn is_prerelease(&self) -> bool {
        self.parts().is_some_and(|parts| !parts.prerelease().is_empty())
    }

    /// Whether this is a major version above 1 of a module without `/vN` in its path.
    pub fn is_incompatible(&self) -> bool {
        self.0.ends_with(INCOMPATIBLE)
    }

    /// The major version with its `v`: `v2`.
    pub fn major(&self) -> &str {
        self.0.split_once('.').map_or(&self.0, |(major, _)| major)
    }

    /// Whether a module whose path ends in `path_major` (as [`ModulePath::major`] gives it) may have this
    /// version: `/v2` and `.v2` want v2, no suffix wants v0, v1 or `+incompatible`.
    ///
    /// [`ModulePath::major`]: crate::ModulePath::major
    pub fn fits_major(&self, path_major: &str) -> bool {
        fits_major(&self.0, path_major)
    }

    /// Semantic precedence, in which `v2.0.0` and `v2.0.0+incompatible` are equal; the order of `Ord` is finer.
    pub fn precedence(&self, other: &Self) -> Ordering {
        self.parts().zip(other.parts()).map_or(Ordering::Equal, |(a, b)| a.precedence(&b))
    }

    fn parts(&self) -> Option<Semver<'_>> {
        Semver::parse(&self.0)
    }
}

/// The rule of [`Version::fits_major`], for the text of a canonical version.
pub(crate) fn fits_major(canonical: &str, path_major: &str) -> bool {
    let wanted = path_major.strip_suffix("-unstable").unwrap_or(path_major);
    // An old bug made such pseudo-versions for `gopkg.in/x.v1`; go.mod files still name them.
    if wanted == ".v1" && canonical.starts_with("v0.0.0-") {
        return true;
    }
    let major = canonical.split_once('.').map_or(canonical, |(major, _)| major);
    match wanted.strip_prefix(['/', '.']) {
        None => matches!(major, "v0" | "v1") || canonical.ends_with(INCOMPATIBLE),
        Some(wanted) => major == wanted,
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        Semver::order(&self.0, &other.0)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Self::new(text)
    }
}

/// A text that is no module version, or none of the module in question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Not a semantic version.
    #[error("version {0} invalid: not a semantic version like v1.2.3")]
    NotSemver(Excerpt),
    /// A semantic version, but a short one, or one with build metadata.
    #[error("version {0} invalid: not in the form vX.Y.Z[-pre][+incompatible]")]
    NotCanonical(Excerpt),
    /// Not the one spelling that escaping produces.
    #[error("escaped version {0} invalid: capital letters are written as `!` and the lower-case letter")]
    Escaping(Excerpt),
    /// The version's major is not that of the module path.
    #[error("version {version} invalid: should be {wanted}, not {major}")]
    Major {
        /// The version.
        version: Version,
        /// The major version or versions that the path stands for.
        wanted: Box<str>,
        /// The version's own major.
        major: Box<str>,
    },
}
