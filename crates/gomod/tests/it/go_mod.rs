//! go.mod files.

use gomod::{
    DirectiveFault, GoMod, GoModError, ModulePath, ModuleVersion, Replacement, SyntaxFault, Version,
};
use serde_json::{Map, Value, json};

fn parse(text: &str) -> GoMod {
    GoMod::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What the vectors say about a file, in their form: empty fields are left out.
fn said(text: &str, strict: bool) -> Value {
    let Ok(go_mod) = GoMod::parse(text.as_bytes()) else { return json!({ "gomod": text, "ok": false }) };
    let mut said = Map::new();
    said.insert("gomod".into(), text.into());
    said.insert("ok".into(), true.into());
    let mut put = |name: &str, value: Value| {
        if !(value.is_null() || value == json!([]) || value == json!("")) {
            said.insert(name.into(), value);
        }
    };
    put("module", go_mod.module().map(gomod::Module::path).into());
    put("deprecated", go_mod.module().and_then(gomod::Module::deprecated).into());
    put("go", go_mod.go().map(ToString::to_string).into());
    let require = go_mod.require().iter();
    put("require", require.map(|r| json!([r.path(), r.version().as_str(), r.is_indirect()])).collect());
    let retract = go_mod.retract().iter();
    put("retract", retract.map(|r| json!([r.low().as_str(), r.high().as_str(), r.rationale()])).collect());
    put("ignore", go_mod.ignore().into());
    if strict {
        put("toolchain", go_mod.toolchain().into());
        let exclude = go_mod.exclude().iter();
        put("exclude", exclude.map(|e| json!([e.path(), e.version().as_str()])).collect());
        put("tool", go_mod.tool().into());
        let replace = go_mod.replace().iter().map(|r| {
            let (path, version) = match r.with() {
                Replacement::Module { path, version } => (path, version.as_str()),
                Replacement::Directory(directory) => (directory, ""),
            };
            json!([r.path(), r.version().map_or("", Version::as_str), path, version])
        });
        put("replace", replace.collect());
    }
    said.into()
}

/// `tests/vectors/go_mod.json` holds what x/mod of go 1.26.8 reads from each text: `ParseLax`, and, where
/// `Parse` accepts the text too (`strict`), the directives that `ParseLax` skips.
#[test]
fn files_are_read_as_x_mod_reads_them() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../vectors/go_mod.json")).unwrap();
    assert!(cases.len() > 150);
    for mut case in cases {
        let strict = case.as_object_mut().unwrap().remove("strict") == Some(Value::Bool(true));
        let text = case["gomod"].as_str().unwrap().to_owned();
        assert_eq!(said(&text, strict), case);
    }
}

#[test]
fn the_language_version_of_the_vendor_rule() {
    let since_1_24 =
        |text: &str| GoMod::language_version(text.as_bytes()).is_some_and(|go| go.is_at_least(1, 24));
    for text in [
        "go 1.24",
        "module m\ngo 1.24rc1\n",
        "go 1.24.x\n",
        "go 1.24beta\n",
        "go 1.24-suffix\n",
        "go 1.24.1foo\n",
        "go 1.100\n",
        // Harmless: what is unknown, or counts in the main module only.
        "go 1.24\nunknown thing\n",
        "go 1.24\nunknown (\n\tx y z\n)\n",
        "go 1.24\nretract [v1\nexclude x\nreplace y\ngodebug z\ntoolchain 1\ntool a b\n",
        "go 1.24\nrequire x.test/a v1\n",
    ] {
        assert!(since_1_24(text), "{text}");
    }
    for text in [
        "",
        "module m\n",
        "go 1.23.9\n",
        "go 1.9\n",
        "go 1.24\ngo 1.24\n",
        "go 1.24 1.25\n",
        "go \"1.24\"\n",
        "go v1.24\n",
        "go go1.24\n",
        "go 1.024\n",
        "go 1.24\nmodule a\nmodule a\n",
        "go 1.24\nmodule \"a\n",
        "go 1.24\nrequire (\n",
        "go 1.24\nrequire x.test/a master\n",
        "go 1.24\nrequire x.test/a v2.0.0\n",
        "go (\n\t1.24\n)\n",
        "toolchain go1.24\n",
    ] {
        assert!(!since_1_24(text), "{text}");
    }
}

#[test]
fn trap_63_bytes_are_never_refused_for_being_odd() {
    let go_mod = GoMod::parse(b"module a\xff\xfeb // \x80\n").unwrap();
    assert_eq!(go_mod.module().unwrap().path(), "a\u{fffd}\u{fffd}b");
    assert!(parse("go 99.1\nunknown\n").module().is_none());
}

