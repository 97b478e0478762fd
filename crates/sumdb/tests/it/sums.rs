//! Lists of hashes: written in the order of their bytes, read strictly.

use std::collections::BTreeMap;

use gomod::{H1, ModulePath, ModuleVersion, SumFile, Version};
use proptest::prelude::*;
use sumdb::sums::{SumsHeadError, Why};
use sumdb::{SumsHead, SumsWriter, sums};

use crate::signer;

fn h1(what: &str) -> H1 {
    H1::of_gomod(what.as_bytes())
}

fn mv(path: &str, version: &str) -> ModuleVersion {
    ModuleVersion::new(ModulePath::new(path).unwrap(), Version::new(version).unwrap()).unwrap()
}

fn written(versions: &[(ModuleVersion, Option<H1>, Option<H1>)]) -> (String, SumsHead) {
    let mut writer = SumsWriter::new();
    let mut list: String =
        versions.iter().map(|(version, zip, gomod)| writer.push(version, *zip, *gomod).unwrap()).collect();
    let (rest, head) = writer.finish();
    list.push_str(&rest);
    (list, head)
}

#[test]
fn lines_stand_in_the_order_of_their_bytes() {
    let (a, b) = (Some(h1("a")), Some(h1("b")));
    let (list, head) = written(&[
        (mv("example.com/A", "v1.0.0"), None, a),
        (mv("example.com/a", "v1.0.0"), a, b),
        (mv("example.com/a", "v1.0.0-rc.1"), a, b),
        (mv("example.com/a", "v1.0.0-rc.1.1"), a, None),
        (mv("example.com/a-b", "v1.0.0"), a, None),
    ]);
    let (a, b) = (h1("a"), h1("b"));
    let want = format!(
        "example.com/A v1.0.0/go.mod {a}\n\
         example.com/a v1.0.0 {a}\n\
         example.com/a v1.0.0-rc.1 {a}\n\
         example.com/a v1.0.0-rc.1.1 {a}\n\
         example.com/a v1.0.0-rc.1/go.mod {b}\n\
         example.com/a v1.0.0/go.mod {b}\n\
         example.com/a-b v1.0.0 {a}\n"
    );
    assert_eq!(list, want);
    assert_eq!((head.lines, head), (7, SumsHead::of(list.as_bytes())));
    let mut writer = SumsWriter::new();
    writer.push(&mv("example.com/b", "v1.0.0"), Some(a), None).unwrap();
    for (path, version) in [("example.com/a", "v1.0.0"), ("example.com/b", "v1.0.0")] {
        assert_eq!(writer.push(&mv(path, version), None, None).unwrap_err().why, Why::Order);
    }
}

proptest! {
    #[test]
    fn a_list_is_sorted_and_read_as_it_was_written(
        versions in prop::collection::btree_map(
            ("[ab](-[ab])?(/[ab])?", "[01]\\.[01]\\.1[01]?(-[01a](\\.[01a])?|)"),
            (any::<Option<u8>>(), any::<Option<u8>>()),
            0..40,
        )
    ) {
        let hash = |n: Option<u8>| n.map(|n| h1(&n.to_string()));
        let valid = versions.iter().filter_map(|((path, version), (zip, gomod))| {
            let path = ModulePath::new(&format!("example.com/{path}")).ok()?;
            let version = Version::new(&format!("v{version}")).ok()?;
            Some((ModuleVersion::new(path, version).ok()?, (hash(*zip), hash(*gomod))))
        });
        let by_bytes: BTreeMap<_, _> = valid
            .map(|(version, sums)| ((version.path().to_string(), version.version().to_string()), (version, sums)))
            .collect();
        let all: Vec<_> = by_bytes.into_values().map(|(version, (zip, gomod))| (version, zip, gomod)).collect();
        let (list, head) = written(&all);
        let mut sorted: Vec<_> = list.lines().collect();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, list.lines().collect::<Vec<_>>());
        prop_assert_eq!(head, SumsHead::of(list.as_bytes()));
        let mut read: Vec<_> = sums(list.as_bytes()).map(Result::unwrap).map(|sum| (sum.version, sum.file, sum.h1)).collect();
        let mut want: Vec<_> = all
            .iter()
            .flat_map(|(version, zip, gomod)| {
                let line = |file, h1: Option<H1>| h1.map(|h1| (version.clone(), file, h1));
                [line(SumFile::Zip, *zip), line(SumFile::GoMod, *gomod)]
            })
            .flatten()
            .collect();
        read.sort();
        want.sort();
        prop_assert_eq!(read, want);
    }

    #[test]
    fn any_bytes_are_read_or_refused(list in any::<Vec<u8>>()) {
        for sum in sums(&list) {
            let _ = sum;
        }
        let _ = SumsHead::unsigned(&list);
    }
}

