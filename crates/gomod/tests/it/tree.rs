//! Which files of a tree become a module zip.

use gomod::FileKind::{Other, Regular, Symlink};
use gomod::{
    Collision, FileFault, FileKind, FilePathFault, MAX_GOMOD, MAX_LICENSE, MAX_ZIP, Omission, TreeFault,
    TreeFile, VendorRule, Verdict, check_files,
};

/// The verdicts in short: `+` included, a letter for what is omitted, `!` for what is refused.
fn verdicts(files: &[(&str, FileKind)], rule: VendorRule) -> String {
    let files: Vec<_> = files.iter().map(|(path, kind)| TreeFile::new(*path, *kind, 1)).collect();
    let checked = check_files(&files, rule);
    let letter = |verdict: &Verdict| match verdict {
        Verdict::Include => '+',
        Verdict::Omit(Omission::Vendored) => 'v',
        Verdict::Omit(Omission::OtherModule) => 'm',
        Verdict::Omit(Omission::HgArchival) => 'h',
        Verdict::Omit(Omission::Symlink) => 'l',
        Verdict::Omit(Omission::NotRegular) => 'o',
        Verdict::Refuse(_) => '!',
    };
    checked.verdicts().iter().map(letter).collect()
}

fn old(files: &[(&str, FileKind)]) -> String {
    verdicts(files, VendorRule::Before124)
}

fn fault(path: &str, kind: FileKind, size: u64) -> Option<String> {
    check_files(&[TreeFile::new(path, kind, size)], VendorRule::Before124)
        .faults()
        .next()
        .map(|f| f.to_string())
}

#[test]
fn traps_44_45_46_the_go_line_decides_about_vendored_files() {
    let files = [
        ("go.mod", Regular),
        ("vendor/modules.txt", Regular),
        ("vendor/top.go", Regular),
        ("vendor/a/b.go", Regular),
        ("pkg/vendor/vendor.go", Regular),
        ("pkg/vendor/foo/foo.go", Regular),
    ];
    assert_eq!(verdicts(&files, VendorRule::Before124), "+++vvv");
    assert_eq!(verdicts(&files, VendorRule::Since124), "+v+v+v");
}

#[test]
fn trap_47_a_regular_go_mod_in_any_case_makes_another_module() {
    let files = [
        ("go.mod", Regular),
        ("a.go", Regular),
        ("nested/go.mod", Regular),
        ("nested/deep/a.go", Regular),
        ("nested2/GO.MOD", Regular),
        ("nested2/a.go", Regular),
        ("sm/go.mod", Symlink),
        ("sm/a.go", Regular),
        ("sd/go.mod/a.go", Regular),
        ("sd/a.go", Regular),
    ];
    assert_eq!(old(&files), "++mmmml+++");
}

#[test]
fn a_nested_module_counts_though_it_is_vendored_or_refused_itself() {
    assert_eq!(old(&[("vendor/a/go.mod", Regular), ("vendor/a/b.go", Regular)]), "vv");
    // Symlinks and odd names inside another module are not looked at.
    assert_eq!(old(&[("n/go.mod", Regular), ("n/a:b", Regular), ("n/aux", Symlink)]), "mmm");
    // A go.mod whose own path is broken still marks its directory.
    assert_eq!(old(&[("x//go.mod", Regular), ("x/a.go", Regular)]), "!+");
    assert_eq!(old(&[("a:b/go.mod", Regular), ("a:b/c.go", Regular)]), "mm");
}

#[test]
fn trap_56_bad_names_are_harmless_where_nothing_is_taken_from_but_not_as_symlinks() {
    assert_eq!(old(&[("go.mod", Regular), ("vendor/x/a:b.go", Regular)]), "+v");
    assert_eq!(old(&[("l:k", Symlink)]), "!");
    assert_eq!(old(&[("a.go", Regular), ("A.GO", Symlink)]), "+!");
    assert_eq!(old(&[("good", Symlink), ("fifo", Other)]), "lo");
    assert_eq!(old(&[("a:b", Other)]), "!");
}

#[test]
fn trap_57_collisions() {
    assert_eq!(old(&[("README", Regular), ("readme", Regular)]), "+!");
    assert_eq!(old(&[("Dir/a", Regular), ("x", Regular), ("dir/b", Regular)]), "++!");
    assert_eq!(old(&[("a", Regular), ("a/b", Regular)]), "+!");
    assert_eq!(old(&[("a", Regular), ("a", Regular)]), "+!");
    assert_eq!(old(&[("license", Regular), ("LICENSE", Regular)]), "+!");
    // What is vendored or in another module collides with nothing.
    assert_eq!(old(&[("vendor/a/x", Regular), ("vendor/A/x", Regular), ("Vendor/a", Regular)]), "vv+");
}

