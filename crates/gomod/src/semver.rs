//! Semantic versions as Go reads them (x/mod `semver.go`): a leading `v` is required, and `v1` and `v1.2` are
//! short for `v1.0.0` and `v1.2.0`.

use std::cmp::Ordering;

use crate::pseudo::Pseudo;

/// The parts of a valid semantic version, borrowed from its text. Numbers stay text: they have no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Semver<'a> {
    text: &'a str,
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    missing: &'static str,
    prerelease: &'a str,
    build: &'a str,
}

impl<'a> Semver<'a> {
    /// Reads `text`; `None` if it is no semantic version.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (major, rest) = number(text.strip_prefix('v')?)?;
        let short =
            |minor, patch, missing| Self { text, major, minor, patch, missing, prerelease: "", build: "" };
        if rest.is_empty() {
            return Some(short("0", "0", ".0.0"));
        }
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        if rest.is_empty() {
            return Some(short(minor, "0", ".0"));
        }
        let (patch, rest) = number(rest.strip_prefix('.')?)?;
        let (prerelease, build) = rest.split_at(rest.find('+').unwrap_or(rest.len()));
        if !prerelease.is_empty() && !identifiers(prerelease.strip_prefix('-')?, true) {
            return None;
        }
        if build.strip_prefix('+').is_some_and(|build| !identifiers(build, false)) {
            return None;
        }
        Some(Self { prerelease, build, ..short(minor, patch, "") })
    }

    /// The major version with its `v`: `v2`.
    pub fn major(&self) -> &'a str {
        self.text.get(..=self.major.len()).unwrap_or(self.text)
    }

    /// The pre-release with its dash: `-rc.1`; empty for a release.
    pub fn prerelease(&self) -> &'a str {
        self.prerelease
    }

    /// The build metadata with its plus sign: `+incompatible`; empty if there is none.
    pub fn build(&self) -> &'a str {
        self.build
    }

    /// `vX.Y.Z[-pre]`: missing numbers filled in, build metadata left out.
    pub fn canonical(&self) -> String {
        let kept = self.text.strip_suffix(self.build).unwrap_or(self.text);
        format!("{kept}{}", self.missing)
    }

    /// Whether the text is the form in which module versions are written: all three numbers, and no build
    /// metadata but `+incompatible`.
    pub fn is_canonical_for_modules(&self) -> bool {
        self.missing.is_empty() && (self.build.is_empty() || self.build == INCOMPATIBLE)
    }

    /// The parts of a pseudo-version; `None` for any other version.
    pub fn pseudo(&self) -> Option<Pseudo<'a>> {
        Pseudo::of(self)
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// A total order of texts: by precedence, then by text. What is no version comes first.
    pub(crate) fn order(a: &str, b: &str) -> Ordering {
        let precedence = match (Semver::parse(a), Semver::parse(b)) {
            (Some(a), Some(b)) => a.precedence(&b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        precedence.then_with(|| a.cmp(b))
    }

    /// Semantic precedence. Build metadata does not count, so different versions may be equal.
    pub fn precedence(&self, other: &Semver<'_>) -> Ordering {
        numeric(self.major, other.major)
            .then_with(|| numeric(self.minor, other.minor))
            .then_with(|| numeric(self.patch, other.patch))
            .then_with(|| prereleases(self.prerelease, other.prerelease))
    }
}

/// The build metadata that Go gives a meaning: a major version above 1 without a `/vN` in the module path.
pub(crate) const INCOMPATIBLE: &str = "+incompatible";

fn number(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let valid = !digits.is_empty() && (digits == "0" || !digits.starts_with('0'));
    valid.then_some((digits, rest))
}

/// Dot-separated identifiers of letters, digits and dashes, none empty; in a pre-release a number has no
/// leading zero.
fn identifiers(text: &str, prerelease: bool) -> bool {
    text.split('.').all(|identifier| {
        !identifier.is_empty()
            && identifier.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !(prerelease && identifier.len() > 1 && identifier.starts_with('0') && is_number(identifier))
    })
}

fn is_number(identifier: &str) -> bool {
    identifier.bytes().all(|b| b.is_ascii_digit())
}

/// Numbers without leading zeros: the longer one is the larger.
fn numeric(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn prereleases(a: &str, b: &str) -> Ordering {
    match (a.strip_prefix('-'), b.strip_prefix('-')) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        // `Iterator::cmp_by` is what this wants to be, once it is stable.
        (Some(a), Some(b)) => {
            let mut others = b.split('.');
            for x in a.split('.') {
                let Some(y) = others.next() else { return Ordering::Greater };
                let order = match (is_number(x), is_number(y)) {
                    (true, true) => numeric(x, y),
                    (true, false) => Ordering::Less,
                    (false, true) => Ordering::Greater,
                    (false, false) => x.cmp(y),
                };
                if order.is_ne() {
                    return order;
                }
            }
            if others.next().is_some() { Ordering::Less } else { Ordering::Equal }
        }
    }
}
