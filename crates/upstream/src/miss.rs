//! Why a source gave nothing. Absence and failure are different types, and nothing turns one into the other.

use std::fmt;

use crate::{Fault, SourceName, words};

/// Why a source gave nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Miss {
    /// The source says that the thing does not exist.
    #[error("{0}")]
    Absent(Absence),
    /// The source failed, so nothing is known.
    #[error("{0}")]
    Failed(#[from] Fault),
}

/// A source's word that something does not exist: 404 or 410, or no such file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Whose word it is.
    pub source: SourceName,
    /// 404 or 410.
    pub status: u16,
    /// The source's own words, as far as the go command would show them (PROTOCOL 1.9): printable text of at most
    /// 8 lines and 648 bytes.
    pub text: Option<String>,
}

impl Absence {
    /// The word of a source, 404, with a text of its own, as far as the go command would show it.
    pub fn new(source: SourceName, text: &str) -> Self {
        Absence { source, status: 404, text: words::plain(text.as_bytes()) }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.status)?;
        let first = self.text.as_deref().and_then(|text| text.lines().next());
        first.map_or(Ok(()), |line| write!(f, ": {line}"))
    }
}
