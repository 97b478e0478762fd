//! A rule's repository, and what is asked of it, in a few lines of text.
//!
//! ```text
//! commit main a.go=package a\n | go.mod=module R\n | link@=a.go | module# | -gone
//! merge main dev
//! branch dev main
//! tag v1.0.0 v1.0.0-rc.1
//! note v1.1.0
//! file v1.2.0
//! head dev
//! R list = v1.0.0 v1.1.0
//! R main = v1.0.1-0.~2
//! R v9.9.9 ! unknown revision v9.9.9
//! R v1.0.0 mod module R\n
//! R v1.0.0 zip a.go go.mod
//! R v1.0.0 nozip x:y
//! ```
//!
//! `tag`, `note` (annotated) and `file` (at a file) are at the last commit. `~2` is the time and the short name of the
//! second commit, `#2.7` seven digits of its name. `R` is the repository's own path, `S` one whose page names the
//! directory `sub`, `W/v2` one whose page says that all of it is the repository, `G.v2` one of gopkg.in.

use std::fmt::Write as _;

use testkit::GitFixture;

use crate::differ::build::{Named, with_names};

/// A line about an answer.
pub(super) struct Expected {
    pub(super) module: Named,
    pub(super) query: String,
    pub(super) verb: String,
    pub(super) value: String,
}

/// A repository that was built, and what is to be asked of it.
pub(super) struct Built {
    pub(super) expected: Vec<Expected>,
    /// The name of the first commit.
    pub(super) oldest: String,
}

/// Builds the repository of a script under a name.
pub(super) fn build(fixture: &GitFixture, name: &str, script: &str) -> Built {
    let lines = || script.lines().map(str::trim).filter(|line| !line.is_empty());
    let (mut stream, mut ends, mut count) = (String::new(), String::new(), 0);
    let mut head = None;
    for line in lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        match word {
            "commit" | "merge" | "orphan" => {
                count += 1;
                let branch = format!("refs/heads/{first}");
                if word == "orphan" {
                    let _ = write!(stream, "reset {branch}\n\n");
                }
                let time = time(count);
                let _ = write!(
                    stream,
                    "commit {branch}\nmark :{count}\ncommitter t <t@t> {time} +0000\ndata 1\nc\n"
                );
                if word == "merge" {
                    let _ = writeln!(stream, "merge refs/heads/{more}");
                } else {
                    more.split(" | ")
                        .filter(|file| !file.is_empty())
                        .for_each(|file| write_file(&mut stream, file, name));
                }
                stream.push('\n');
            }
            "branch" => {
                let _ = write!(stream, "reset refs/heads/{first}\nfrom refs/heads/{more}\n\n");
            }
            "tag" => {
                for tag in rest.split(' ') {
                    let _ = write!(ends, "reset refs/tags/{tag}\nfrom :{count}\n\n");
                }
            }
            "note" | "file" => {
                let at = if word == "note" { count } else { 1000 };
                let _ = write!(ends, "tag {first}\nfrom :{at}\ntagger t <t@t> 1 +0000\ndata 1\nt\n");
            }
            "head" => head = Some(first.to_owned()),
            _ => {}
        }
    }
    let stream = format!("{stream}blob\nmark :1000\ndata 2\nx\n\n{ends}");
    let ids = fixture.import(name, stream.as_bytes());
    if let Some(head) = head {
        let head =
            head.parse::<usize>().map_or_else(|_| format!("ref: refs/heads/{head}"), |at| ids[&at].clone());
        std::fs::write(fixture.path(name).join("HEAD"), head + "\n").unwrap();
    }
    let fill = |text: &str| {
        let mut text = text.to_owned();
        for at in (1..=count).rev() {
            let id = &ids[&at];
            text = text.replace(
                &format!("~{at}"),
                &format!("{}-{}", gomod::pseudo_stamp(time(at)).unwrap(), &id[..12]),
            );
            for digits in [6, 7, 11, 12, 13, 40] {
                text = text.replace(&format!("#{at}.{digits}"), &id[..digits]);
            }
        }
        text
    };
    let expected = lines().filter(|line| line.starts_with(['R', 'S', 'W', 'G'])).map(|line| {
        let mut words = line.splitn(4, ' ').map(str::to_owned);
        let mut next = || words.next().unwrap_or_default();
        let (module, query, verb, value) = (next(), next(), next(), next());
        Expected {
            module: named(&module, name),
            query: fill(&query),
            verb,
            value: with_own(&fill(&value), name),
        }
    });
    Built { expected: expected.collect(), oldest: ids.get(&1).cloned().unwrap_or_default() }
}

fn time(commit: usize) -> i64 {
    1_704_067_200 + i64::try_from(commit).unwrap() * 1000
}

fn named(word: &str, name: &str) -> Named {
    let (root, rest, subdir) = match word.split_at(1) {
        ("R", rest) => (format!("git.example.com/{name}.git"), rest, ""),
        ("S", rest) => (format!("code.example.com/s-{name}"), rest, "sub"),
        ("W", rest) => (format!("code.example.com/w-{name}{rest}"), "", ""),
        ("G", rest) => (format!("gopkg.in/g-{name}{rest}"), "", ""),
        _ => panic!("no module: {word}"),
    };
    Named { path: format!("{root}{rest}"), root, subdir }
}

/// The text with the repository's path in the place of `R`.
fn with_own(text: &str, name: &str) -> String {
    String::from_utf8(with_names(text.as_bytes(), name)).unwrap()
}

fn write_file(stream: &mut String, file: &str, name: &str) {
    if let Some(gone) = file.strip_prefix('-') {
        let _ = writeln!(stream, "D {gone}");
    } else if let Some(module) = file.strip_suffix('#') {
        let _ = writeln!(stream, "M 160000 {} {module}", "1".repeat(40));
    } else {
        let (path, content) = file.split_once('=').unwrap_or((file, ""));
        let (path, mode) = path.strip_suffix('@').map_or((path, "100644"), |path| (path, "120000"));
        let content = unescaped(content);
        let content = if path.ends_with("go.mod") { with_own(&content, name) } else { content };
        let _ = write!(stream, "M {mode} inline {path}\ndata {}\n{content}\n", content.len());
    }
}

pub(super) fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t").replace("\\0", "\0")
}
