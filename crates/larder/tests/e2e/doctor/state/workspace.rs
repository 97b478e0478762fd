//! Faults of go.work.

use std::fs;

use super::Site;

fn with_sub(work: &str, sub: &str) -> Site {
    let site = Site::new();
    site.go.write("go.work", work);
    site.go.write("sub/go.mod", sub);
    site.go.write("sub/sub.go", "package sub\n");
    site
}

const SUB: &str = "module example.com/sub\n\ngo 1.21\n";

#[test]
fn a_healthy_workspace() {
    let site = with_sub("go 1.21\n\nuse (\n\t.\n\t./sub\n)\n", SUB);
    site.builds();
    site.doctor().healthy();
}

#[test]
fn a_module_of_it_is_not_there() {
    let site = with_sub("go 1.21\n\nuse .\nuse ./sub\n", SUB);
    fs::remove_dir_all(site.path("sub")).unwrap();
    site.fails("cannot load module sub listed in go.work");
    site.is("L5-WORK-USE-MISSING");
}

#[test]
fn its_go_line_is_older() {
    let site = with_sub("go 1.21\n\nuse .\nuse ./sub\n", "module example.com/sub\n\ngo 1.22\n");
    site.fails("requires go >= 1.22");
    site.is("L5-WORK-GO-OLDER");
}

#[test]
fn this_module_is_not_in_it() {
    let site = with_sub("go 1.21\n\nuse ./sub\n", SUB);
    site.fails("not one of the workspace modules");
    site.is("L5-WORK-NOT-LISTED");
    let site = site.env("GOWORK", "off");
    site.builds();
    site.doctor().healthy();
}

#[test]
fn its_modules_replace_one_by_two() {
    let site = with_sub("go 1.21\n\nuse .\nuse ./sub\n", &format!("{SUB}\nreplace example.com/old => ./a\n"));
    site.edit("go.mod", |text| format!("{text}\nreplace example.com/old => ./b\n"));
    for dir in ["b", "sub/a"] {
        site.go.write(&format!("{dir}/go.mod"), "module example.com/old\n");
        site.go.write(&format!("{dir}/old.go"), "package old\n\nconst N = 4\n");
    }
    site.fails("conflicting replacements for example.com/old");
    site.is("L5-WORK-REPLACE");
}

#[test]
fn one_module_is_in_it_twice() {
    let site = with_sub("go 1.21\n\nuse .\nuse ./sub\n", "module test\n\ngo 1.21\n");
    site.fails("appears multiple times in workspace");
    site.is("L5-WORK-TWICE");
}

#[test]
fn it_cannot_be_read() {
    let site = with_sub("go 1.21\n\nuse .\nused ./sub\n", SUB);
    site.fails("unknown directive: used");
    site.is("L5-WORK-MALFORMED");
}
