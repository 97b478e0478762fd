//! A go.sum as it lies there: every line, good or not, with its number.
//!
//! [`gomod::GoSum`] reads as `go` does and ends at the first bad line. Here each fault is told, and the lines around
//! it are read all the same, so that one fault does not hide another.

mod files;
pub(crate) mod findings;

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Read},
    path::Path,
};

use gomod::{H1, ModulePath, ModuleVersion, SumFile, Version};

pub use files::SumFiles;

/// A go.sum or go.work.sum, line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SumLines {
    lines: Vec<SumLine>,
    faults: Vec<SumFault>,
    /// From path and version, with `/go.mod` where the line has it, to the lines that `go` compares, in their order.
    keys: BTreeMap<(String, String), Vec<usize>>,
}

/// A line that `go` takes: three words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumLine {
    number: usize,
    path: String,
    version: String,
    hash: String,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumFault {
    /// From 1.
    pub line: usize,
    /// What it is.
    pub kind: SumFaultKind,
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SumFaultKind {
    /// A mark that a merge left: `go` refuses the file.
    MergeMark,
    /// Another number of words than three: `go` refuses the file.
    Words(usize),
    /// Bytes that are no text: `go` cannot find what it looks for.
    NotText,
    /// The file begins with a byte order mark, which becomes part of the first path, so that its line is not found.
    ByteOrderMark,
    /// An `h1:` that no content can have: not the base64 of 32 bytes.
    Hash(String),
    /// A path or version that no module has: the line is never looked for.
    Module(String),
}

/// Several different `h1:` hashes of one file of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction<'a> {
    /// The lines, in the order of the file: `go` compares with the first and goes no further.
    pub lines: Vec<&'a SumLine>,
}

impl SumLines {
    /// Reads the file. `None` if it is not there.
    ///
    /// # Errors
    /// Those of the system, and [`io::ErrorKind::FileTooLarge`] above 64 MiB.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let file = match fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Some(Self::parse(&bytes)))
    }

    /// Reads the bytes of one. White space and carriage returns do not count, nor do the lines for an empty go.mod that
    /// an old `go` wrote by mistake (cmd/go/internal/modfetch, `readGoSum`).
    pub fn parse(bytes: &[u8]) -> Self {
        let mut sums = Self::default();
        let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => {
                sums.faults.push(SumFault { line: 1, kind: SumFaultKind::ByteOrderMark });
                rest
            }
            None => bytes,
        };
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if let Err(kind) = sums.line(index + 1, line) {
                sums.faults.push(SumFault { line: index + 1, kind });
            }
        }
        sums
    }

    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), SumFaultKind> {
        let text = std::str::from_utf8(line).map_err(|_| SumFaultKind::NotText)?;
        if text.contains('\0') {
            return Err(SumFaultKind::NotText);
        }
        let words: Vec<_> = text.split_whitespace().collect();
        let (path, version, hash) = match *words.as_slice() {
            [] | [_, _, OF_EMPTY_GO_MOD] => return Ok(()),
            [mark, ..] if MARKS.contains(&mark) => return Err(SumFaultKind::MergeMark),
            [path, version, hash] => (path, version, hash),
            _ => return Err(SumFaultKind::Words(words.len())),
        };
        let line = SumLine { number, path: path.into(), version: version.into(), hash: hash.into() };
        let kept = if hash.starts_with("h1:") && line.h1().is_none() {
            Err(SumFaultKind::Hash(hash.to_owned()))
        } else if line.module_version().is_none() {
            Err(SumFaultKind::Module(format!("{path} {version}")))
        } else {
            Ok(())
        };
        self.keys.entry((line.path.clone(), line.version.clone())).or_default().push(self.lines.len());
        self.lines.push(line);
        kept
    }

    /// The lines that `go` takes, in the order of the file.
    pub fn lines(&self) -> &[SumLine] {
        &self.lines
    }

    /// What is wrong, in the order of the file.
    pub fn faults(&self) -> &[SumFault] {
        &self.faults
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The line that decides about this file of this version: the first one of a kind that `go` knows.
    pub fn deciding(&self, module: &ModuleVersion, file: SumFile) -> Option<&SumLine> {
        let key = (module.path().as_str().to_owned(), key_version(module, file));
        let places = self.keys.get(&key)?;
        places.iter().filter_map(|at| self.lines.get(*at)).find(|line| line.hash.starts_with("h1:"))
    }

    /// Files of versions of which several lines say different things.
    pub fn contradictions(&self) -> impl Iterator<Item = Contradiction<'_>> {
        self.keys.values().filter_map(|places| {
            let lines = places.iter().filter_map(|at| self.lines.get(*at));
            let lines: Vec<_> = lines.filter(|line| line.hash.starts_with("h1:")).collect();
            let first = lines.first()?;
            lines.iter().any(|line| line.hash != first.hash).then_some(Contradiction { lines })
        })
    }
}

