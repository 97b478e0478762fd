//! The answer to a lookup: the record's number, its text, and the signed head of a tree that holds it.

use gomod::{H1, ModuleVersion};
use thiserror::Error;

use crate::note::Verifier;
use crate::tree::{Head, HeadError, canonical_number};

/// A lookup's answer, taken apart. Nothing in it is authenticated by being here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup<'a> {
    id: u64,
    text: &'a str,
    note: &'a [u8],
}

impl<'a> Lookup<'a> {
    /// Splits an answer at the first empty line: the number and the text before it, the signed note after it.
    pub fn parse(body: &'a [u8]) -> Result<Self, RecordError> {
        let line =
            body.iter().position(|&b| b == b'\n').ok_or(RecordError::Malformed("no line with a number"))?;
        let id = std::str::from_utf8(&body[..line]).ok().and_then(canonical_number);
        let id = id.ok_or(RecordError::Malformed("the first line is not a record's number"))?;
        let rest = &body[line + 1..];
        let end = rest.windows(2).position(|pair| pair == b"\n\n");
        let end = end.ok_or(RecordError::Malformed("no empty line after the record"))?;
        Ok(Self { id, text: record_text(&rest[..=end])?, note: &rest[end + 2..] })
    }

    /// Writes the answer to a lookup: number, text and note in the form that [`Lookup::parse`] reads. The text must be
    /// that of a record, lines without an empty one, and the note a whole signed note.
    pub fn compose(id: u64, text: &str, note: &[u8]) -> Vec<u8> {
        let mut body = format!("{id}\n{text}\n").into_bytes();
        body.extend_from_slice(note);
        body
    }

    /// The record's number, counted from 0. It lies in every tree of more records than this.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The record's text, each line with its newline. Its leaf hash is over exactly these bytes.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The signed note, unopened.
    pub fn note(&self) -> &'a [u8] {
        self.note
    }

    /// Checks that the answer is about `version`, and that `key` signed the head of a tree large enough to hold it.
    pub fn check(&self, version: &ModuleVersion, key: &Verifier) -> Result<(), RecordError> {
        let head = Head::open(self.note, key)?;
        if head.size <= self.id {
            return Err(RecordError::Outside { id: self.id, size: head.size });
        }
        self.hashes(version).map(drop)
    }

    /// What the record says about a module version.
    ///
    /// Only the record's text is searched: what stands in the note is not part of the record. A record without any
    /// line for the version is an error, never "nothing known".
    pub fn hashes(&self, version: &ModuleVersion) -> Result<Hashes, RecordError> {
        let (path, number) = (version.path().as_str(), version.version().as_str());
        let mut found = Hashes { zip: None, gomod: None };
        for line in self.text.lines() {
            let Some(rest) = line.strip_prefix(path).and_then(|l| l.strip_prefix(' ')) else { continue };
            let Some(rest) = rest.strip_prefix(number) else { continue };
            let (slot, hash) = match (rest.strip_prefix("/go.mod "), rest.strip_prefix(' ')) {
                (Some(hash), _) => (&mut found.gomod, hash),
                (None, Some(hash)) => (&mut found.zip, hash),
                (None, None) => continue,
            };
            // Another algorithm is room for the future, as in go.sum.
            if !hash.starts_with("h1:") {
                continue;
            }
            let hash: H1 = hash.parse().map_err(|_| RecordError::Malformed("a line's h1 is not a hash"))?;
            if slot.replace(hash).is_some_and(|earlier| earlier != hash) {
                return Err(RecordError::Malformed("two hashes for one file"));
            }
        }
        if found.zip.is_none() && found.gomod.is_none() {
            return Err(RecordError::Missing(version.to_string()));
        }
        Ok(found)
    }
}

/// What a record says about one module version; at least one of the two is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashes {
    /// The hash of the zip's content.
    pub zip: Option<H1>,
    /// The hash of the go.mod file.
    pub gomod: Option<H1>,
}

/// Why a lookup's answer is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The form is wrong.
    #[error("malformed record: {0}")]
    Malformed(&'static str),
    /// The record is about something else.
    #[error("the record has no line for {0}")]
    Missing(String),
    /// What follows the record is no tree head of the expected key.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The signed tree is too small to hold the record.
    #[error("record {id} cannot lie in a tree of {size} records")]
    Outside {
        /// The record's number.
        id: u64,
        /// The tree's size.
        size: u64,
    },
}

/// Checks a text that is to become a record: whole lines, none of them empty, at most [`MAX_RECORD`] bytes.
pub(crate) fn new_record(text: &str) -> Result<(), RecordError> {
    record_text(text.as_bytes())?;
    if !text.ends_with('\n') || text.contains("\n\n") {
        return Err(RecordError::Malformed("the text is not made of whole lines without empty ones"));
    }
    if text.len() > MAX_RECORD {
        return Err(RecordError::Malformed("the text is longer than 64 KiB"));
    }
    Ok(())
}

/// The text of one record: lines without control characters, the first not empty.
pub(crate) fn record_text(bytes: &[u8]) -> Result<&str, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Malformed("the text is not UTF-8"))?;
    if text.starts_with('\n') {
        return Err(RecordError::Malformed("it has no text"));
    }
    if text.bytes().any(|b| b < 0x20 && b != b'\n') {
        return Err(RecordError::Malformed("the text holds control characters"));
    }
    Ok(text)
}

/// Limit on the text of a new record. Two lines of go.sum are far from it.
const MAX_RECORD: usize = 64 << 10;
