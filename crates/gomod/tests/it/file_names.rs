//! Which names files may have, and which of them collide.

use gomod::FileKind::Regular;
use gomod::{FilePathFault, TreeFile, VendorRule, check_file_path, check_files};
use testkit::{GoCommand, require};

use crate::vectors::section;

#[test]
fn trap_58_names_are_judged_as_go_judges_them() {
    for case in section("files") {
        let file = case["file"].as_str().unwrap();
        let ours = match check_file_path(file) {
            Ok(()) => None,
            Err(FilePathFault::Empty) => Some("empty string"),
            Err(FilePathFault::EmptyElement) if file.contains("//") => Some("double slash"),
            Err(FilePathFault::EmptyElement) if file.ends_with('/') => Some("trailing slash"),
            Err(FilePathFault::EmptyElement) => Some("empty path element"),
            Err(FilePathFault::Dots) => Some("invalid path element"),
            Err(FilePathFault::TrailingDot) => Some("trailing dot in path element"),
            Err(FilePathFault::Character(_)) => Some("invalid char"),
            Err(FilePathFault::WindowsDevice(_)) => Some("disallowed as path element component on Windows"),
            Err(FilePathFault::NotUtf8) => Some("invalid UTF-8"),
        };
        match (case["err"].as_str(), ours) {
            (None, None) => {}
            (Some(go), Some(ours)) => assert!(go.contains(ours), "{file:?}: {go}, and here {ours}"),
            (go, ours) => panic!("{file:?}: {go:?}, and here {ours:?}"),
        }
    }
}

/// Prints every character that is assigned: `L` or `-`, its number, and the smallest of those that differ in case.
const TABLES: &str = r#"package main

import (
	"bufio"
	"fmt"
	"os"
	"unicode"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for c := rune(0x80); c <= unicode.MaxRune; c++ {
		if !unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z) {
			continue
		}
		least, class := c, "-"
		for r := unicode.SimpleFold(c); r != c; r = unicode.SimpleFold(r) {
			least = min(least, r)
		}
		if unicode.IsLetter(c) {
			class = "L"
		}
		fmt.Fprintln(out, class, c, least)
	}
}
"#;

#[test]
fn letters_and_case_are_those_of_go() {
    if !require("go", GoCommand::find().is_some()) {
        return;
    }
    let go = GoCommand::new("off");
    go.write("main.go", TABLES);
    let ran = go.run(["run", "main.go"]);
    let mut letters = 0;
    for line in ran.stdout.lines() {
        let (class, numbers) = line.split_once(' ').unwrap();
        let mut chars = numbers.split(' ').map(|n| char::from_u32(n.parse().unwrap()).unwrap().to_string());
        let (c, least) = (chars.next().unwrap(), chars.next().unwrap());
        assert_eq!(check_file_path(&c).is_ok(), class == "L", "{}", c.escape_unicode());
        if class != "L" {
            continue;
        }
        letters += 1;
        if c != least && check_file_path(&least).is_ok() {
            let pair = [TreeFile::new(&least, Regular, 0), TreeFile::new(&c, Regular, 0)];
            let collide = check_files(&pair, VendorRule::Since124).included().is_err();
            assert!(collide, "{} and {}", least.escape_unicode(), c.escape_unicode());
        }
    }
    assert!(letters > 130_000, "{}", ran.stderr);
}
