//! Files on their way out, under random attributes: in process what `git archive` gives, byte for byte.

use std::{collections::BTreeMap, io::Read};

use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use testkit::{GitFixture, note, require};
use vcs::{Cause, Oid, Repo, VcsError};

use crate::own::World;

/// A tree: the lines of its attribute files, and its other files.
type Tree = (Vec<(&'static str, Vec<String>)>, Vec<(&'static str, Vec<u8>)>);

/// Every tree lies at a branch of one repository.
#[test]
fn files_leave_as_git_archive_gives_them() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    let seed = std::env::var("LARDER_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    note(&format!("LARDER_SEED={seed}"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_le_bytes(seed));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let count = if std::env::var_os("LARDER_LONG").is_some() { 20 * TREES } else { TREES };
    let trees: Vec<Tree> = (0..count).map(|_| tree().new_tree(&mut runner).unwrap().current()).collect();
    let mut stream = Vec::new();
    for (number, (attributes, files)) in trees.iter().enumerate() {
        let head = format!(
            "commit refs/heads/t{number}\nmark :{}\ncommitter t <t@t> 1704067200 +0000\ndata 1\nc\n",
            number + 1
        );
        stream.extend(head.into_bytes());
        let attributes = attributes
            .iter()
            .map(|(dir, lines)| (format!("{dir}.gitattributes"), lines.join("\n").into_bytes()));
        let files = files.iter().map(|(path, content)| ((*path).to_owned(), content.clone()));
        for (path, content) in attributes.chain(files) {
            stream.extend(format!("M 100644 inline \"{path}\"\ndata {}\n", content.len()).into_bytes());
            stream.extend(content);
            stream.push(b'\n');
        }
        stream.push(b'\n');
    }
    let fixture = GitFixture::empty();
    let ids = fixture.import("r", &stream);
    let world = World::of(&fixture);
    let dir = tempfile::tempdir().unwrap();
    let (own, binary) = (world.repo("r"), crate::binary(&crate::cache(dir.path()), &fixture.url("r")));
    let mut same = 0;
    for (number, tree) in trees.iter().enumerate() {
        let id: Oid = ids[&(number + 1)].parse().unwrap();
        // An encoding that only iconv knows is refused, not guessed.
        if let Some(own) = exported(&own, id) {
            assert_eq!(own, exported(&binary, id).unwrap(), "LARDER_SEED={seed}: {tree:#?}");
            same += 1;
        }
    }
    assert!(same > count / 2, "{same} of {count}");
}

fn exported(repo: &dyn Repo, id: Oid) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut sink = |path: &[u8], content: &mut dyn Read| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(|error| VcsError::failed(Cause::Local, "t", error))?;
        files.insert(String::from_utf8_lossy(path).into_owned(), bytes);
        Ok(())
    };
    match repo.export(id, "", &|_| true, &mut sink) {
        Ok(()) => Some(files),
        Err(VcsError::Failed { .. }) => None,
        Err(absent) => panic!("{absent}"),
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let line = (select(PATTERNS), vec(select(STATES), 1..4))
        .prop_map(|(pattern, states)| format!("{pattern} {}", states.join(" ")));
    let odd = select(ODD).prop_map(str::to_owned);
    let lines = vec(prop_oneof![8 => line, 1 => odd], 0..6);
    let piece = prop_oneof![6 => select(PIECES).prop_map(<[u8]>::to_vec), 1 => vec(any::<u8>(), 0..4)];
    let content = vec(piece, 0..14).prop_map(|pieces| pieces.concat());
    let attributes = vec((select(&["", "", "d/", "d/e/"][..]), lines), 1..4);
    let files = vec((select(PATHS), content), 3..9);
    (attributes, files).prop_map(|(mut attributes, mut files)| {
        attributes.sort_by_key(|(dir, _)| *dir);
        attributes.dedup_by_key(|(dir, _)| *dir);
        files.sort_by_key(|(path, _)| *path);
        files.dedup_by_key(|(path, _)| *path);
        (attributes, files)
    })
}

const PATHS: &[&str] = &[
    "a.txt",
    "b.TXT",
    "c.go",
    "go.mod",
    "d/a.txt",
    "d/c.go",
    "d/e/a.txt",
    "d/e/f.md",
    "g h.txt",
    "\u{fc}.txt",
    "-x",
    "d/e.txt/k.txt",
    "!x.txt",
    "#y.txt",
    "[z].txt",
    "LICENSE",
    "dd/a.txt",
];

const PATTERNS: &[&str] = &[
    "*",
    "*.txt",
    "*.TXT",
    "a.txt",
    "/a.txt",
    "d/*.txt",
    "d/**",
    "**/a.txt",
    "d/**/a.txt",
    "d",
    "d/",
    "e/*.md",
    "[ac].*",
    "?.go",
    "!*.txt",
    "\\!x.txt",
    "\\#y.txt",
    "\"g h.txt\"",
    "g h.txt",
    "\\[z\\].txt",
    "[z].txt",
    "*.t[!y]t",
    "*.[[:alpha:]]*",
    "**",
    "/d/e/",
    "\u{fc}.txt",
    "\"\\303\\274.txt\"",
    "*.md*",
    "e.txt/*",
];

const STATES: &[&str] = &[
    "text",
    "-text",
    "!text",
    "text=auto",
    "text=input",
    "eol=crlf",
    "eol=lf",
    "eol=CRLF",
    "-eol",
    "!eol",
    "crlf",
    "-crlf",
    "crlf=input",
    "!crlf",
    "ident",
    "-ident",
    "!ident",
    "ident=x",
    "binary",
    "-binary",
    "win",
    "!win",
    "working-tree-encoding=UTF-16LE",
    "working-tree-encoding=UTF-16",
    "working-tree-encoding=utf8",
    "-working-tree-encoding",
    "export-ignore",
    "export-subst",
    "filter=lfs",
    "diff",
];

const ODD: &[&str] = &[
    "[attr]win text eol=crlf",
    "[attr]win -text",
    "[attr]binary text eol=crlf",
    "# a comment",
    "",
    "   *.txt  eol=crlf  ",
    "*.txt\teol=crlf",
    "*.txt eol=crlf\r",
    "\u{feff}*.txt eol=crlf",
    "*.txt =x eol=crlf",
    "*.txt -",
    "*.txt text eol=crlf # not a comment",
    "\"unclosed eol=crlf",
    "[attr]",
    "*.txt builtin_objectmode=1 eol=crlf",
];

const PIECES: &[&[u8]] = &[
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b"line",
    b"$Id$",
    b"$Id: x $",
    b"$Id: two words $",
    b"$Id:$",
    b"$Id",
    b"$",
    b"$Id: \n$",
    b"\0",
    b"\x1a",
    b"\x07\x01\x02",
    b"\t",
    "\u{fc}\u{1f600}".as_bytes(),
    b"$Format:%H$",
    b"\xff\xfe",
    b"text text text text text text text text text text text text text text text",
];

const SEED: u64 = 7;
const TREES: usize = 80;
