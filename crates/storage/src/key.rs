//! Everything that can be stored, and what is fixed for each: path, content type, cache header, mutability.

mod at;

use std::{fmt, path::PathBuf};

use gomod::{DbName, ModulePath, ModuleVersion, Rev, SumdbPath, TileId};

/// One of the three files of a module version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The version's name and time, JSON.
    Info,
    /// The go.mod file.
    Mod,
    /// The module zip.
    Zip,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Info, Kind::Mod, Kind::Zip];

    /// The ending of the file's name, without the dot; also its name in metrics and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Info => "info",
            Kind::Mod => "mod",
            Kind::Zip => "zip",
        }
    }

    /// The content type it is served with.
    pub fn content_type(self) -> &'static str {
        match self {
            Kind::Info => JSON,
            Kind::Mod => TEXT,
            Kind::Zip => "application/zip",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A question about a module whose answer changes with time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// `@v/list`: the tagged versions.
    List(ModulePath),
    /// `@latest`: the version to use when there are no tags.
    Latest(ModulePath),
    /// The version that a branch, tag or commit stands for.
    Query(ModulePath, Rev),
}

impl Question {
    /// The module that is asked about.
    pub fn module(&self) -> &ModulePath {
        match self {
            Question::List(module) | Question::Latest(module) | Question::Query(module, _) => module,
        }
    }

    /// The content type of an answer.
    pub fn content_type(&self) -> &'static str {
        match self {
            Question::List(_) => TEXT,
            Question::Latest(_) | Question::Query(..) => JSON,
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::List(module) => write!(f, "{}/@v/list", module.escaped()),
            Question::Latest(module) => write!(f, "{}/@latest", module.escaped()),
            Question::Query(module, rev) => write!(f, "{}/@v/{}.info", module.escaped(), rev.escaped()),
        }
    }
}

/// The name of one stored object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A file of a module version.
    File(ModuleVersion, Kind),
    /// What is known about the files of a module version; see [`Receipt`](crate::Receipt).
    Receipt(ModuleVersion),
    /// The last answer to a question; see [`StoredAnswer`](crate::StoredAnswer).
    Answer(Question),
    /// An empty file: says to `go` that this proxy relays the database (PROTOCOL 1.10).
    Supported(DbName),
    /// A record of a checksum database with a signed tree.
    Lookup(DbName, ModuleVersion),
    /// A tile of a checksum database.
    Tile(DbName, TileId),
    /// The newest signed tree of a checksum database.
    Head(DbName),
    /// The checked copy of an object of a checksum database. The object itself lies as it is for those who read
    /// the directory without Larder.
    Checked(DbName, SumdbPath),
    /// The records that the writer of a log of its own took last; see [`Journal`](crate::Journal).
    Journal(DbName),
    /// That a checksum database has contradicted itself, with the evidence, as text for people. It is not used while
    /// this is there; only an operator takes it away.
    Misbehaviour(DbName),
    /// A file that was set aside because it is not what it should be.
    Quarantine(QuarantineId),
}

impl Key {
    /// Where it lies, relative to the data directory; in a bucket, its name. No two keys share a path, and
    /// none lies below another: a module path has no element with `@`, and its first one, unlike `sumdb`, has a
    /// dot.
    ///
    /// What is below `modules/` has the layout of a GOPROXY with checksum database.
    pub fn path(&self) -> PathBuf {
        let version = |mv: &ModuleVersion, ending: &str| {
            format!("modules/{}/@v/{}.{ending}", mv.path().escaped(), mv.version().escaped())
        };
        let sumdb = |db: &DbName, path: SumdbPath| format!("modules/sumdb/{db}/{path}");
        PathBuf::from(match self {
            Key::File(mv, kind) => version(mv, kind.as_str()),
            Key::Receipt(mv) => version(mv, "receipt"),
            Key::Answer(question) => format!("answers/{question}"),
            Key::Supported(db) => sumdb(db, SumdbPath::Supported),
            Key::Lookup(db, mv) => sumdb(db, SumdbPath::Lookup(mv.clone())),
            Key::Tile(db, tile) => sumdb(db, SumdbPath::Tile(*tile)),
            Key::Head(db) => sumdb(db, SumdbPath::Latest),
            Key::Checked(db, path) => format!("answers/sumdb/{db}/{path}"),
            // No element of a database's name is like this.
            Key::Journal(db) => format!("journals/{db}/@journal"),
            Key::Misbehaviour(db) => format!("answers/sumdb/{db}/@misbehaviour"),
            Key::Quarantine(id) => format!("quarantine/{id}"),
        })
    }

