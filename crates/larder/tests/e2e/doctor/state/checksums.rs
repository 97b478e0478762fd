//! go.sum, the module cache and the checksum database say different things; what is remembered of the database is damaged.

use std::{fs, path::PathBuf};

use testkit::{ModuleTree, ScriptedUpstream};

use super::{Site, cache::other, is};
use crate::world::{LOG, tree};

const APP: &str = "example.com/app@v1.0.0";
const WRONG: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

impl Site {
    /// The line of go.sum for the zip of the application gets another hash.
    fn pollute(&self, hash: &str) {
        self.edit("go.sum", |text| {
            let line = text.lines().find(|line| line.starts_with("example.com/app v1.0.0 ")).unwrap();
            text.replace(line, &format!("example.com/app v1.0.0 {hash}"))
        });
    }

    fn head(&self) -> PathBuf {
        self.go.work().parent().unwrap().join("gopath/pkg/sumdb").join(LOG).join("latest")
    }

    fn answers(&self) -> PathBuf {
        self.go.modcache().join("cache/download/sumdb").join(LOG)
    }

    /// A version that this machine has not verified yet.
    #[track_caller]
    fn new_version_fails(&self) {
        self.go.run(["mod", "download", "example.com/app@v1.1.0"]).fails();
    }
}

#[test]
fn a_line_of_gosum_is_wrong_by_what_this_machine_remembers() {
    let site = Site::new();
    site.pollute(WRONG);
    site.fails("checksum mismatch");
    is(&super::doctor(&site.go, &["--offline"]), "L3-GOSUM-LINE-WRONG");
    site.is("L3-GOSUM-LINE-WRONG");
}

#[test]
fn a_line_of_gosum_is_wrong_by_what_the_database_answers() {
    let site = Site::new();
    site.pollute(WRONG);
    site.go.run(["clean", "-modcache"]).ok();
    site.fails("checksum mismatch");
    fs::remove_dir_all(site.answers()).ok();
    let report = site.doctor();
    assert_eq!(report.codes()[0], "L3-GOSUM-LINE-WRONG", "{}", report.ran);
}

#[test]
fn poison_that_is_in_gosum_and_in_the_cache_and_no_build_notices() {
    let site = Site::new();
    site.pollute(&other(APP).h1);
    fs::write(site.cached(APP, "zip"), other(APP).zip.to_vec()).unwrap();
    fs::write(site.cached(APP, "ziphash"), other(APP).h1).unwrap();
    fs::remove_dir_all(site.unpacked(APP)).unwrap();
    fs::remove_dir_all(site.answers()).unwrap();
    site.builds();
    site.is("L3-GOSUM-LINE-WRONG");
}

#[test]
fn the_cache_has_other_bytes_than_the_database_and_gosum() {
    let site = Site::new();
    fs::write(site.cached(APP, "zip"), other(APP).zip.to_vec()).unwrap();
    fs::write(site.cached(APP, "ziphash"), other(APP).h1).unwrap();
    fs::remove_dir_all(site.unpacked(APP)).unwrap();
    site.fails("checksum mismatch");
    site.is("L3-SUM-MISMATCH-DATABASE");
    // Where nothing is remembered, the database is asked.
    fs::remove_dir_all(site.answers()).unwrap();
    site.is("L3-SUM-MISMATCH-DATABASE");
}

#[test]
fn gosum_and_the_cache_differ_and_nobody_can_be_asked() {
    let site = Site::new();
    site.pollute(WRONG);
    fs::remove_dir_all(site.answers()).unwrap();
    site.fails("checksum mismatch");
    is(&super::doctor(&site.go, &["--offline"]), "L3-SUM-MISMATCH-GOSUM");
}

#[test]
fn nobody_is_asked_about_what_is_private() {
    let site = Site::new().env("GONOSUMDB", "example.com");
    fs::remove_dir_all(site.answers()).unwrap();
    let before = site.upstream.seen().len();
    site.doctor();
    let asked = site.upstream.seen();
    assert!(asked[before..].iter().all(|seen| !seen.path.contains("/lookup/")), "{asked:?}");
}

#[test]
fn the_remembered_head_is_damaged() {
    for text in ["go.sum database tree\n", "\0\0\0\0\0\0\0\0"] {
        let site = Site::new();
        fs::write(site.head(), text).unwrap();
        site.new_version_fails();
        site.is("L3-SUMDB-HEAD-DAMAGED");
    }
}

#[test]
fn the_database_was_set_up_anew() {
    let site = Site::new();
    let other = ModuleTree::parse("-- example.com/Upper@v1.0.0-RC1/go.mod --\nmodule example.com/Upper\n");
    let fork = site.log.fork(other.module("example.com/Upper", "v1.0.0-RC1"));
    let upstream = ScriptedUpstream::with_log(tree(), fork);
    let site = site.env("GOPROXY", &upstream.url());
    let ran = site.go.run(["mod", "download", "example.com/app@v1.1.0"]).fails();
    assert!(ran.stderr.contains("SECURITY ERROR"), "{ran}");
    site.is("L3-SUMDB-HEAD-FORKED");
}

#[test]
fn a_database_that_has_grown_is_the_same() {
    let site = Site::new();
    site.log.fill(300);
    site.doctor().healthy();
    site.go.run(["mod", "download", "example.com/app@v1.1.0"]).ok();
}

#[test]
fn a_kept_answer_is_damaged() {
    let site = Site::new();
    fs::write(site.answers().join("lookup/example.com/app@v1.0.0"), "0\nexample.com/app").unwrap();
    let sums = site.go.read("go.sum");
    fs::remove_file(site.path("go.sum")).unwrap();
    site.go.run(["mod", "tidy"]).fails();
    site.go.write("go.sum", &sums);
    site.is("L3-SUMDB-CACHE-DAMAGED");
}
