//! What lies on this machine: caches, vendor, the project itself.

use std::fs;

use testkit::{GoCommand, ScriptedUpstream};

use super::{
    Fault, fault,
    lab::{DOWNLOAD, GO_MOD, Lab, Log, MAIN, inside, said, tree},
    since,
};

const BUILD: &[&str] = &["build", "./..."];

pub(super) const FAULTS: &[Fault] = &[
    fault("cache-relative", "L5-CACHE-RELATIVE", |lab| set(lab, "GOMODCACHE", "here")),
    fault("build-cache-relative", "L5-CACHE-RELATIVE", |lab| set(lab, "GOCACHE", "here")),
    fault("build-cache-off", "L5-CACHE-NOWHERE", |lab| built(lab, |go| go.env("GOCACHE", "off"))),
    fault("cache-nowhere", "L5-CACHE-NOWHERE", |lab| {
        set_all(lab, &[("HOME", ""), ("GOPATH", ""), ("GOMODCACHE", "")])
    }),
    fault("build-cache-nowhere", "L5-CACHE-NOWHERE", |lab| {
        built(lab, |go| go.env("HOME", "").env("GOCACHE", "").env("XDG_CACHE_HOME", ""))
    }),
    fault("cache-is-a-file", "L5-CACHE-READ-ONLY", |lab| set(lab, "GOMODCACHE", "/dev/null/mod")),
    fault("cache-read-only", "L5-CACHE-READ-ONLY", |lab| mounted(lab, "-o ro", DOWNLOAD)),
    fault("disk-full", "L5-DISK-FULL", |lab| mounted(lab, "-o size=8k", DOWNLOAD)),
    since(23, "files-open", "L5-TOO-MANY-FILES", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        let go = lab.go(&upstream.url());
        go.run(["mod", "tidy"]).ok();
        let go = go.under(["sh", "-c", "ulimit -n 8 && exec \"$0\" \"$@\""]);
        said(&go.run(BUILD))
    }),
    fault("cache-zip-cut", "L5-CACHE-DAMAGED", |lab| {
        fetched(lab, |go| {
            let zip = go.modcache().join("cache/download/example.com/app/@v/v1.0.0.zip");
            fs::write(zip, b"PK\x03\x04").unwrap();
            fs::remove_dir_all(go.modcache().join("example.com/app@v1.0.0")).unwrap();
            BUILD
        })
    }),
    fault("cache-zip-changed", "L5-CACHE-DAMAGED", |lab| {
        fetched(lab, |go| {
            let zip = go.modcache().join("cache/download/example.com/app/@v/v1.0.0.ziphash");
            fs::write(zip, "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
            &["mod", "verify"]
        })
    }),
    fault("cache-tree-changed", "L5-CACHE-DAMAGED", |lab| {
        fetched(lab, |go| {
            fs::write(go.modcache().join("example.com/app@v1.0.0/app.go"), "package app\n").unwrap();
            &["mod", "verify"]
        })
    }),
    fault("vendor-stale", "L5-VENDOR-STALE", |lab| {
        lab.with("vendor/modules.txt", "# example.com/app v1.1.0\n## explicit\nexample.com/app\n", BUILD)
    }),
    fault("vendor-absent", "L5-VENDOR-STALE", |lab| {
        lab.with("x.txt", "", &["build", "-mod=vendor", "./..."])
    }),
    fault("vendor-lacks-package", "L5-VENDOR-LACKS", |lab| {
        fetched(lab, |go| {
            go.run(["mod", "vendor"]).ok();
            fs::remove_dir_all(go.work().join("vendor/example.com/lib")).unwrap();
            BUILD
        })
    }),
    fault("vendor-import-new", "L5-VENDOR-LACKS", |lab| {
        fetched(lab, |go| {
            go.run(["mod", "vendor"]).ok();
            go.write("other.go", "package main\n\nimport _ \"example.com/branch\"\n");
            BUILD
        })
    }),
    fault("mod-changes-wanted", "L5-GOMOD-READONLY", |lab| {
        fetched(lab, |go| {
            go.write("go.mod", GO_MOD);
            BUILD
        })
    }),
    fault("mod-conflict", "L5-GOMOD-MALFORMED", |lab| {
        lab.with("go.mod", &format!("<<<<<<< HEAD\n{GO_MOD}"), BUILD)
    }),
    fault("mod-version-invalid", "L5-GOMOD-MALFORMED", |lab| {
        lab.with("go.mod", &GO_MOD.replace("v1.0.0", "latestest version"), BUILD)
    }),
    fault("mod-major", "L5-MAJOR-VERSION", |lab| {
        lab.with("go.mod", &GO_MOD.replace("v1.0.0", "v9.0.0"), BUILD)
    }),
    fault("mod-major-get", "L3-NOT-FOUND", |lab| get(lab, "example.com/lib@v2.0.0")),
    fault("mod-absent", "L5-NO-GOMOD", |lab| {
        let go = lab.go("off");
        fs::remove_file(go.work().join("go.mod")).unwrap();
        said(&go.run(BUILD))
    }),
    fault("mod-renamed", "L5-MODULE-RENAMED", |lab| get(lab, "example.com/moved@v1.0.0")),
    fault("mod-replace-missing", "L5-REPLACE-MISSING", |lab| {
        lab.with("go.mod", &format!("{GO_MOD}\nreplace example.com/app => ../nowhere\n"), BUILD)
    }),
    fault("package-not-required", "L5-NOT-REQUIRED", |lab| {
        lab.with("main.go", "package main\n\nimport _ \"example.com/branch\"\n\nfunc main() {}\n", BUILD)
    }),
    fault("package-absent", "L5-NOT-REQUIRED", |lab| {
        lab.with("main.go", &MAIN.replace("com/app", "com/app/nowhere"), BUILD)
    }),
    fault("package-absent-get", "L5-PACKAGE-ABSENT", |lab| get(lab, "example.com/app/nowhere@v1.0.0")),
    fault("package-twice", "L5-AMBIGUOUS-IMPORT", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        let go = lab.go(&upstream.url()).env("GOFLAGS", "-mod=mod");
        go.write("go.mod", "module test\n\ngo 1.20\n\nrequire (\n\texample.com/app v1.2.0\n\texample.com/app/sub v1.0.0\n)\n");
        go.write("main.go", "package main\n\nimport _ \"example.com/app/sub\"\n\nfunc main() {}\n");
        said(&go.run(BUILD))
    }),
    fault("version-absent", "L3-NOT-FOUND", |lab| get(lab, "example.com/app@v0.9.9")),
    fault("version-none-fits", "L5-NO-VERSIONS", |lab| get(lab, "example.com/app@>v3.0.0")),
    fault("module-absent", "L3-NOT-FOUND", |lab| get(lab, "example.com/nowhere@latest")),
    fault("branch-absent", "L3-NOT-FOUND", |lab| get(lab, "example.com/branch@no-such-branch")),
];

