//! From a path back to the key that lies there.

use std::path::Path;

use gomod::Request;

use super::{Key, Kind, Question};

impl Key {
    /// The key of a path relative to the data directory, as [`Key::path`] gives it; `None` for what is no object, or
    /// not under the one name it has: files of others, `@v/list`, and what lies in quarantine.
    pub fn at(path: &Path) -> Option<Self> {
        let text = path.to_str()?;
        let key = if let Some(path) = text.strip_prefix("modules/") {
            in_modules(path)
        } else if let Some(path) = text.strip_prefix("journals/") {
            path.strip_suffix("/@journal")?.parse().ok().map(Key::Journal)
        } else {
            in_answers(text.strip_prefix("answers/")?)
        }?;
        (key.path() == path).then_some(key)
    }
}

fn in_modules(path: &str) -> Option<Key> {
    use gomod::SumdbPath::{Latest, Lookup, Supported, Tile};

    if let Some(version) = path.strip_suffix(".receipt") {
        let Request::Zip(version) = Request::parse(&format!("{version}.zip")).ok()? else { return None };
        return Some(Key::Receipt(version));
    }
    Some(match Request::parse(path).ok()? {
        Request::Info(version) => Key::File(version, Kind::Info),
        Request::Mod(version) => Key::File(version, Kind::Mod),
        Request::Zip(version) => Key::File(version, Kind::Zip),
        Request::Sumdb(db, Supported) => Key::Supported(db),
        Request::Sumdb(db, Latest) => Key::Head(db),
        Request::Sumdb(db, Lookup(version)) => Key::Lookup(db, version),
        Request::Sumdb(db, Tile(tile)) => Key::Tile(db, tile),
        Request::List(_) | Request::Latest(_) | Request::Query(..) => return None,
    })
}

fn in_answers(path: &str) -> Option<Key> {
    if let Some(db) = path.strip_prefix("sumdb/").and_then(|path| path.strip_suffix("/@misbehaviour")) {
        return db.parse().ok().map(Key::Misbehaviour);
    }
    Some(match Request::parse(path).ok()? {
        Request::List(module) => Key::Answer(Question::List(module)),
        Request::Latest(module) => Key::Answer(Question::Latest(module)),
        Request::Query(module, rev) => Key::Answer(Question::Query(module, rev)),
        Request::Sumdb(db, path) => Key::Checked(db, path),
        Request::Info(_) | Request::Mod(_) | Request::Zip(_) => return None,
    })
}
