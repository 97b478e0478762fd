//! What is known of the checksum database without asking it, and who may be asked.

use std::fs;

use super::{
    Go::Misses,
    Row, each, put, row,
    site::{APP, OLD, Site, WRONG, other, remove},
};

const ZIP: &str = "example.com/app v1.0.0 ";

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("a kept answer of the checksum database was altered", "L3-SUMDB-CACHE-DAMAGED", Misses, |site| {
            let file = site.answers().join("lookup").join(APP);
            let text = fs::read_to_string(&file).unwrap();
            let hash = site.hash(ZIP);
            assert!(text.contains(&hash));
            put(file, text.replace(&hash, WRONG));
        }),
        row("a kept answer of the checksum database was cut", "L3-SUMDB-CACHE-DAMAGED", Misses, |site| {
            let file = site.answers().join("lookup").join(APP);
            let text = fs::read_to_string(&file).unwrap();
            put(file, &text[..text.len() / 2]);
        }),
        row("a kept tile of the checksum database was altered", "L3-SUMDB-CACHE-DAMAGED", Misses, |site| {
            let dir = site.answers().join("tile/8/0/000.p");
            for entry in fs::read_dir(dir).unwrap() {
                let file = entry.unwrap().path();
                let mut bytes = fs::read(&file).unwrap();
                bytes[1] ^= 1;
                put(file, bytes);
            }
        }),
        row("the kept head of the checksum database is damaged", "L3-SUMDB-HEAD-DAMAGED", Misses, |site| {
            put(site.head(), "nothing that anybody signed\n");
        }),
    ]
}

#[test]
fn every_fault_of_what_is_kept_is_found() {
    each(&Site::new(), &rows());
}

fn poison(site: &Site) {
    site.line(ZIP, &format!("{ZIP}{}", other(APP).h1));
    put(site.cached(APP, "zip"), other(APP).zip.to_vec());
    put(site.cached(APP, "ziphash"), other(APP).h1);
    remove(&site.unpacked(APP));
}

#[test]
fn offline_the_answers_that_go_keeps_are_enough() {
    let site = Site::new();
    poison(&site);
    let asked = site.upstream.asked("*");
    let report = site.verify(&["--offline"]);
    assert_eq!(report.codes(), ["L3-GOSUM-LINE-WRONG", "L3-SUM-MISMATCH-DATABASE"], "{}", report.ran);
    // The cache alone is judged by them too.
    let report = site.verify(&["--offline", "--modcache"]);
    assert_eq!(report.codes(), ["L3-SUM-MISMATCH-DATABASE"], "{}", report.ran);
    assert_eq!(site.upstream.asked("*"), asked);
    assert!(!site.larder.data().exists(), "nothing is stored where nobody is asked");
}

#[test]
fn offline_the_ledger_is_enough() {
    let site = Site::new();
    remove(&site.answers());
    assert_eq!(site.verify(&[]).codes(), [""; 0]);
    poison(&site);
    let asked = site.upstream.asked("*");
    let report = site.verify(&["--offline"]);
    assert_eq!(report.codes(), ["L3-GOSUM-LINE-WRONG", "L3-SUM-MISMATCH-DATABASE"], "{}", report.ran);
    assert_eq!(site.upstream.asked("*"), asked);
}

#[test]
fn what_nobody_vouches_for_is_said_and_is_no_finding() {
    let site = Site::new();
    remove(&site.answers());
    let report = site.verify(&["--offline"]);
    assert_eq!(report.codes(), [""; 0]);
    let unchecked = report.unchecked();
    assert!(unchecked.iter().any(|line| line.contains("not asked about 4 versions")), "{unchecked:?}");
    // The same where the database is silent.
    site.upstream.always("sumdb/*", testkit::Reply::status(503));
    let report = site.verify(&[]);
    assert_eq!(report.codes(), [""; 0], "{}", report.ran);
    assert!(report.unchecked().iter().any(|line| line.contains("did not answer")), "{}", report.ran);
}

#[test]
fn a_private_name_reaches_no_database() {
    let mut site = Site::new();
    remove(&site.answers());
    site.go = site.go.env("GONOSUMDB", "example.com/old");
    let before = site.upstream.asked("sumdb/*/lookup/example.com/old@*");
    assert_eq!(site.verify(&[]).codes(), [""; 0]);
    assert_eq!(site.upstream.asked("sumdb/*/lookup/example.com/old@*"), before);
    // go.sum vouches for it.
    put(site.cached(OLD, "zip"), other(OLD).zip.to_vec());
    assert_eq!(site.verify(&[]).codes(), ["L5-CACHE-ZIP-ALTERED"]);
}
