//! Which messages of the go command are known: its own sources say which there are.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use testkit::note;
use workbench::Explainer;

/// Where modules are fetched, compared, stored, switched and vendored.
const FILES: [&str; 10] = [
    "modfetch",
    "modfetch/codehost",
    "toolchain",
    "web",
    "auth",
    "vcs",
    "lockedfile",
    "modload",
    "modcmd/vendor.go",
    "modcmd/verify.go",
];

/// The version whose messages are all known.
const VERSION: &str = "go1.26";

/// Messages that no network, cache or setting causes, or that never reach people: the beginning of each, one a line.
const ELSEWHERE: &str = include_str!("elsewhere.txt");

fn go_env(variable: &str) -> Option<String> {
    let output = Command::new("go").args(["env", variable]).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The texts that a source file can make errors of, with `x` in the place of what is filled in.
fn messages(source: &str) -> Vec<String> {
    const MAKERS: [&str; 9] = [
        "Errorf(",
        "errors.New(",
        "Fatalf(",
        "importErrorf(importPath, ",
        "vendErrorf(r.Mod, ",
        "vendErrorf(r.Old, ",
        "vendErrorf(mod, ",
        "invalidf(",
        "Sprintf(",
    ];
    let mut found = Vec::new();
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for maker in MAKERS {
            let Some((_, rest)) = line.split_once(maker) else { continue };
            let Some(literal) = rest.strip_prefix('"') else { continue };
            let mut text = String::new();
            let mut chars = literal.chars();
            while let Some(c) = chars.next() {
                match c {
                    '"' => break,
                    '\\' => match chars.next() {
                        Some('n') => text.push('\n'),
                        Some('t') => text.push('\t'),
                        Some(other) => text.push(other),
                        None => break,
                    },
                    '%' => match chars.next() {
                        Some('%') => text.push('%'),
                        Some('+' | '#') => {
                            chars.next();
                            text.push('x');
                        }
                        _ => text.push('x'),
                    },
                    c => text.push(c),
                }
            }
            found.push(text);
        }
    }
    found
}

fn sources(at: &Path, found: &mut Vec<String>) {
    let files = if at.is_dir() {
        fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        vec![at.to_owned()]
    };
    for file in files {
        let is_go = file.extension().is_some_and(|ext| ext == "go");
        if file.is_file() && is_go && !file.to_string_lossy().ends_with("_test.go") {
            found.extend(messages(&fs::read_to_string(&file).unwrap()));
        }
    }
}

/// All messages of the go command of a GOROOT.
fn texts_of(root: &Path) -> BTreeSet<String> {
    let mut texts = Vec::new();
    for place in FILES {
        sources(&root.join("src/cmd/go/internal").join(place), &mut texts);
    }
    texts.into_iter().filter(|text| text.len() > 6 && text != "x: x").collect()
}

/// How many of these are explained, and which are neither that nor about something else.
fn judged<'a>(texts: impl IntoIterator<Item = &'a str>) -> (usize, Vec<String>) {
    let elsewhere: Vec<_> =
        ELSEWHERE.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
    let (mut known, mut unknown) = (0, Vec::new());
    for text in texts {
        let mut explainer = Explainer::default();
        explainer.feed(format!("go: example.com/m@v1.0.0: {text}\n").as_bytes());
        if !explainer.finish().findings.is_empty() {
            known += 1;
        } else if !elsewhere.iter().any(|begin| text.replace(['\n', '\t'], " ").trim_end().starts_with(begin))
        {
            unknown.push(text.replace('\n', "\\n"));
        }
    }
    (known, unknown)
}

/// What older versions say and this one does not: `golden/make.sh` writes it from their sources.
const OLDER: &str = include_str!("../golden/older-messages");

#[test]
fn every_message_of_older_versions_is_known() {
    let texts: Vec<_> = OLDER.lines().map(|line| line.replace("\\n", "\n").replace("\\t", "\t")).collect();
    assert!(texts.len() > 20, "{}", texts.len());
    let (known, unknown) = judged(texts.iter().map(String::as_str));
    assert!(known > 10 && unknown.is_empty(), "{known} known, not known:\n{}", unknown.join("\n"));
}

#[test]
#[ignore = "writes a file; golden/make.sh calls it"]
fn write_older_messages() {
    let programs = std::env::var("LARDER_GOLDEN_GO").expect("LARDER_GOLDEN_GO=/path/to/go:/path/to/go");
    let root = |program: &str| Path::new(program).ancestors().nth(2).unwrap().to_owned();
    let newest = texts_of(&root(programs.split(':').next().unwrap()));
    let older: BTreeSet<_> =
        programs.split(':').skip(1).flat_map(|program| texts_of(&root(program))).collect();
    let lines = older.difference(&newest).map(|text| text.replace('\n', "\\n").replace('\t', "\\t") + "\n");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/older-messages");
    fs::write(file, lines.collect::<String>()).unwrap();
}

#[test]
fn every_message_of_a_network_or_cache_fault_is_known() {
    let root = go_env("GOROOT").expect("a `go` in PATH");
    let texts = texts_of(Path::new(&root));
    assert!(texts.len() > 300, "the sources of go were read: {}", texts.len());
    let (known, unknown) = judged(texts.iter().map(String::as_str));
    note(&format!(
        "{known} of {} messages are explained, {} are about something else",
        texts.len(),
        texts.len() - known
    ));
    let told = format!("{} are not known:\n{}", unknown.len(), unknown.join("\n"));
    // Another version says some things otherwise, and that is nothing that this code has done.
    if go_env("GOVERSION").is_some_and(|version| version.starts_with(VERSION)) {
        assert!(unknown.is_empty(), "{told}");
    } else {
        note(&told);
    }
}
