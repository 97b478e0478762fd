//! `larder warm`: afterwards a real `go` needs no network.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use testkit::{GoCommand, Larder, ModuleTree, Ran, ScriptedUpstream, TestLog, require, toolchain};

use crate::world::larder;

const LOG: &str = "sum.example.test";

/// What `go mod tidy`, the tests of dependencies and an old go.mod need, and what nothing does.
const MODULES: &str = "\
-- example.com/app@v1.2.0/go.mod --
module example.com/app

go 1.21

require (
\texample.com/Lib v1.0.0
\texample.com/check v1.1.0
)

require example.com/pruned v1.0.0 // indirect
-- example.com/app@v1.2.0/app.go --
package app

import lib \"example.com/Lib\"

const N = lib.N
-- example.com/app@v1.2.0/app_test.go --
package app

import (
\t\"testing\"

\t\"example.com/check\"
)

func TestN(t *testing.T) { check.Is(N) }
-- example.com/Lib@v0.9.0/go.mod --
module example.com/Lib

go 1.21
-- example.com/Lib@v0.9.0/lib.go --
package lib

const N = 0
-- example.com/Lib@v1.0.0/go.mod --
module example.com/Lib

go 1.21
-- example.com/Lib@v1.0.0/lib.go --
package lib

const N = 1
-- example.com/check@v1.1.0/go.mod --
module example.com/check

go 1.21
-- example.com/check@v1.1.0/check.go --
package check

func Is(n int) {}
-- example.com/pruned@v1.0.0/go.mod --
module example.com/pruned

go 1.21
-- example.com/pruned@v1.0.0/p.go --
package pruned
-- example.com/old@v0.5.0/go.mod --
module example.com/old

require example.com/older v0.1.0
-- example.com/old@v0.5.0/old.go --
package old

import \"example.com/older\"

const N = older.N
-- example.com/older@v0.1.0/go.mod --
module example.com/older

require example.com/Lib v0.9.0
-- example.com/older@v0.1.0/older.go --
package older

const N = 2
-- example.com/stale@v1.0.0/go.mod --
module example.com/stale
-- example.com/stale@v1.0.0/stale.go --
package stale
-- example.com/tool@v1.0.0/go.mod --
module example.com/tool

go 1.21
-- example.com/tool@v1.0.0/tool.go --
package tool

const N = 3
";

const MAIN: &str = "package main

import (
\t\"example.com/app\"
\t\"example.com/old\"
)

func main() { println(app.N + old.N) }
";

/// An upstream with a checksum database, and a project that was tidied with it.
struct Site {
    upstream: ScriptedUpstream,
    vkey: String,
    project: GoCommand,
}

impl Site {
    fn new() -> Self {
        Site::with("module example.com/project\n\ngo 1.21\n", MAIN)
    }

    fn with(go_mod: &str, main: &str) -> Self {
        let text = MODULES.to_owned() + &toolchain("go1.99.1", "echo this is go 1.99.1: $*");
        let tree = ModuleTree::parse(&text);
        let log = TestLog::over(LOG, &tree).with_filler(300);
        let vkey = log.vkey();
        let upstream = ScriptedUpstream::with_log(tree, log);
        let project = GoCommand::new(&upstream.url()).sumdb(&vkey);
        project.write("go.mod", go_mod);
        project.write("main.go", main);
        project
            .write("main_test.go", "package main\n\nimport \"testing\"\n\nfunc TestMain(t *testing.T) {}\n");
        project.run(["mod", "tidy"]).ok();
        upstream.forget();
        Site { upstream, vkey, project }
    }

    fn larder(&self) -> Larder {
        larder().env("LARDER_UPSTREAM", self.upstream.url()).env("LARDER_SUMDB", &self.vkey)
    }

    /// `larder warm` of the project, with more words.
    #[track_caller]
    fn warm(&self, larder: &Larder, words: &[&str]) -> Ran {
        let dir = self.project.work();
        let fixed = ["warm", "--data", larder.data().to_str().unwrap()].map(str::to_owned);
        let words = words.iter().map(|word| (*word).to_owned());
        larder.clone().work(dir).run(fixed.into_iter().chain(words))
    }

