//! Cases that Go's own x/mod answered (`tests/vectors/xmod.json`).

use gomod::{
    ModulePath, Rev, RevError, Semver, TileError, TileId, Version, auto_quote, check_import_path,
    scan_module_line, split_major,
};
use serde_json::Value;

/// The cases of a section; an empty one would test nothing.
pub(crate) fn section(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../vectors/xmod.json")).unwrap();
    let cases = all[name].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "section {name} is empty");
    cases
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("{field} of {case} is no text"))
}

fn flag(case: &Value, field: &str) -> bool {
    case[field].as_bool().unwrap_or_else(|| panic!("{field} of {case} is no truth value"))
}

#[test]
fn trap_23_paths() {
    for case in section("paths") {
        let path = text(&case, "path");
        let checked = ModulePath::new(path);
        assert_eq!(checked.as_ref().err().map(ToString::to_string).as_deref(), case["check_err"].as_str());
        assert_eq!(checked.is_ok(), flag(&case, "escape_ok"), "{path}");
        assert_eq!(check_import_path(path).is_ok(), flag(&case, "import_ok"), "{path}");
        assert_eq!(split_major(path).is_some(), flag(&case, "split_ok"), "{path}");
        let (prefix, major) = split_major(path).unwrap_or((path, ""));
        assert_eq!((prefix, major), (text(&case, "prefix"), text(&case, "path_major")), "{path}");
        if let Ok(module) = checked {
            assert_eq!(module.as_str(), path);
            assert_eq!((module.prefix(), module.major()), (prefix, major), "{path}");
            assert_eq!(module.escaped(), text(&case, "escaped"));
            assert_eq!(ModulePath::from_escaped(&module.escaped()).unwrap(), module);
        }
    }
}

#[test]
fn semantic_versions() {
    for case in section("semver") {
        let v = text(&case, "v");
        let semver = Semver::parse(v);
        assert_eq!(semver.is_some(), flag(&case, "valid"), "{v}");
        assert_eq!(Version::is_semver(v), flag(&case, "valid"), "{v}");
        assert_eq!(semver.map(|s| s.canonical()).unwrap_or_default(), text(&case, "canonical"), "{v}");
        assert_eq!(semver.map_or("", |s| s.major()), text(&case, "major"), "{v}");
        assert_eq!(semver.map_or("", |s| s.prerelease()), text(&case, "prerelease"), "{v}");
        assert_eq!(semver.map_or("", |s| s.build()), text(&case, "build"), "{v}");

        let canonical = text(&case, "module_canonical");
        let made = Version::canonical(v).ok();
        assert_eq!(made.as_ref().map_or("", Version::as_str), canonical, "{v}");
        assert_eq!(Version::new(v).is_ok(), v == canonical, "{v}");
        if let Some(made) = made {
            assert_eq!(made.is_pseudo(), flag(&case, "is_pseudo"), "{v}");
        }
    }
}

#[test]
fn pseudo_versions() {
    let mut seen = 0;
    for case in section("semver").iter().filter(|case| flag(case, "is_pseudo")) {
        let version = Version::new(text(case, "v")).unwrap();
        let pseudo = version.pseudo().unwrap();
        assert_eq!(pseudo.rev(), text(case, "rev"), "{version}");
        assert_eq!(pseudo.time().as_deref(), case["time"].as_str(), "{version}");
        match pseudo.base() {
            Ok(base) => assert_eq!(base.unwrap_or_default(), text(case, "base"), "{version}"),
            Err(error) => {
                let expected = text(case, "base_err");
                assert!(expected.contains("negative patch number"), "{version}: {error}, not {expected}");
            }
        }
        seen += 1;
    }
    assert!(seen >= 8);
}

#[test]
fn sorted_versions() {
    let sorted: Vec<Version> =
        section("sorted").iter().map(|case| Version::new(case.as_str().unwrap()).unwrap()).collect();
    for (index, version) in sorted.iter().enumerate() {
        for (other_index, other) in sorted.iter().enumerate() {
            assert_eq!(version.cmp(other), index.cmp(&other_index), "{version} and {other}");
        }
    }
}

#[test]
fn traps_20_and_21_escaped_versions() {
    for case in section("escape_version") {
        let version = text(&case, "in");
        let rev = Rev::new(version);
        assert_eq!(rev.is_ok(), case["err"].is_null(), "{version}");
        if let Ok(rev) = rev {
            assert_eq!(rev.escaped(), text(&case, "out"));
            assert_eq!(Rev::from_escaped(&rev.escaped()).unwrap(), rev);
        }
    }
    assert!(matches!(Rev::new("feature/x"), Err(RevError::Disallowed(_))));
}

#[test]
fn trap_18_unescaped_versions() {
    for case in section("unescape_version") {
        let escaped = text(&case, "in");
        let rev = Rev::from_escaped(escaped);
        assert_eq!(rev.is_ok(), case["err"].is_null(), "{escaped}");
        assert_eq!(rev.as_ref().map_or("", Rev::as_str), text(&case, "out"));
    }
}

#[test]
fn which_major_fits_which_path() {
    for case in section("match_major") {
        let version = Version::new(text(&case, "v")).unwrap();
        assert_eq!(version.fits_major(text(&case, "path_major")), flag(&case, "ok"), "{case}");
    }
}

#[test]
fn module_lines() {
    for case in section("module_path_scan") {
        let found = scan_module_line(text(&case, "gomod").as_bytes());
        assert_eq!(found.unwrap_or_default(), text(&case, "path"), "{case}");
    }
}

#[test]
fn quoted_words() {
    for case in section("auto_quote") {
        assert_eq!(auto_quote(text(&case, "in")), text(&case, "out"));
    }
}

#[test]
fn trap_89_tile_paths() {
    for case in section("tile_paths") {
        let path = text(&case, "path");
        let tile = path.strip_prefix("tile/").ok_or(TileError::Impossible).and_then(str::parse::<TileId>);
        let number = |field: &str| case[field].as_i64().unwrap();
        // Go's parser also takes other heights and levels, which no tree of the go command has.
        let possible = number("H") == 8 && number("L") < 8;
        assert_eq!(tile.is_ok(), !flag(&case, "err") && possible, "{path}");
        match tile {
            Ok(tile) => {
                assert_eq!(tile.level().map_or(-1, i64::from), number("L"), "{path}");
                assert_eq!(i64::try_from(tile.n()).unwrap(), number("N"), "{path}");
                assert_eq!(i64::from(tile.width()), number("W"), "{path}");
                assert_eq!(format!("tile/{tile}"), path);
            }
            Err(error) => {
                let misspelled = matches!(error, TileError::Spelling(_)) || !path.starts_with("tile/");
                assert_eq!(misspelled, flag(&case, "err"), "{path}: {error}");
            }
        }
    }
}