fn get(lab: &Lab, query: &str) -> Log {
    let upstream = ScriptedUpstream::serving(tree());
    said(&lab.go(&upstream.url()).run(["get", query]))
}

fn set(lab: &Lab, name: &str, value: &str) -> Log {
    set_all(lab, &[(name, value)])
}

fn set_all(lab: &Lab, variables: &[(&str, &str)]) -> Log {
    built(lab, |go| variables.iter().fold(go, |go, (name, value)| go.env(name, value)))
}

/// What a build says where the proxy is in order, and something else is not.
fn built(lab: &Lab, change: impl FnOnce(GoCommand) -> GoCommand) -> Log {
    let upstream = ScriptedUpstream::serving(tree());
    said(&change(lab.go(&upstream.url())).run(["build", "-mod=mod", "./..."]))
}

/// What `go` says whose module cache is a disk of its own.
fn mounted(lab: &Lab, options: &str, args: &[&str]) -> Log {
    let upstream = ScriptedUpstream::serving(tree());
    let go = lab.go(&upstream.url());
    fs::create_dir_all(go.modcache()).unwrap();
    let mount = format!("mount -t tmpfs {options} none {}", go.modcache().display());
    said(&go.under(inside(&["--mount"], &mount)?).run(args))
}

/// What `go` says after everything was fetched and then something happened.
fn fetched(lab: &Lab, damage: impl FnOnce(&GoCommand) -> &'static [&'static str]) -> Log {
    let upstream = ScriptedUpstream::serving(tree());
    let go = lab.go(&upstream.url());
    go.run(["mod", "tidy"]).ok();
    go.run(["list", "-deps", "./..."]).ok();
    let args = damage(&go);
    said(&go.run(args))
}
