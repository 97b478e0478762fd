//! The GOPROXY grammar (`cmd/go` `modfetch/proxy.go`).

use std::fmt;
use std::str::FromStr;

use crate::source_url::{SourceUrl, SourceUrlError};

/// The sources to ask, in order. At least one; nothing follows `direct` or `off`.
///
/// Its `Display` is the list again, with secrets in URLs replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyList {
    entries: Vec<ProxyEntry>,
}

/// One source, and what a failure of it means for those behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyEntry {
    /// Who is asked.
    pub target: ProxyTarget,
    /// When the next entry is asked.
    pub after: Separator,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyTarget {
    /// A module proxy.
    Url(SourceUrl),
    /// The module's own repository.
    Direct,
    /// Nobody: the request fails.
    Off,
}

/// The separator behind an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Separator {
    /// `,`, which the last entry always has: go on only after a confirmed absence.
    Comma,
    /// `|`: go on after any failure.
    Pipe,
}

impl ProxyList {
    /// The entries, first to ask first; never empty.
    pub fn entries(&self) -> &[ProxyEntry] {
        &self.entries
    }
}

/// Reads a value of GOPROXY. White space around an entry and empty entries do not count; what follows `direct`
/// or `off` is ignored; a bare host gets `https://`.
impl FromStr for ProxyList {
    type Err = ProxyListError;

    fn from_str(list: &str) -> Result<Self, ProxyListError> {
        let mut entries = Vec::new();
        let mut rest = list;
        while !rest.is_empty() {
            let (item, separator) = rest.split_at(rest.find([',', '|']).unwrap_or(rest.len()));
            let after = if separator.starts_with('|') { Separator::Pipe } else { Separator::Comma };
            rest = separator.get(1..).unwrap_or_default();
            let target = match item.trim() {
                "" => continue,
                "direct" => ProxyTarget::Direct,
                "off" => ProxyTarget::Off,
                url => ProxyTarget::Url(source(url)?),
            };
            let ends_here = !matches!(target, ProxyTarget::Url(_));
            entries.push(ProxyEntry { target, after });
            if ends_here {
                break;
            }
        }
        let last = entries.last_mut().ok_or(ProxyListError::Empty)?;
        last.after = Separator::Comma;
        Ok(Self { entries })
    }
}

/// Single words are reserved, and what has `:/` or is an absolute path must be a complete URL; anything else
/// with a dot, colon or slash is a host.
fn source(entry: &str) -> Result<SourceUrl, SourceUrlError> {
    let bare_host = entry.contains(['.', ':', '/']) && !entry.contains(":/") && !entry.starts_with('/');
    if bare_host { SourceUrl::new(&format!("https://{entry}")) } else { SourceUrl::new(entry) }
}

impl fmt::Display for ProxyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries = self.entries.iter().peekable();
        while let Some(entry) = entries.next() {
            write!(f, "{}", entry.target)?;
            if entries.peek().is_some() {
                write!(f, "{}", entry.after)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ProxyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::Direct => f.write_str("direct"),
            Self::Off => f.write_str("off"),
        }
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => ",",
            Self::Pipe => "|",
        })
    }
}

/// A text that is no list of sources.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyListError {
    /// Nothing but separators and spaces.
    #[error(
        "the list of proxies contains no entries: write URLs joined by , or |, then perhaps direct or off"
    )]
    Empty,
    /// An entry that is neither `direct` nor `off` nor a URL.
    #[error("the list of proxies has an {0}")]
    Url(#[from] SourceUrlError),
}
