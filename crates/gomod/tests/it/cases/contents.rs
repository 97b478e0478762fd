//! Contents of entries, and what stands before and after them.

#![allow(clippy::too_many_lines, reason = "a table")]

use super::{Case, deflated, described, one, refused, stored, stricter, unicode_name};
use crate::handmade::{Item, Zip};

pub(super) fn cases() -> Vec<Case> {
    vec![
        refused(
            "a wrong checksum",
            |p| one(p, |name| deflated(name).with(|item| item.both(|header| header.crc ^= 1))),
            r#"entry "@a.go" of the zip does not have the CRC-32 that the directory says"#,
        ),
        refused(
            "a wrong checksum of a stored file",
            |p| one(p, |name| stored(name).with(|item| item.data[3] ^= 1)),
            r#"entry "@a.go" of the zip does not have the CRC-32 that the directory says"#,
        ),
        stricter(
            "no checksum, which go takes for one that was not set",
            |p| one(p, |name| deflated(name).with(|item| item.both(|header| header.crc = 0))),
            r#"entry "@a.go" of the zip does not have the CRC-32 that the directory says"#,
        ),
        refused(
            "broken deflate data",
            |p| one(p, |name| deflated(name).with(|item| item.data[0] = 0xff)),
            r#"entry "@a.go" of the zip is not valid deflate data"#,
        ),
        refused(
            "deflate data that is cut short",
            |p| {
                one(p, |name| {
                    deflated(name).with(|item| {
                        item.data.pop();
                        item.both(|header| header.packed -= 1);
                    })
                })
            },
            r#"entry "@a.go" of the zip is not valid deflate data"#,
        ),
        refused(
            "no deflate data",
            |p| {
                one(p, |name| {
                    Item::deflated(name, b"").with(|item| {
                        item.data.clear();
                        item.both(|header| header.packed = 0);
                    })
                })
            },
            r#"entry "@a.go" of the zip is not valid deflate data"#,
        ),
        refused(
            "deflate data with a symbol that means nothing, which some take for a length of 258",
            |p| {
                one(p, |name| {
                    Item::deflated(name, &[b'a'; 259]).with(|item| {
                        item.data = RESERVED.to_vec();
                        item.both(|header| header.packed = 4);
                    })
                })
            },
            r#"entry "@a.go" of the zip is not valid deflate data"#,
        ),
        stricter(
            "bytes after the deflate data, within the entry",
            |p| one(p, |name| deflated(name).with(|item| hide(item, b"hidden"))),
            r#"entry "@a.go" of the zip has bytes after the end of its compressed data"#,
        ),
        stricter(
            "an entry hidden behind deflate data that has checksum and size of its own",
            |p| {
                one(p, |name| {
                    let inner = described(&name.replace("a.go", "evil.go"));
                    let inner = Zip::of([inner]).bytes();
                    described(name).with(|item| {
                        let trailer =
                            [item.central.crc.to_le_bytes(), item.central.size.to_le_bytes()].concat();
                        let hidden = [trailer, inner].concat();
                        hide(item, &hidden);
                        item.after = [0x0807_4b50, item.central.crc, item.central.packed, item.central.size]
                            .map(u32::to_le_bytes)
                            .concat();
                        (item.local.crc, item.local.packed, item.local.size) = (0, 0, 0);
                    })
                })
            },
            r#"entry "@a.go" of the zip has bytes after the end of its compressed data"#,
        ),
        refused(
            "an unknown method",
            |p| one(p, |name| stored(name).with(|item| item.both(|header| header.method = 93))),
            r#"entry "@a.go" of the zip is compressed by method 93, and only 0 (stored) and 8 (deflate) are known to the go command"#,
        ),
        stricter(
            "an encrypted entry, which go takes for its ciphertext",
            |p| one(p, |name| stored(name).with(|item| item.both(|header| header.flags |= 1))),
            r#"entry "@a.go" of the zip is encrypted"#,
        ),
        stricter(
            "another name in an extra field",
            |p| {
                one(p, |name| {
                    let other = name.replace("a.go", "b.go");
                    deflated(name).with(|item| item.both(|header| header.extra = unicode_name(&other)))
                })
            },
            r#"entry "@a.go" of the zip has another name in an extra field"#,
        ),
        stricter(
            "another name before the content",
            |p| {
                one(p, |name| {
                    deflated(name).with(|item| item.local.name = name.replace("a.go", "b.go").into())
                })
            },
            r#"entry "@a.go" of the zip has another name before its content than in the directory"#,
        ),
        stricter(
            "another method before the content",
            |p| one(p, |name| deflated(name).with(|item| item.local.method = 0)),
            r#"entry "@a.go" of the zip has another method before its content than in the directory"#,
        ),
        stricter(
            "another size before the content",
            |p| one(p, |name| deflated(name).with(|item| item.local.packed -= 1)),
            r#"entry "@a.go" of the zip has another size before its content than in the directory"#,
        ),
        stricter(
            "another checksum before the content",
            |p| one(p, |name| deflated(name).with(|item| item.local.crc ^= 1)),
            r#"entry "@a.go" of the zip has another checksum before its content than in the directory"#,
        ),
        stricter(
            "a descriptor that only the header before the content announces",
            |p| one(p, |name| deflated(name).with(|item| item.local.flags |= 8)),
            r#"entry "@a.go" of the zip has another set of flags before its content than in the directory"#,
        ),
        refused(
            "a wrong checksum in the descriptor",
            |p| one(p, |name| described(name).with(|item| item.after[4] ^= 1)),
            r#"entry "@a.go" of the zip has another size or checksum after its content than in the directory"#,
        ),
        stricter(
            "a wrong size in the descriptor",
            |p| one(p, |name| described(name).with(|item| item.after[12] ^= 1)),
            r#"entry "@a.go" of the zip has another size or checksum after its content than in the directory"#,
        ),
        refused(
            "a descriptor that is not there",
            |p| one(p, |name| described(name).with(|item| item.after.clear())),
            r#"entry "@a.go" of the zip has another size or checksum after its content than in the directory"#,
        ),
    ]
}

/// Puts bytes behind the deflate data and counts them in.
fn hide(item: &mut Item, hidden: &[u8]) {
    item.data.extend(hidden);
    let more = u32::try_from(hidden.len()).unwrap();
    item.both(|header| header.packed += more);
}

/// One block of the fixed code: `a`, the reserved symbol 286, distance 1, end.
const RESERVED: [u8; 4] = [0x4b, 0x1c, 0x03, 0x00];
