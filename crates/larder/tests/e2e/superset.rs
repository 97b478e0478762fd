//! One GOSUMDB for everything: Larder's own log, which has public modules as the public database has them, and private ones
//! as they were first seen.

use std::fs;

use testkit::{GoCommand, Larder, ModuleTree, ScriptedUpstream, TestLog, TestServer, toolchain};

use crate::world::{LOG, larder, tree};

/// The name of the own log.
const OWN: &str = "sum.corp.example.com";

/// Private modules, one of which needs public ones.
const PRIVATE: &str = "\
-- corp.example.com/Lib@v1.0.0/go.mod --
module corp.example.com/Lib

go 1.21
-- corp.example.com/Lib@v1.0.0/lib.go --
package lib

const N = 10
-- corp.example.com/api/v2@v2.1.0/go.mod --
module corp.example.com/api/v2

go 1.21

require (
\tcorp.example.com/Lib v1.0.0
\texample.com/app v1.0.0
)
-- corp.example.com/api/v2@v2.1.0/api.go --
package api

import (
\t\"corp.example.com/Lib\"
\t\"example.com/app\"
)

const N = lib.N + app.Sum
";

/// Sources of public and of private modules, and a Larder with a log of its own in front of both.
struct Site {
    public: ScriptedUpstream,
    private: ScriptedUpstream,
    larder: Larder,
    server: TestServer,
    /// The own log's public key.
    key: String,
}

impl Site {
    fn new() -> Self {
        Self::serving(tree())
    }

    fn serving(public: ModuleTree) -> Self {
        let log = TestLog::over(LOG, &public).with_filler(300);
        let vkey = log.vkey();
        let public = ScriptedUpstream::with_log(public, log);
        let private = ScriptedUpstream::serving(ModuleTree::parse(PRIVATE));
        let larder = larder();
        let file = larder.home().join("own.key");
        let made = larder.run(["sumdb", "keygen", OWN, "--out", file.to_str().unwrap()]).ok();
        let key = made.stdout.lines().next().unwrap().to_owned();
        let config = larder.home().join("larder.toml");
        let text = format!(
            "[sumdb]\nuse = \"{vkey}\"\n\n[sumdb.own]\nkey = \"{}\"\n\n[[route]]\nmodules = \
             [\"corp.example.com/unlogged\"]\nchain = \"{url}\"\nsumdb = \"off\"\n\n[[route]]\nmodules = \
             [\"corp.example.com\"]\nchain = \"{url}\"\nsumdb = \"ledger\"\n",
            file.display(),
            url = private.url(),
        );
        fs::write(&config, text).unwrap();
        let server = larder.serve(&public.url()).without("--sumdb").flag("--config", config).start();
        Site { public, private, larder, server, key }
    }

    /// GOSUMDB of its clients: the log is asked at Larder's root.
    fn gosumdb(&self) -> String {
        format!("{} {}", self.key, self.server.url())
    }

    /// A client with nothing but a project that needs public and private modules.
    fn client(&self, gosumdb: &str) -> GoCommand {
        let go = GoCommand::new(&self.server.url()).sumdb(gosumdb);
        go.write(
            "go.mod",
            "module corp.example.com/project\n\ngo 1.21\n\nrequire corp.example.com/api/v2 v2.1.0\n",
        );
        go.write("p.go", "package p\n\nimport \"corp.example.com/api/v2\"\n\nconst Sum = api.N\n");
        go
    }

    /// Whether the source of private modules and nobody else has heard of them.
    #[track_caller]
    fn private_names_stayed_here(&self) {
        for seen in self.public.seen() {
            assert!(!seen.target.to_lowercase().contains("corp"), "{} {}", seen.method, seen.target);
        }
        for seen in self.private.seen() {
            assert!(seen.path.starts_with("corp.example.com/"), "{} {}", seen.method, seen.target);
        }
    }
}

/// A project as a whole: what it needs, its packages, and what lies in the module cache.
#[track_caller]
fn verified(go: &GoCommand) -> String {
    go.run(["mod", "tidy"]).ok();
    go.run(["build", "./..."]).ok();
    go.run(["mod", "verify"]).ok();
    go.read("go.sum")
}

#[test]
fn public_and_private_modules_verify_by_one_setting() {
    let site = Site::new();
    // At the root of the address, and below /sumdb/ like any other database.
    let at_root = verified(&site.client(&site.gosumdb()));
    let by_name = verified(&site.client(&site.key));
    assert_eq!(at_root, by_name);
    for (path, version) in [("corp.example.com/Lib", "v1.0.0"), ("corp.example.com/api/v2", "v2.1.0")] {
        let sums = ModuleTree::parse(PRIVATE).module(path, version).sum_lines();
        assert!(sums.lines().all(|line| at_root.contains(line)), "{path}: {at_root}");
    }
    assert!(at_root.contains(&tree().module("example.com/app", "v1.0.0").h1), "{at_root}");
    assert!(
        site.public.asked(&format!("sumdb/{LOG}/lookup/example.com/app@v1.0.0")) > 0,
        "verified by the public log"
    );
    site.private_names_stayed_here();
}

