//! Lists of module path patterns, as in GOPRIVATE (x/mod `module.go`, `MatchPrefixPatterns`).

mod glob;

use std::fmt;

/// A comma-separated list of patterns. Each is matched, as Go's `path.Match` does, against as many leading
/// elements of a module path as it has itself: `github.com/org/*` covers `github.com/org/repo/sub`, but
/// `*.example.com` does not cover `example.com`.
///
/// Nothing is trimmed: in `a.test, b.test` the second pattern begins with a space and covers nothing. Case
/// counts. Empty and malformed patterns cover nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Patterns(String);

impl Patterns {
    /// Takes the value of a variable such as GOPRIVATE.
    pub fn new(list: &str) -> Self {
        Self(list.to_owned())
    }

    /// Whether a pattern covers this module or import path.
    pub fn matches(&self, path: &str) -> bool {
        self.iter().any(|pattern| {
            leading(path, pattern.matches('/').count()).is_some_and(|leading| glob::matches(pattern, leading))
        })
    }

    /// Whether there is no pattern at all.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The patterns, without empty ones and without a slash at their end.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').map(|item| item.strip_suffix('/').unwrap_or(item)).filter(|item| !item.is_empty())
    }

    /// The patterns that can never cover anything because they are malformed, for a warning.
    pub fn malformed(&self) -> impl Iterator<Item = &str> {
        self.iter().filter(|pattern| !glob::is_well_formed(pattern))
    }
}

/// The list as it was given.
impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first `slashes + 1` elements of `path`; `None` if it has fewer.
fn leading(path: &str, slashes: usize) -> Option<&str> {
    match path.match_indices('/').nth(slashes) {
        Some((end, _)) => path.get(..end),
        None => (path.matches('/').count() == slashes).then_some(path),
    }
}
