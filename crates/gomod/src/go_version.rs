//! The version in the `go` line of a go.mod.

use std::cmp::Ordering;
use std::fmt;

/// A Go language version or release as a go.mod names it: `1.21`, `1.21.3`, `1.24rc1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GoVersion {
    text: Box<str>,
    major: u32,
    minor: u32,
}

impl GoVersion {
    /// Reads `MAJOR.MINOR`, perhaps `.PATCH`, perhaps letters and a number. `None` for anything else.
    pub fn new(text: &str) -> Option<Self> {
        let (version, rest) = Self::language(text)?;
        let rest = match rest.strip_prefix('.') {
            Some(patch) => number(patch)?.1,
            None => rest,
        };
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let numbered =
            digits.len() < rest.len() && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        (rest.is_empty() || numbered).then(|| Self { text: text.into(), ..version })
    }

    /// Reads the `go` line of a dependency. What Go does not understand after `MAJOR.MINOR` is cut off, so that
    /// `1.24-suffix` and `v1.24.1` are `1.24`; `v1.24`, `go1.24` and `1.024` are refused all the same.
    pub(crate) fn lenient(text: &str) -> Option<Self> {
        Self::new(text).or_else(|| {
            let (version, rest) = Self::language(text.strip_prefix('v').unwrap_or(text))?;
            (!rest.is_empty()).then_some(version)
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the language version, the first two numbers, is this one or a later one. A release candidate
    /// (`1.24rc1`) has the language version of its release.
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// Which of two is older, as the go command orders them: a language version (`1.21`) before its candidates
    /// (`1.21rc1`), those before its releases (`1.21.0`). Before 1.21, `1.20` is its first release.
    ///
    /// Rule: `Compare` of cmd/go/internal/gover.
    pub fn precedence(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }

    /// Major, minor; then whether it is a release, and what orders those of one kind.
    fn parts(&self) -> (u32, u32, u8, u64, &str, u64) {
        let rest = Self::language(&self.text).map_or("", |(_, rest)| rest);
        let start = (self.major, self.minor);
        if let Some(patch) = rest.strip_prefix('.') {
            return (start.0, start.1, 2, patch.parse().unwrap_or(u64::MAX), "", 0);
        }
        let kind = rest.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = rest.get(kind.len()..).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        match kind {
            "" if start < (1, 21) => (start.0, start.1, 2, 0, "", 0),
            "" => (start.0, start.1, 0, 0, "", 0),
            kind => (start.0, start.1, 1, 0, kind, number),
        }
    }

    /// Reads the two numbers; the text behind them does not begin with a digit.
    fn language(text: &str) -> Option<(Self, &str)> {
        let (major, rest) = number(text).filter(|(major, _)| *major > 0)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let text = text.strip_suffix(rest)?.into();
        Some((Self { text, major, minor }, rest))
    }
}

impl fmt::Display for GoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A number without leading zeros, and what follows its last digit. One beyond `u32` counts as the largest.
fn number(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let canonical = digits == "0" || !(digits.is_empty() || digits.starts_with('0'));
    canonical.then(|| (digits.parse().unwrap_or(u32::MAX), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_newer() {
        let ordered = [
            "1.9",
            "1.20rc1",
            "1.20",
            "1.20.1",
            "1.21",
            "1.21beta1",
            "1.21rc2",
            "1.21rc10",
            "1.21.0",
            "1.21.10",
            "1.22",
            "2.0",
        ];
        let ordered = ordered.map(|text| GoVersion::new(text).unwrap());
        for (n, one) in ordered.iter().enumerate() {
            for (m, other) in ordered.iter().enumerate() {
                assert_eq!(one.precedence(other), n.cmp(&m), "{one} {other}");
            }
        }
        assert!(GoVersion::new("1.20").unwrap().precedence(&GoVersion::new("1.20.0").unwrap()).is_eq());
    }

    #[test]
    fn what_counts_as_which_language_version() {
        for (text, cut) in [
            ("1.24", "1.24"),
            ("1.24.0", "1.24.0"),
            ("1.24rc1", "1.24rc1"),
            ("1.24.1rc2", "1.24.1rc2"),
            ("1.0", "1.0"),
            ("1.24.x", "1.24"),
            ("1.24beta", "1.24"),
            ("1.24-suffix", "1.24"),
            ("1.24.1foo", "1.24"),
            ("v1.24.1", "1.24"),
            ("1.24.01", "1.24"),
        ] {
            let version = GoVersion::lenient(text).map(|v| v.to_string());
            assert_eq!(version.as_deref(), Some(cut), "{text}");
        }
        for text in ["", "1", "v1.24", "go1.24", "1.024", "01.24", "0.1", "1.", ".24", "\"1.24\""] {
            assert_eq!(GoVersion::lenient(text), None, "{text:?}");
        }
    }

    #[test]
    fn language_versions_are_compared_as_numbers() {
        let at_least_1_24 = |text| GoVersion::new(text).unwrap().is_at_least(1, 24);
        assert!(at_least_1_24("1.24"));
        assert!(at_least_1_24("1.24rc1"));
        assert!(at_least_1_24("1.100"));
        assert!(at_least_1_24("2.0"));
        assert!(at_least_1_24("1.99999999999999999999"));
        assert!(!at_least_1_24("1.9"));
        assert!(!at_least_1_24("1.23.9"));
    }
}
