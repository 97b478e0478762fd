//! The names of checksum databases.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::excerpt::Excerpt;

/// The name of a checksum database: `host[/path]`, such as `sum.golang.org` or `example.com/db`.
///
/// It is signed in every note, is a URL when `https://` is put in front, and is a directory in the store. So
/// each element is a file name of ASCII letters, digits and `-._~` (and `:` for a port), no element is all
/// dots, and none after the first is `supported`, `latest`, `lookup` or `tile`, which begin the rest of a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DbName(Arc<str>);

impl DbName {
    /// Checks `name`; it may be up to 255 bytes long.
    pub fn new(name: &str) -> Result<Self, DbNameError> {
        let mut elements = name.split('/');
        let valid = name.len() <= LONGEST
            && elements.next().is_some_and(|host| is_name(host) && !host.starts_with('-'))
            && elements.all(|element| is_name(element) && !is_endpoint(element));
        if valid { Ok(Self(name.into())) } else { Err(DbNameError(Excerpt::of(name))) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DbName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DbName {
    type Err = DbNameError;

    fn from_str(name: &str) -> Result<Self, DbNameError> {
        Self::new(name)
    }
}

/// Whether an element of a URL below `sumdb/` ends the database's name.
pub(crate) fn is_endpoint(element: &str) -> bool {
    matches!(element, "supported" | "latest" | "lookup" | "tile")
}

const LONGEST: usize = 255;

fn is_name(element: &str) -> bool {
    element.bytes().any(|b| b != b'.')
        && element.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:".contains(&b))
}

/// A text that cannot name a checksum database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no name of a checksum database: it must be a host, perhaps with a path, like sum.golang.org")]
pub struct DbNameError(Excerpt);
