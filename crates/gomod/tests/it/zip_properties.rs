//! What holds for every tree and every zip.

use std::io::{Cursor, Read as _, Write as _};

use flate2::read::DeflateDecoder;
use gomod::FileKind::{Other, Regular, Symlink};
use gomod::{FileKind, TreeFile, VendorRule, Verdict, check_files};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use zip::write::SimpleFileOptions;

use crate::handmade::{Item, Zip};
use crate::zip_check::{PREFIX, finish, of};

/// Names of the kind that trees have, and some that they must not.
fn path() -> impl Strategy<Value = String> {
    let plain = select(vec!["a", "b", "c.go", "dir", "\u{fc}", "LICENSE"]);
    let odd = select(vec![
        "A",
        "K",
        "k",
        "\u{212a}",
        "go.mod",
        "GO.MOD",
        "vendor",
        "modules.txt",
        ".hg_archival.txt",
        "x:y",
        "aux.c",
        "tail.",
        "..",
        "",
    ]);
    let element = prop_oneof![6 => plain, 1 => odd];
    prop::collection::vec(element, 1..4).prop_map(|elements| elements.join("/"))
}

fn tree() -> impl Strategy<Value = Vec<(String, FileKind, Vec<u8>)>> {
    let kind = prop_oneof![8 => Just(Regular), 1 => Just(Symlink), 1 => Just(Other)];
    prop::collection::vec((path(), kind, prop::collection::vec(any::<u8>(), 0..40)), 0..12)
}

fn rule() -> impl Strategy<Value = VendorRule> {
    select(vec![VendorRule::Before124, VendorRule::Since124])
}

fn h1<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let files: Vec<_> =
        files.into_iter().map(|(name, content)| (format!("{PREFIX}{name}"), content)).collect();
    testkit::h1(files.iter().map(|(name, content)| (name.as_str(), *content)))
}

/// A zip as the `zip` crate writes it.
fn written<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(format!("{PREFIX}{name}"), SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The h1 of what the `zip` crate sees.
fn seen_by_zip(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.push((name, content));
    }
    testkit::h1(files.iter().map(|(name, content)| (name.as_str(), content.as_slice())))
}

/// The h1 of what rawzip sees.
fn seen_by_rawzip(bytes: &[u8]) -> String {
    let archive = rawzip::ZipArchive::from_slice(bytes).unwrap();
    let mut entries = archive.entries();
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().unwrap() {
        let name = str::from_utf8(entry.file_path().as_ref()).unwrap().to_owned();
        let data = archive.get_entry(entry.wayfinder()).unwrap().data();
        let mut content = Vec::new();
        match entry.compression_method() {
            rawzip::CompressionMethod::STORE => content.extend(data),
            _ => drop(DeflateDecoder::new(data).read_to_end(&mut content).unwrap()),
        }
        files.push((name, content));
    }
    testkit::h1(files.iter().map(|(name, content)| (name.as_str(), content.as_slice())))
}

proptest! {
    #[test]
    fn what_a_tree_becomes_is_accepted_and_has_the_h1_of_its_files(tree in tree(), rule in rule()) {
        let files: Vec<_> =
            tree.iter().map(|(path, kind, content)| TreeFile::new(path, *kind, content.len() as u64)).collect();
        if let Ok(included) = check_files(&files, rule).included() {
            let files = || included.iter().map(|&at| (tree[at].0.as_str(), tree[at].2.as_slice()));
            let facts = finish(&of(), &written(files())).unwrap();
            prop_assert_eq!(facts.h1.to_string(), h1(files()));
            prop_assert_eq!(facts.files, included.len() as u64);
        }
    }

    #[test]
    fn making_and_accepting_agree_where_nothing_is_left_out(paths in prop::collection::vec(path(), 0..8)) {
        let files: Vec<_> = paths.iter().map(|path| TreeFile::new(path, Regular, 0)).collect();
        let checked = check_files(&files, VendorRule::Before124);
        let all = !checked.verdicts().iter().any(|verdict| matches!(verdict, Verdict::Omit(_)));
        // A trailing slash would make a directory of it.
        if all && !paths.iter().any(|path| path.is_empty() || path.ends_with('/')) {
            let zip = Zip::of(paths.iter().map(|path| Item::stored(format!("{PREFIX}{path}"), b"")));
            prop_assert_eq!(checked.included().is_ok(), finish(&of(), &zip.bytes()).is_ok());
        }
    }

    #[test]
    fn the_order_of_paths_does_not_decide_whether_a_tree_is_good(tree in tree(), rule in rule()) {
        let good = |tree: &[(String, FileKind, Vec<u8>)]| {
            let files: Vec<_> = tree.iter().map(|(path, kind, _)| TreeFile::new(path, *kind, 1)).collect();
            check_files(&files, rule).included().map(|included| included.len()).ok()
        };
        let mut back = tree.clone();
        back.reverse();
        prop_assert_eq!(good(&tree), good(&back));
    }

    #[test]
    fn trap_40_h1_depends_on_names_and_contents_alone(
        files in prop::collection::btree_map("f[a-z]{0,7}", prop::collection::vec(any::<u8>(), 0..200), 0..8),
        ways in prop::collection::vec(0..3_usize, 8),
        turn in any::<Index>(),
    ) {
        let makes: [fn(String, &[u8]) -> Item; 3] = [Item::stored, Item::deflated, Item::described];
        let mut items: Vec<_> = files
            .iter()
            .zip(ways)
            .map(|((name, content), way)| makes[way](format!("{PREFIX}{name}"), content))
            .collect();
        if !items.is_empty() {
            let by = turn.index(items.len());
            items.rotate_left(by);
        }
        let facts = finish(&of(), &Zip::of(items).bytes()).unwrap();
        prop_assert_eq!(facts.h1.to_string(), h1(files.iter().map(|(name, content)| (name.as_str(), &content[..]))));
    }

    #[test]
    fn what_is_accepted_is_seen_alike_by_other_readers(
        contents in prop::collection::vec(prop::collection::vec(0..4_u8, 0..60), 1..4),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
    ) {
        let makes: [fn(String, &[u8]) -> Item; 3] = [Item::stored, Item::deflated, Item::described];
        let items = contents.iter().zip(makes).enumerate();
        let items = items.map(|(n, (content, make))| make(format!("{PREFIX}{n}"), content));
        let mut zip = Zip::of(items).with(|zip| zip.comment = b"comment".to_vec()).bytes();
        for (at, to) in changes {
            let at = at.index(zip.len());
            zip[at] = to;
        }
        if let Ok(facts) = finish(&of(), &zip) {
            prop_assert_eq!(facts.h1.to_string(), seen_by_rawzip(&zip));
            prop_assert_eq!(facts.h1.to_string(), seen_by_zip(&zip));
        }
    }
}