impl SumLine {
    /// Which line it is, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The module's path as it stands there.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The version as it stands there, without `/go.mod`.
    pub fn version(&self) -> &str {
        self.version.strip_suffix(GO_MOD).unwrap_or(&self.version)
    }

    /// Which file of the version it is about.
    pub fn file(&self) -> SumFile {
        if self.version.ends_with(GO_MOD) { SumFile::GoMod } else { SumFile::Zip }
    }

    /// The hash as it stands there.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The hash, if it is an `h1:` that some content can have.
    pub fn h1(&self) -> Option<H1> {
        self.hash.parse().ok()
    }

    /// The version, if there can be such a one.
    pub fn module_version(&self) -> Option<ModuleVersion> {
        let path = ModulePath::new(&self.path).ok()?;
        ModuleVersion::new(path, Version::new(self.version()).ok()?).ok()
    }
}

impl fmt::Display for SumLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.path, self.version, self.hash)
    }
}

impl SumFaultKind {
    /// Whether `go` refuses the whole file for it.
    pub fn is_fatal(&self) -> bool {
        matches!(self, SumFaultKind::MergeMark | SumFaultKind::Words(_) | SumFaultKind::NotText)
    }
}

impl fmt::Display for SumFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SumFaultKind::MergeMark => f.write_str("a mark that a merge left"),
            SumFaultKind::Words(words) => write!(f, "{words} words instead of three"),
            SumFaultKind::NotText => f.write_str("bytes that are no text"),
            SumFaultKind::ByteOrderMark => f.write_str("a byte order mark, which hides the first line"),
            SumFaultKind::Hash(hash) => write!(f, "{hash} is no hash"),
            SumFaultKind::Module(module) => write!(f, "{module} is no version of a module"),
        }
    }
}

fn key_version(module: &ModuleVersion, file: SumFile) -> String {
    let ending = match file {
        SumFile::Zip => "",
        SumFile::GoMod => GO_MOD,
    };
    format!("{}{ending}", module.version())
}

const GO_MOD: &str = "/go.mod";
/// What git and others write around the sides of a conflict.
const MARKS: [&str; 4] = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"];
const OF_EMPTY_GO_MOD: &str = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";
/// More than any project has: a hundred times that of the largest known ones.
const LARGEST: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B: &str = "h1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn of(text: &str) -> ModuleVersion {
        let (path, version) = text.split_once('@').unwrap();
        ModuleVersion::new(ModulePath::new(path).unwrap(), Version::new(version).unwrap()).unwrap()
    }

    #[test]
    fn carriage_returns_blank_lines_and_hashes_of_later_kinds_are_no_faults() {
        let text = format!(
            "example.com/a v1.0.0 h2:later\r\n\r\n  example.com/a\tv1.0.0 {A}  \r\nexample.com/a v1.0.0 {A}"
        );
        let sums = SumLines::parse(text.as_bytes());
        assert_eq!((sums.lines().len(), sums.faults()), (3, &[][..]));
        assert_eq!(sums.contradictions().count(), 0);
        let line = sums.deciding(&of("example.com/a@v1.0.0"), SumFile::Zip).unwrap();
        assert_eq!((line.number(), line.hash()), (3, A));
        assert_eq!(sums.deciding(&of("example.com/a@v1.0.0"), SumFile::GoMod), None);
    }

    #[test]
    fn each_fault_is_told_and_hides_no_other() {
        let text = format!(
            "\u{feff}example.com/a v1.0.0 {A}\n<<<<<<< HEAD\nexample.com/b v1.0.0 {A}\n=======\nexample.com/b v1.0.0 {B}\n\
             >>>>>>> other\nexample.com/c v1.0.0 {A} more\nexample.com/d v1.0.0 h1:short=\nexample.com/e one {A}\n\0\0\n"
        );
        let sums = SumLines::parse(text.as_bytes());
        let faults: Vec<_> = sums.faults().iter().map(|fault| (fault.line, fault.kind.is_fatal())).collect();
        assert_eq!(
            faults,
            [(1, false), (2, true), (4, true), (6, true), (7, true), (8, false), (9, false), (10, true)]
        );
        let [both] = &sums.contradictions().collect::<Vec<_>>()[..] else { panic!() };
        let numbers: Vec<_> = both.lines.iter().map(|line| line.number()).collect();
        assert_eq!(numbers, [3, 5]);
        assert_eq!(sums.deciding(&of("example.com/b@v1.0.0"), SumFile::Zip).unwrap().hash(), A);
    }
}
