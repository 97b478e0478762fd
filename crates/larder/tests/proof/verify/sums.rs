//! Faults of go.sum.

use super::{
    Go::{Misses, Sees},
    Row, each, put, row,
    site::{APP, Site, WRONG, other, remove},
};

const ZIP: &str = "example.com/app v1.0.0 ";
const GOMOD: &str = "example.com/app v1.0.0/go.mod ";

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("a line of four words", "L3-GOSUM-MALFORMED", Sees, |site| {
            site.line(ZIP, &format!("{ZIP}{WRONG} more"));
        }),
        row("a line of two words", "L3-GOSUM-MALFORMED", Sees, |site| site.line(ZIP, ZIP)),
        row("a line of bytes that are no text", "L3-GOSUM-MALFORMED", Sees, |site| {
            put(site.path("go.sum"), [site.go.read("go.sum").as_bytes(), b"\xff\xfe\0\n"].concat());
        }),
        row("a hash that is no base64", "L3-GOSUM-BAD-HASH", Misses, |site| {
            site.line(ZIP, &format!("{ZIP}h1:????"));
        }),
        row("a hash that was cut", "L3-GOSUM-BAD-HASH", Misses, |site| {
            let hash = site.hash(ZIP);
            site.line(ZIP, &format!("{ZIP}{}", &hash[..30]));
        }),
        row("a wrong hash of a zip", "L3-GOSUM-LINE-WRONG", Misses, |site| {
            site.line(ZIP, &format!("{ZIP}{WRONG}"));
        }),
        row("a wrong hash of a go.mod", "L3-GOSUM-LINE-WRONG", Sees, |site| {
            site.line(GOMOD, &format!("{GOMOD}{WRONG}"));
        }),
        row("the hash of the zip in the line of the go.mod", "L3-GOSUM-LINE-WRONG", Sees, |site| {
            site.line(GOMOD, &format!("{GOMOD}{}", site.hash(ZIP)));
        }),
        row("the hash of another module", "L3-GOSUM-LINE-WRONG", Misses, |site| {
            site.line(ZIP, &format!("{ZIP}{}", site.hash("example.com/Upper v1.2.0 ")));
        }),
        row("two hashes, the wrong one first", "L3-GOSUM-CONTRADICTS", Misses, |site| {
            site.line(ZIP, &format!("{ZIP}{WRONG}\n{ZIP}{}", site.hash(ZIP)));
        }),
        row("two hashes, the wrong one behind", "L3-GOSUM-SECOND-HASH", Misses, |site| {
            site.line(ZIP, &format!("{ZIP}{}\n{ZIP}{WRONG}", site.hash(ZIP)));
        }),
        row("no line for a go.mod", "L3-GOSUM-LINE-MISSING", Misses, |site| site.line(GOMOD, "")),
        row("no line for a zip", "L3-GOSUM-LINE-MISSING", Misses, |site| site.line(ZIP, "")),
        row("no line for a zip that only another module imports", "L3-GOSUM-LINE-MISSING", Misses, |site| {
            site.line("example.com/old v2.0.0+incompatible ", "");
        }),
        row("a line of which the kind of hash is misspelt", "L3-GOSUM-LINE-MISSING", Misses, |site| {
            site.edit("go.sum", |text| text.replace("app v1.0.0 h1:", "app v1.0.0 H1:"));
        }),
        row("a byte order mark", "L3-GOSUM-BYTE-ORDER-MARK", Misses, |site| {
            site.edit("go.sum", |text| format!("\u{feff}{text}"));
        }),
        row("no go.sum", "L3-GOSUM-ABSENT", Misses, |site| remove(&site.path("go.sum"))),
        row("an empty go.sum", "L3-GOSUM-ABSENT", Misses, |site| put(site.path("go.sum"), "")),
        row("the marks of a merge", "L3-GOSUM-MERGE-MARKS", Sees, |site| {
            let hash = site.hash(ZIP);
            site.line(ZIP, &format!("<<<<<<< HEAD\n{ZIP}{hash}\n=======\n{ZIP}{hash}\n>>>>>>> other"));
        }),
        row("a version that cannot be", "L3-GOSUM-STRAY-LINE", Misses, |site| {
            site.edit("go.sum", |text| format!("{text}example.com/app one {WRONG}\n"));
        }),
        row("a path that cannot be", "L3-GOSUM-STRAY-LINE", Misses, |site| {
            site.edit("go.sum", |text| format!("{text}../app v1.0.0 {WRONG}\n"));
        }),
        row("a wrong line for a version that no build needs", "L3-GOSUM-LINE-WRONG", Misses, |site| {
            site.edit("go.sum", |text| format!("{text}example.com/app v1.1.0 {WRONG}\n"));
        }),
        row("poison in go.sum and in the cache alike", "L3-GOSUM-LINE-WRONG", Misses, |site| {
            site.line(ZIP, &format!("{ZIP}{}", other(APP).h1));
            put(site.cached(APP, "zip"), other(APP).zip.to_vec());
            put(site.cached(APP, "ziphash"), other(APP).h1);
            remove(&site.unpacked(APP));
        }),
    ]
}

#[test]
fn every_fault_of_gosum_is_found() {
    each(&Site::new(), &rows());
}
