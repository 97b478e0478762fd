//! Names of entries.

#![allow(clippy::too_many_lines, reason = "a table")]

use super::{Case, accepted, deflated, files, refused, stored};
use crate::handmade::Zip;

pub(super) fn cases() -> Vec<Case> {
    let list = |what, names: &'static [&'static str], fault| refused(what, move |p| files(p, names), fault);
    vec![
        refused(
            "an entry of another module",
            |p| files(p, &[]).with(|zip| zip.items.push(stored("example.com/other@v1.0.0/a.go"))),
            r#"entry "example.com/other@v1.0.0/a.go" of the zip lies outside of "@""#,
        ),
        refused(
            "an entry of another version, first",
            |p| files(p, &[]).with(|zip| zip.items.insert(0, stored("example.com/m@v9.0.0/a.go"))),
            r#"entry "example.com/m@v9.0.0/a.go" of the zip lies outside of "@""#,
        ),
        refused(
            "a path with capitals escaped",
            |p| files(&p.replace("example", "!example"), &[]),
            r#"entry "!@go.mod" of the zip lies outside of "@""#,
        ),
        list(
            "climbing out",
            &["../../a.go"],
            r#"entry "@../../a.go" of the zip has a bad name: an element of the path is only dots"#,
        ),
        list(
            "an empty element",
            &["a//b.go"],
            r#"entry "@a//b.go" of the zip has a bad name: an element of the path is empty"#,
        ),
        list(
            "an absolute path",
            &["/etc/passwd"],
            r#"entry "@/etc/passwd" of the zip has a bad name: an element of the path is empty"#,
        ),
        list(
            "a directory with two slashes",
            &["d//"],
            r#"entry "@d//" of the zip has a bad name: an element of the path is empty"#,
        ),
        list(
            "trap 58: a colon",
            &["a:b.txt"],
            r#"entry "@a:b.txt" of the zip has a bad name: the name holds ':'; letters, ASCII digits, space and !#$%&()+,-.=@[]^_{}~ are allowed"#,
        ),
        list(
            "trap 58: a device of Windows",
            &["d/aux.txt"],
            r#"entry "@d/aux.txt" of the zip has a bad name: "aux" is a device name on Windows"#,
        ),
        list(
            "trap 58: a dot at the end",
            &["tail."],
            r#"entry "@tail." of the zip has a bad name: an element of the path ends in a dot"#,
        ),
        refused(
            "a name that is no text",
            |p| {
                files(p, &["a.go"])
                    .with(|zip| zip.items[1].both(|header| *header.name.last_mut().unwrap() = 0xff))
            },
            "entry \"@a.g\u{fffd}\" of the zip has a bad name: the name is not valid UTF-8",
        ),
        list(
            "trap 57: names that differ in case",
            &["README", "readme"],
            r#"entry "@readme" of the zip cannot be unpacked everywhere: "README" and "readme" differ only in case"#,
        ),
        list(
            "trap 57: directories that differ in case",
            &["Dir/a", "dir/b"],
            r#"entry "@dir/b" of the zip cannot be unpacked everywhere: "Dir" and "dir" differ only in case"#,
        ),
        list(
            "a kelvin sign",
            &["k", "\u{212a}"],
            "entry \"@\u{212a}\" of the zip cannot be unpacked everywhere: \"k\" and \"\u{212a}\" differ only in case",
        ),
        list(
            "the same file twice",
            &["a.go", "b.go", "a.go"],
            r#"entry "@a.go" of the zip cannot be unpacked everywhere: "a.go" is there twice"#,
        ),
        list(
            "a file that is a directory too",
            &["a", "a/b"],
            r#"entry "@a/b" of the zip cannot be unpacked everywhere: "a" is both a file and a directory"#,
        ),
        list(
            "trap 61: a nested go.mod",
            &["sub/go.mod"],
            r#"entry "@sub/go.mod" of the zip is a go.mod below the root, which makes its directory another module"#,
        ),
        list(
            "trap 61: a nested GO.MOD",
            &["a/b/GO.MOD"],
            r#"entry "@a/b/GO.MOD" of the zip is a go.mod below the root, which makes its directory another module"#,
        ),
        refused(
            "a go.mod with capitals",
            |p| Zip::of([deflated(&format!("{p}Go.mod"))]),
            r#"entry "@Go.mod" of the zip must be called go.mod in lower case"#,
        ),
        accepted("names that look bad and are not", |p| {
            files(p, &["x!y", "a b", ".git/config", "go.mod.txt", "sub/go.mod/a.go", "vendor/a/b.go", "com0"])
        }),
    ]
}
