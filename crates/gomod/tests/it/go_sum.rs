//! go.sum files.

use gomod::{GoSum, GoSumError, H1, ModulePath, ModuleVersion, SumCheck, SumFile, Version};

fn h1(content: &str) -> H1 {
    H1::of_gomod(content.as_bytes())
}

fn module(path: &str, version: &str) -> ModuleVersion {
    ModuleVersion::new(ModulePath::new(path).unwrap(), Version::new(version).unwrap()).unwrap()
}

fn written(text: &str) -> String {
    let sums = GoSum::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    String::from_utf8(sums.to_bytes()).unwrap()
}

#[test]
fn lines_are_written_in_gos_order() {
    let sorted = "a.test/A v1.0.0 h1:A=\n\
                  a.test/a v1.9.0 h1:A=\n\
                  a.test/a v1.9.0/go.mod h1:A=\n\
                  a.test/a v1.10.0-rc.1/go.mod h1:A=\n\
                  a.test/a v1.10.0/go.mod h1:A=\n\
                  a.test/a/b v1.0.0 h1:A=\n\
                  a.test/a/b v1.0.0 h2:B=\n";
    let lines: Vec<&str> = sorted.lines().rev().collect();
    let shuffled = format!("{}\r\n\n  \n{}\n", lines.join("\r\n"), lines.join(" \t\n\u{a0}"));
    assert_eq!(written(&shuffled), sorted);
    assert_eq!(written(sorted), sorted);
    assert_eq!(written(""), "");
    assert!(GoSum::parse(b"\n\n").unwrap().is_empty());
}

#[test]
fn trap_109_words_per_line() {
    for (text, line, words) in
        [("a v1 h1:x y\n", 1, 4), ("\na v1\n", 2, 2), ("a\n", 1, 1), ("a v1 h1:x\nb v1 h1:x # comment", 2, 5)]
    {
        assert_eq!(GoSum::parse(text.as_bytes()), Err(GoSumError::Words { line, words }), "{text:?}");
    }
    assert_eq!(written("a v1.0.0 h1:x\r\n"), "a v1.0.0 h1:x\n");
    assert_eq!(GoSum::parse(b"a v1.0.0 h1:\xff\n"), Err(GoSumError::NotText));
}

#[test]
fn trap_109_hashes_of_unknown_kinds_are_kept() {
    let a = module("a.test/a", "v1.0.0");
    let mut sums = GoSum::parse(b"a.test/a v1.0.0 h2:new=\n").unwrap();
    assert_eq!(sums.add(&a, SumFile::Zip, &h1("x")), SumCheck::Missing);
    assert_eq!(sums.check(&a, SumFile::Zip, &h1("x")), SumCheck::Match);
    let text = format!("a.test/a v1.0.0 {}\na.test/a v1.0.0 h2:new=\n", h1("x"));
    assert_eq!(String::from_utf8(sums.to_bytes()).unwrap(), text);
}

#[test]
fn the_first_hash_of_a_known_kind_decides() {
    let a = module("a.test/a", "v1.0.0");
    let (x, y) = (h1("x"), h1("y"));
    let sums = GoSum::parse(format!("a.test/a v1.0.0 {x}\na.test/a v1.0.0 {y}\n").as_bytes()).unwrap();
    assert_eq!(sums.check(&a, SumFile::Zip, &x), SumCheck::Match);
    assert_eq!(sums.check(&a, SumFile::Zip, &y), SumCheck::Mismatch { recorded: x.to_string() });
    assert_eq!(sums.check(&a, SumFile::GoMod, &x), SumCheck::Missing);
    assert_eq!(sums.check(&module("a.test/a", "v1.0.1"), SumFile::Zip, &x), SumCheck::Missing);
    let mut sums = sums;
    let before = sums.to_bytes();
    assert_eq!(sums.add(&a, SumFile::Zip, &y), SumCheck::Mismatch { recorded: x.to_string() });
    assert_eq!(sums.to_bytes(), before, "a conflict is reported, not recorded");
}

#[test]
fn the_hash_of_an_empty_go_mod_is_dropped() {
    let empty = h1("");
    assert_eq!(written(&format!("a v1.0.0/go.mod {empty}\nb v1.0.0 h1:x\n")), "b v1.0.0 h1:x\n");
}

#[test]
fn what_a_line_says() {
    let text = "a.test/M v1.0.0 h1:A=\na.test/M v1.0.0/go.mod h1:B=\nnodot v1.0.0 h1:C=\n";
    let sums = GoSum::parse(text.as_bytes()).unwrap();
    let lines: Vec<_> = sums.lines().collect();
    let files: Vec<_> = lines.iter().map(|line| (line.version(), line.file(), line.hash())).collect();
    assert_eq!(
        files,
        [
            ("v1.0.0", SumFile::Zip, "h1:A="),
            ("v1.0.0", SumFile::GoMod, "h1:B="),
            ("v1.0.0", SumFile::Zip, "h1:C=")
        ]
    );
    let modules: Vec<_> = lines.iter().map(|line| (line.path(), line.module_version())).collect();
    let m = module("a.test/M", "v1.0.0");
    assert_eq!(modules, [("a.test/M", Some(m.clone())), ("a.test/M", Some(m)), ("nodot", None)]);
}
