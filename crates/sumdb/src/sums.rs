//! Lists of hashes that two sites can compare: lines as in go.sum, sorted by their bytes, and a head to be signed.
//!
//! A list holds nothing but lines, so that `diff` shows what differs and `sha256sum` gives what its head says. The
//! head stands apart: it is the text of a signed note, or stands alone where nobody signs.

use std::collections::BTreeSet;
use std::fmt;

use gomod::{H1, ModulePath, ModuleVersion, SumFile, Version};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::note::{Note, NoteError, Verifier};
use crate::tree::canonical_number;

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The module version.
    pub version: ModuleVersion,
    /// Which of its files.
    pub file: SumFile,
    /// Its hash.
    pub h1: H1,
}

/// How many lines a list has, and the SHA-256 over all its bytes. `Display` is the text that gets signed; it cannot be
/// taken for a tree head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SumsHead {
    /// Lines.
    pub lines: u64,
    /// SHA-256 of the list.
    pub digest: [u8; 32],
}

/// Puts the lines of module versions in order, which differs from the order of versions: `v1.0.0-rc1` stands between
/// `v1.0.0` and `v1.0.0/go.mod`.
#[derive(Debug, Default)]
pub struct SumsWriter {
    /// Lines that others may come before; few, as each is of a version with which the later ones begin.
    waiting: BTreeSet<String>,
    last: String,
    lines: u64,
    digest: Sha256,
}

impl SumsWriter {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the hashes of the next version, in the order of the bytes of path and version, and gives the lines that
    /// may be written by now.
    pub fn push(
        &mut self,
        version: &ModuleVersion,
        zip: Option<H1>,
        gomod: Option<H1>,
    ) -> Result<String, SumsError> {
        let name = format!("{} {}", version.path(), version.version());
        if self.last >= name {
            return Err(SumsError { line: self.lines, why: Why::Order });
        }
        let mut ready = String::new();
        // A space comes before all that a version can go on with.
        let first = format!("{name} ");
        while self.waiting.first().is_some_and(|line| *line < first) {
            ready.extend(self.waiting.pop_first());
        }
        if let Some(h1) = zip {
            ready = ready + &first + &h1.to_string() + "\n";
        }
        if let Some(h1) = gomod {
            self.waiting.insert(format!("{name}/go.mod {h1}\n"));
        }
        self.last = name;
        self.count(&ready);
        Ok(ready)
    }

    /// The last lines, and the head of the list.
    pub fn finish(mut self) -> (String, SumsHead) {
        let rest: String = std::mem::take(&mut self.waiting).into_iter().collect();
        self.count(&rest);
        (rest, SumsHead { lines: self.lines, digest: self.digest.finalize().into() })
    }

    fn count(&mut self, lines: &str) {
        self.lines += lines.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.digest.update(lines);
    }
}

/// The lines of a list, checked as they come: their form, their order, and that none speaks of what another has.
pub fn sums(list: &[u8]) -> impl Iterator<Item = Result<Sum, SumsError>> {
    let mut before: Option<&str> = None;
    let lines = list.split_inclusive(|byte| *byte == b'\n').zip(1..);
    lines.map(move |(line, number)| {
        let wrong = |why| SumsError { line: number, why };
        let text = std::str::from_utf8(line).map_err(|_| wrong(Why::Form))?;
        let text = text.strip_suffix('\n').ok_or(wrong(Why::Cut))?;
        let sum = sum(text).ok_or(wrong(Why::Form))?;
        let earlier = before.replace(text);
        if earlier == Some(text) {
            return Err(wrong(Why::Twice));
        }
        let name = |text: &str| text.rsplit_once(' ').map(|(name, _)| name.to_owned());
        if earlier.is_some_and(|earlier| name(earlier) == name(text)) {
            return Err(wrong(Why::Contradiction));
        }
        if earlier.is_some_and(|earlier| earlier > text) {
            return Err(wrong(Why::Order));
        }
        Ok(sum)
    })
}

impl SumsHead {
    /// The head of a list as it lies there.
    pub fn of(list: &[u8]) -> Self {
        let lines =
            list.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).count() as u64;
        Self { lines, digest: Sha256::digest(list).into() }
    }

    /// Opens a head that `key` signed.
    pub fn open(note: &[u8], key: &Verifier) -> Result<Self, SumsHeadError> {
        Self::parse(Note::open(note, key)?.text())
    }

    /// Reads a head whoever signed it, or nobody.
    pub fn unsigned(bytes: &[u8]) -> Result<Self, SumsHeadError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SumsHeadError::Malformed)?;
        let end = text.find("\n\n").map_or(text.len(), |end| end + 1);
        Self::parse(text.get(..end).unwrap_or_default())
    }

    fn parse(text: &str) -> Result<Self, SumsHeadError> {
        let rest = text.strip_prefix(TITLE).and_then(|rest| rest.strip_suffix('\n'));
        let (lines, digest) = rest.and_then(|rest| rest.split_once('\n')).ok_or(SumsHeadError::Malformed)?;
        let lines = canonical_number(lines).ok_or(SumsHeadError::Malformed)?;
        Ok(Self { lines, digest: hex(digest).ok_or(SumsHeadError::Malformed)? })
    }
}

impl fmt::Display for SumsHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}{}", self.lines)?;
        self.digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("\n")
    }
}

/// What is wrong with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("line {line}: {why}")]
pub struct SumsError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a line of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Why {
    /// It has another form, or no valid path, version or hash.
    #[error("it is not of the form MODULE VERSION[/go.mod] h1:HASH, with single spaces")]
    Form,
    /// The list does not end in a line feed.
    #[error("the list is cut off in it")]
    Cut,
    /// A line of the same file stands before it, with another hash.
    #[error("it has another hash than the line before for the same file")]
    Contradiction,
    /// It is the line before.
    #[error("it stands there twice")]
    Twice,
    /// It belongs before an earlier one.
    #[error("it is not in the order of its bytes, as `LC_ALL=C sort` makes it")]
    Order,
}

/// Why something is no head of a list, or none that counts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SumsHeadError {
    /// The text has another form.
    #[error("it is not the head of a list of checksums")]
    Malformed,
    /// The note around it is malformed, altered, or not of the expected key.
    #[error(transparent)]
    Note(#[from] NoteError),
}

fn sum(line: &str) -> Option<Sum> {
    let mut words = line.split(' ');
    let (path, version, h1) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let (version, file) = match version.strip_suffix("/go.mod") {
        Some(version) => (version, SumFile::GoMod),
        None => (version, SumFile::Zip),
    };
    let version = ModuleVersion::new(ModulePath::new(path).ok()?, Version::new(version).ok()?).ok()?;
    let hash: H1 = h1.parse().ok()?;
    // Base64 may be spelled in more than one way.
    (hash.to_string() == h1).then_some(Sum { version, file, h1: hash })
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes?.try_into().ok() } else { None }
}

const TITLE: &str = "larder checksums\n";