    /// A `go` that has seen nothing yet runs behind `larder run --offline`, where there is no network at all.
    fn cut_off(&self, larder: &Larder, commands: &[&str]) {
        let go = fresh(&self.project.work(), &self.vkey);
        for command in commands {
            self.behind(larder, &go, command).ok();
        }
    }

    #[track_caller]
    fn behind(&self, larder: &Larder, go: &GoCommand, command: &str) -> Ran {
        let mut unshare = Command::new("unshare");
        unshare.args(ALONE).arg("ip link set lo up && exec \"$@\"").arg("sh").arg(larder.program());
        unshare.args([
            "run",
            "--offline",
            "--sumdb",
            &self.vkey,
            "--upstream",
            &self.upstream.url(),
            "--data",
        ]);
        unshare.arg(larder.data()).arg("--").arg("go").args(command.split(' '));
        unshare.current_dir(go.work()).env_clear().envs(go.variables().iter().cloned());
        testkit::run(&mut unshare)
    }
}

/// The files of a project, for a `go` that has seen nothing yet.
fn fresh(from: &Path, vkey: &str) -> GoCommand {
    let go = GoCommand::new("off").sumdb(vkey);
    let mut open = vec![from.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(from).unwrap().to_str().unwrap();
                go.write(name, &fs::read_to_string(&path).unwrap());
            }
        }
    }
    go
}

/// Whether this machine lets a test have a network of its own.
fn has_networks() -> bool {
    let allowed = Command::new("unshare").args(ALONE).arg("ip link set lo up").output();
    require("unshare --net", allowed.is_ok_and(|ran| ran.status.success()))
}

/// The objects that are printed one after the other.
fn objects(json: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(json).into_iter().map(Result::unwrap).collect()
}

/// A network without anybody in it.
const ALONE: [&str; 4] = ["--net", "--map-root-user", "sh", "-c"];

const COMMANDS: [&str; 6] =
    ["mod download", "build ./...", "vet ./...", "test ./...", "mod verify", "mod tidy"];

#[test]
fn afterwards_everything_works_with_the_network_cut() {
    if !has_networks() {
        return;
    }
    let site = Site::new();
    let larder = site.larder();
    site.warm(&larder, &[]).ok();
    site.cut_off(&larder, &COMMANDS);
    // The database vouches for everything, too: there is no go.sum.
    fs::remove_file(site.project.work().join("go.sum")).unwrap();
    site.cut_off(&larder, &["mod download", "mod tidy", "build ./..."]);
}

/// Before Go 1.17 go.mod does not name all there is, and `go mod download` wants every module of the graph.
#[test]
fn an_old_go_mod_with_replacements_and_exclusions() {
    if !has_networks() {
        return;
    }
    let go_mod = "module example.com/project\n\ngo 1.16\n\nexclude example.com/Lib v0.9.0\n\n\
                  replace example.com/check => ./check\n\nreplace example.com/pruned v1.0.0 => example.com/tool v1.0.0\n";
    let site = Site::new();
    site.project.write("go.mod", go_mod);
    site.project.write("go.sum", "");
    site.project.write("check/go.mod", "module example.com/check\n\nrequire example.com/stale v1.0.0\n");
    site.project.write("check/check.go", "package check\n\nfunc Is(n int) {}\n");
    site.project.run(["mod", "tidy"]).ok();
    let larder = site.larder();
    site.warm(&larder, &[]).ok();
    site.cut_off(
        &larder,
        &["mod download", "mod graph", "list -m all", "build ./...", "vet ./...", "test ./..."],
    );
}

