//! Proxies that fail, refuse, break off or say something else.

use testkit::{GoCommand, Reply, ScriptedUpstream};

use super::{
    Fault, fault,
    lab::{DOWNLOAD, Lab, said, tree},
};

const MOD: &str = "example.com/app/@v/v1.0.0.mod";
const INFO: &str = "example.com/app/@v/v1.0.0.info";
const ZIP: &str = "example.com/app/@v/v1.0.0.zip";
const LIST: &str = "example.com/app/@v/list";

pub(super) const FAULTS: &[Fault] = &[
    fault("proxy-500", "L3-PROXY-FAILS", |lab| lab.answered(MOD, Reply::status(500))),
    fault("proxy-502-zip", "L3-PROXY-FAILS", |lab| lab.answered(ZIP, Reply::status(502))),
    fault("proxy-503", "L3-PROXY-FAILS", |lab| lab.answered(MOD, Reply::status(503))),
    fault("proxy-504", "L3-PROXY-FAILS", |lab| lab.answered(MOD, Reply::status(504))),
    fault("proxy-503-page", "L3-PROXY-FAILS", |lab| {
        let page = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available.\n</body></html>\n";
        lab.answered(MOD, Reply::status(503).body(page).content_type("text/html"))
    }),
    fault("proxy-429", "L3-PROXY-BUSY", |lab| lab.answered(MOD, Reply::status(429))),
    fault("proxy-401", "L3-PROXY-DENIES", |lab| lab.answered(ZIP, Reply::status(401))),
    fault("proxy-403", "L3-PROXY-DENIES", |lab| lab.answered(MOD, Reply::status(403))),
    fault("proxy-451", "L3-PROXY-BLOCKED", |lab| lab.answered(ZIP, Reply::status(451))),
    fault("proxy-407", "L2-HTTP-PROXY-AUTH", |lab| lab.answered(MOD, Reply::status(407))),
    fault("proxy-404", "L3-NOT-FOUND", |lab| lab.answered(MOD, Reply::status(404))),
    fault("proxy-410", "L3-NOT-FOUND", |lab| lab.answered(ZIP, Reply::status(410))),
    fault("proxy-404-no-revision", "L4-UNKNOWN-REVISION", |lab| {
        let why = "not found: example.com/app@v1.0.0: invalid version: unknown revision v1.0.0";
        lab.answered(MOD, Reply::status(404).body(why))
    }),
    fault("proxy-404-private", "L3-NOT-FOUND", |lab| {
        let why = "not found: example.com/app@v1.0.0: invalid version: git ls-remote -q origin in /tmp/gopath/pkg/mod/cache/vcs/0123: exit status 128:\n\tfatal: could not read Username for 'https://example.com': terminal prompts disabled\nConfirm the import path was entered correctly.\nIf this is a private repository, see https://golang.org/doc/faq#git_https for additional information.";
        lab.answered(MOD, Reply::status(404).body(why))
    }),
    fault("proxy-404-no-page", "L3-NOT-FOUND", |lab| {
        let why = "not found: example.com/app@v1.0.0: unrecognized import path \"example.com/app\": https fetch: Get \"https://example.com/app?go-get=1\": dial tcp: lookup example.com: no such host";
        lab.answered(MOD, Reply::status(404).body(why))
    }),
    fault("proxy-303", "L3-PROXY-WRONG-ANSWER", |lab| lab.answered(MOD, Reply::status(303))),
    fault("proxy-204", "L3-PROXY-WRONG-ANSWER", |lab| lab.answered(MOD, Reply::status(204))),
    fault("proxy-reset", "L2-CONNECTION-RESET", |lab| lab.answered(ZIP, Reply::reset())),
    fault("proxy-reset-in-body", "L2-CONNECTION-RESET", |lab| {
        lab.answered(ZIP, Reply::natural().reset_after(100))
    }),
    fault("proxy-cut", "L2-BODY-CUT", |lab| lab.answered(ZIP, Reply::natural().cut_after(100))),
    fault("proxy-cut-mod", "L2-BODY-CUT", |lab| lab.answered(MOD, Reply::natural().cut_after(5))),
    fault("proxy-cut-chunked", "L2-BODY-CUT", |lab| {
        lab.answered(MOD, Reply::natural().chunked().cut_after(5))
    }),
    fault("proxy-cut-at-close", "L3-ZIP-DAMAGED", |lab| {
        lab.answered(ZIP, Reply::natural().until_close().cut_after(100))
    }),
    fault("proxy-in-circles", "L2-REDIRECTS", |lab| {
        lab.answered(MOD, Reply::redirect(302, &format!("/{MOD}")))
    }),
    fault("page-as-zip", "L3-ZIP-DAMAGED", |lab| lab.answered(ZIP, Reply::html())),
    fault("page-as-mod", "L5-GOMOD-MALFORMED", |lab| lab.answered(MOD, Reply::html())),
    fault("page-as-info", "L2-PORTAL", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always(INFO, Reply::html());
        said(&lab.go(&upstream.url()).run(["get", "example.com/app@v1.0.0"]))
    }),
    fault("page-as-list", "L2-PORTAL", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always(LIST, Reply::html());
        upstream.always("example.com/app/@latest", Reply::html());
        said(&lab.go(&upstream.url()).run(["get", "example.com/app@latest"]))
    }),
    fault("zip-bit-flipped", "L3-ZIP-DAMAGED", |lab| {
        let flip = |zip: &mut Vec<u8>| {
            let at = zip.windows(7).position(|at| at == b"package").unwrap_or(60);
            zip[at] ^= 1;
        };
        lab.answered(ZIP, Reply::natural().edit(flip))
    }),
    fault("zip-of-another", "L3-ZIP-DAMAGED", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        let zip = upstream_zip(&tree());
        upstream.always(ZIP, Reply::ok(zip));
        said(&lab.go(&upstream.url()).run(DOWNLOAD))
    }),
    fault("another-version", "L3-PROXY-WRONG-ANSWER", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always(INFO, Reply::ok("{\"Version\":\"v1.1.0\",\"Time\":\"2024-01-01T00:00:00Z\"}"));
        said(&lab.go(&upstream.url()).run(["get", "example.com/app@v1.0.0"]))
    }),
    fault("json-cut", "L3-PROXY-WRONG-ANSWER", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always(INFO, Reply::ok("{\"Version\":\"v1."));
        said(&lab.go(&upstream.url()).run(["get", "example.com/app@v1.0.0"]))
    }),
    fault("file-proxy-without-it", "L3-NOT-FOUND", |lab| {
        let go = lab.go("off");
        let url = format!("file://{}", go.work().display());
        said(&go.env("GOPROXY", url).run(DOWNLOAD))
    }),
    fault("trace", "L3-PROXY-FAILS", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always("example.com/lib/@v/v1.1.0.mod", Reply::status(503));
        said(&lab.go(&upstream.url()).run(["mod", "download", "-x", "all"]))
    }),
    fault("json", "L3-PROXY-FAILS", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always(ZIP, Reply::status(503));
        said(&lab.go(&upstream.url()).run(["mod", "download", "-json", "all"]))
    }),
    fault("list-json", "L3-NOT-FOUND", |lab| {
        let (upstream, go) = tidied(lab);
        upstream.always(ZIP, Reply::status(404));
        let ran = go.run(["list", "-e", "-json=ImportPath,Error,DepsErrors", "-deps", "./..."]).ok();
        Some(format!("{}{}", ran.stdout, ran.stderr))
    }),
    fault("build", "L3-PROXY-FAILS", |lab| {
        let (upstream, go) = tidied(lab);
        upstream.always(ZIP, Reply::status(503));
        said(&go.run(["build", "./..."]))
    }),
    fault("test-json", "L3-PROXY-FAILS", |lab| {
        let (upstream, go) = tidied(lab);
        upstream.always(ZIP, Reply::status(503));
        said(&go.run(["test", "-json", "./..."]))
    }),
    fault("vet", "L3-PROXY-FAILS", |lab| {
        let (upstream, go) = tidied(lab);
        upstream.always(ZIP, Reply::status(503));
        said(&go.run(["vet", "./..."]))
    }),
    fault("run-tool", "L3-NOT-FOUND", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        said(&lab.go(&upstream.url()).run(["run", "example.com/nowhere/tool@v1.2.3"]))
    }),
];

/// A zip that a proxy gives for something else.
fn upstream_zip(tree: &testkit::ModuleTree) -> Vec<u8> {
    let upstream = ScriptedUpstream::serving(tree.clone());
    let mut connection = testkit::Connection::open(upstream.address());
    connection.request("GET", "/example.com/lib/@v/v1.1.0.zip", &[]).expect(200).body.clone()
}

/// A project whose go.sum is complete, with an empty module cache.
fn tidied(lab: &Lab) -> (ScriptedUpstream, GoCommand) {
    let upstream = ScriptedUpstream::serving(tree());
    let go = lab.go(&upstream.url());
    go.run(["mod", "tidy"]).ok();
    go.run(["clean", "-modcache"]).ok();
    (upstream, go)
}