#[test]
fn what_is_not_exactly_a_list_is_refused_with_its_line() {
    let (a, b) = (h1("a"), h1("b"));
    let good = format!("example.com/a v1.0.0 {a}\nexample.com/a v1.0.0/go.mod {b}\n");
    assert!(sums(good.as_bytes()).all(|sum| sum.is_ok()));
    assert_eq!(sums(b"").count(), 0);
    let table = [
        (good.trim_end().to_owned(), 2, Why::Cut),
        (format!("{good}\n"), 3, Why::Form),
        (format!("\n{good}"), 1, Why::Form),
        (good.replace('\n', "\r\n"), 1, Why::Form),
        (good.replacen(' ', "  ", 1), 1, Why::Form),
        (good.replacen(' ', "\t", 1), 1, Why::Form),
        (good.replacen("h1:", "h2:", 1), 1, Why::Form),
        (good.replacen("v1.0.0", "v1.0", 1), 1, Why::Form),
        (good.replacen("v1.0.0", "v2.0.0", 1), 1, Why::Form),
        (good.replacen("example.com/a", "example.com/../a", 1), 1, Why::Form),
        (good.replacen("/go.mod", "/go.sum", 1), 2, Why::Form),
        (format!("example.com/a v1.0.0 {a} x\n"), 1, Why::Form),
        (format!("{good}example.com/a v1.0.0/go.mod {b}\n"), 3, Why::Twice),
        (format!("{good}example.com/a v1.0.0/go.mod {a}\n"), 3, Why::Contradiction),
        (format!("{good}example.com/a v0.9.0 {a}\n"), 3, Why::Order),
        (format!("{good}example.com/a v1.0.0 {b}\n"), 3, Why::Order),
    ];
    for (list, line, why) in table {
        let error = sums(list.as_bytes()).find_map(Result::err);
        let error = error.unwrap_or_else(|| panic!("taken: {list}"));
        assert_eq!((error.line, error.why), (line, why), "{list}");
    }
    let list = [b"example.com/\xff v1.0.0 h1:\n".as_slice()].concat();
    assert_eq!(sums(&list).next().unwrap().unwrap_err().why, Why::Form);
}

#[test]
fn a_head_is_signed_and_is_no_tree_head() {
    let (list, head) = written(&[(mv("example.com/a", "v1.0.0"), Some(h1("a")), None)]);
    let note = signer().sign(&head.to_string()).unwrap();
    let key = signer().verifier().clone();
    assert_eq!(SumsHead::open(note.as_bytes(), &key).unwrap(), head);
    assert_eq!(SumsHead::unsigned(note.as_bytes()).unwrap(), head);
    assert_eq!(SumsHead::unsigned(head.to_string().as_bytes()).unwrap(), head);
    assert!(sumdb::Head::open(note.as_bytes(), &key).is_err());
    assert!(head.to_string().starts_with("larder checksums\n1\n"));
    let altered = SumsHead::open(note.replace("\n1\n", "\n2\n").as_bytes(), &key);
    assert!(matches!(altered, Err(SumsHeadError::Note(_))), "{altered:?}");
    let tree = signer().sign("go.sum database tree\n1\nAAAA\n").unwrap();
    for other in ["", "larder checksums\n", "larder checksums\n01\n", tree.as_str(), &list] {
        assert!(SumsHead::unsigned(other.as_bytes()).is_err(), "{other}");
    }
}