#[test]
fn errors_name_the_line() {
    let fault = |text: &str| GoMod::parse(text.as_bytes()).expect_err(text);
    assert_eq!(
        fault("module m\n\nrequire x \"y\n"),
        GoModError::Syntax { line: 3, fault: SyntaxFault::LineFeedInString }
    );
    assert_eq!(
        fault("\n// c\nrequire (\n\ta.b/c v1.0.0\n"),
        GoModError::Syntax { line: 3, fault: SyntaxFault::UnterminatedBlock }
    );
    let repeated = fault("module m\n// c\nrequire (\n\ta.b/c v1.0.0\n\n)\nmodule m // c\ngo x\n");
    assert_eq!(repeated, GoModError::Directive { line: 7, fault: DirectiveFault::Repeated("module") });
    assert_eq!(repeated.to_string(), "go.mod:7: repeated module statement");
    let long = format!("go {}\n", "9".repeat(1 << 20));
    assert!(fault(&long).to_string().len() < 300);
    assert_eq!(GoMod::parse(&vec![b' '; (16 << 20) + 1]), Err(GoModError::TooLarge));
    assert!(GoMod::parse(&vec![b' '; 16 << 20]).is_ok());
}

#[test]
fn requirements_can_be_fetched_if_their_path_is_valid() {
    let go_mod = parse("require (\n\tnodot v1.0.0\n\tgithub.com/Azure/x v1.0.0\n)\n");
    let versions: Vec<_> = go_mod.require().iter().map(gomod::Require::module_version).collect();
    let azure = ModulePath::new("github.com/Azure/x").unwrap();
    assert_eq!(versions, [None, Some(ModuleVersion::new(azure, Version::new("v1.0.0").unwrap()).unwrap())]);
}

#[test]
fn what_a_retraction_covers() {
    let go_mod = parse("retract [v1.0.0-rc.1, v1.2.0] // broken\nretract v2.0.0\n");
    let covered = |text: &str| {
        let version = Version::new(text).unwrap();
        go_mod.retract().iter().any(|retract| retract.covers(&version))
    };
    for version in ["v1.0.0-rc.1", "v1.0.0", "v1.2.0", "v2.0.0", "v2.0.0+incompatible"] {
        assert!(covered(version), "{version}");
    }
    for version in ["v1.0.0-rc.0", "v1.2.1-0.20240101000000-abcdefabcdef", "v2.0.1"] {
        assert!(!covered(version), "{version}");
    }
    assert_eq!(go_mod.retract()[0].rationale(), "broken");
}

#[test]
fn module_lines_are_found_without_parsing() {
    let scan = |text: &str| gomod::scan_module_line(text.as_bytes());
    let found = |text: &str| scan(text).unwrap_or_else(|| panic!("nothing in {text}"));
    assert_eq!(found("nonsense (\nmodule\u{a0}a b c // d\nmodule e\n"), "a b c");
    assert_eq!(found("module \"a\\u00e9\"\n"), "aé");
    assert_eq!(found("module a\rgo 1.20\r"), "a\rgo 1.20");
    assert_eq!(found("module\n\x0cmodule\x0ca\n"), "a");
    assert_eq!(found("module (\n\ta\n)\n"), "(");
    // The comment is cut off before the quotes are undone.
    assert_eq!(scan("module \"a//b\"\n"), None);
    assert_eq!(scan("module \"a\nmodule b\n"), None);
    assert_eq!(scan("module `a`b`\n"), None);
    assert_eq!(scan("module 'a'\n").as_deref(), Some("'a'"));
    assert_eq!(scan("module\n"), None);
    assert_eq!(scan(""), None);
}

#[test]
fn the_main_module_has_to_be_understood_to_its_last_line() {
    for (text, line) in [
        ("module example.com/m\n<<<<<<< HEAD\n", 2),
        ("module example.com/m\nrequires example.com/a v1.0.0\n", 2),
        ("module example.com/m\ngo v1.21.0\n", 2),
        ("module example.com/m\ntoolchain xyz\n", 2),
        ("module example.com/m\nreplace example.com/a\n", 2),
        ("module example.com/m\nexclude example.com/a\n", 2),
        ("module example.com/m\n\nrequired (\n\texample.com/a v1.0.0\n)\n", 3),
    ] {
        GoMod::parse(text.as_bytes()).unwrap();
        match GoMod::parse_main(text.as_bytes()) {
            Err(GoModError::Directive { line: at, .. }) => assert_eq!(at, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let whole = b"module example.com/m\n\ngo 1.24\n\ntoolchain go1.24.1\n\ngodebug default=go1.21\n\ntool example.com/t\n\
                  \nretract v1.0.0 // broken\n\nexclude example.com/a v1.0.0\n\nreplace example.com/a => ../a\n";
    GoMod::parse_main(whole).unwrap();
}