    /// The key of an object of a checksum database; `None` for `supported`, which has no content.
    pub(crate) fn of_database(db: &DbName, path: &SumdbPath) -> Option<Self> {
        let db = db.clone();
        Some(match path {
            SumdbPath::Lookup(version) => Key::Lookup(db, version.clone()),
            SumdbPath::Tile(tile) => Key::Tile(db, *tile),
            SumdbPath::Latest => Key::Head(db),
            SumdbPath::Supported => return None,
        })
    }

    /// The checked copy of an object of a checksum database.
    pub(crate) fn checked(&self) -> Option<Self> {
        Some(match self {
            Key::Lookup(db, version) => Key::Checked(db.clone(), SumdbPath::Lookup(version.clone())),
            Key::Tile(db, tile) => Key::Checked(db.clone(), SumdbPath::Tile(*tile)),
            Key::Head(db) => Key::Checked(db.clone(), SumdbPath::Latest),
            _ => return None,
        })
    }

    /// Whether file systems can hold its name. What a client may ask for can be longer: a record's name is that of a
    /// module and its version together.
    pub fn fits(&self) -> bool {
        self.path().iter().all(|element| element.len() <= gomod::Request::LONGEST_ELEMENT)
    }

    /// The content type it is served with.
    pub fn content_type(&self) -> &'static str {
        match self {
            Key::File(_, kind) => kind.content_type(),
            Key::Receipt(_) => JSON,
            Key::Answer(question) => question.content_type(),
            Key::Supported(_) | Key::Lookup(..) | Key::Head(_) | Key::Misbehaviour(_) => TEXT,
            Key::Tile(_, tile) if tile.level().is_none() => TEXT,
            Key::Tile(..) | Key::Checked(..) | Key::Journal(_) | Key::Quarantine(_) => BINARY,
        }
    }

    /// The `Cache-Control` header it is served with. Never `public`: a shared cache may not keep what was
    /// given to a client who had to say who they are.
    pub fn cache_control(&self) -> &'static str {
        match self {
            Key::File(..) | Key::Tile(..) => "max-age=31536000, immutable",
            Key::Lookup(..) | Key::Supported(_) => "max-age=86400",
            Key::Answer(_) | Key::Head(_) => "max-age=60",
            Key::Receipt(_)
            | Key::Checked(..)
            | Key::Journal(_)
            | Key::Misbehaviour(_)
            | Key::Quarantine(_) => "no-store",
        }
    }

    /// What may happen to it once it is stored.
    pub fn mutability(&self) -> Mutability {
        match self {
            Key::File(_, Kind::Mod) | Key::Supported(_) | Key::Tile(..) | Key::Quarantine(_) => {
                Mutability::Forever
            }
            Key::File(_, Kind::Info | Kind::Zip) | Key::Lookup(..) | Key::Misbehaviour(_) => {
                Mutability::WhileStored
            }
            Key::Answer(_) | Key::Head(_) | Key::Checked(_, SumdbPath::Latest) => Mutability::Mutable,
            Key::Receipt(_) | Key::Checked(..) | Key::Journal(_) => Mutability::ByExchange,
        }
    }

    /// The most bytes that are read of it; a longer one is damaged.
    pub fn max_len(&self) -> u64 {
        match self {
            Key::File(_, Kind::Mod) => gomod::MAX_GOMOD,
            Key::File(_, Kind::Zip) | Key::Quarantine(_) => gomod::MAX_ZIP,
            Key::Answer(_) => 64 << 20,
            Key::File(_, Kind::Info)
            | Key::Receipt(_)
            | Key::Supported(_)
            | Key::Lookup(..)
            | Key::Tile(..)
            | Key::Head(_)
            | Key::Misbehaviour(_) => 1 << 20,
            // The object, or the records, and a line about it.
            Key::Checked(..) | Key::Journal(_) => 2 << 20,
        }
    }
}

/// The path, with `/` on every system.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path().display())
    }
}

