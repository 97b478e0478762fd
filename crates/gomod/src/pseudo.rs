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
