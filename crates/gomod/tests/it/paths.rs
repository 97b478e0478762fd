//! Names of modules, versions and databases.

use gomod::{BaseError, DbName, ModulePath, ModuleVersion, PathFault, Rev, Version, VersionError};

fn version(text: &str) -> Version {
    Version::new(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_odd_ends_of_gopkg_in_paths() {
    for (path, major) in [
        ("gopkg.in/yaml.v3", Some(".v3")),
        ("gopkg.in/yaml.v0", Some(".v0")),
        ("gopkg.in/check.v1-unstable", Some(".v1-unstable")),
        // Go accepts this one, too; no version fits it.
        ("gopkg.in/yaml.v-unstable", Some(".v-unstable")),
        ("gopkg.in/yaml.v0-unstable", None),
        ("gopkg.in/yaml.v", None),
        ("gopkg.in/v2", None),
        ("gopkg.in/yaml.v03", None),
        ("gopkg.in/yaml/v3", None),
    ] {
        assert_eq!(ModulePath::new(path).ok().as_ref().map(ModulePath::major), major, "{path}");
    }
    assert_eq!(ModulePath::new("gopkg.in").unwrap().major(), "");
}

#[test]
fn errors_name_the_rule_and_stay_short() {
    let error = ModulePath::new("example.com/a b").unwrap_err();
    assert_eq!(error.fault(), &PathFault::InvalidChar(' '));
    assert_eq!(error.to_string(), r#"malformed module path "example.com/a b": invalid char ' '"#);
    for hostile in ["a".repeat(1 << 20), ".".repeat(1 << 20), "\u{1b}[31m/\n".repeat(1000)] {
        let text = ModulePath::new(&hostile).unwrap_err().to_string();
        assert!(text.len() < 600 && !text.chars().any(char::is_control), "{text}");
    }
}

#[test]
fn a_version_belongs_to_its_major() {
    let module = ModulePath::new("example.com/m/v2").unwrap();
    let error = ModuleVersion::new(module.clone(), version("v1.9.0")).unwrap_err();
    assert!(
        matches!(&error, VersionError::Major { wanted, major, .. } if &**wanted == "v2" && &**major == "v1")
    );
    assert_eq!(error.to_string(), "version v1.9.0 invalid: should be v2, not v1");
    let module_version = ModuleVersion::new(module, version("v2.1.0")).unwrap();
    assert_eq!(module_version.to_string(), "example.com/m/v2@v2.1.0");
    let unsuffixed = ModulePath::new("example.com/m").unwrap();
    let error = ModuleVersion::new(unsuffixed, version("v2.0.0")).unwrap_err();
    assert_eq!(error.to_string(), "version v2.0.0 invalid: should be v0 or v1, not v2");
}

#[test]
fn kinds_of_versions() {
    assert!(version("v2.0.0+incompatible").is_incompatible());
    assert!(!version("v2.0.0+incompatible").is_prerelease());
    assert!(version("v1.0.0-rc.1").is_prerelease());
    assert!(version("v1.0.1-0.20240101000000-abcdefabcdef").is_prerelease());
    assert!(!version("v1.0.0").is_prerelease());
    assert_eq!(version("v18446744073709551616.0.0").major(), "v18446744073709551616");
    assert!(matches!(Version::new("v1.2.3+meta"), Err(VersionError::NotCanonical(_))));
    assert!(matches!(Version::new("v1"), Err(VersionError::NotCanonical(_))));
    assert!(matches!(Version::new("master"), Err(VersionError::NotSemver(_))));
    assert!(matches!(Version::from_escaped("v1.0.0-RC1"), Err(VersionError::Escaping(_))));
    assert!(version("v2.0.0").precedence(&version("v2.0.0+incompatible")).is_eq());
    assert!(version("v2.0.0") < version("v2.0.0+incompatible"));
}

#[test]
fn bases_of_pseudo_versions() {
    let base = |text: &str| version(text).pseudo().unwrap().base();
    let some = |text: &str| Ok(Some(text.to_owned()));
    assert_eq!(base("v1.10.0-0.20240101000000-abcdefabcdef"), Err(BaseError::Negative));
    assert_eq!(base("v1.2.10-0.20240101000000-abcdefabcdef"), some("v1.2.9"));
    assert_eq!(base("v1.2.1000-0.20240101000000-abcdefabcdef"), some("v1.2.999"));
    assert_eq!(base("v1.2.1-0.20240101000000-abcdefabcdef"), some("v1.2.0"));
    assert_eq!(base("v1.2.3-a-b.0.20240101000000-abcdefabcdef"), some("v1.2.3-a-b"));
    assert_eq!(
        base("v2.0.0-pre.0.20240101000000-abcdefabcdef+incompatible"),
        some("v2.0.0-pre+incompatible")
    );
    assert_eq!(base("v2.0.0-20240101000000-abcdefabcdef+incompatible"), Err(BaseError::BuildWithoutBase));
    let stamp = "v0.0.0-20240230000000-abcdefabcdef";
    assert_eq!(version(stamp).pseudo().unwrap().stamp(), "20240230000000");
    assert_eq!(version(stamp).pseudo().unwrap().time(), None, "there is no 30th of February");
}

#[test]
fn names_that_look_like_pseudo_versions_but_are_none() {
    for text in [
        "v0.0.0-2024010100000-abcdefabcdef",
        "v0.0.0-202401010000000-abcdefabcdef",
        "v0.0.0-20240101000000-",
        "v0.0.0-20240101000000",
        "v1.2.3-20240101000000-abcdefabcdef",
        "v0.1.0-20240101000000-abcdefabcdef",
        "v1.2.3-0-20240101000000-abcdefabcdef",
        "v1.2.3-pre-0.20240101000000-abcdefabcdef",
        "v1.2.3-0.20240101000000.abcdefabcdef",
    ] {
        if let Ok(version) = Version::new(text) {
            assert!(!version.is_pseudo(), "{text}");
        }
    }
}

#[test]
fn revisions_are_file_names() {
    for text in ["main", "HEAD", "v2.0.0", "v1.2.3+meta", "a b", "-x", ".hidden", "con1", "release-1.2", "~1"]
    {
        assert!(Rev::new(text).is_ok(), "{text}");
    }
    for text in [
        "", ".", "..", "...", "a.", "a/b", "a\\b", "a:b", "a*", "a?", "a\"", "a'", "a;b", "a|b", "a<b", "a`b",
    ] {
        assert!(Rev::new(text).is_err(), "{text}");
    }
    for text in ["con", "CON", "Con.x", "prn", "aux", "nul", "com1", "LPT9.txt", "latest", "upgrade", "patch"]
    {
        assert!(Rev::new(text).is_err(), "{text}");
    }
    for text in ["a!b", "ü", "a\nb", "a\0b", "a\u{7f}"] {
        assert!(Rev::new(text).is_err(), "{text:?}");
    }
}

#[test]
fn names_of_databases() {
    for name in ["sum.golang.org", "example.com/db", "localhost:8080", "Example.com/a.b_c~d-e", "latest/db"] {
        assert_eq!(DbName::new(name).unwrap().as_str(), name);
    }
    for name in [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        "..",
        "a/..",
        "a/.",
        "-a",
        "a b",
        "a+b",
        "a?b",
        "a#b",
        "a%41",
        "u@h",
        "a\\b",
        "ü.de",
        "a/latest",
        "a/tile/b",
        "a/lookup",
        "a/supported",
    ] {
        assert!(DbName::new(name).is_err(), "{name:?}");
    }
    assert!(DbName::new(&"a".repeat(256)).is_err());
}

#[test]
fn trap_67_names_of_tags_that_are_no_versions() {
    for tag in
        ["v1", "v1.2", "V1.5.0", "1.6.0", "v1.2.3+meta", "v01.2.3", "v1.0.0.0", "v1.0.0-", "v1.0.0-a.01"]
    {
        assert!(Version::new(tag).is_err(), "{tag}");
    }
    assert!(version("v1.2.4+incompatible").is_incompatible());
    assert!(version("v1.2.4-0.20240101000000-abcdefabcdef").is_pseudo());
}

#[test]
fn trap_32_a_go_mod_made_for_a_module_without_one() {
    for path in ["example.com/m", "github.com/Azure/x~y", "gopkg.in/yaml.v3"] {
        let made = format!("module {}\n", gomod::auto_quote(path));
        assert_eq!(made, format!("module {path}\n"), "no valid path needs quotes");
    }
}