/// What may happen to an object once it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// Its bytes never change, not even when it is removed and stored again.
    Forever,
    /// It is never replaced in place; removed, it may return with other bytes that mean the same: a zip with
    /// the same h1, a record under a newer signed tree.
    WhileStored,
    /// Replaced only by one who has seen what is there ([`When::Is`](crate::When::Is)).
    ByExchange,
    /// Replaced at any time; the last one counts.
    Mutable,
}

/// The name of a file in quarantine: lower-case letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuarantineId(String);

impl QuarantineId {
    /// The name of the `n`-th file that was set aside at that time.
    pub(crate) fn new(at: jiff::Timestamp, n: u32) -> Self {
        let stamp = at.strftime("%Y%m%dt%H%M%S%6f");
        QuarantineId(format!("{stamp}-{n}"))
    }
}

impl fmt::Display for QuarantineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const BINARY: &str = "application/octet-stream";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gomod::Version;

    use super::*;

    fn mv() -> ModuleVersion {
        let path = ModulePath::new("github.com/BurntSushi/toml").unwrap();
        ModuleVersion::new(path, Version::new("v1.4.0-RC1").unwrap()).unwrap()
    }

    #[test]
    fn the_layout_is_that_of_a_proxy_with_checksum_database() {
        let db = DbName::new("example.com/db").unwrap();
        let tile = "8/0/x001/234.p/5".parse().unwrap();
        let module = mv().path().clone();
        let rev = Rev::new("HEAD").unwrap();
        let paths = [
            (Key::File(mv(), Kind::Info), "modules/github.com/!burnt!sushi/toml/@v/v1.4.0-!r!c1.info"),
            (Key::File(mv(), Kind::Mod), "modules/github.com/!burnt!sushi/toml/@v/v1.4.0-!r!c1.mod"),
            (Key::File(mv(), Kind::Zip), "modules/github.com/!burnt!sushi/toml/@v/v1.4.0-!r!c1.zip"),
            (Key::Receipt(mv()), "modules/github.com/!burnt!sushi/toml/@v/v1.4.0-!r!c1.receipt"),
            (Key::Answer(Question::List(module.clone())), "answers/github.com/!burnt!sushi/toml/@v/list"),
            (Key::Answer(Question::Latest(module.clone())), "answers/github.com/!burnt!sushi/toml/@latest"),
            (
                Key::Answer(Question::Query(module, rev)),
                "answers/github.com/!burnt!sushi/toml/@v/!h!e!a!d.info",
            ),
            (Key::Supported(db.clone()), "modules/sumdb/example.com/db/supported"),
            (
                Key::Lookup(db.clone(), mv()),
                "modules/sumdb/example.com/db/lookup/github.com/!burnt!sushi/toml@v1.4.0-!r!c1",
            ),
            (Key::Tile(db.clone(), tile), "modules/sumdb/example.com/db/tile/8/0/x001/234.p/5"),
            (Key::Head(db.clone()), "modules/sumdb/example.com/db/latest"),
            (
                Key::Checked(db.clone(), SumdbPath::Tile(tile)),
                "answers/sumdb/example.com/db/tile/8/0/x001/234.p/5",
            ),
            (Key::Misbehaviour(db.clone()), "answers/sumdb/example.com/db/@misbehaviour"),
            (Key::Journal(db), "journals/example.com/db/@journal"),
        ];
        for (key, path) in paths {
            assert_eq!(key.to_string(), path);
            assert_eq!(Key::at(Path::new(path)), Some(key));
        }
    }

    #[test]
    fn what_is_no_object_has_no_key() {
        for path in [
            "format",
            "modules/example.com/a/@v/list",
            "modules/example.com/a/@v/v1.0.0.txt",
            "modules/example.com/a/@v/v1.0.receipt",
            "modules/example.com/A/@v/v1.0.0.zip",
            "modules/example.com/a/@v/../@v/v1.0.0.zip",
            "modules/example.com/a/README",
            "answers/example.com/a/@v/v1.0.0.zip",
            "quarantine/20260102t030405000006-7",
            "staging/1-0/0",
        ] {
            assert_eq!(Key::at(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn names_in_quarantine_sort_by_time() {
        let at = "2026-01-02T03:04:05.000006Z".parse().unwrap();
        assert_eq!(QuarantineId::new(at, 7).to_string(), "20260102t030405000006-7");
    }
}