#[test]
fn the_first_rule_that_applies_decides() {
    let table: [(&str, FileKind, Option<&str>); 16] = [
        ("", Regular, Some("\"\": the path is not in its shortest form")),
        ("./a", Regular, Some("\"./a\": the path is not in its shortest form")),
        ("a/", Regular, Some("\"a/\": the path is not in its shortest form")),
        ("a/../b", Regular, Some("\"a/../b\": the path is not in its shortest form")),
        ("vendor//a/b", Regular, Some("\"vendor//a/b\": the path is not in its shortest form")),
        ("/", Regular, Some("\"/\": the path is not relative")),
        ("/vendor/a/b", Regular, Some("\"/vendor/a/b\": the path is not relative")),
        ("/../a", Regular, Some("\"/../a\": the path is not in its shortest form")),
        (".", Regular, Some("\".\": an element of the path is only dots")),
        ("../a", Regular, Some("\"../a\": an element of the path is only dots")),
        ("../vendor/a/b", Regular, None),
        ("tail.", Symlink, Some("\"tail.\": an element of the path ends in a dot")),
        ("GO.mod", Regular, Some("\"GO.mod\": the name is go.mod in lower case")),
        ("GO.mod", Symlink, Some("\"GO.mod\": the name is go.mod in lower case")),
        (".hg_archival.txt", Regular, None),
        ("sub/.hg_archival.txt", Regular, None),
    ];
    for (path, kind, wanted) in table {
        assert_eq!(fault(path, kind, 1).as_deref(), wanted, "{path}");
    }
    assert_eq!(old(&[(".hg_archival.txt", Regular), ("d/.hg_archival.txt", Regular)]), "h+");
    assert_eq!(old(&[("../vendor/a/b", Regular)]), "v");
}

#[test]
fn names_that_are_no_text_are_refused_unless_they_are_left_out_before() {
    let files = [TreeFile::new(b"a\xff", Regular, 1), TreeFile::new(b"vendor/a/\xff", Regular, 1)];
    let checked = check_files(&files, VendorRule::Before124);
    assert_eq!(
        checked.verdicts(),
        [Verdict::Refuse(FileFault::Path(FilePathFault::NotUtf8)), Verdict::Omit(Omission::Vendored)]
    );
}

#[test]
fn trap_60_sizes() {
    assert_eq!(fault("a", Regular, MAX_ZIP), None);
    assert_eq!(
        fault("a", Regular, MAX_ZIP + 1).as_deref(),
        Some("the files of the module are larger than 500 MiB together")
    );
    assert!(fault("a", Regular, u64::MAX).is_some());
    assert_eq!(fault("a", Symlink, MAX_ZIP + 1), None);
    for (name, limit) in [("go.mod", MAX_GOMOD), ("LICENSE", MAX_LICENSE)] {
        assert_eq!(fault(name, Regular, limit), None);
        assert_eq!(fault(name, Regular, limit + 1), Some(format!("{name:?}: it is larger than 16 MiB")));
    }
    assert_eq!(fault("d/LICENSE", Regular, MAX_LICENSE + 1), None);
    assert_eq!(fault("License", Regular, MAX_LICENSE + 1), None);

    let halves = [TreeFile::new("a", Regular, MAX_ZIP / 2), TreeFile::new("b", Regular, MAX_ZIP / 2)];
    assert_eq!(check_files(&halves, VendorRule::Before124).included(), Ok(vec![0, 1]));
    let more = [halves[0], halves[1], TreeFile::new("c", Regular, 1), TreeFile::new("x", Symlink, 9)];
    assert_eq!(check_files(&more, VendorRule::Before124).included(), Err(TreeFault::TooLarge));
}

#[test]
fn all_faults_are_told_at_once() {
    let files = ["a:b", "ok", "A", "a"].map(|path| TreeFile::new(path, Regular, 1));
    let checked = check_files(&files, VendorRule::Since124);
    let faults: Vec<_> = checked.faults().map(|fault| fault.to_string()).collect();
    assert_eq!(faults.len(), 2);
    assert!(faults[0].starts_with("\"a:b\": the name holds ':'"));
    assert_eq!(faults[1], "\"a\": \"A\" and \"a\" differ only in case");
    assert!(matches!(checked.verdicts()[3], Verdict::Refuse(FileFault::Collision(Collision::Case(..)))));
    assert!(checked.included().is_err());
}

#[test]
fn an_empty_tree_is_an_empty_zip() {
    assert_eq!(check_files(&[], VendorRule::Since124).included(), Ok(vec![]));
}
