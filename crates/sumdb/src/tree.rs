//! The tree head: how many records a log holds, and the hash over all of them.

use std::fmt;

use base64::Engine;
use thiserror::Error;

use crate::note::{BASE64, Note, NoteError, Verifier};
use crate::tlog::Hash;

/// Size and root of a log at one moment. `Display` is the text that gets signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of records. At most `i64::MAX`: the client counts in signed numbers.
    pub size: u64,
    /// Root hash over all records.
    pub root: Hash,
}

impl Head {
    /// Opens the answer to `latest`: a tree head signed by `key`.
    pub fn open(message: &[u8], key: &Verifier) -> Result<Self, HeadError> {
        Self::parse(Note::open(message, key)?.text())
    }

    /// Reads the text of a signed tree head. Lines after the third are room for the future and are ignored.
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        if text.len() > MAX_TEXT {
            return Err(HeadError::Malformed("longer than a million bytes"));
        }
        let rest = text
            .strip_prefix(TITLE)
            .ok_or(HeadError::Malformed("it does not begin with \"go.sum database tree\""))?;
        let mut lines = rest.split_inclusive('\n').map_while(|line| line.strip_suffix('\n'));
        let size = lines.next().and_then(canonical_number).ok_or(HeadError::Malformed("bad tree size"))?;
        let root = lines
            .next()
            .and_then(|line| BASE64.decode(line).ok())
            .ok_or(HeadError::Malformed("bad root hash"))?;
        let root =
            <[u8; 32]>::try_from(root).map_err(|_| HeadError::Malformed("the root hash is not 32 bytes"))?;
        Ok(Self { size, root: Hash::from(root) })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TITLE}{}\n{}\n", self.size, self.root)
    }
}

/// Why something is no tree head, or none that counts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeadError {
    /// The text has another form.
    #[error("malformed tree head: {0}")]
    Malformed(&'static str),
    /// The note around it is malformed, altered, or not of the expected key.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A decimal number in its only spelling: no sign, no leading zero, at most `i64::MAX`.
pub(crate) fn canonical_number(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|n| canonical && i64::try_from(*n).is_ok())
}

const TITLE: &str = "go.sum database tree\n";
const MAX_TEXT: usize = 1_000_000;
