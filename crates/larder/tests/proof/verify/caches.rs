//! Faults of the module cache.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
};

use testkit::Archive;

use super::{
    Go::{Misses, Sees},
    Row, each, put, row,
    site::{APP, LIB, OLD, Site, UPPER, other, published, remove},
};

fn append(path: impl AsRef<Path>, text: &str) {
    File::options().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// A bit of a file becomes another one, at the place that is found by its bytes.
fn flip(path: impl AsRef<Path>, place: fn(&[u8]) -> usize) {
    let mut bytes = fs::read(&path).unwrap();
    let at = place(&bytes);
    bytes[at] ^= 0x10;
    // In place, as the file is there once and its directory may not be written.
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&bytes[at..=at]).unwrap();
}

/// Where the first file of a zip begins: behind its header of 30 bytes, its name and the extra field.
fn first_content(zip: &[u8]) -> usize {
    let word = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
    30 + word(26) + word(28)
}

fn cut(path: impl AsRef<Path>, len: u64) {
    File::options().write(true).open(path).unwrap().set_len(len).unwrap();
}

pub(super) fn zips() -> Vec<Row> {
    vec![
        row("the zip is another one", "L5-CACHE-ZIP-ALTERED", Sees, |site| {
            put(site.cached(APP, "zip"), other(APP).zip.to_vec());
        }),
        row("the zip was cut", "L5-CACHE-ZIP-ALTERED", Sees, |site| cut(site.cached(APP, "zip"), 100)),
        row("the zip was cut and has to be unpacked", "L5-CACHE-DAMAGED", Sees, |site| {
            cut(site.cached(APP, "zip"), 100);
            remove(&site.unpacked(APP));
        }),
        row("the zip is empty", "L5-CACHE-ZIP-ALTERED", Sees, |site| cut(site.cached(APP, "zip"), 0)),
        row("a bit of what the zip holds is another one", "L5-CACHE-ZIP-ALTERED", Sees, |site| {
            flip(site.cached(APP, "zip"), first_content);
        }),
        row("a bit of a header in the zip is another one", "L5-CACHE-ZIP-ALTERED", Misses, |site| {
            // The compressed size in the header before the first file, which go does not read.
            flip(site.cached(APP, "zip"), |_| 18);
        }),
        row("the zip is a page of a proxy", "L5-CACHE-ZIP-ALTERED", Sees, |site| {
            put(site.cached(UPPER, "zip"), "<html>blocked</html>");
        }),
        row("the zip is that of another version", "L5-CACHE-ZIP-ALTERED", Sees, |site| {
            put(site.cached(APP, "zip"), published("example.com/app@v1.1.0").zip.to_vec());
        }),
        row("a file is missing in the zip", "L5-CACHE-ZIP-ALTERED", Sees, |site| {
            put(
                site.cached(UPPER, "zip"),
                Archive::new().file(&format!("{UPPER}/go.mod"), b"module example.com/Upper\n").finish(),
            );
        }),
        row("bytes behind the end of the zip", "L5-CACHE-ZIP-ALTERED", Misses, |site| {
            append(site.cached(APP, "zip"), "more");
        }),
        row("the zip and its kept hash are other ones", "L5-CACHE-ZIP-ALTERED", Sees, |site| {
            put(site.cached(APP, "zip"), other(APP).zip.to_vec());
            put(site.cached(APP, "ziphash"), other(APP).h1);
        }),
        row("zip, kept hash and tree are of other bytes", "L3-SUM-MISMATCH-DATABASE", Misses, |site| {
            put(site.cached(APP, "zip"), other(APP).zip.to_vec());
            put(site.cached(APP, "ziphash"), other(APP).h1);
            remove(&site.unpacked(APP));
            fs::create_dir(site.unpacked(APP)).unwrap();
            put(site.unpacked(APP).join("go.mod"), "module example.com/app\n");
            put(site.unpacked(APP).join("app.go"), "package app\n\nconst Sum = 666\n");
        }),
        row(
            "zip and kept hash are of other bytes, and nothing is unpacked",
            "L3-SUM-MISMATCH-DATABASE",
            Misses,
            |site| {
                put(site.cached(OLD, "zip"), other(OLD).zip.to_vec());
                put(site.cached(OLD, "ziphash"), other(OLD).h1);
                remove(&site.unpacked(OLD));
            },
        ),
        row("a directory in the place of the zip", "L5-CACHE-UNREADABLE", Sees, |site| {
            remove(&site.cached(APP, "zip"));
            fs::create_dir(site.cached(APP, "zip")).unwrap();
        }),
        row("the kept hash is another one", "L5-CACHE-ZIPHASH-WRONG", Sees, |site| {
            put(site.cached(APP, "ziphash"), other(APP).h1);
        }),
        row("the kept hash is torn", "L5-CACHE-ZIPHASH-WRONG", Sees, |site| {
            cut(site.cached(APP, "ziphash"), 20);
        }),
        row("the kept hash is empty", "L5-CACHE-ZIPHASH-WRONG", Sees, |site| {
            cut(site.cached(APP, "ziphash"), 0);
        }),
        row("the hash is not kept", "L5-CACHE-ZIPHASH-ABSENT", Sees, |site| {
            remove(&site.cached(APP, "ziphash"));
        }),
        row("a directory in the place of the kept hash", "L5-CACHE-UNREADABLE", Sees, |site| {
            remove(&site.cached(APP, "ziphash"));
            fs::create_dir(site.cached(APP, "ziphash")).unwrap();
        }),
        row("the kept hash is wrong and the zip is gone", "L5-CACHE-ZIPHASH-WRONG", Sees, |site| {
            remove(&site.cached(APP, "zip"));
            put(site.cached(APP, "ziphash"), other(APP).h1);
        }),
    ]
}

