//! What the names in a tree of modules stand for.

use std::path::Path;

use gomod::{ModulePath, ModuleVersion, Rev, Version};
use storage::Kind;

/// What a file below `@v/` is by its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A file of a version.
    File(ModuleVersion, Kind),
    /// Nothing that is taken in: a list, a lock, a stated hash, what a branch stood for.
    Other,
    /// It would be a file of a version, but there is no such version; the text says why.
    Bad(String),
}

/// The module whose directory has this escaped name.
pub(super) fn module(escaped: &str) -> Result<ModulePath, String> {
    ModulePath::from_escaped(escaped).map_err(|error| error.to_string())
}

/// A file below the `@v` of a module.
pub(super) fn in_versions(module: &ModulePath, name: &str) -> Named {
    let Some((stem, kind)) = kind(name) else { return Named::Other };
    let version = Version::from_escaped(stem).and_then(|version| ModuleVersion::new(module.clone(), version));
    match version {
        Ok(version) => Named::File(version, kind),
        // What a branch, or a version that is not canonical, stood for is an answer that changes.
        Err(_) if stem.is_empty() || kind == Kind::Info && Rev::from_escaped(stem).is_ok() => Named::Other,
        Err(error) => Named::Bad(error.to_string()),
    }
}

fn kind(name: &str) -> Option<(&str, Kind)> {
    let (stem, ending) = name.rsplit_once('.')?;
    let kind = match ending {
        "info" => Kind::Info,
        "mod" => Kind::Mod,
        "zip" => Kind::Zip,
        _ => return None,
    };
    Some((stem, kind))
}

/// The version that has a directory of its own in the storage of Athens. It writes names as people do; what is escaped
/// all the same has a `!`, which no name has.
pub(super) fn athens(module: &str, version: &str) -> Result<ModuleVersion, String> {
    let path = if module.contains('!') { ModulePath::from_escaped(module) } else { ModulePath::new(module) };
    let version = if version.contains('!') { Version::from_escaped(version) } else { Version::new(version) };
    let path = path.map_err(|error| error.to_string())?;
    version.and_then(|version| ModuleVersion::new(path, version)).map_err(|error| error.to_string())
}

/// What a file in the directory of a version of Athens is.
pub(super) fn in_athens(version: &str, name: &str) -> Option<Kind> {
    match name {
        "source.zip" => Some(Kind::Zip),
        "go.mod" => Some(Kind::Mod),
        _ => (name.strip_suffix(".info")? == version).then_some(Kind::Info),
    }
}

/// A path for people: one line, whatever bytes a name has.
pub(super) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_versions() {
        let path = module("example.com/!upper/v2").unwrap();
        assert_eq!(path.as_str(), "example.com/Upper/v2");
        let file = |version: &str, kind| {
            Named::File(ModuleVersion::new(path.clone(), version.parse().unwrap()).unwrap(), kind)
        };
        for (name, want) in [
            ("v2.0.0.info", file("v2.0.0", Kind::Info)),
            ("v2.0.0-!r!c1.mod", file("v2.0.0-RC1", Kind::Mod)),
            ("v2.1.0.zip", file("v2.1.0", Kind::Zip)),
        ] {
            assert_eq!(in_versions(&path, name), want, "{name}");
        }
        for name in [
            "list",
            "v2.0.0.lock",
            "v2.0.0.ziphash",
            "v2.0.0.zip71.tmp",
            "main.info",
            "v2.0.info",
            "x",
            ".info",
        ] {
            assert_eq!(in_versions(&path, name), Named::Other, "{name}");
        }
        for name in [
            "v1.0.0.zip",
            "v2.0.0-RC1.info",
            "v2.0.0-RC1.zip",
            "main.zip",
            "v2.0.0+meta.mod",
            "v2.0.0%2f.zip",
        ] {
            assert!(matches!(in_versions(&path, name), Named::Bad(_)), "{name}");
        }
    }

    #[test]
    fn below_athens() {
        for (module, version) in [
            ("example.com/Upper", "v1.0.0-RC1"),
            ("example.com/!upper", "v1.0.0-!r!c1"),
            ("example.com/Upper", "v1.0.0-!r!c1"),
        ] {
            assert_eq!(athens(module, version).unwrap().to_string(), "example.com/Upper@v1.0.0-RC1");
        }
        for (module, version) in
            [("example.com/!Upper", "v1.0.0"), ("nodot", "v1.0.0"), ("example.com/m", "v2.0.0")]
        {
            assert!(athens(module, version).is_err(), "{module} {version}");
        }
        assert_eq!(in_athens("v1.0.0", "v1.0.0.info"), Some(Kind::Info));
        assert_eq!(in_athens("v1.0.0", "v1.0.1.info"), None);
    }

    #[test]
    fn a_name_stays_one_line() {
        assert_eq!(shown(Path::new("a\n\u{1b}[31mb/ü")), "a\\n\\u{1b}[31mb/ü");
    }
}
