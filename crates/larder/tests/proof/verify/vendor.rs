//! Faults of the vendor directory. What `go mod verify` looks at is the module cache; of vendor it says nothing.

use std::{fs, os::unix::fs::symlink};

use super::{
    Go::Misses,
    Row, each, put, row,
    site::{APP, Site, remove},
};

impl Site {
    /// A project whose modules are vendored.
    pub(super) fn vendored() -> Self {
        let site = Site::new();
        site.go.run(["mod", "vendor"]).ok();
        site.go.run(["build", "./..."]).ok();
        site
    }

    fn append(&self, name: &str, text: &str) {
        self.edit(name, |content| content + text);
    }
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("a vendored file was edited", "L5-VENDOR-EDITED", Misses, |site| {
            site.append("vendor/example.com/app/app.go", "\nconst More = 1\n");
        }),
        row("a vendored file is empty", "L5-VENDOR-EDITED", Misses, |site| {
            put(site.path("vendor/example.com/lib/deep/deep.go"), "");
        }),
        row("a vendored file has CRLF", "L5-VENDOR-EDITED", Misses, |site| {
            site.edit("vendor/example.com/app/app.go", |text| text.replace('\n', "\r\n"));
        }),
        row("a vendored file is missing", "L5-VENDOR-EDITED", Misses, |site| {
            site.append("vendor/example.com/old/old.go", "");
            fs::rename(
                site.path("vendor/example.com/app/app.go"),
                site.path("vendor/example.com/app/other.go"),
            )
            .unwrap();
        }),
        row("a vendored file is a link to another one", "L5-VENDOR-EDITED", Misses, |site| {
            let file = site.path("vendor/example.com/app/app.go");
            remove(&file);
            symlink("LICENSE", file).unwrap();
        }),
        row("a file was added to a vendored package", "L5-VENDOR-EDITED", Misses, |site| {
            site.go.write("vendor/example.com/app/init.go", "package app\n");
        }),
        row("a package was added to a vendored module", "L5-VENDOR-EDITED", Misses, |site| {
            site.go.write("vendor/example.com/app/evil/evil.go", "package evil\n");
        }),
        row("a package of no module was added to vendor", "L5-VENDOR-STRAY", Misses, |site| {
            site.go.write("vendor/example.com/none/none.go", "package none\n");
        }),
        row("a vendored license was edited", "L5-VENDOR-EDITED", Misses, |site| {
            site.append("vendor/example.com/app/LICENSE", "Or not.\n");
        }),
        row("a vendored license is missing", "L5-VENDOR-EDITED", Misses, |site| {
            remove(&site.path("vendor/example.com/app/LICENSE"));
        }),
        row("an embedded file was edited", "L5-VENDOR-EDITED", Misses, |site| {
            site.append("vendor/example.com/app/sub/data.txt", "more\n");
        }),
        row("an embedded file is missing", "L5-VENDOR-EDITED", Misses, |site| {
            remove(&site.path("vendor/example.com/app/sub/data.txt"));
        }),
        row("a vendored package is missing", "L5-VENDOR-LACKS", Misses, |site| {
            remove(&site.path("vendor/example.com/old"));
        }),
        row("no list of what is vendored", "L5-VENDOR-NO-LIST", Misses, |site| {
            remove(&site.path("vendor/modules.txt"));
        }),
        row("the list names another version", "L5-VENDOR-STALE", Misses, |site| {
            site.edit("vendor/modules.txt", |text| text.replace("app v1.0.0", "app v1.1.0"));
        }),
        row("the list lacks a package that another one imports", "L5-VENDOR-LACKS", Misses, |site| {
            site.edit("vendor/modules.txt", |text| text.replace("\nexample.com/lib/deep\n", "\n"));
        }),
        row("the list gives a module another version of the language", "L5-VENDOR-STALE", Misses, |site| {
            site.edit("vendor/modules.txt", |text| text.replacen("go 1.21", "go 1.16", 1));
        }),
        row("go.mod was changed without vendor", "L5-VENDOR-STALE", Misses, |site| {
            site.edit("go.mod", |text| text.replace("example.com/app v1.0.0", "example.com/app v1.1.0"));
        }),
        row(
            "a vendored file was edited, and the module cache is empty",
            "L5-VENDOR-EDITED",
            Misses,
            |site| {
                site.append("vendor/example.com/app/app.go", "\n");
                remove(&site.go.modcache());
            },
        ),
        row("a vendored file was edited, and the zip is gone", "L5-VENDOR-EDITED", Misses, |site| {
            site.append("vendor/example.com/app/app.go", "\n");
            remove(&site.cached(APP, "zip"));
        }),
    ]
}

#[test]
fn every_fault_of_vendor_is_found() {
    each(&Site::vendored(), &rows());
}

#[test]
fn what_is_vendored_as_go_does_it_is_clean() {
    let site = Site::vendored();
    // Neither tests nor what no build takes is copied.
    assert!(!site.path("vendor/example.com/app/gen.go").exists());
    assert!(!site.path("vendor/example.com/app/sub/sub_test.go").exists());
    assert_eq!(site.verify(&[]).codes(), [""; 0]);
    assert_eq!(site.verify(&["--offline"]).codes(), [""; 0]);
    site.go.write("vendor/.gitattributes", "* -text\n");
    fs::create_dir_all(site.path("vendor/example.com/app/empty")).unwrap();
    remove(&site.go.modcache());
    let report = site.verify(&[]);
    assert_eq!((report.codes(), report.unchecked()), (vec![], vec![]), "{}", report.ran);
    // What was fetched to compare stays with Larder, and is enough without a network.
    assert_eq!(site.verify(&["--offline"]).codes(), [""; 0]);
}

#[test]
fn what_a_directory_replaces_is_compared_with_that() {
    let site = Site::new();
    site.go.write("old/go.mod", "module example.com/old\n");
    site.go.write("old/old.go", "package old\n\nconst N = 4\n");
    site.edit("go.mod", |text| format!("{text}\nreplace example.com/old => ./old\n"));
    site.go.run(["mod", "tidy"]).ok();
    site.go.run(["mod", "vendor"]).ok();
    assert_eq!(site.verify(&[]).codes(), [""; 0]);
    site.append("vendor/example.com/old/old.go", "\nconst M = 1\n");
    assert_eq!(site.verify(&[]).codes(), ["L5-VENDOR-EDITED"]);
}