pub(super) fn trees() -> Vec<Row> {
    vec![
        row("a file of the tree was edited", "L5-CACHE-TREE-EDITED", Sees, |site| {
            append(site.unpacked(APP).join("app.go"), "\nconst More = 1\n");
        }),
        row("one byte of the tree is another one", "L5-CACHE-TREE-EDITED", Sees, |site| {
            flip(site.unpacked(APP).join("app.go"), |bytes| bytes.len() / 2);
        }),
        row("a file of the tree has CRLF", "L5-CACHE-TREE-EDITED", Sees, |site| {
            let file = site.unpacked(APP).join("app.go");
            put(file.clone(), fs::read_to_string(file).unwrap().replace('\n', "\r\n"));
        }),
        row("a file of the tree is empty", "L5-CACHE-TREE-EDITED", Sees, |site| {
            cut(site.unpacked(APP).join("app.go"), 0);
        }),
        row("the license in the tree was edited", "L5-CACHE-TREE-EDITED", Sees, |site| {
            append(site.unpacked(APP).join("LICENSE"), "!");
        }),
        row("the go.mod in the tree was edited", "L5-CACHE-TREE-EDITED", Sees, |site| {
            append(site.unpacked(LIB).join("go.mod"), "\n");
        }),
        row("test data in the tree was edited", "L5-CACHE-TREE-EDITED", Sees, |site| {
            append(site.unpacked(LIB).join("deep/testdata/big.txt"), "\n");
        }),
        row("a file is missing in the tree", "L5-CACHE-TREE-INCOMPLETE", Sees, |site| {
            remove(&site.unpacked(APP).join("sub/data.txt"));
        }),
        row("a directory is missing in the tree", "L5-CACHE-TREE-INCOMPLETE", Sees, |site| {
            remove(&site.unpacked(APP).join("sub"));
        }),
        row("nothing is left in the tree", "L5-CACHE-TREE-INCOMPLETE", Sees, |site| {
            remove(&site.unpacked(APP));
            fs::create_dir(site.unpacked(APP)).unwrap();
        }),
        row("a file was added to the tree", "L5-CACHE-TREE-EDITED", Sees, |site| {
            put(site.unpacked(APP).join("init.go"), "package app\n");
        }),
        row("a hidden file was added to the tree", "L5-CACHE-TREE-EDITED", Sees, |site| {
            put(site.unpacked(APP).join(".DS_Store"), "x");
        }),
        row(
            "a file with a name that is no text was added to the tree",
            "L5-CACHE-TREE-EDITED",
            Sees,
            |site| {
                put(site.unpacked(APP).join(std::ffi::OsStr::from_bytes(b"\xff.go")), "package app\n");
            },
        ),
        row("a file of the tree was renamed", "L5-CACHE-TREE-INCOMPLETE", Sees, |site| {
            fs::rename(site.unpacked(APP).join("app.go"), site.unpacked(APP).join("App.go")).unwrap();
        }),
        row("a directory in the place of a file", "L5-CACHE-TREE-INCOMPLETE", Sees, |site| {
            remove(&site.unpacked(APP).join("app.go"));
            fs::create_dir(site.unpacked(APP).join("app.go")).unwrap();
        }),
        row("a link to another file in the place of a file", "L5-CACHE-TREE-EDITED", Sees, |site| {
            remove(&site.unpacked(APP).join("app.go"));
            symlink("LICENSE", site.unpacked(APP).join("app.go")).unwrap();
        }),
        row("a link to nothing in the place of a file", "L5-CACHE-TREE-EDITED", Sees, |site| {
            remove(&site.unpacked(APP).join("app.go"));
            symlink("nothing", site.unpacked(APP).join("app.go")).unwrap();
        }),
        row("a file in the place of the tree", "L5-CACHE-UNREADABLE", Misses, |site| {
            remove(&site.unpacked(APP));
            put(site.unpacked(APP), "x");
        }),
        row("the tree was edited, and the zip is gone", "L5-CACHE-TREE-EDITED", Sees, |site| {
            remove(&site.cached(APP, "zip"));
            append(site.unpacked(APP).join("app.go"), "\n");
        }),
        row("the tree was edited, and nothing else is left", "L5-CACHE-TREE-EDITED", Misses, |site| {
            remove(&site.cached(OLD, "zip"));
            remove(&site.cached(OLD, "ziphash"));
            append(site.unpacked(OLD).join("old.go"), "\n");
        }),
        row("the tree was edited, and the zip is another one", "L5-CACHE-ZIP-ALTERED", Sees, |site| {
            put(site.cached(APP, "zip"), other(APP).zip.to_vec());
            append(site.unpacked(APP).join("app.go"), "\n");
        }),
    ]
}

