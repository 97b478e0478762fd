//! What a real `go` does through Larder.

use testkit::{GoCommand, ModuleTree, ScriptedUpstream, TestLog, toolchain};

use crate::world::{LOG, larder, logged, project, tree};

#[test]
fn download_verifies_through_larder_and_again_without_the_upstream() {
    let (mut upstream, server, vkey) = logged();
    let first = project(&server.url()).sumdb(&vkey);
    first.run(["mod", "download", "all"]).ok();
    assert!(upstream.asked(&format!("sumdb/{LOG}/lookup/*")) > 0, "verified through the database");

    upstream.take_down();
    let second = project(&server.url()).sumdb(&vkey);
    second.run(["mod", "download", "all"]).ok();
    assert_eq!(first.read("go.sum"), second.read("go.sum"));
}

#[test]
fn tidy_builds_and_runs() {
    let (_upstream, server, vkey) = logged();
    let go = project(&server.url()).sumdb(&vkey);
    go.run(["mod", "tidy"]).ok();
    assert!(go.read("go.mod").contains("example.com/old v2.1.0+incompatible // indirect"));
    go.run(["build", "-o", "program", "."]).ok();
    go.run(["mod", "verify"]).ok();
    let ran = testkit::run(&mut std::process::Command::new(go.work().join("program"))).ok();
    assert_eq!(ran.stderr, "8\n", "1 + 3 + 4");
}

#[test]
fn get_finds_the_latest_a_branch_and_a_package_inside_a_module() {
    let (_upstream, server, vkey) = logged();
    let go = project(&server.url()).sumdb(&vkey);
    go.run(["get", "example.com/app@latest"]).ok();
    assert!(go.read("go.mod").contains("example.com/app v1.1.0"), "the latest release, not the beta");
    go.run(["get", "example.com/branch@main"]).ok();
    assert!(go.read("go.mod").contains("example.com/branch v0.1.1-0.20240203040506-abcdefabcdef"));
    go.run(["get", "example.com/app@v1.0"]).ok();
    go.run(["get", "example.com/app@>v1.0.0"]).ok();
    let ran = go.run(["get", "example.com/app/nowhere@latest"]).fails();
    assert!(ran.stderr.contains("does not contain package example.com/app/nowhere"), "{ran}");
}

#[test]
fn lists_show_versions_and_updates() {
    let (_upstream, server, vkey) = logged();
    let go = project(&server.url()).sumdb(&vkey);
    go.run(["mod", "tidy"]).ok();
    let versions = |module| go.run(["list", "-m", "-versions", module]).ok().stdout;
    assert_eq!(versions("example.com/app"), "example.com/app v1.0.0 v1.1.0 v1.2.0-beta.1\n");
    assert_eq!(versions("example.com/old"), "example.com/old v2.1.0+incompatible\n");
    assert_eq!(versions("example.com/Upper"), "example.com/Upper v1.0.0-RC1\n");
    let all = go.run(["list", "-m", "-u", "all"]).ok().stdout;
    assert!(all.contains("example.com/app v1.0.0 [v1.1.0]\n"), "{all}");
    assert!(all.contains("example.com/old v2.1.0+incompatible\n"), "{all}");
}

#[test]
fn a_toolchain_comes_through_and_is_verified() {
    let mut tree = ModuleTree::parse(&toolchain("go1.99.1", "echo this is go 1.99.1: $*"));
    for module in crate::world::tree().modules() {
        tree.add(module.clone());
    }
    let log = TestLog::over(LOG, &tree);
    let vkey = log.vkey();
    let mut upstream = ScriptedUpstream::with_log(tree, log);
    let server = larder().serve(&upstream.url()).sumdb(&vkey).start();
    for _ in 0..2 {
        let go = GoCommand::new(&server.url()).sumdb(&vkey).env("GOTOOLCHAIN", "go1.99.1");
        assert_eq!(go.run(["mod", "tidy"]).ok().stdout, "this is go 1.99.1: mod tidy\n");
        upstream.take_down();
    }
}

#[test]
fn an_absent_module_is_told_in_the_upstreams_words() {
    let (upstream, server, _) = logged();
    let reply = testkit::Reply::status(410).body("not found: withdrawn by its author\n");
    upstream.always("example.com/gone/*", reply.content_type("text/plain; charset=utf-8"));
    let go = GoCommand::new(&server.url());
    let ran = go.run(["mod", "download", "example.com/gone@v1.0.0"]).fails();
    assert!(ran.stderr.contains("withdrawn by its author"), "{ran}");
}

#[test]
fn what_larder_stored_is_itself_a_proxy() {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder();
    let server = larder.serve(&upstream.url()).start();
    project(&server.url()).run(["mod", "download", "all"]).ok();
    let modules = larder.data().join("modules");
    server.stop().ok();
    drop(upstream);

    let go = project(&format!("file://{}", modules.display()));
    go.run(["mod", "tidy"]).ok();
    go.run(["list", "-deps", "."]).ok();
    let app = tree().module("example.com/app", "v1.0.0").h1.clone();
    assert!(go.read("go.sum").contains(&app));
    let listed = go.run(["list", "-m", "-versions", "example.com/app"]).ok();
    assert_eq!(listed.stdout, "example.com/app v1.0.0\n", "the list is what is stored");
}
