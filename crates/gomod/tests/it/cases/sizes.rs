//! Sizes that are too large, or lie.

use super::{Case, SOURCE, files, one, refused, stored};
use crate::handmade::{Item, Zip};

pub(super) fn cases() -> Vec<Case> {
    fn claim(p: &str, file: &str, size: u32) -> Zip {
        let item = Item::deflated(format!("{p}{file}"), SOURCE.as_bytes());
        Zip::of([item.with(|item| item.both(|header| header.size = size))])
    }
    vec![
        refused(
            "trap 60: files of 500 MiB and one byte together",
            |p| claim(p, "a.go", 500 << 20).with(|zip| zip.items.push(Item::stored(format!("{p}b"), b"1"))),
            "the files of the zip are larger than 524288000 bytes together, the most that the go command takes",
        ),
        refused(
            "trap 60: exactly 500 MiB stated, which is allowed, but a lie",
            |p| claim(p, "a.go", 500 << 20),
            r#"entry "@a.go" of the zip does not unpack to 524288000 bytes, as the directory says"#,
        ),
        refused(
            "trap 60: a go.mod of 16 MiB and one byte",
            |p| claim(p, "go.mod", (16 << 20) + 1),
            r#"entry "@go.mod" of the zip is larger than 16 MiB"#,
        ),
        refused(
            "trap 60: a LICENSE of 16 MiB and one byte",
            |p| claim(p, "LICENSE", (16 << 20) + 1),
            r#"entry "@LICENSE" of the zip is larger than 16 MiB"#,
        ),
        refused(
            "trap 60: a go.mod of exactly 16 MiB, which is allowed, but a lie",
            |p| claim(p, "go.mod", 16 << 20),
            r#"entry "@go.mod" of the zip does not unpack to 16777216 bytes, as the directory says"#,
        ),
        refused(
            "4 GiB stated without zip64",
            |p| claim(p, "a.go", u32::MAX),
            r#"entry "@a.go" of the zip lacks its zip64 sizes"#,
        ),
        refused(
            "more content than stated",
            |p| claim(p, "a.go", 5),
            r#"entry "@a.go" of the zip does not unpack to 5 bytes, as the directory says"#,
        ),
        refused(
            "less content than stated",
            |p| claim(p, "a.go", 500),
            r#"entry "@a.go" of the zip does not unpack to 500 bytes, as the directory says"#,
        ),
        refused(
            "a bomb: 32 MiB of zeros where 10 bytes are stated",
            |p| {
                let zeros = Item::deflated(format!("{p}a.go"), &vec![0; 32 << 20]);
                Zip::of([zeros.with(|item| item.both(|header| header.size = 10))])
            },
            r#"entry "@a.go" of the zip does not unpack to 10 bytes, as the directory says"#,
        ),
        refused(
            "a stored entry of two sizes",
            |p| one(p, |name| stored(name).with(|item| item.both(|header| header.size += 1))),
            r#"entry "@a.go" of the zip does not unpack to 11 bytes, as the directory says"#,
        ),
        refused(
            "a directory with content",
            |p| files(p, &["d/"]),
            r#"entry "@d/" of the zip is a directory with content"#,
        ),
    ]
}