pub(super) fn small() -> Vec<Row> {
    vec![
        row("a .mod was edited", "L5-CACHE-MOD-ALTERED", Sees, |site| {
            append(site.cached(APP, "mod"), "\nrequire example.com/evil v1.0.0\n");
        }),
        row("a .mod is empty", "L5-CACHE-MOD-ALTERED", Sees, |site| cut(site.cached(LIB, "mod"), 0)),
        row("a .mod was cut", "L5-CACHE-MOD-ALTERED", Sees, |site| cut(site.cached(APP, "mod"), 30)),
        row("a .mod is that of another version", "L5-CACHE-MOD-ALTERED", Sees, |site| {
            put(site.cached(APP, "mod"), published("example.com/app@v1.1.0").gomod);
        }),
        row("an .info names another version", "L5-CACHE-INFO-WRONG", Misses, |site| {
            put(site.cached(APP, "info"), r#"{"Version":"v9.9.9","Time":"2024-01-01T00:00:00Z"}"#);
        }),
        row("an .info is torn", "L5-CACHE-INFO-WRONG", Misses, |site| cut(site.cached(APP, "info"), 10)),
        row("an .info is empty", "L5-CACHE-INFO-WRONG", Misses, |site| cut(site.cached(APP, "info"), 0)),
        row("an .info is a page of a proxy", "L5-CACHE-INFO-WRONG", Misses, |site| {
            put(site.cached(OLD, "info"), "<html>blocked</html>");
        }),
        row("an .info of a pseudo-version names another time", "L5-CACHE-INFO-WRONG", Misses, |site| {
            let (_, version) = LIB.split_once('@').unwrap();
            put(
                site.cached(LIB, "info"),
                format!(r#"{{"Version":"{version}","Time":"2020-01-01T00:00:00Z"}}"#),
            );
        }),
    ]
}

#[test]
fn every_fault_of_zips_and_kept_hashes_is_found() {
    each(&Site::new(), &zips());
}

#[test]
fn every_fault_of_unpacked_files_is_found() {
    each(&Site::new(), &trees());
}

#[test]
fn every_fault_of_gomod_and_info_files_is_found() {
    each(&Site::new(), &small());
}
