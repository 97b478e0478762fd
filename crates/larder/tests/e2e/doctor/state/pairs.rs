//! Two faults at once: the cause comes first.

use std::fs;

use super::{Site, append, first};

const APP: &str = "example.com/app@v1.0.0";
const WRONG: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[test]
fn a_merge_left_marks_and_the_wrong_line_first() {
    let site = Site::new();
    site.edit("go.sum", |text| {
        format!("<<<<<<< HEAD\nexample.com/app v1.0.0 {WRONG}\n=======\n{text}>>>>>>> other\n")
    });
    site.fails("malformed go.sum");
    first(&site.doctor(), "L3-GOSUM-MERGE-MARKS", "L3-GOSUM-CONTRADICTS");
}

#[test]
fn the_first_of_two_hashes_is_the_wrong_one() {
    let site = Site::new();
    site.edit("go.sum", |text| format!("example.com/app v1.0.0 {WRONG}\n{text}"));
    site.fails("checksum mismatch");
    first(&site.doctor(), "L3-GOSUM-CONTRADICTS", "L3-GOSUM-LINE-WRONG");
}

#[test]
fn a_malformed_line_was_one_that_is_needed() {
    let site = Site::new();
    site.edit("go.sum", |text| {
        text.replace("example.com/app v1.0.0/go.mod h1:", "example.com/app v1.0.0/go.mod h1: ")
    });
    site.fails("malformed go.sum");
    first(&site.doctor(), "L3-GOSUM-MALFORMED", "L3-GOSUM-LINE-MISSING");
}

#[test]
fn a_package_is_missing_because_its_tree_is() {
    let site = Site::new();
    fs::remove_file(site.unpacked(APP).join("app.go")).unwrap();
    site.fails("app.go");
    first(&site.doctor(), "L5-CACHE-TREE-INCOMPLETE", "L5-PACKAGE-ABSENT");
}

#[test]
fn a_vendor_directory_without_its_list_and_with_other_requirements() {
    let site = Site::vendored();
    site.edit("go.mod", |text| text.replace("v0.1.1-0.20240203040506-abcdefabcdef", "v0.1.0"));
    append(&site.path("vendor/example.com/old/old.go"), "\nconst M = 1\n");
    site.fails("inconsistent vendoring");
    first(&site.doctor(), "L5-VENDOR-STALE", "L5-VENDOR-EDITED");
}

#[test]
fn what_go_fails_of_comes_before_what_it_does_not_notice() {
    let site = Site::new().env("GOCACHE", "off");
    append(&site.unpacked(APP).join("app.go"), "\nconst More = 1\n");
    site.fails("build cache is disabled");
    first(&site.doctor(), "L5-GOCACHE-UNUSABLE", "L5-CACHE-TREE-EDITED");
}

#[test]
fn a_workspace_without_this_module_that_has_an_older_go_line() {
    let site = Site::new();
    site.go.write("go.work", "go 1.21\n\nuse ./sub\n");
    site.go.write("sub/go.mod", "module example.com/sub\n\ngo 1.22\n");
    site.fails("requires go >= 1.22");
    first(&site.doctor(), "L5-WORK-GO-OLDER", "L5-WORK-NOT-LISTED");
}

#[test]
fn a_broken_gomod_and_a_risk_in_the_cache() {
    let site = Site::new();
    site.edit("go.sum", |text| format!("{text}example.com/app v1.0.0 {WRONG}\n"));
    site.edit("go.mod", |text| format!("{text}nonsense\n"));
    site.fails("unknown directive: nonsense");
    let report = site.doctor();
    assert!(report.codes().contains(&"L5-GOMOD-MALFORMED"), "{}", report.ran);
}
