//! Faults of the vendor directory.

use std::fs;

use super::{Site, append, doctor};

impl Site {
    pub(super) fn vendored() -> Site {
        let site = Site::new();
        site.go.run(["mod", "vendor"]).ok();
        site.builds();
        site
    }
}

#[test]
fn a_healthy_one() {
    let site = Site::vendored();
    site.doctor().healthy();
    // Nothing is needed from the cache, and no line of go.sum is read.
    site.go.run(["clean", "-modcache"]).ok();
    site.builds();
    assert_eq!(site.doctor().codes(), [""; 0]);
}

#[test]
fn gomod_was_changed_without_it() {
    let site = Site::vendored();
    site.edit("go.mod", |text| text.replace("v0.1.1-0.20240203040506-abcdefabcdef", "v0.1.0"));
    site.fails("inconsistent vendoring");
    site.is("L5-VENDOR-STALE");
}

#[test]
fn a_replace_line_came_without_it() {
    let site = Site::vendored();
    site.edit("go.mod", |text| format!("{text}\nreplace example.com/old => ./old\n"));
    site.fails("inconsistent vendoring");
    site.is("L5-VENDOR-STALE");
}

#[test]
fn replaced_modules_in_it_are_consistent() {
    let site = Site::new();
    site.go.write("old/go.mod", "module example.com/old\n");
    site.go.write("old/old.go", "package old\n\nconst N = 4\n");
    site.edit("go.mod", |text| {
        format!("{text}\nreplace example.com/old => ./old\n\nreplace example.com/app v1.0.0 => example.com/app v1.1.0\n")
    });
    site.go.run(["mod", "tidy"]).ok();
    site.go.run(["mod", "vendor"]).ok();
    site.builds();
    site.doctor().healthy();
}

#[test]
fn its_list_is_missing() {
    let site = Site::vendored();
    fs::remove_file(site.path("vendor/modules.txt")).unwrap();
    site.fails("inconsistent vendoring");
    site.is("L5-VENDOR-NO-LIST");
}

#[test]
fn a_package_is_missing() {
    let site = Site::vendored();
    fs::remove_dir_all(site.path("vendor/example.com/old")).unwrap();
    site.fails("cannot find module providing package example.com/old");
    site.is("L5-VENDOR-LACKS");
}

#[test]
fn a_file_was_edited_and_no_build_notices() {
    let site = Site::vendored();
    append(&site.path("vendor/example.com/old/old.go"), "\nconst M = 1\n");
    site.builds();
    site.go.run(["mod", "verify"]).ok();
    site.is("L5-VENDOR-EDITED");
}

/// Wherever the module lies on this machine, if it is what go.sum says.
#[test]
fn a_file_was_edited_and_the_module_lies_elsewhere() {
    let vendor = |site: &Site| doctor(&site.go, &["--check", "vendor"]);
    let edited = || {
        let site = Site::vendored();
        append(&site.path("vendor/example.com/old/old.go"), "\nconst M = 1\n");
        site
    };
    let old = "example.com/old@v2.1.0+incompatible";
    // The zip alone is gone.
    let site = edited();
    fs::remove_file(site.cached(old, "zip")).unwrap();
    vendor(&site).is("L5-VENDOR-EDITED");
    // All of the module cache is gone, and Larder, or a directory of GOPROXY, has the module.
    for variable in ["LARDER_DATA", "GOPROXY"] {
        let site = edited();
        site.go.run(["clean", "-modcache"]).ok();
        let dir = tempfile::tempdir().unwrap();
        let report = vendor(&site);
        let left = report.json["unchecked"].to_string();
        assert!(left.contains("vendor: the files of 4 modules, which lie nowhere else"), "{}", report.ran);
        crate::world::tree().write_to(&dir.path().join("modules"));
        let place = dir.path().display();
        let site = match variable {
            "GOPROXY" => site.env(variable, &format!("file://{place}/modules")),
            _ => site.env(variable, &place.to_string()),
        };
        vendor(&site).is("L5-VENDOR-EDITED");
        // What is not as go.sum says is not believed.
        let other =
            "-- example.com/old@v2.1.0+incompatible/old.go --\npackage old\n\nconst N = 4\n\nconst M = 1\n";
        testkit::ModuleTree::parse(other).write_to(&dir.path().join("modules"));
        let report = vendor(&site);
        let left = report.json["unchecked"].to_string();
        assert!(left.contains(&format!("vendor: the files of 1 modules, which lie nowhere else on this machine as go.sum has them: {old}")), "{}", report.ran);
    }
}
