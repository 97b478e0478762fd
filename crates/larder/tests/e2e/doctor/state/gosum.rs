//! Faults of go.sum.

use std::fs;

use super::{Site, first};

const WRONG: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[test]
fn merge_marks() {
    let site = Site::new();
    site.edit("go.sum", |text| format!("<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n"));
    site.fails("malformed go.sum");
    site.is("L3-GOSUM-MERGE-MARKS");
}

#[test]
fn merge_marks_around_contradicting_lines() {
    let site = Site::new();
    site.edit("go.sum", |text| {
        format!("<<<<<<< HEAD\n{text}=======\nexample.com/app v1.0.0 {WRONG}\n>>>>>>> other\n")
    });
    site.fails("malformed go.sum");
    first(&site.doctor(), "L3-GOSUM-MERGE-MARKS", "L3-GOSUM-SECOND-HASH");
}

#[test]
fn a_line_of_four_words() {
    let site = Site::new();
    site.edit("go.sum", |text| text.replacen(" h1:", " x h1:", 1));
    site.fails("wrong number of fields 4");
    // What the line said is missing as well.
    let report = site.doctor();
    assert_eq!(report.codes()[0], "L3-GOSUM-MALFORMED", "{}", report.ran);
}

#[test]
fn a_byte_order_mark() {
    let site = Site::new();
    site.edit("go.sum", |text| {
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_by_key(|line| !line.starts_with("example.com/app v1.0.0 "));
        format!("\u{feff}{}\n", lines.join("\n"))
    });
    site.fails("missing go.sum entry");
    let report = site.doctor();
    assert_eq!(report.codes()[0], "L3-GOSUM-BYTE-ORDER-MARK", "{}", report.ran);
}

/// The project itself imports nothing of that module: `example.com/app` does.
#[test]
fn the_line_of_a_module_that_another_one_imports_is_missing() {
    let site = Site::new();
    site.edit("go.sum", |text| {
        let lines = text.lines().filter(|line| !line.starts_with("example.com/old v2.1.0+incompatible h1:"));
        lines.fold(String::new(), |all, line| all + line + "\n")
    });
    site.fails(
        "missing go.sum entry for module providing package example.com/old (imported by example.com/app)",
    );
    let report = site.doctor();
    let finding = report.is("L3-GOSUM-LINE-MISSING");
    assert!(finding["evidence"][1].as_str().unwrap().contains("app@v1.0.0/app.go: import"), "{finding}");
    site.go.run(["mod", "download", "example.com/old"]).ok();
}

/// A module that could have a package of another one needs a line too: go looks whether it has it.
#[test]
fn the_line_of_a_module_above_is_missing() {
    let above = "-- example.com/tree@v1.0.0/go.mod --\nmodule example.com/tree\n\ngo 1.21\n-- example.com/tree@v1.0.0/tree.go --\npackage tree\n";
    let below = above
        .replace("example.com/tree", "example.com/tree/leaf")
        .replace("package tree", "package leaf")
        .replace("tree.go", "leaf.go");
    let modules = testkit::ModuleTree::parse(&format!("{above}{below}"));
    let upstream = testkit::ScriptedUpstream::serving(modules);
    let go = crate::world::project(&upstream.url());
    go.write(
        "go.mod",
        "module test\n\ngo 1.21\n\nrequire example.com/tree v1.0.0\n\nrequire example.com/tree/leaf v1.0.0\n",
    );
    go.write(
        "main.go",
        "package test\n\nimport (\n\t_ \"example.com/tree\"\n\t_ \"example.com/tree/leaf\"\n)\n",
    );
    go.run(["mod", "tidy"]).ok();
    go.write("main.go", "package test\n\nimport _ \"example.com/tree/leaf\"\n");
    super::super::doctor(&go, &["--check", "imports,go-sum"]).healthy();
    let sum = go.read("go.sum");
    let lines = sum.lines().filter(|line| !line.starts_with("example.com/tree v1.0.0 h1:"));
    go.write("go.sum", &lines.fold(String::new(), |all, line| all + line + "\n"));
    go.run(["build", "."]).fails();
    super::super::doctor(&go, &["--check", "imports,go-sum"]).is("L3-GOSUM-LINE-MISSING");
}

#[test]
fn carriage_returns_are_none() {
    let site = Site::new();
    site.edit("go.sum", |text| text.replace('\n', "\r\n"));
    site.builds();
    site.doctor().healthy();
}

#[test]
fn hashes_of_a_later_kind_are_none() {
    let site = Site::new();
    site.edit("go.sum", |text| format!("example.com/app v1.0.0 h2:later\n{text}"));
    site.builds();
    site.doctor().healthy();
}

#[test]
fn a_hash_that_nothing_can_have() {
    let site = Site::new();
    site.edit("go.sum", |text| {
        let line = text.lines().find(|line| line.starts_with("example.com/app v1.0.0 ")).unwrap();
        text.replace(line, &line[..line.len() - 5])
    });
    site.fails("checksum mismatch");
    let report = site.doctor();
    assert_eq!(report.codes()[0], "L3-GOSUM-BAD-HASH", "{}", report.ran);
}

#[test]
fn a_second_hash_that_go_never_reaches() {
    let site = Site::new();
    site.edit("go.sum", |text| format!("{text}example.com/app v1.0.0 {WRONG}\n"));
    site.builds();
    site.is("L3-GOSUM-SECOND-HASH");
}

#[test]
fn two_hashes_of_which_the_wrong_one_is_first() {
    let site = Site::new();
    site.edit("go.sum", |text| format!("example.com/app v1.0.0 {WRONG}\n{text}"));
    site.fails("checksum mismatch");
    let report = site.doctor();
    assert_eq!(report.codes()[0], "L3-GOSUM-CONTRADICTS", "{}", report.ran);
}

#[test]
fn no_file_at_all() {
    let site = Site::new();
    fs::remove_file(site.path("go.sum")).unwrap();
    site.fails("missing go.sum entry");
    site.is("L3-GOSUM-ABSENT");
    fs::write(site.path("go.sum"), "").unwrap();
    site.fails("missing go.sum entry");
    site.is("L3-GOSUM-ABSENT");
    // A build that may write it does.
    let site = site.env("GOFLAGS", "-mod=mod");
    site.doctor().healthy();
}

#[test]
fn a_line_is_missing() {
    for (start, file) in [("example.com/app v1.0.0/go.mod ", "/go.mod"), ("example.com/app v1.0.0 ", "")] {
        let site = Site::new();
        site.edit("go.sum", |text| {
            text.split_inclusive('\n').filter(|line| !line.starts_with(start)).collect()
        });
        site.fails("missing go.sum entry");
        let report = site.doctor();
        super::is(&report, "L3-GOSUM-LINE-MISSING");
        let evidence = report.findings()[0]["evidence"][0].as_str().unwrap().to_owned();
        assert_eq!(evidence, format!("go.sum: no line example.com/app@v1.0.0{file}"));
    }
}
