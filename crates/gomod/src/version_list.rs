//! The answer of `@v/list`.

use crate::path::ModulePath;
use crate::semver::Semver;
use crate::version::{self, Version};

/// Versions of one module as `@v/list` shows them: canonical, sorted, each once. Pseudo-versions are never
/// listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionList {
    /// One version per line, each with its line feed.
    text: String,
}

impl VersionList {
    /// Reads an answer leniently, as `go` does: of each line the first word counts, and only if it is a
    /// version. Then it drops what would lead `go` astray: versions that are not canonical, pseudo-versions, and
    /// majors that do not fit the module's path.
    pub fn parse(module: &ModulePath, body: &str) -> Self {
        let major = module.major();
        let fits = |text: &&str| {
            Semver::parse(text).is_some_and(|semver| {
                semver.is_canonical_for_modules()
                    && version::fits_major(text, major)
                    && semver.pseudo().is_none()
            })
        };
        let words = body.split('\n').filter_map(|line| line.split_whitespace().next());
        let mut versions: Vec<&str> = words.filter(fits).collect();
        versions.sort_unstable_by(|a, b| Semver::order(a, b));
        versions.dedup();
        Self { text: lines(&versions) }
    }

    /// Lists these versions, without the pseudo-versions among them.
    pub fn of(versions: impl IntoIterator<Item = Version>) -> Self {
        let mut versions: Vec<Version> = versions.into_iter().filter(|v| !v.is_pseudo()).collect();
        versions.sort_unstable();
        versions.dedup();
        Self { text: lines(&versions.iter().map(Version::as_str).collect::<Vec<_>>()) }
    }

    /// Whether no version is listed; the module may exist all the same.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The versions, lowest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Version> + '_ {
        self.text.lines().filter_map(|line| Version::new(line).ok())
    }

    /// The body to send: a version per line, each with a line feed.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.text.clone().into_bytes()
    }
}

fn lines(versions: &[&str]) -> String {
    versions.iter().flat_map(|version| [version, "\n"]).collect()
}