/// In a workspace `go mod download` wants every module of the graph.
#[test]
fn a_workspace_and_each_of_its_modules() {
    if !has_networks() {
        return;
    }
    let site = Site::new();
    site.project.write("go.work", "go 1.21\n\nuse .\nuse ./tools\n");
    site.project
        .write("tools/go.mod", "module example.com/tools\n\ngo 1.21\n\nrequire example.com/tool v1.0.0\n");
    site.project.write(
        "tools/main.go",
        "package main\n\nimport \"example.com/tool\"\n\nfunc main() { println(tool.N) }\n",
    );
    site.project.run(["-C", "tools", "mod", "tidy"]).ok();
    site.project.run(["mod", "download"]).ok();
    let larder = site.larder();
    site.warm(&larder, &[]).ok();
    site.cut_off(
        &larder,
        &["mod download", "build ./... ./tools/...", "vet ./... ./tools/...", "list -m all"],
    );
    // Two projects at once are one warm-up.
    let other =
        crate::world::larder().env("LARDER_UPSTREAM", site.upstream.url()).env("LARDER_SUMDB", &site.vkey);
    let other = other.env("GOWORK", "off");
    site.warm(&other, &[".", "tools"]).ok();
    let alone = fresh(&site.project.work(), &site.vkey).env("GOWORK", "off");
    for command in ["build ./...", "-C tools mod download", "-C tools build ./..."] {
        site.behind(&other, &alone, command).ok();
    }
}

/// What a test prints, without what differs from one machine to another.
fn anonymous(text: &str, larder: &Larder, site: &Site) -> String {
    text.replace(larder.data().to_str().unwrap(), "/home/gopher/.cache/larder")
        .replace(site.upstream.url().trim_start_matches("http://"), "proxy.example.com")
        .replace(site.project.work().to_str().unwrap(), "/home/gopher/project")
}

#[test]
fn what_it_prints() {
    let site = Site::new();
    let larder = site.larder();
    let ran = site.warm(&larder, &["--json"]).ok();
    insta::assert_snapshot!("warm_json", anonymous(&ran.stdout, &larder, &site));
    insta::assert_snapshot!("warm_again", anonymous(&site.warm(&larder, &[]).ok().stderr, &larder, &site));
    let empty = site.larder();
    let ran = site.warm(&empty, &["--offline"]);
    insta::assert_snapshot!("warm_offline", anonymous(&ran.stderr, &empty, &site));
    insta::assert_snapshot!("warm_help", larder.run(["warm", "--help"]).ok().stdout);
}

#[test]
fn json_has_the_objects_of_go_mod_download() {
    let site = Site::new();
    let larder = site.larder();
    let ran = site.warm(&larder, &["--json"]);
    let ours = objects(&ran.ok().stdout);
    let go = GoCommand::new(&site.upstream.url()).sumdb(&site.vkey);
    for file in ["go.mod", "go.sum"] {
        go.write(file, &site.project.read(file));
    }
    let theirs = objects(&go.run(["mod", "download", "-json"]).ok().stdout);
    assert!(!theirs.is_empty());
    for their in &theirs {
        let our = ours.iter().find(|our| our["Path"] == their["Path"] && our["Version"] == their["Version"]);
        let our = our.unwrap_or_else(|| panic!("{their} is missing in {ours:#?}"));
        for field in ["Sum", "GoModSum", "Error", "Origin"] {
            assert_eq!(our[field], their[field], "{field}");
        }
        for field in ["Info", "GoMod", "Zip"] {
            let content = |object: &Value| fs::read(object[field].as_str().unwrap()).unwrap();
            assert_eq!(content(our), content(their), "{field}");
        }
    }
    // Of versions that only the graph names, there is no zip.
    assert!(ours.iter().any(|our| our["Zip"].is_null() && our["GoMod"].is_string()));
    assert!(ours.iter().all(|our| our["Info"].is_string()), "{ours:#?}");
}

