//! Module paths and import paths (x/mod `module.go`: `CheckPath`, `CheckImportPath`, `SplitPathVersion`).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::element::{self, Place};
use crate::escape;
use crate::excerpt::Excerpt;

/// A valid module path, such as `github.com/BurntSushi/toml` or `gopkg.in/yaml.v3`.
///
/// Its first element is a lower-case domain name with a dot; the others hold ASCII letters, digits and
/// `-._~`. A last element `vN` is a major version, which must be 2 or more; `gopkg.in` has its own form `.vN`.
/// The order is that of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModulePath(Arc<str>);

impl ModulePath {
    /// Checks `path` by the rules of Go's `module.CheckPath`.
    pub fn new(path: &str) -> Result<Self, PathError> {
        check_module(path).map_err(|fault| PathError::new("module", path, fault))?;
        Ok(Self(path.into()))
    }

    /// Reads the escaped form used in URLs and on disk, in which `!b` stands for `B`. A raw capital letter is
    /// refused: every module has exactly one spelling.
    pub fn from_escaped(escaped: &str) -> Result<Self, PathError> {
        let path = escape::unescape(escaped)
            .ok_or_else(|| PathError::new("escaped module", escaped, PathFault::Escaping))?;
        Self::new(&path)
    }

    /// The escaped form: safe in a URL and as a file name, different from every other module's.
    pub fn escaped(&self) -> Cow<'_, str> {
        escape::escape(&self.0)
    }

    /// The path as people write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without its major version: `example.com/m` of `example.com/m/v2`, `gopkg.in/yaml` of
    /// `gopkg.in/yaml.v3`.
    pub fn prefix(&self) -> &str {
        split_major(&self.0).map_or(&self.0, |(prefix, _)| prefix)
    }

    /// The major version at the end, with its separator: `/v2`, `.v3`, `.v1-unstable`; empty if there is none.
    pub fn major(&self) -> &str {
        split_major(&self.0).map_or("", |(_, major)| major)
    }
}

impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ModulePath {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        Self::new(path)
    }
}

/// Checks the path of a package by the rules of Go's `module.CheckImportPath`. Every module path is one too.
pub fn check_import_path(path: &str) -> Result<(), PathError> {
    check_elements(path, Place::Import).map_err(|fault| PathError::new("import", path, fault))
}

/// Splits a path into prefix and major version (`/vN`, or `.vN` below `gopkg.in/`; empty if there is none).
/// `None` when its end breaks the rule: `/v0`, `/v1`, `/v02`, `/v2.1`, or a `gopkg.in` path without `.vN`.
pub fn split_major(path: &str) -> Option<(&str, &str)> {
    if path.starts_with("gopkg.in/") {
        return split_gopkg_in(path);
    }
    let ends_otherwise = |b: u8| !(b.is_ascii_digit() || b == b'.');
    let end = path.bytes().rposition(ends_otherwise).map_or(0, |last| last + 1);
    let before = path.get(..end).unwrap_or(path);
    if before.len() == path.len() || !before.ends_with("/v") {
        return Some((path, ""));
    }
    let (prefix, major) = path.split_at(before.len() - "/v".len());
    let number = path.get(before.len()..)?;
    let valid = !number.contains('.') && !number.starts_with('0') && number != "1";
    valid.then_some((prefix, major))
}

fn split_gopkg_in(path: &str) -> Option<(&str, &str)> {
    let stable = path.strip_suffix("-unstable").unwrap_or(path);
    let before = stable.trim_end_matches(|c: char| c.is_ascii_digit());
    let prefix = before.strip_suffix(".v")?;
    let major = path.strip_prefix(prefix)?;
    let number = stable.get(before.len()..)?;
    // As in Go, `.v0-unstable` is no major version, but `.v-unstable` is one (that no version fits).
    let valid = major.len() > ".v".len() && (!number.starts_with('0') || major == ".v0");
    valid.then_some((prefix, major))
}

fn check_module(path: &str) -> Result<(), PathFault> {
    check_elements(path, Place::Module)?;
    let host = path.split_once('/').map_or(path, |(host, _)| host);
    if !host.contains('.') {
        return Err(PathFault::NoDot);
    }
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    if let Some(bad) = host.bytes().find(|b| !allowed(*b)) {
        return Err(PathFault::InvalidHostChar(char::from(bad)));
    }
    if split_major(path).is_none() {
        return Err(PathFault::Major);
    }
    Ok(())
}

fn check_elements(path: &str, place: Place) -> Result<(), PathFault> {
    if path.is_empty() {
        return Err(PathFault::Empty);
    }
    if path.starts_with('-') {
        return Err(PathFault::LeadingDash);
    }
    if path.as_bytes().windows(2).any(|pair| pair == b"//") {
        return Err(PathFault::DoubleSlash);
    }
    if path.ends_with('/') {
        return Err(PathFault::TrailingSlash);
    }
    path.split('/').try_for_each(|element| element::check(element, place))
}

/// A path that cannot name a module or package. The text is Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed {kind} path {path}: {fault}")]
pub struct PathError {
    kind: &'static str,
    path: Excerpt,
    fault: PathFault,
}

impl PathError {
    fn new(kind: &'static str, path: &str, fault: PathFault) -> Self {
        Self { kind, path: Excerpt::of(path), fault }
    }

    /// Which rule the path breaks.
    pub fn fault(&self) -> &PathFault {
        &self.fault
    }
}

/// The rule a path breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// Nothing at all.
    #[error("empty string")]
    Empty,
    /// The first character is `-`, which tools would take for an option.
    #[error("leading dash")]
    LeadingDash,
    /// Two slashes in a row.
    #[error("double slash")]
    DoubleSlash,
    /// A slash at the end.
    #[error("trailing slash")]
    TrailingSlash,
    /// An empty element, as in a path that begins with a slash.
    #[error("empty path element")]
    EmptyElement,
    /// An element of so many dots and nothing else.
    #[error("invalid path element \"{}\"", ".".repeat((*.0).min(80)))]
    Dots(usize),
    /// An element of a module path that begins with a dot.
    #[error("leading dot in path element")]
    LeadingDot,
    /// An element that ends in a dot.
    #[error("trailing dot in path element")]
    TrailingDot,
    /// A character that is not allowed.
    #[error("invalid char {0:?}")]
    InvalidChar(char),
    /// An element whose stem Windows keeps for a device.
    #[error("{0:?} disallowed as path element component on Windows")]
    Reserved(Box<str>),
    /// An element like the short aliases of Windows.
    #[error("trailing tilde and digits in path element")]
    ShortName,
    /// The first element is no domain name.
    #[error("missing dot in first path element")]
    NoDot,
    /// A character that is not allowed in a domain name.
    #[error("invalid char {0:?} in first path element")]
    InvalidHostChar(char),
    /// The major version at the end is missing or written wrongly.
    #[error("invalid version")]
    Major,
    /// Not the one spelling that escaping produces.
    #[error("capital letters are written as `!` and the lower-case letter, and nothing else is escaped")]
    Escaping,
}
