//! Variables that say something else than was meant, and toolchains that cannot be had.

use testkit::{Reply, ScriptedUpstream, TestLog};

use super::{
    Fault, fault,
    lab::{Lab, Log, Site, VANITY, said, tree},
    since,
};

pub(super) const FAULTS: &[Fault] = &[
    fault("proxy-scheme-unknown", "L1-GOPROXY-URL", |lab| lab.download("ftp://proxy.example.com")),
    fault("proxy-scheme-cut", "L1-GOPROXY-URL", |lab| lab.download("htps://proxy.example.com")),
    fault("proxy-file-relative", "L1-GOPROXY-URL", |lab| lab.download("file://cache/download")),
    fault("proxy-no-entry", "L1-GOPROXY-EMPTY", |lab| lab.download(",")),
    fault("proxy-off", "L1-GOPROXY-OFF", |lab| lab.download("off")),
    fault("proxy-off-get", "L1-GOPROXY-OFF", |lab| said(&lab.go("off").run(["get", "example.com/app"]))),
    fault("modules-off", "L1-GO111MODULE", |lab| set(lab, "GO111MODULE", "off")),
    fault("modules-unknown", "L1-GO111MODULE", |lab| set(lab, "GO111MODULE", "yes")),
    fault("goflags", "L1-GOFLAGS", |lab| set(lab, "GOFLAGS", "mod=mod")),
    fault("goflags-unknown", "L1-GOFLAGS", |lab| set(lab, "GOFLAGS", "-no-such-flag")),
    fault("goroot", "L1-GOROOT", |lab| set(lab, "GOROOT", "/opt/no-go")),
    fault("gowork-missing", "L1-GOWORK", |lab| {
        said(&lab.go("off").env("GOWORK", "/nonexistent/go.work").run(["build", "./..."]))
    }),
    fault("gowork-name", "L1-GOWORK", |lab| {
        said(&lab.go("off").env("GOWORK", "/nonexistent/workspace").run(["build", "./..."]))
    }),
    fault("gowork-without-module", "L1-GOWORK", |lab| {
        let go = lab.go("off");
        go.write("go.work", "go 1.20\n\nuse ./nowhere\n");
        said(&go.run(["build", "./..."]))
    }),
    fault("gowork-of-others", "L1-GOWORK", |lab| {
        let go = lab.go("off");
        go.write("go.work", "go 1.20\n\nuse ./other\n");
        go.write("other/go.mod", "module other\n\ngo 1.20\n");
        said(&go.run(["build", "./..."]))
    }),
    fault("govcs", "L1-GOVCS", |lab| {
        let site = Site::new()?;
        said(&site.go(lab).env("GOVCS", "private").run(["get", "code.corp.example.com/team/lib.git@v1.0.0"]))
    }),
    since(24, "goauth-order", "L1-GOAUTH", |lab| {
        let go = Site::new()?.go(lab).env("GOAUTH", "off; netrc");
        said(&go.run(["get", VANITY]))
    }),
    fault("toolchain-name", "L1-GOTOOLCHAIN", |lab| set(lab, "GOTOOLCHAIN", "latest")),
    fault("toolchain-unknown", "L1-TOOLCHAIN-ABSENT", |lab| {
        let log = TestLog::over("sum.golang.org", &tree());
        let upstream = ScriptedUpstream::with_log(tree(), log.clone());
        let go = lab.go(&upstream.url()).sumdb(&log.vkey()).env("GOTOOLCHAIN", "go1.99.9");
        said(&go.run(["version"]))
    }),
    fault("toolchain-503", "L3-PROXY-FAILS", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always("golang.org/toolchain/*", Reply::status(503));
        said(&lab.go(&upstream.url()).env("GOTOOLCHAIN", "go1.99.9").run(["version"]))
    }),
    fault("toolchain-refused", "L2-CONNECT-REFUSED", |lab| {
        said(&lab.go("http://127.0.0.1:1").env("GOTOOLCHAIN", "go1.99.9").run(["version"]))
    }),
    fault("toolchain-proxy-off", "L1-TOOLCHAIN-ABSENT", |lab| {
        said(&lab.go("off").env("GOTOOLCHAIN", "go1.99.9").run(["version"]))
    }),
    fault("toolchain-not-in-path", "L1-TOOLCHAIN-PATH", |lab| {
        said(&lab.go("off").env("GOTOOLCHAIN", "go1.99.9+path").run(["version"]))
    }),
    fault("toolchain-too-old", "L1-GO-TOO-OLD", |lab| {
        lab.with("go.mod", "module test\n\ngo 1.99.0\n", &["build", "./..."])
    }),
    fault("toolchain-too-old-for-module", "L1-GO-TOO-OLD", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        said(&lab.go(&upstream.url()).run(["get", "example.com/next@v1.0.0"]))
    }),
    fault("toolchain-latest-unreachable", "L2-CONNECT-REFUSED", |lab| {
        let go = lab.go("http://127.0.0.1:1").env("GOTOOLCHAIN", "auto");
        go.write("go.mod", "module test\n\ngo 1.99.0\n");
        said(&go.run(["build", "./..."]))
    }),
    fault("goroot-package", "L1-GOROOT", |lab| {
        let go = lab.go("off");
        go.write("go.mod", "module test\n\ngo 1.20\n");
        go.write("main.go", "package main\n\nimport _ \"nowhere\"\n\nfunc main() {}\n");
        said(&go.run(["build", "./..."]))
    }),
];

fn set(lab: &Lab, name: &str, value: &str) -> Log {
    said(&lab.go("off").env(name, value).run(["mod", "download"]))
}
