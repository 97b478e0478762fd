//! Pseudo-versions: versions that name a commit (x/mod `pseudo.go`).
//!
//! There are three shapes, for a commit after no tag, after a pre-release, and after a release:
//! `vX.0.0-TIME-REV`, `vX.Y.Z-pre.0.TIME-REV` and `vX.Y.(Z+1)-0.TIME-REV`. TIME is `yyyymmddhhmmss` in UTC.

use crate::calendar;
use crate::semver::Semver;

/// The parts of a pseudo-version, borrowed from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pseudo<'a> {
    /// What stands before the time, without its separator: `vX.0.0`, `vX.Y.Z-pre.0` or `vX.Y.Z-0`.
    before: &'a str,
    stamp: &'a str,
    rev: &'a str,
    build: &'a str,
}

impl<'a> Pseudo<'a> {
    /// Takes a valid version apart; `None` if it does not have the shape.
    pub(crate) fn of(semver: &Semver<'a>) -> Option<Self> {
        let text = semver.text().strip_suffix(semver.build())?;
        let (rest, rev) = text.rsplit_once('-')?;
        // The time is fourteen digits after a dash (first shape) or a dot (the others).
        let cut = rest.len().checked_sub(STAMP + 1)?;
        let (before, stamp) = (rest.get(..cut)?, rest.get(cut + 1..)?);
        if rev.is_empty()
            || !stamp.bytes().all(|b| b.is_ascii_digit())
            || !rev.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return None;
        }
        let shaped = match rest.as_bytes().get(cut)? {
            b'-' => before.strip_prefix(semver.major())? == ".0.0",
            b'.' => {
                let tail = before.get(semver.major().len()..)?;
                let (_, prerelease) = tail.split_once('-')?;
                prerelease == "0" || prerelease.ends_with(".0")
            }
            _ => false,
        };
        shaped.then_some(Self { before, stamp, rev, build: semver.build() })
    }

    /// The commit's time as written: `yyyymmddhhmmss`, UTC. It may be no real date.
    pub fn stamp(&self) -> &'a str {
        self.stamp
    }

    /// The commit's time as RFC 3339 (`2024-01-01T00:00:00Z`); `None` if it is no real date.
    pub fn time(&self) -> Option<String> {
        calendar::from_stamp(self.stamp)
    }

    /// The short name of the commit, usually twelve hexadecimal digits.
    pub fn rev(&self) -> &'a str {
        self.rev
    }

    /// The tagged version it follows, with `+incompatible` where the pseudo-version has it; `None` when there
    /// was none.
    pub fn base(&self) -> Result<Option<String>, BaseError> {
        let build = self.build;
        if let Some(release) = self.before.strip_suffix("-0") {
            let (kept, patch) = release.rsplit_once('.').ok_or(BaseError::Negative)?;
            let patch = decremented(patch).ok_or(BaseError::Negative)?;
            return Ok(Some(format!("{kept}.{patch}{build}")));
        }
        if let Some(prerelease) = self.before.strip_suffix(".0").filter(|text| text.contains('-')) {
            return Ok(Some(format!("{prerelease}{build}")));
        }
        if build.is_empty() { Ok(None) } else { Err(BaseError::BuildWithoutBase) }
    }
}

/// Makes the pseudo-version of a commit: `base` is the tagged version it follows, of any spelling; `major` (`v2`, or
/// nothing for `v0`) counts where there is none. `time` is in seconds since 1970, `rev` the short name of the commit.
/// `None` if the year is not one of four digits.
pub fn pseudo_version(major: &str, base: Option<&str>, time: i64, rev: &str) -> Option<String> {
    let segment = format!("{}-{rev}", pseudo_stamp(time)?);
    let major = if major.is_empty() { "v0" } else { major };
    let Some(base) = base.and_then(Semver::parse) else { return Some(format!("{major}.0.0-{segment}")) };
    let (build, canonical) = (base.build(), base.canonical());
    if !base.prerelease().is_empty() {
        return Some(format!("{canonical}.0.{segment}{build}"));
    }
    let (kept, patch) = canonical.rsplit_once('.').unwrap_or((&canonical, "0"));
    Some(format!("{kept}.{}-0.{segment}{build}", incremented(patch)))
}

/// A commit's time, in seconds since 1970, as pseudo-versions write it: `yyyymmddhhmmss`, UTC. `None` if the year is
/// not one of four digits.
pub fn pseudo_stamp(time: i64) -> Option<String> {
    Some(calendar::of_unix(time)?.chars().filter(char::is_ascii_digit).collect())
}

/// A pseudo-version whose base cannot exist. Go treats such a version as invalid when it needs the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// `vX.Y.0-0.…` would follow a version before `vX.Y.0`.
    #[error("the version before it would have a negative patch number")]
    Negative,
    /// `vX.0.0-…+incompatible` has no tag before it that could be incompatible.
    #[error("it lacks a base version, but has build metadata")]
    BuildWithoutBase,
}

const STAMP: usize = 14;

/// One more, for a decimal number of any length.
fn incremented(decimal: &str) -> String {
    let mut digits: Vec<u8> = decimal.bytes().collect();
    for digit in digits.iter_mut().rev() {
        if *digit != b'9' {
            *digit += 1;
            return digits.into_iter().map(char::from).collect();
        }
        *digit = b'0';
    }
    format!("1{}", digits.into_iter().map(char::from).collect::<String>())
}

/// One less, for a decimal number of any length; `None` for zero.
fn decremented(decimal: &str) -> Option<String> {
    let mut digits: Vec<u8> = decimal.bytes().collect();
    let last = digits.iter().rposition(|digit| *digit != b'0')?;
    for (at, digit) in digits.iter_mut().enumerate().skip(last) {
        *digit = if at == last { *digit - 1 } else { b'9' };
    }
    let text: String = digits.into_iter().map(char::from).collect();
    let trimmed = text.trim_start_matches('0');
    Some(if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudo_versions_follow_their_base() {
        let time = 1_704_060_006;
        for (major, base, expected) in [
            ("", None, "v0.0.0-20231231220006-abcdefabcdef"),
            ("v2", None, "v2.0.0-20231231220006-abcdefabcdef"),
            ("", Some("v1.0.0"), "v1.0.1-0.20231231220006-abcdefabcdef"),
            ("", Some("v1.2.99"), "v1.2.100-0.20231231220006-abcdefabcdef"),
            ("", Some("v1.2.3-rc.1"), "v1.2.3-rc.1.0.20231231220006-abcdefabcdef"),
            ("", Some("v2.0.0+incompatible"), "v2.0.1-0.20231231220006-abcdefabcdef+incompatible"),
            ("", Some("v2.0.0-a+incompatible"), "v2.0.0-a.0.20231231220006-abcdefabcdef+incompatible"),
        ] {
            let made = pseudo_version(major, base, time, "abcdefabcdef").unwrap();
            assert_eq!(made, expected);
            let pseudo = Semver::parse(&made).unwrap().pseudo().unwrap();
            assert_eq!(pseudo.base().unwrap().as_deref(), base);
        }
        assert_eq!(pseudo_version("", None, i64::MAX, "abcdefabcdef"), None);
    }
}
