//! How big files are, what they are called, and who may do what.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{none, top};

/// Code lines of one file.
const CAP: usize = 700;
/// Code lines that nine of ten files keep.
const LONG: usize = 400;
/// Code lines of the file in the middle.
const MEDIAN: usize = 150;
const NO_NAMES: [&str; 9] = ["util", "utils", "common", "core", "helper", "helpers", "misc", "mod", "types"];

struct Source {
    /// Relative to the top.
    name: String,
    /// Its lines before an inline `#[cfg(test)] mod`, without blank and comment lines.
    code: Vec<String>,
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target" && name != ".git") {
                walk(&path, found);
            }
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let top = top();
    let mut paths = Vec::new();
    walk(&top, &mut paths);
    let relative = |path: &Path| path.strip_prefix(&top).unwrap().to_str().unwrap().to_owned();
    let sources = paths.iter().map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let mut lines = text.lines().map(str::trim).peekable();
        let mut code = Vec::new();
        while let Some(line) = lines.next() {
            if line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.starts_with("mod ")) {
                break;
            }
            if !line.is_empty() && !line.starts_with("//") {
                code.push(line.to_owned());
            }
        }
        Source { name: relative(path), code }
    });
    sources.collect()
}

/// Code that is shipped: no tests, no benches, no test kit.
fn is_shipped(source: &Source) -> bool {
    source.name.contains("/src/") && !source.name.starts_with("crates/testkit/")
}

#[test]
fn a_file_holds_one_idea() {
    let sources = sources();
    let too_long = sources.iter().filter(|source| source.code.len() > CAP);
    let findings: Vec<_> = too_long.map(|s| format!("{}: {}", s.name, s.code.len())).collect();
    none(&findings, "no file has more than 700 lines of code");

    let mut sizes: Vec<_> = sources.iter().filter(|s| is_shipped(s)).map(|s| s.code.len()).collect();
    sizes.sort_unstable();
    assert!(sizes[sizes.len() / 2] <= MEDIAN, "the median file has at most 150 lines of code: {sizes:?}");
    let long = sizes.iter().filter(|size| **size > LONG).count();
    assert!(long * 10 <= sizes.len(), "nine of ten files have at most 400 lines of code: {sizes:?}");
}

#[test]
fn names_say_what_is_inside() {
    let mut findings = Vec::new();
    for source in sources() {
        let parts = Path::new(&source.name).with_extension("");
        let parts = parts.components().map(|part| part.as_os_str().to_str().unwrap());
        findings.extend(parts.filter(|part| NO_NAMES.contains(part)).map(|_| source.name.clone()));
        let inline = source.code.iter().filter_map(|line| {
            let line = line.strip_prefix("pub ").or(line.strip_prefix("pub(crate) ")).unwrap_or(line);
            line.strip_prefix("mod ")?.split([' ', ';']).next()
        });
        findings.extend(inline.filter(|m| NO_NAMES.contains(m)).map(|m| format!("{}: {m}", source.name)));
    }
    none(&findings, "a module is named after its idea, and `foo.rs` stands beside `foo/`");
}

#[test]
fn only_some_may_touch_files_and_start_programs() {
    let rules: [(&[&str], &[&str]); 2] = [
        (&["Command::new("], &["larder", "vcs", "crates/workbench/src/doctor/program.rs"]),
        (
            &["fs::write(", "fs::rename(", "fs::hard_link(", "File::create"],
            &[
                "storage",
                "snapshot",
                "larder",
                "vcs",
                "crates/workbench/src/amend.rs",
                "crates/workbench/src/cache/removal.rs",
                "crates/workbench/src/repair.rs",
            ],
        ),
    ];
    let mut findings = Vec::new();
    for source in sources().iter().filter(|source| is_shipped(source)) {
        let owner = source.name.split('/').nth(1).unwrap();
        for (words, may) in rules {
            let hit = source.code.iter().find(|line| words.iter().any(|word| line.contains(word)));
            findings.extend(
                hit.filter(|_| !may.contains(&owner) && !may.contains(&source.name.as_str()))
                    .map(|l| format!("{}: {l}", source.name)),
            );
        }
    }
    none(
        &findings,
        "storage, snapshots and the repositories of vcs are files, larder and vcs start programs, four files of workbench do one thing each, the others neither",
    );
}
