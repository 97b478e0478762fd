//! Zips that everybody takes.

#![allow(clippy::too_many_lines, reason = "a table")]

use super::{Case, accepted, deflated, described, files, one, stored, unicode_name};
use crate::handmade::{Item, Zip, extra, extra64};

pub(super) fn cases() -> Vec<Case> {
    vec![
        accepted("nothing at all", |_| Zip::default()),
        accepted("stored, deflated and described entries", |p| {
            Zip::of([
                stored(&format!("{p}a.go")),
                deflated(&format!("{p}b.go")),
                described(&format!("{p}c.go")),
            ])
        }),
        accepted("empty files", |p| {
            Zip::of([Item::stored(format!("{p}a"), b""), Item::deflated(format!("{p}b"), b"")])
        }),
        accepted("trap 62: no go.mod", |p| Zip::of([deflated(&format!("{p}a.go"))])),
        accepted("trap 63: the go.mod is another module's", |p| {
            Zip::of([Item::deflated(format!("{p}go.mod"), b"module example.com/other\n")])
        }),
        accepted("trap 63: the go.mod is no go.mod", |p| {
            Zip::of([Item::deflated(format!("{p}go.mod"), b"<html>")])
        }),
        accepted("a descriptor without signature", |p| {
            one(p, |name| described(name).with(|item| drop(item.after.drain(..4))))
        }),
        accepted("a descriptor with 64-bit sizes", |p| one(p, |name| described(name).with(widen_descriptor))),
        accepted("a descriptor, and the sizes in front as well", |p| {
            one(p, |name| described(name).with(|item| item.local = item.central.clone()))
        }),
        accepted("zip64 sizes in front only", |p| {
            one(p, |name| {
                deflated(name).with(|item| {
                    item.local.extra = extra64(&[item.local.size.into(), item.local.packed.into()]);
                    (item.local.size, item.local.packed) = (u32::MAX, u32::MAX);
                })
            })
        }),
        accepted("zip64 sizes and offset everywhere", |p| {
            files(p, &["a.go"]).with(|zip| {
                let start = zip.items[0].len() as u64;
                zip.items[1].start = Some(u32::MAX);
                zip.items[1].both(|header| {
                    header.extra = extra64(&[header.size.into(), header.packed.into(), start]);
                    (header.size, header.packed) = (u32::MAX, u32::MAX);
                });
            })
        }),
        accepted("a zip64 end record", |p| files(p, &["a.go"]).with(|zip| zip.end64 = Some(|_| {}))),
        accepted("a zip64 end record, and all numbers in the other one too", |p| {
            files(p, &[]).with(|zip| {
                zip.end64 = Some(|_| {});
                zip.end = Some(|end| (end.entries, end.entries_here) = (1, 1));
            })
        }),
        accepted("a comment, as git archive writes it", |p| {
            files(p, &["a.go"]).with(|zip| zip.comment = b"4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_vec())
        }),
        accepted("the longest comment", |p| files(p, &["a.go"]).with(|zip| zip.comment = vec![b'x'; 0xffff])),
        accepted("a directory in another order than the entries", |p| {
            files(p, &["a.go", "b.go"]).with(|zip| zip.order = vec![2, 0, 1])
        }),
        accepted("trap 41: entries for directories", |p| {
            Zip::of([
                Item::stored(p, b""),
                Item::stored(format!("{p}d/"), b""),
                Item::stored(format!("{p}d/"), b""),
                deflated(&format!("{p}d/a.go")),
                Item::deflated(format!("{p}e/"), b""),
            ])
        }),
        accepted("a deflated directory of no bytes at all", |p| {
            Zip::of([Item::stored(format!("{p}d/"), b"").with(|item| item.both(|header| header.method = 8))])
        }),
        accepted("symlink and executable modes", |p| {
            files(p, &["a.go", "b.go"]).with(|zip| {
                zip.items[1].attributes = 0o120_777 << 16;
                zip.items[2].attributes = 0o100_755 << 16;
            })
        }),
        accepted("a name in UTF-8 without the flag for it", |p| {
            files(p, &["\u{fc}.go"]).with(|zip| zip.items[1].both(|header| header.flags = 0))
        }),
        accepted("the name once more in an extra field", |p| {
            one(p, |name| deflated(name).with(|item| item.both(|header| header.extra = unicode_name(name))))
        }),
        accepted("extra fields of no concern, the last one cut short", |p| {
            one(p, |name| {
                let fields = [extra(0x5455, &[1, 0, 0, 0, 0]), vec![0x0a, 0, 0xff, 0xff]].concat();
                deflated(name).with(|item| item.both(|header| header.extra.clone_from(&fields)))
            })
        }),
        accepted("a zip in the zip, stored last, with an end record of its own", |p| {
            let inner = files("x@v1.0.0/", &["a.go"]).with(|zip| zip.comment = b"inner".to_vec());
            files(p, &[]).with(|zip| zip.items.push(Item::stored(format!("{p}z.zip"), &inner.bytes())))
        }),
    ]
}

fn widen_descriptor(item: &mut Item) {
    let sizes = [item.central.packed, item.central.size];
    item.after.truncate(8);
    item.after.extend(sizes.map(|size| u64::from(size).to_le_bytes()).concat());
}