#[test]
fn a_second_time_nothing_is_fetched_and_offline_says_what_is_missing() {
    let site = Site::new();
    let larder = site.larder();
    let ran = site.warm(&larder, &["--offline"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stderr.contains("missing: example.com/app@v1.2.0 .zip: not found: not stored here"), "{ran}");
    assert_eq!(site.upstream.seen().len(), 0);
    site.warm(&larder, &[]).ok();
    site.upstream.forget();
    let ran = site.warm(&larder, &[]).ok();
    assert!(ran.stderr.contains(": 17 files stored before"), "{ran}");
    site.warm(&larder, &["--offline"]).ok();
    assert_eq!(site.upstream.seen().len(), 0);
}

#[test]
fn a_go_sum_alone_is_enough() {
    let site = Site::new();
    let larder = site.larder();
    let alone = tempfile::tempdir().unwrap();
    fs::copy(site.project.work().join("go.sum"), alone.path().join("go.sum")).unwrap();
    let data = larder.data();
    larder.run(["warm", "--data", data.to_str().unwrap(), alone.path().to_str().unwrap()]).ok();
    if has_networks() {
        site.cut_off(&larder, &["mod download", "build ./...", "mod tidy"]);
    }
}

#[test]
fn what_is_left_in_go_sum_from_earlier_days_need_not_exist() {
    let site = Site::new();
    let hash = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let sums = site.project.read("go.sum") + &format!("example.com/gone v1.0.0 {hash}\n");
    site.project.write("go.sum", &sums);
    let larder = site.larder();
    let ran = site.warm(&larder, &[]).ok();
    assert!(ran.stderr.contains("not needed by builds: example.com/gone@v1.0.0 .zip"), "{ran}");
    let ran = site.warm(&larder, &["--all"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stderr.contains("missing: example.com/gone@v1.0.0 .zip"), "{ran}");
}

#[test]
fn another_hash_in_go_sum_is_a_contradiction() {
    let site = Site::new();
    let sums = site.project.read("go.sum");
    let line = sums.lines().find(|line| line.starts_with("example.com/app v1.2.0 ")).unwrap();
    let wrong = "example.com/app v1.2.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    site.project.write("go.sum", &sums.replace(line, wrong));
    let ran = site.warm(&site.larder(), &[]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stderr.contains("missing: example.com/app@v1.2.0 .zip: SECURITY: "), "{ran}");
}

#[test]
fn a_server_is_filled_from_afar() {
    let site = Site::new();
    let larder = site.larder();
    let server = larder.serve(&site.upstream.url()).sumdb(&site.vkey).start();
    let client = crate::world::larder().work(site.project.work());
    let ran = client.run(["warm", "--to", &server.url(), "--json"]).ok();
    let app = format!("{}/example.com/app/@v/v1.2.0.zip", server.url());
    assert!(objects(&ran.stdout).iter().any(|object| object["Zip"] == *app), "{ran}");
    server.stop().ok();
    if has_networks() {
        site.cut_off(&larder, &COMMANDS);
    }
}

#[test]
fn the_go_that_the_project_asks_for_comes_along() {
    let site = Site::new();
    let go_mod = site.project.read("go.mod");
    site.project.write("go.mod", &go_mod.replace("go 1.21\n", "go 1.21\n\ntoolchain go1.99.1\n"));
    let larder = site.larder();

    site.warm(&larder.clone().env("GOTOOLCHAIN", "local"), &[]).ok();
    assert_eq!(site.upstream.asked("golang.org/toolchain/*"), 0);
    let ran = site.warm(&larder, &["--platform", "plan9/mips"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(
        ran.stderr.contains("missing: golang.org/toolchain@v0.0.1-go1.99.1.plan9-mips .zip: not found"),
        "{ran}"
    );
    site.warm(&larder.clone().env("GOTOOLCHAIN", "auto"), &[]).ok();
    if has_networks() {
        let go = fresh(&site.project.work(), &site.vkey).env("GOTOOLCHAIN", "auto");
        let said = site.behind(&larder, &go, "version").ok();
        assert_eq!(said.stdout, "this is go 1.99.1: version\n");
    }
    let ran = site.warm(&larder, &["--platform", "everything"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
}

#[test]
fn where_there_is_no_project_it_says_so() {
    let empty = tempfile::tempdir().unwrap();
    let larder = larder().env("LARDER_UPSTREAM", "https://proxy.example.com").work(empty.path());
    let ran = larder.run(["warm", "--data", larder.data().to_str().unwrap()]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("there is no go.mod, go.work or go.sum in "), "{ran}");
}
