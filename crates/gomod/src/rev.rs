//! Queries that are no canonical version: branches, tags, commit hashes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::element;
use crate::escape;
use crate::excerpt::Excerpt;

/// What can stand in `@v/REV.info` beside a canonical version: `main`, `HEAD`, `abcdef123456`, `v2.0.0` of a
/// module without `/v2`, `v1.2.3+meta`.
///
/// It is one valid file name in ASCII, without `!` (x/mod `module.go`, `EscapeVersion`); so a branch with a
/// slash cannot be asked for through any proxy. `latest`, `upgrade` and `patch` are words of the go command
/// that it never asks a proxy for; they are refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rev(Arc<str>);

impl Rev {
    /// Checks `text`.
    pub fn new(text: &str) -> Result<Self, RevError> {
        if matches!(text, "latest" | "upgrade" | "patch") {
            return Err(RevError::Word(Excerpt::of(text)));
        }
        let dots_only = text.bytes().all(|b| b == b'.');
        let reserved = element::is_reserved_stem(element::stem(text));
        if dots_only || text.ends_with('.') || reserved || !text.bytes().all(is_allowed) {
            return Err(RevError::Disallowed(Excerpt::of(text)));
        }
        Ok(Self(text.into()))
    }

    /// Reads the escaped form used in URLs and on disk: `!h!e!a!d` is `HEAD`.
    pub fn from_escaped(escaped: &str) -> Result<Self, RevError> {
        let text = escape::unescape(escaped).ok_or_else(|| RevError::Escaping(Excerpt::of(escaped)))?;
        Self::new(&text)
    }

    /// The escaped form. As part of a URL it may still need percent-encoding; [`Request::path`] does that.
    ///
    /// [`Request::path`]: crate::Request::path
    pub fn escaped(&self) -> Cow<'_, str> {
        escape::escape(&self.0)
    }

    /// The query as people write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Rev {
    type Err = RevError;

    fn from_str(text: &str) -> Result<Self, RevError> {
        Self::new(text)
    }
}

/// The ASCII part of what a file name in a module may hold, without `!`, which escaping needs.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"#$%&()+,-.=@[]^_{}~ ".contains(&byte)
}

/// A text that no proxy can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevError {
    /// Empty, or not a valid file name, or not ASCII, or with a `!`.
    #[error("version {0} invalid: disallowed version string")]
    Disallowed(Excerpt),
    /// Not the one spelling that escaping produces.
    #[error("escaped version {0} invalid: capital letters are written as `!` and the lower-case letter")]
    Escaping(Excerpt),
    /// A word with a meaning to the go command, which resolves it from `@v/list` and `@latest`.
    #[error("{0} is no version: the go command resolves it from @v/list and @latest")]
    Word(Excerpt),
}
