//! Faults of go.mod, of what it leads to, and of the version of Go that it asks for.

use std::fs;

use super::{Site, append};

#[test]
fn a_merge_left_its_marks_in_gomod() {
    let site = Site::new();
    site.edit("go.mod", |text| format!("{text}<<<<<<< HEAD\n=======\n>>>>>>> other\n"));
    site.fails("unknown directive: <<<<<<<");
    site.is("L5-GOMOD-MALFORMED");
}

#[test]
fn a_replace_line_leads_nowhere() {
    let site = Site::new();
    site.edit("go.mod", |text| format!("{text}\nreplace example.com/app => ../gone\n"));
    site.fails("replacement directory ../gone does not exist");
    site.is("L5-REPLACE-MISSING");
}

#[test]
fn a_replacing_directory_is_no_module() {
    let site = Site::new();
    fs::create_dir(site.path("fork")).unwrap();
    site.edit("go.mod", |text| format!("{text}\nreplace example.com/app => ./fork\n"));
    site.fails("fork/go.mod: no such file");
    site.is("L5-REPLACE-NO-GOMOD");
}

#[test]
fn an_import_that_nothing_provides() {
    let site = Site::new();
    site.go.write("more.go", "package test\n\nimport _ \"example.com/other/thing\"\n");
    site.fails("no required module provides package example.com/other/thing");
    site.is("L5-NOT-REQUIRED");
}

#[test]
fn an_import_that_the_module_does_not_have() {
    let site = Site::new();
    site.go.write("more.go", "package test\n\nimport _ \"example.com/app/gone\"\n");
    site.fails("no required module provides package example.com/app/gone");
    site.is("L5-PACKAGE-ABSENT");
}

#[test]
fn imports_that_no_build_here_sees_are_none() {
    let site = Site::new();
    site.go.write("tools.go", "//go:build tools\n\npackage test\n\nimport _ \"example.com/tool\"\n");
    site.go.write("x_windows.go", "package test\n\nimport _ \"example.com/windows\"\n");
    site.go.write("_x.go", "package test\n\nimport _ \"example.com/hidden\"\n");
    site.go.write("testdata/x.go", "package x\n\nimport _ \"example.com/data\"\n");
    site.go.write("nested/go.mod", "module example.com/nested\n");
    site.go.write("nested/x.go", "package x\n\nimport _ \"example.com/nested/dependency\"\n");
    site.builds();
    site.doctor().healthy();
}

#[test]
fn gomod_names_too_low_a_version() {
    let site = Site::new();
    site.edit("go.mod", |text| text.replace("v0.1.1-0.20240203040506-abcdefabcdef", "v0.1.0"));
    site.go.run(["mod", "download", "example.com/branch"]).ok();
    site.fails("updates to go.mod needed");
    let report = site.doctor();
    assert_eq!(report.codes()[0], "L5-GOMOD-READONLY", "{}", report.ran);
}

#[test]
fn go_files_without_a_module() {
    let site = Site::new();
    fs::remove_file(site.path("go.mod")).unwrap();
    site.fails("go.mod file not found");
    site.is("L5-NO-GOMOD");
    fs::remove_file(site.path("main.go")).unwrap();
    let report = site.doctor();
    assert_eq!(report.codes(), [""; 0], "{}", report.ran);
}

#[test]
fn go_is_too_old_and_may_not_be_another() {
    let site = Site::new();
    site.edit("go.mod", |text| text.replace("go 1.21", "go 1.99"));
    site.fails("requires go >= 1.99");
    site.is("L1-GO-TOO-OLD");
}

#[test]
fn a_toolchain_line_that_names_none() {
    let site = Site::new();
    site.edit("go.mod", |text| text.replace("go 1.21", "go 1.21\n\ntoolchain xyz"));
    site.fails("invalid toolchain");
    site.is("L1-GOTOOLCHAIN");
}

#[test]
fn a_toolchain_that_is_not_in_path() {
    let site = Site::new().env("GOTOOLCHAIN", "path");
    site.edit("go.mod", |text| text.replace("go 1.21", "go 1.99"));
    site.fails("cannot find \"go1.99.0\" in PATH");
    site.is("L1-TOOLCHAIN-PATH");
}

#[test]
fn a_toolchain_that_cannot_be_downloaded() {
    let site = Site::new().env("GOTOOLCHAIN", "auto").env("GOPROXY", "off");
    site.edit("go.mod", |text| text.replace("go 1.21", "go 1.21\n\ntoolchain go1.99.0"));
    site.fails("go1.99.0");
    let report = site.doctor();
    assert!(report.codes().contains(&"L1-TOOLCHAIN-FETCH"), "{}", report.ran);
    // What is only suggested does not count where the installed one is to be used.
    let site = site.env("GOTOOLCHAIN", "local");
    site.builds();
    let report = site.doctor();
    assert!(!report.codes().contains(&"L1-TOOLCHAIN-FETCH"), "{}", report.ran);
}

#[test]
fn a_toolchain_that_nobody_may_verify() {
    let site = Site::new().env("GOTOOLCHAIN", "auto").env("GOSUMDB", "off");
    let tree = testkit::ModuleTree::parse(&testkit::toolchain("go1.99.0", "exit 0"));
    let upstream = testkit::ScriptedUpstream::serving(tree);
    let site = site.env("GOPROXY", &upstream.url());
    site.edit("go.mod", |text| text.replace("go 1.21", "go 1.21\n\ntoolchain go1.99.0"));
    site.fails("checksum database disabled by GOSUMDB=off");
    let report = site.doctor();
    assert!(report.codes().contains(&"L1-GOSUMDB-OFF"), "{}", report.ran);
}

#[test]
fn a_module_calls_itself_otherwise() {
    let site = Site::new();
    let renamed = "-- example.com/renamed@v1.0.0/go.mod --\nmodule example.com/new\n-- example.com/renamed@v1.0.0/x.go --\npackage x\n";
    let upstream = testkit::ScriptedUpstream::serving(testkit::ModuleTree::parse(renamed));
    let site = site.env("GOPROXY", &upstream.url()).env("GONOSUMDB", "example.com");
    site.edit("go.mod", |text| format!("{text}\nrequire example.com/renamed v1.0.0\n"));
    site.go.write("more.go", "package test\n\nimport _ \"example.com/renamed\"\n");
    let ran = site.go.run(["build", "-mod=mod", "."]).fails();
    assert!(ran.stderr.contains("module declares its path as: example.com/new"), "{ran}");
    let report = site.doctor();
    assert_eq!(report.codes()[0], "L5-MODULE-RENAMED", "{}", report.ran);
}

#[test]
fn an_unreadable_gomod_hides_no_other_fault_of_gosum() {
    let site = Site::new();
    site.edit("go.mod", |text| format!("{text}nonsense\n"));
    append(&site.path("go.sum"), "<<<<<<< HEAD\n");
    site.fails("unknown directive: nonsense");
    let report = site.doctor();
    let codes = report.codes();
    assert!(
        codes.contains(&"L5-GOMOD-MALFORMED") && codes.contains(&"L3-GOSUM-MERGE-MARKS"),
        "{}",
        report.ran
    );
}
