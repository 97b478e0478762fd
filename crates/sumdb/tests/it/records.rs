use gomod::{H1, ModulePath, ModuleVersion, Version};
use sumdb::{Hash, Hashes, Head, HeadError, Lookup, RecordError};

use crate::signer;

const ZIP: &str = "h1:i621H+31c8FZlFIYCQLzLaprGTf36Nl4yoHOxJmfVNo=";
const MOD: &str = "h1:x+twepYWmEjUj3mVSqscwyL91iw9RQtOdYWw4rW2K8o=";

fn version(path: &str, version: &str) -> ModuleVersion {
    ModuleVersion::new(ModulePath::new(path).unwrap(), Version::new(version).unwrap()).unwrap()
}

fn a() -> ModuleVersion {
    version("example.com/a", "v1.0.0")
}

fn h1(text: &str) -> H1 {
    text.parse().unwrap()
}

fn head(size: u64) -> String {
    signer().sign(&Head { size, root: Hash::from([7; 32]) }.to_string()).unwrap()
}

fn record() -> String {
    format!("example.com/a v1.0.0 {ZIP}\nexample.com/a v1.0.0/go.mod {MOD}\n")
}

fn check(body: &str) -> Result<Hashes, RecordError> {
    let lookup = Lookup::parse(body.as_bytes())?;
    lookup.check(&a(), signer().verifier())?;
    lookup.hashes(&a())
}

#[test]
fn a_signed_record_gives_its_hashes() {
    let body = format!("5\n{}\n{}", record(), head(6));
    let lookup = Lookup::parse(body.as_bytes()).unwrap();
    assert_eq!((lookup.id(), lookup.text()), (5, record().as_str()));
    let hashes = check(&body).unwrap();
    assert_eq!((hashes.zip, hashes.gomod), (Some(h1(ZIP)), Some(h1(MOD))));
}

#[test]
fn one_line_is_enough() {
    let hashes = check(&format!("0\nexample.com/a v1.0.0/go.mod {MOD}\n\n{}", head(1))).unwrap();
    assert_eq!((hashes.zip, hashes.gomod), (None, Some(h1(MOD))));
}

#[test]
fn trap_95_a_record_without_a_line_for_the_version_is_an_error() {
    for line in [
        "example.com/b v1.0.0",
        "example.com/a v1.0.1",
        "example.com/a v1.0.0-pre",
        "example.com/a/v2 v1.0.0",
        "xexample.com/a v1.0.0",
        " example.com/a v1.0.0",
    ] {
        let body = format!("5\n{line} {ZIP}\n{line}/go.mod {MOD}\n\n{}", head(6));
        let missing = RecordError::Missing("example.com/a@v1.0.0".to_owned());
        assert_eq!(check(&body), Err(missing), "{line}");
    }
}

#[test]
fn trap_95_lines_outside_the_record_do_not_count() {
    // Signed or not, what follows the first empty line is not the record.
    let other = format!("example.com/b v1.0.0 {ZIP}\n");
    let text = format!("{}{}", Head { size: 6, root: Hash::empty() }, record());
    for note in [signer().sign(&text).unwrap(), format!("{}\n{}", record(), head(6))] {
        assert!(check(&format!("5\n{other}\n{note}")).is_err(), "{note}");
    }
}

#[test]
fn other_algorithms_are_skipped_and_contradictions_are_not() {
    let later = format!("5\nexample.com/a v1.0.0 h2:later\n{}\n{}", record(), head(6));
    assert_eq!(check(&later).unwrap().zip, Some(h1(ZIP)));
    let twice = format!("5\n{}{}\n{}", record(), record(), head(6));
    assert_eq!(check(&twice).unwrap().zip, Some(h1(ZIP)));
    let two = format!("5\n{}example.com/a v1.0.0 {MOD}\n\n{}", record(), head(6));
    assert!(matches!(check(&two), Err(RecordError::Malformed(_))));
    let cut = format!("5\nexample.com/a v1.0.0 h1:AAAA=\n\n{}", head(6));
    assert!(matches!(check(&cut), Err(RecordError::Malformed(_))));
}

#[test]
fn a_record_lies_in_the_tree_it_comes_with() {
    let body = format!("5\n{}\n{}", record(), head(5));
    assert_eq!(check(&body), Err(RecordError::Outside { id: 5, size: 5 }));
}

#[test]
fn what_is_no_lookup_is_refused() {
    let (record, head) = (record(), head(6));
    for body in [
        String::new(),
        "5\n".to_owned(),
        "<!doctype html>\n<p>\n\nSign in\n".to_owned(),
        format!("+5\n{record}\n{head}"),
        format!("05\n{record}\n{head}"),
        format!("-1\n{record}\n{head}"),
        format!("5\n\n{record}\n{head}"),
        format!("5\n{record}{}", head.replace("\n\n", "\n")),
        format!("5\n{}\n{head}", record.replace('\n', "\r\n")),
        format!("5\n{record}\n"),
        format!("5\n{record}\n{}", &head[..head.len() - 1]),
    ] {
        assert!(check(&body).is_err(), "{body:?}");
    }
    let mut bytes = format!("5\n{record}\n{head}").into_bytes();
    bytes[4] = 0xff;
    assert!(Lookup::parse(&bytes).is_err());
}

#[test]
fn the_newest_head_is_checked_alone() {
    let key = signer();
    assert_eq!(Head::open(head(9).as_bytes(), key.verifier()).unwrap().size, 9);
    let other = key.sign("go.sum database\n").unwrap();
    assert!(matches!(Head::open(other.as_bytes(), key.verifier()), Err(HeadError::Malformed(_))));
    assert!(matches!(Head::open(b"{}", key.verifier()), Err(HeadError::Note(_))));
}
