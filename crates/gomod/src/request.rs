//! What `go` asks a proxy for, and how it is written as a URL path.

mod bad;
mod parse;

use std::fmt;

pub use self::bad::BadRequest;
use crate::db_name::DbName;
use crate::module_version::ModuleVersion;
use crate::path::ModulePath;
use crate::rev::Rev;
use crate::sumdb_path::SumdbPath;

/// One request of the GOPROXY protocol. A version that is not canonical, or does not fit its module's path, is
/// always a [`Request::Query`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `@v/list`: the tagged versions.
    List(ModulePath),
    /// `@latest`: the version to use when the list has none.
    Latest(ModulePath),
    /// `@v/REV.info`: the version that a branch, tag or commit stands for.
    Query(ModulePath, Rev),
    /// `@v/VERSION.info`.
    Info(ModuleVersion),
    /// `@v/VERSION.mod`.
    Mod(ModuleVersion),
    /// `@v/VERSION.zip`.
    Zip(ModuleVersion),
    /// `sumdb/NAME/...`.
    Sumdb(DbName, SumdbPath),
}

impl Request {
    /// The longest URL path that is looked at, in bytes.
    pub const LONGEST_PATH: usize = 4096;

    /// The longest element of an escaped module path, in bytes: what file systems can hold.
    pub const LONGEST_ELEMENT: usize = 255;

    /// The longest escaped version or query, in bytes: a file name with room for endings and temporary names.
    pub const LONGEST_VERSION: usize = 200;

    /// Reads a URL path, still percent-encoded, without the slash in front and without a query string.
    ///
    /// Percent-encoding is undone once (`go` sends `!` as `%21`), but a slash may not be encoded; `+` is
    /// itself, never a space.
    pub fn parse(path: &str) -> Result<Self, BadRequest> {
        parse::request(path)
    }

    /// The canonical URL path, without a slash in front: `github.com/!burnt!sushi/toml/@v/v1.4.0.zip`. `!` is
    /// raw; what a query may hold but a URL path may not is percent-encoded.
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// The module that is asked about; for a lookup in a checksum database too.
    pub fn module(&self) -> Option<&ModulePath> {
        match self {
            Self::List(module) | Self::Latest(module) | Self::Query(module, _) => Some(module),
            Self::Info(mv) | Self::Mod(mv) | Self::Zip(mv) | Self::Sumdb(_, SumdbPath::Lookup(mv)) => {
                Some(mv.path())
            }
            Self::Sumdb(_, SumdbPath::Supported | SumdbPath::Latest | SumdbPath::Tile(_)) => None,
        }
    }
}

/// The same as [`Request::path`].
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = |f: &mut fmt::Formatter<'_>, mv: &ModuleVersion, ending| {
            write!(f, "{}/@v/{}.{ending}", mv.path().escaped(), mv.version().escaped())
        };
        match self {
            Self::List(module) => write!(f, "{}/@v/list", module.escaped()),
            Self::Latest(module) => write!(f, "{}/@latest", module.escaped()),
            Self::Query(module, rev) => {
                write!(f, "{}/@v/", module.escaped())?;
                for c in rev.escaped().chars() {
                    if c.is_ascii_alphanumeric() || "-._~!$&()+,=@".contains(c) {
                        write!(f, "{c}")?;
                    } else {
                        write!(f, "%{:02X}", u32::from(c))?;
                    }
                }
                f.write_str(".info")
            }
            Self::Info(mv) => file(f, mv, "info"),
            Self::Mod(mv) => file(f, mv, "mod"),
            Self::Zip(mv) => file(f, mv, "zip"),
            Self::Sumdb(name, path) => write!(f, "sumdb/{name}/{path}"),
        }
    }
}
