//! A manifest that could mean two things, or that leads elsewhere, is none.

use serde_json::{Value, json};
use snapshot::{Change, Diff, Manifest, ManifestError};

const KEY: &str = "sum.example.test+4365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const H1: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const OTHER: &str = "h1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn file(name: &str) -> Value {
    json!({"name": name, "size": 32, "sha256": "0".repeat(64)})
}

fn manifest() -> Value {
    let mut list = file("answers/example.com/a/@v/list");
    list["at"] = "2026-01-02T03:04:05Z".into();
    list["source"] = "proxy".into();
    json!({
        "format": 1,
        "databases": [{"key": KEY, "size": 7}],
        "modules": [
            {"path": "example.com/a", "version": "v1.0.0", "h1": H1, "gomod_h1": H1, "size": 32,
             "database": "sum.example.test"},
            {"path": "example.com/b", "version": "v1.0.0", "gomod_h1": H1},
        ],
        "files": [
            file("modules/sumdb/sum.example.test/latest"),
            file("modules/sumdb/sum.example.test/tile/8/0/000.p/7"),
            file("modules/sumdb/sum.example.test/lookup/example.com/a@v1.0.0"),
            list,
            file("modules/example.com/a/@v/v1.0.0.info"),
            file("modules/example.com/a/@v/v1.0.0.mod"),
            file("modules/example.com/a/@v/v1.0.0.zip"),
            file("modules/example.com/b/@v/v1.0.0.mod"),
        ],
    })
}

fn read(json: &Value) -> Result<Manifest, ManifestError> {
    Manifest::parse(json.to_string().as_bytes())
}

#[test]
fn what_is_written_is_what_is_read() {
    let first = read(&manifest()).unwrap();
    let json = first.to_json();
    let again = Manifest::parse(&json).unwrap();
    assert_eq!((again.to_json(), again.digest()), (json, first.digest()));
    assert_eq!((first.modules().len(), first.files().len(), first.bytes()), (2, 8, 8 * 32));
    assert_eq!(serde_json::from_slice::<Value>(&first.to_json()).unwrap(), manifest());
}

#[test]
fn what_could_mean_two_things_is_none() {
    type Alter = fn(&mut Value);
    let cases: &[(&str, Alter)] = &[
        ("no field", |m| drop(m.as_object_mut().unwrap().remove("files"))),
        ("a field that nobody knows", |m| m["more"] = 1.into()),
        ("a file twice", |m| {
            let files = m["files"].as_array_mut().unwrap();
            files.insert(1, files[0].clone());
        }),
        ("another order", |m| m["files"].as_array_mut().unwrap().swap(0, 1)),
        ("a module twice", |m| {
            let modules = m["modules"].as_array_mut().unwrap();
            modules.push(modules[1].clone());
        }),
        ("modules in another order", |m| m["modules"].as_array_mut().unwrap().swap(0, 1)),
        ("a module without its file", |m| drop(m["files"].as_array_mut().unwrap().pop())),
        ("a file without its module", |m| drop(m["modules"].as_array_mut().unwrap().pop())),
        ("a file without its hash", |m| drop(m["modules"][1].as_object_mut().unwrap().remove("gomod_h1"))),
        ("no module version", |m| m["modules"][0]["version"] = "v1".into()),
        ("no module", |m| m["modules"][0]["path"] = "../a".into()),
        ("no hash", |m| m["modules"][0]["h1"] = "h1:".into()),
        ("another size", |m| m["modules"][0]["size"] = 33.into()),
        ("a database without a head", |m| drop(m["files"].as_array_mut().unwrap().remove(0))),
        ("objects without a database", |m| m["databases"] = json!([])),
        ("no key", |m| m["databases"][0]["key"] = "sum.example.test".into()),
        ("a key twice", |m| {
            let databases = m["databases"].as_array_mut().unwrap();
            databases.push(databases[0].clone());
        }),
        ("no digest", |m| m["files"][0]["sha256"] = "00".into()),
        ("an answer of no time", |m| drop(m["files"][3].as_object_mut().unwrap().remove("at"))),
        ("a file with a time", |m| {
            m["files"][0]["at"] = "2026-01-02T03:04:05Z".into();
            m["files"][0]["source"] = "proxy".into();
        }),
        ("a tile of records", |m| {
            m["files"][1]["name"] = "modules/sumdb/sum.example.test/tile/8/data/000".into();
        }),
        ("larger than can be", |m| m["files"][0]["size"] = (2_u64 << 20).into()),
        ("both new and earlier", |m| m["earlier"] = json!([m["modules"][0].clone()])),
        ("no digest of the one before", |m| m["since"] = "may".into()),
    ];
    for (what, alter) in cases {
        let mut json = manifest();
        alter(&mut json);
        let refused = read(&json);
        assert!(refused.is_err(), "{what}: {json:#}");
    }
    for name in [
        "/etc/passwd",
        "../a",
        "modules/../a",
        "modules/example.com/a/@v/list",
        "modules/example.com/a/@v/v1.0.0.receipt",
        "modules/example.com/A/@v/v1.0.0.mod",
        "answers/sumdb/sum.example.test/latest",
        "answers/sumdb/sum.example.test/@misbehaviour",
        "journals/sum.example.test/@journal",
        "modules/sumdb/sum.example.test/supported",
        "format",
        "",
        "modules/example.com/a/@v/v1.0.0.mod\n",
    ] {
        let mut json = manifest();
        json["files"][0]["name"] = name.into();
        let error = read(&json).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn a_newer_format_is_said_to_be_one() {
    let error = read(&json!({"format": 2, "all": "new"})).unwrap_err();
    assert_eq!(error, ManifestError::Newer(2));
}

#[test]
fn a_difference_is_named_by_what_it_means() {
    let first = read(&manifest()).unwrap();
    assert!(Diff::between(&first, &first).is_empty());
    let changed = |alter: fn(&mut Value)| {
        let mut json = manifest();
        alter(&mut json);
        Diff::between(&first, &read(&json).unwrap())
    };
    let modules = |diff: &Diff| diff.modules.iter().map(|(_, change)| *change).collect::<Vec<_>>();
    let lies = changed(|m| m["modules"][0]["h1"] = OTHER.into());
    assert_eq!(modules(&lies), [Change::Contradicts]);
    let fewer = changed(|m| {
        m["modules"].as_array_mut().unwrap().pop();
        m["files"].as_array_mut().unwrap().pop();
    });
    assert_eq!(modules(&fewer), [Change::Removed]);
    let increment = changed(|m| {
        let gone = m["modules"].as_array_mut().unwrap().pop();
        m["files"].as_array_mut().unwrap().pop();
        m["earlier"] = json!([gone]);
    });
    assert!(increment.is_empty(), "{increment:?}");
    let grown = changed(|m| m["databases"][0]["size"] = 8.into());
    assert_eq!(grown.heads, ["sum.example.test"]);
    let listed = changed(|m| m["files"][3]["sha256"] = "1".repeat(64).into());
    assert_eq!(listed.answers, ["example.com/a/@v/list"]);
}
