//! go.sum files (`cmd/go` `modfetch/fetch.go`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::h1::H1;
use crate::module_version::ModuleVersion;
use crate::path::ModulePath;
use crate::semver::Semver;
use crate::version::Version;

/// The hashes that a go.sum or go.work.sum records.
///
/// Paths and versions are kept as they stand, valid or not, so that writing loses nothing but duplicates, order
/// and the hash of an empty go.mod, which an old version of Go recorded by mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoSum {
    /// Never with an empty list; the hashes are in the order of the file, which decides between them.
    hashes: BTreeMap<Key, Vec<Box<str>>>,
}

/// Which of a version's files a hash is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SumFile {
    /// The module zip: a line without ending.
    Zip,
    /// The go.mod: a line with `/go.mod` behind the version.
    GoMod,
}

/// What a go.sum says about a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SumCheck {
    /// It is the recorded one.
    Match,
    /// Another one is recorded: the bytes must not be used.
    Mismatch {
        /// The recorded hash.
        recorded: String,
    },
    /// None of a known kind is recorded.
    Missing,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumLine<'a> {
    key: &'a Key,
    hash: &'a str,
}

impl GoSum {
    /// Reads lines of `MODULE VERSION[/go.mod] HASH`. Blank lines and carriage returns do not count; any other
    /// number of words is an error, as it is to Go.
    pub fn parse(bytes: &[u8]) -> Result<Self, GoSumError> {
        let text = std::str::from_utf8(bytes).map_err(|_| GoSumError::NotText)?;
        let mut sums = Self::default();
        for (index, line) in text.split('\n').enumerate() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next(), words.next()) {
                (None, ..) | (Some(_), Some(_), Some(OF_EMPTY_GO_MOD), None) => {}
                (Some(path), Some(version), Some(hash), None) => {
                    let key = Key { path: path.into(), version: version.into() };
                    sums.hashes.entry(key).or_default().push(hash.into());
                }
                _ => {
                    return Err(GoSumError::Words {
                        line: index + 1,
                        words: line.split_whitespace().count(),
                    });
                }
            }
        }
        Ok(sums)
    }

    /// Compares a hash with the recorded ones, in their order: the first equal one ends it, and so does another
    /// one of the same kind before that. Hashes of unknown kinds do not count.
    pub fn check(&self, module: &ModuleVersion, file: SumFile, h1: &H1) -> SumCheck {
        let h1 = h1.to_string();
        for recorded in self.hashes.get(&Key::of(module, file)).into_iter().flatten() {
            if **recorded == h1 {
                return SumCheck::Match;
            }
            if recorded.starts_with("h1:") {
                return SumCheck::Mismatch { recorded: recorded.to_string() };
            }
        }
        SumCheck::Missing
    }

    /// Records a hash where none of its kind is recorded yet; says what was found before.
    pub fn add(&mut self, module: &ModuleVersion, file: SumFile, h1: &H1) -> SumCheck {
        let found = self.check(module, file, h1);
        if found == SumCheck::Missing {
            let hashes = self.hashes.entry(Key::of(module, file)).or_default();
            hashes.push(h1.to_string().into());
        }
        found
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The lines in Go's order: by path, version, zip before go.mod; those of one file as they stood there.
    pub fn lines(&self) -> impl Iterator<Item = SumLine<'_>> {
        self.hashes.iter().flat_map(|(key, hashes)| hashes.iter().map(move |hash| SumLine { key, hash }))
    }

    /// The file as Go writes it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::new();
        for (key, hashes) in &self.hashes {
            let mut hashes: Vec<&str> = hashes.iter().map(|hash| &**hash).collect();
            hashes.sort_unstable();
            hashes.dedup();
            for hash in hashes {
                text.extend([&key.path, " ", &key.version, " ", hash, "\n"]);
            }
        }
        text.into_bytes()
    }
}

impl<'a> SumLine<'a> {
    /// The module's path as it stands there.
    pub fn path(&self) -> &'a str {
        &self.key.path
    }

    /// The version as it stands there, without `/go.mod`.
    pub fn version(&self) -> &'a str {
        self.key.version_and_file().0
    }

    /// Which file the hash is for.
    pub fn file(&self) -> SumFile {
        if self.key.version_and_file().1 == GO_MOD { SumFile::GoMod } else { SumFile::Zip }
    }

    /// The hash: `h1:…`, or of a kind not known yet.
    pub fn hash(&self) -> &'a str {
        self.hash
    }

    /// The module version, if the line names a valid one.
    pub fn module_version(&self) -> Option<ModuleVersion> {
        let path = ModulePath::new(self.path()).ok()?;
        ModuleVersion::new(path, Version::new(self.version()).ok()?).ok()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    path: Box<str>,
    /// With `/go.mod` where the line has it.
    version: Box<str>,
}

impl Key {
    fn of(module: &ModuleVersion, file: SumFile) -> Self {
        let ending = match file {
            SumFile::Zip => "",
            SumFile::GoMod => GO_MOD,
        };
        Self { path: module.path().as_str().into(), version: format!("{}{ending}", module.version()).into() }
    }

    fn version_and_file(&self) -> (&str, &str) {
        self.version.split_at(self.version.find('/').unwrap_or(self.version.len()))
    }
}

/// By path (bytes), by version (precedence), then zip before go.mod.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((version, file), (other_version, other_file)) =
            (self.version_and_file(), other.version_and_file());
        self.path
            .cmp(&other.path)
            .then_with(|| Semver::order(version, other_version))
            .then_with(|| file.cmp(other_file))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

const GO_MOD: &str = "/go.mod";
const OF_EMPTY_GO_MOD: &str = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";

/// A go.sum that Go refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoSumError {
    /// Bytes that are no UTF-8.
    #[error("malformed go.sum: it is not text")]
    NotText,
    /// A line with another number of words than three.
    #[error("malformed go.sum: line {line}: wrong number of fields {words}")]
    Words {
        /// The line, from 1.
        line: usize,
        /// How many words it has.
        words: usize,
    },
}
