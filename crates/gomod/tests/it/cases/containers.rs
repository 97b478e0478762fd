//! What surrounds the entries, and where they lie.

#![allow(clippy::too_many_lines, reason = "a table")]

use std::rc::Rc;

use super::{Case, deflated, files, refused, stricter};
use crate::handmade::Zip;

pub(super) fn cases() -> Vec<Case> {
    let bytes = |what, change: fn(Vec<u8>) -> Vec<u8>, fault, go| Case {
        what,
        zip: Rc::new(move |p| change(files(p, &["a.go"]).bytes())),
        fault: Some(fault),
        go,
    };
    vec![
        bytes("no bytes", |_| Vec::new(), "this is not a zip: it is empty or cut short", false),
        bytes("two bytes", |zip| zip[..2].into(), "this is not a zip: it is empty or cut short", false),
        bytes(
            "a web page",
            |_| b"\n<!DOCTYPE html><html>not found</html>".to_vec(),
            "this is not a zip: it begins like a web page",
            false,
        ),
        bytes("JSON", |_| b"{\"error\":404}".to_vec(), "this is not a zip: it begins like JSON", false),
        bytes("a tar.gz", |_| vec![0x1f, 0x8b, 8, 0, 0], "this is not a zip: it begins like gzip", false),
        bytes(
            "cut short within the directory",
            |zip| zip[..zip.len() - 30].into(),
            "the zip is broken or ambiguous: its end is missing",
            false,
        ),
        bytes(
            "cut short within the end record",
            |zip| zip[..zip.len() - 1].into(),
            "the zip is broken or ambiguous: its end is missing",
            false,
        ),
        bytes(
            "bytes after the end",
            |zip| [zip, b"more".to_vec()].concat(),
            "the zip is broken or ambiguous: its end record is not at its end",
            true,
        ),
        bytes(
            "so many bytes after the end that nobody finds it",
            |zip| [zip, vec![0; 70_000]].concat(),
            "the zip is broken or ambiguous: its end is missing",
            false,
        ),
        bytes(
            "bytes in front that the directory does not count",
            |zip| [b"PK\x03\x04".to_vec(), zip].concat(),
            "the zip is broken or ambiguous: its directory is not where its end record says",
            true,
        ),
        bytes(
            "a script in front",
            |zip| [b"#!/bin/sh\n".to_vec(), zip].concat(),
            "this is not a zip: it does not begin with a zip entry",
            true,
        ),
        stricter(
            "an entry in front that the directory does not know",
            |p| {
                let hidden = Zip::of([deflated(&format!("{p}evil.go"))]).bytes();
                let hidden = hidden[..hidden.len() - 22 - 46 - p.len() - 7].to_vec();
                files(p, &["a.go"]).with(|zip| zip.front = hidden)
            },
            "the zip is broken or ambiguous: 70 bytes in front of its first entry belong to none",
        ),
        stricter(
            "an entry between others that the directory does not know",
            |p| {
                let hidden = Zip::of([deflated(&format!("{p}evil.go"))]).bytes();
                let hidden = hidden[..hidden.len() - 22 - 46 - p.len() - 7].to_vec();
                files(p, &["a.go", "b.go"]).with(|zip| zip.items[1].after = hidden)
            },
            r#"entry "@a.go" of the zip is followed by 70 bytes that belong to no entry"#,
        ),
        stricter(
            "a comment that holds another end record",
            |p| {
                let inner = files(p, &[]).bytes();
                files(p, &["a.go"]).with(|zip| zip.comment = inner)
            },
            "the zip is broken or ambiguous: it has two end records",
        ),
        refused(
            "a comment that is cut short",
            |p| files(p, &["a.go"]).with(|zip| zip.comment_len = Some(9)),
            "the zip is broken or ambiguous: its end record is not at its end",
        ),
        refused(
            "fewer entries than counted",
            |p| {
                files(p, &["a.go"]).with(|zip| zip.end = Some(|end| (end.entries, end.entries_here) = (3, 3)))
            },
            "the zip is broken or ambiguous: its directory has 2 entries where its end record counts 3",
        ),
        refused(
            "more entries than counted",
            |p| {
                files(p, &["a.go"]).with(|zip| zip.end = Some(|end| (end.entries, end.entries_here) = (1, 1)))
            },
            "the zip is broken or ambiguous: its directory has 2 entries where its end record counts 1",
        ),
        stricter(
            "a directory that is longer than it says",
            |p| files(p, &["a.go"]).with(|zip| zip.end = Some(|end| end.len -= 1)),
            "the zip is broken or ambiguous: its directory is not where its end record says",
        ),
        stricter(
            "one of several volumes",
            |p| files(p, &["a.go"]).with(|zip| zip.end = Some(|end| end.disk = 1)),
            "the zip is broken or ambiguous: it is a part of several",
        ),
        stricter(
            "a zip64 end record with another directory",
            |p| {
                files(p, &["a.go"]).with(|zip| {
                    zip.end64 = Some(|_| {});
                    zip.end = Some(|end| (end.entries, end.entries_here) = (7, 7));
                })
            },
            "the zip is broken or ambiguous: its two end records contradict each other",
        ),
        refused(
            "a zip64 end record that counts billions",
            |p| {
                files(p, &["a.go"])
                    .with(|zip| zip.end64 = Some(|end| (end.entries, end.entries_here) = (1 << 40, 1 << 40)))
            },
            "the zip is broken or ambiguous: its directory has 2 entries where its end record counts 1099511627776",
        ),
        refused(
            "a zip64 end record with a directory beyond everything",
            |p| files(p, &["a.go"]).with(|zip| zip.end64 = Some(|end| end.start = u64::MAX)),
            "the zip is broken or ambiguous: its directory is not where its end record says",
        ),
        stricter(
            "two names for one content",
            |p| {
                files(p, &["a.go", "b.go"]).with(|zip| {
                    let start = zip.items[0].len();
                    zip.items[2].start = Some(start.try_into().unwrap());
                })
            },
            r#"entry "@a.go" of the zip overlaps what follows it"#,
        ),
        refused(
            "an entry that begins within another",
            |p| files(p, &["a.go"]).with(|zip| zip.items[1].start = Some(40)),
            r#"entry "@go.mod" of the zip overlaps what follows it"#,
        ),
        refused(
            "an entry behind the entries",
            |p| files(p, &["a.go"]).with(|zip| zip.items[1].start = Some(5000)),
            r#"entry "@a.go" of the zip is said to lie behind the entries"#,
        ),
        stricter(
            "packed bytes up to the directory and beyond",
            |p| {
                files(p, &["a.go"]).with(|zip| {
                    zip.items[1].both(|header| header.packed += 50);
                })
            },
            r#"entry "@a.go" of the zip overlaps what follows it"#,
        ),
        bytes(
            "something else where an entry should be",
            |mut zip| {
                let second = zip.windows(4).rposition(|part| part == b"PK\x03\x04").unwrap();
                zip[second] = b'p';
                zip
            },
            r#"entry "@a.go" of the zip is not where the directory says"#,
            false,
        ),
    ]
}
