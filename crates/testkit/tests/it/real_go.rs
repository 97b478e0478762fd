//! `go` straight from a scripted upstream.

use testkit::{GoCommand, ModuleTree, Reply, ScriptedUpstream, TestLog, gomod_h1};

const MODULES: &str = "\
example.com/branches@main => v0.1.1-0.20240203040506-abcdefabcdef
-- example.com/app@v1.2.0/go.mod --
module example.com/app

go 1.21

require (
\texample.com/Upper v1.0.0-RC1
\texample.com/branches v0.1.1-0.20240203040506-abcdefabcdef
\texample.com/old v2.1.0+incompatible
)
-- example.com/app@v1.2.0/app.go --
package app
-- example.com/Upper@v1.0.0-RC1/go.mod --
module example.com/Upper
-- example.com/Upper@v1.0.0-RC1/upper.go --
package upper
-- example.com/branches@v0.1.0/go.mod --
module example.com/branches
-- example.com/branches@v0.1.1-0.20240203040506-abcdefabcdef/go.mod --
module example.com/branches
-- example.com/old@v2.1.0+incompatible/old.go --
package old
";

fn upstream() -> (ScriptedUpstream, String) {
    let tree = ModuleTree::parse(MODULES);
    let log = TestLog::over("sum.example.com", &tree).with_filler(300);
    let vkey = log.vkey();
    (ScriptedUpstream::with_log(tree, log), vkey)
}

#[test]
fn a_download_is_verified_through_the_log() {
    let (upstream, vkey) = upstream();
    let go = GoCommand::new(&upstream.url()).sumdb(&vkey);
    go.write("go.mod", "module test\n\ngo 1.21\n\nrequire example.com/app v1.2.0\n");
    go.run(["mod", "download", "-x", "all"]).ok();
    let tree = ModuleTree::parse(MODULES);
    let app = tree.module("example.com/app", "v1.2.0");
    assert!(go.read("go.sum").contains(&format!("v1.2.0/go.mod {}\n", gomod_h1(&app.gomod))));
    assert!(upstream.asked("sumdb/sum.example.com/tile/8/*") > 0);
    let target = |part: &str| upstream.seen().iter().any(|seen| seen.target.contains(part));
    assert!(target("/example.com/%21upper/@v/v1.0.0-%21r%21c1.zip"), "go escapes and percent-encodes");
    assert!(target("/example.com/old/@v/v2.1.0+incompatible.zip"));
}

#[test]
fn a_log_answers_at_its_own_host_too() {
    let (upstream, vkey) = upstream();
    let go = GoCommand::new(&upstream.url()).sumdb(&format!("{vkey} {}", upstream.url()));
    go.run(["mod", "download", "example.com/app@v1.2.0"]).ok();
    assert_eq!(upstream.asked("lookup/example.com/app@v1.2.0"), 1);
    assert_eq!(upstream.asked("sumdb/*"), 0);
}

#[test]
fn other_bytes_than_the_log_knows_are_refused() {
    let (upstream, vkey) = upstream();
    let mut forged = ModuleTree::parse(MODULES);
    forged.add(
        ModuleTree::parse("-- example.com/app@v1.2.0/evil.go --\npackage app\n")
            .module("example.com/app", "v1.2.0")
            .clone(),
    );
    upstream.serve(forged);
    let go = GoCommand::new(&upstream.url()).sumdb(&vkey);
    let ran = go.run(["mod", "download", "example.com/app@v1.2.0"]).fails();
    assert!(ran.stderr.contains("SECURITY ERROR"), "{ran}");
}

#[test]
fn queries_and_lists_are_answered() {
    let (upstream, _) = upstream();
    let go = GoCommand::new(&upstream.url());
    go.write("go.mod", "module test\n\ngo 1.21\n");
    go.run(["get", "example.com/branches@main"]).ok();
    assert!(go.read("go.mod").contains("example.com/branches v0.1.1-0.20240203040506-abcdefabcdef"));
    let listed = go.run(["list", "-m", "-versions", "example.com/branches"]).ok();
    assert_eq!(listed.stdout, "example.com/branches v0.1.0\n");
    let latest = go.run(["list", "-m", "example.com/old@latest"]).ok();
    assert_eq!(latest.stdout, "example.com/old v2.1.0+incompatible\n");
}

#[test]
fn a_tree_in_a_directory_is_a_proxy() {
    let dir = tempfile::tempdir().unwrap();
    ModuleTree::parse(MODULES).write_to(dir.path());
    let go = GoCommand::new(&format!("file://{}", dir.path().display()));
    go.run(["mod", "download", "example.com/app@v1.2.0"]).ok();
}

#[test]
fn a_toolchain_is_downloaded_verified_and_run() {
    let tree = ModuleTree::parse(&testkit::toolchain("go1.99.1", "echo this is go 1.99.1: $*"));
    let log = TestLog::over("sum.example.com", &tree);
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree, log);
    let go = GoCommand::new(&upstream.url()).sumdb(&vkey).env("GOTOOLCHAIN", "go1.99.1");
    let ran = go.run(["mod", "tidy"]).ok();
    assert_eq!(ran.stdout, "this is go 1.99.1: mod tidy\n");
    assert_eq!(upstream.asked("golang.org/*"), 1, "the zip and nothing else");
}

#[test]
fn go_gives_up_at_the_first_fault() {
    let (upstream, _) = upstream();
    upstream.script("*/app/@v/v1.2.0.zip", [Reply::status(500), Reply::natural().reset_after(20)]);
    let go = GoCommand::new(&upstream.url());
    let download = ["mod", "download", "example.com/app@v1.2.0"];
    assert!(go.run(download).fails().stderr.contains("500"));
    assert!(go.run(download).fails().stderr.contains("connection reset"));
    go.run(download).ok();
}

#[test]
fn https_is_trusted_by_its_authority_and_a_404_is_asked_twice() {
    let authority = testkit::Authority::new();
    let upstream = ScriptedUpstream::over_tls(ModuleTree::parse(MODULES), &authority);
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&ca, authority.ca()).unwrap();
    let go = GoCommand::new(&upstream.url());
    let stranger = go.run(["mod", "download", "example.com/app@v1.2.0"]).fails();
    assert!(stranger.stderr.contains("certificate"), "{stranger}");
    let go = go.env("SSL_CERT_FILE", ca.path());
    go.run(["mod", "download", "example.com/app@v1.2.0"]).ok();
    go.run(["mod", "download", "example.com/none@v1.2.0"]).fails();
    assert_eq!(upstream.asked("example.com/none/*"), 2, "https and 4xx: go asks again with GOAUTH");
    let known = ScriptedUpstream::for_known_clients(ModuleTree::parse(MODULES), &authority);
    let go = GoCommand::new(&known.url()).env("SSL_CERT_FILE", ca.path());
    go.run(["mod", "download", "example.com/app@v1.2.0"]).fails();
    assert_eq!(known.seen().len(), 0);
}