#[test]
fn all_of_it_verifies_again_with_nobody_there() {
    let mut site = Site::new();
    let first = site.client(&site.gosumdb());
    let sums = verified(&first);
    site.public.take_down();
    site.private.take_down();
    assert_eq!(verified(&site.client(&site.gosumdb())), sums);
    site.server = site.server.kill().start();
    assert_eq!(verified(&site.client(&site.gosumdb())), sums);
    // A client that knows the log from before.
    let gopath = &first.variables().iter().find(|(name, _)| name == "GOPATH").unwrap().1;
    assert_eq!(verified(&site.client(&site.gosumdb()).env("GOPATH", gopath)), sums);
}

#[test]
fn the_moved_tag_of_a_private_module_changes_nothing_or_is_refused() {
    let mut site = Site::new();
    let sums = verified(&site.client(&site.gosumdb()));
    site.private.serve(ModuleTree::parse(&PRIVATE.replace("const N = 10", "const N = 11")));
    assert_eq!(verified(&site.client(&site.gosumdb())), sums, "the first content, from the store");

    // The index for people is lost, and so is the file.
    let serve = site.server.kill();
    let data = site.larder.data();
    forget(&data, "corp.example.com/!lib/@v/v1.0.0.zip");
    site.server = serve.start();
    let ran = site.client(&site.gosumdb()).run(["mod", "tidy"]).fails();
    assert!(ran.stderr.contains("SECURITY") && ran.stderr.contains("corp.example.com/Lib"), "{ran}");
    let h1 = ModuleTree::parse(PRIVATE).module("corp.example.com/Lib", "v1.0.0").h1.clone();
    assert!(ran.stderr.contains(&h1), "the text names what it was: {ran}");

    site.private.serve(ModuleTree::parse(PRIVATE));
    assert_eq!(verified(&site.client(&site.gosumdb())), sums, "the old content is taken again");
    site.private_names_stayed_here();
}

/// Removes a stored file of a module, and the catalog with it.
fn forget(data: &std::path::Path, file: &str) {
    fs::remove_file(data.join("modules").join(file)).unwrap();
    let entries = fs::read_dir(data).unwrap().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("catalog")) {
        fs::remove_file(entry.path()).unwrap();
    }
}

#[test]
fn only_what_exists_and_may_be_logged_comes_into_the_log() {
    let site = Site::new();
    for module in ["corp.example.com/none@v1.0.0", "corp.example.com/Lib@v9.9.9", "example.com/none@v1.0.0"] {
        let ran = site.client(&site.gosumdb()).run(["mod", "download", module]).fails();
        assert!(ran.stderr.contains("not found") || ran.stderr.contains("404"), "{ran}");
    }
    for asked in
        ["corp.example.com/none@v1.0.0", "corp.example.com/unlogged@v1.0.0", "example.com/none@v1.0.0"]
    {
        site.server.get(&format!("/lookup/{asked}")).expect(404);
        site.server.get(&format!("/sumdb/{OWN}/lookup/{asked}")).expect(404);
    }
    site.private_names_stayed_here();
}

#[test]
fn a_toolchain_comes_through_the_own_log() {
    let mut public = ModuleTree::parse(&toolchain("go1.99.1", "echo this is go 1.99.1: $*"));
    for module in tree().modules() {
        public.add(module.clone());
    }
    let mut site = Site::serving(public);
    for _ in 0..2 {
        let go = site.client(&site.gosumdb()).env("GOTOOLCHAIN", "go1.99.1");
        assert_eq!(go.run(["mod", "tidy"]).ok().stdout, "this is go 1.99.1: mod tidy\n");
        site.public.take_down();
    }
}

/// The own log says of a public module what the public database says: what that does not confirm never comes into it.
#[test]
fn what_the_public_database_contradicts_is_not_logged() {
    let site = Site::new();
    let other = crate::world::MODULES.replace("const N = 1\n", "const N = 9\n");
    site.public.serve(ModuleTree::parse(&other));
    let ran = site.client(&site.gosumdb()).run(["mod", "download", "example.com/Upper@v1.0.0-RC1"]).fails();
    assert!(ran.stderr.contains("SECURITY") || ran.stderr.contains("checksum"), "{ran}");
}
