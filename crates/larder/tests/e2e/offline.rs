//! What was fetched once is verified again by a fresh `go`, checksum database on, when nobody but Larder is there.

use std::fmt::Write;

use testkit::{GoCommand, Larder, ModuleTree, ScriptedUpstream, TestLog, TestServer};

use crate::world::{LOG, larder};

/// Modules of a project: paths and versions. Nested modules, major versions inside and outside of them, upper-case letters,
/// a pseudo-version, `+incompatible`.
fn forest() -> Vec<(String, String)> {
    let fixed = [
        ("example.com/mono", "v1.4.0"),
        ("example.com/mono/v2", "v2.0.1"),
        ("example.com/mono/v3", "v3.0.0-rc.1"),
        ("example.com/mono/api", "v0.9.0"),
        ("example.com/mono/api/v2", "v2.3.0"),
        ("example.com/mono/api/Client/v5", "v5.0.0"),
        ("example.com/Upper/Case", "v1.0.0-RC1"),
        ("example.com/old", "v4.1.0+incompatible"),
        ("example.com/pseudo", "v0.0.0-20240203040506-abcdefabcdef"),
    ];
    let counted = (0..21).map(|n| (format!("example.com/team{}/m{n}", n % 4), format!("v1.{n}.0")));
    fixed.iter().map(|(path, version)| ((*path).to_owned(), (*version).to_owned())).chain(counted).collect()
}

/// The modules of this part of the forest.
fn tree(part: &[(String, String)]) -> ModuleTree {
    let mut text = String::new();
    for (path, version) in part {
        if !version.ends_with("+incompatible") {
            write!(text, "-- {path}@{version}/go.mod --\nmodule {path}\n\ngo 1.21\n").unwrap();
        }
        write!(text, "-- {path}@{version}/m.go --\npackage m\n\nconst N = {}\n", path.len()).unwrap();
    }
    ModuleTree::parse(&text)
}

/// A `go` with nothing but a project that imports all of these modules.
fn fresh(proxy: &str, vkey: &str, part: &[(String, String)]) -> GoCommand {
    let go = GoCommand::new(proxy).sumdb(vkey);
    let (mut requires, mut imports, mut sum) = (String::new(), String::new(), String::from("0"));
    for (n, (path, version)) in part.iter().enumerate() {
        writeln!(requires, "\t{path} {version}").unwrap();
        writeln!(imports, "\tm{n} \"{path}\"").unwrap();
        write!(sum, " + m{n}.N").unwrap();
    }
    go.write("go.mod", &format!("module example.com/project\n\ngo 1.21\n\nrequire (\n{requires})\n"));
    go.write("p.go", &format!("package project\n\nimport (\n{imports})\n\nconst Sum = {sum}\n"));
    go
}

/// All that a build needs, each hash compared with the database, as there is no go.sum.
#[track_caller]
fn verified(go: &GoCommand) -> String {
    go.run(["mod", "download"]).ok();
    go.run(["mod", "tidy"]).ok();
    go.run(["build", "./..."]).ok();
    go.run(["mod", "verify"]).ok();
    go.read("go.sum")
}

/// Where this `go` keeps the newest head that it has seen.
fn gopath(go: &GoCommand) -> std::ffi::OsString {
    go.variables().iter().find(|(name, _)| name == "GOPATH").unwrap().1.clone()
}

/// A Larder that has what it needs, a second life of it that may ask nobody, and the files without any Larder.
fn each_life(larder: &Larder, server: TestServer, check: impl Fn(&str)) {
    check(&server.url());
    let offline = server.kill().with("--offline").start();
    check(&offline.url());
    offline.stop().ok();
    check(&format!("file://{}", larder.data().join("modules").display()));
}

#[test]
fn a_project_of_thirty_modules_verifies_with_upstream_and_database_dead() {
    let all = forest();
    let log = TestLog::over(LOG, &tree(&all)).with_filler(700);
    let vkey = log.vkey();
    let mut upstream = ScriptedUpstream::with_log(tree(&all), log);
    let larder = larder();
    let server = larder.serve(&upstream.url()).sumdb(&vkey).start();
    let sums = verified(&fresh(&server.url(), &vkey, &all));
    assert_eq!(sums.lines().count(), 2 * all.len());

    upstream.take_down();
    each_life(&larder, server, |proxy| {
        assert_eq!(verified(&fresh(proxy, &vkey, &all)), sums, "{proxy}");
    });
}

/// Each third of the modules came when the log had another size; their proofs must still fit together.
#[test]
fn modules_of_different_days_verify_together() {
    let all = forest();
    let days = all.chunks(all.len().div_ceil(3));
    let log = TestLog::over(LOG, &ModuleTree::default());
    let vkey = log.vkey();
    let mut upstream = ScriptedUpstream::with_log(tree(&all), log.clone());
    let larder = larder();
    let server = larder.serve(&upstream.url()).sumdb(&vkey).start();
    let mut clients = Vec::new();
    for part in days {
        // So far apart that no record's own proof has the tiles at the edge of an earlier day.
        log.fill(401);
        for module in tree(part).modules() {
            log.append(module);
        }
        log.fill(401);
        let go = fresh(&server.url(), &vkey, part);
        verified(&go);
        clients.push(go);
    }
    upstream.take_down();
    each_life(&larder, server, |proxy| {
        let sums = verified(&fresh(proxy, &vkey, &all));
        assert_eq!(sums.lines().count(), 2 * all.len());
        // One that has known the log since that day.
        for client in &clients {
            let go = fresh(proxy, &vkey, &all).env("GOPATH", gopath(client));
            assert_eq!(verified(&go), sums, "{proxy}");
        }
    });
}

/// A client may know a newer head than Larder: it gets what it takes to see that Larder's is older, and no other.
#[test]
fn a_client_that_saw_a_newer_head_elsewhere_goes_on_with_larder() {
    let all = forest();
    let log = TestLog::over(LOG, &tree(&all)).with_filler(300);
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(&all), log.clone());
    let server = larder().serve(&upstream.url()).sumdb(&vkey).start();
    verified(&fresh(&server.url(), &vkey, &all[..15]));

    log.fill(600);
    let elsewhere = fresh(&upstream.url(), &vkey, &all[..1]);
    verified(&elsewhere);
    let go = fresh(&server.url(), &vkey, &all[..15]).env("GOPATH", gopath(&elsewhere));
    verified(&go);
    let more = fresh(&server.url(), &vkey, &all).env("GOPATH", gopath(&elsewhere));
    verified(&more);
}
