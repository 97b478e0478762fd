//! `larder cache`: what lies in a module cache of a real `go`, and what goes while it works.

use std::thread;

use serde_json::Value;
use testkit::{Gate, GoCommand, ModuleTree, Ran, Reply, ScriptedUpstream};

use crate::world::larder;

const MODULES: &str = "\
-- example.com/a@v1.0.0/go.mod --
module example.com/a
-- example.com/a@v1.0.0/a.go --
package a

const N = 1
-- example.com/b@v1.0.0/go.mod --
module example.com/b
-- example.com/b@v1.0.0/b.go --
package b

const N = 2
-- example.com/c@v1.0.0/go.mod --
module example.com/c
-- example.com/c@v1.0.0/c.go --
package c

const N = 3
";

/// A `go` with a program that uses `a` and `b`, and a go.sum for it.
fn project(upstream: &ScriptedUpstream) -> GoCommand {
    let go = GoCommand::new(&upstream.url());
    let tree = ModuleTree::parse(MODULES);
    go.write(
        "go.mod",
        "module example.com/p\n\ngo 1.21\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n)\n",
    );
    go.write(
        "main.go",
        "package main\n\nimport (\n\t\"example.com/a\"\n\t\"example.com/b\"\n)\n\nfunc main() { println(a.N + b.N) }\n",
    );
    let sums = ["example.com/a", "example.com/b"].map(|path| tree.module(path, "v1.0.0").sum_lines());
    go.write("go.sum", &sums.concat());
    go
}

fn cache(go: &GoCommand, words: &[&str]) -> Ran {
    let mut all = vec!["cache", words[0], "--modcache"];
    let dir = go.modcache();
    all.push(dir.to_str().unwrap());
    all.extend(&words[1..]);
    larder().run(all)
}

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_a_build_reads_or_fetches_stays_and_the_rest_goes() {
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(MODULES));
    let go = project(&upstream);
    for module in ["example.com/a@v1.0.0", "example.com/c@v1.0.0"] {
        go.run(["mod", "download", module]).ok();
    }
    let gate = Gate::new();
    upstream.script("example.com/b/@v/v1.0.0.zip", [Reply::natural().hold(&gate)]);
    thread::scope(|scope| {
        let build = scope.spawn(|| go.run(["build", "."]));
        gate.wait_for(1);
        let ran = cache(&go, &["clean", "--module", "example.com", "--json"]);
        assert_eq!(ran.code(), Some(1), "{ran}");
        let became: Vec<_> = lines(&ran)
            .iter()
            .filter(|line| line["path"].is_string())
            .map(|line| (line["path"].as_str().unwrap().to_owned(), line["outcome"].clone()))
            .collect();
        for (path, outcome) in [("a", "kept"), ("b", "kept"), ("c", "removed")] {
            let want = (format!("example.com/{path}"), Value::from(outcome));
            // Of what is being fetched there may be no file yet.
            assert!(became.contains(&want) || path == "b", "{path}: {ran}");
        }
        gate.open();
        build.join().unwrap().ok();
    });
    let ran = cache(&go, &["clean", "--module", "example.com"]).ok();
    assert!(ran.stderr.contains("removed 2 versions"), "{ran}");
    assert!(!go.modcache().join("example.com").exists());
    go.run(["build", "."]).ok();
    go.run(["mod", "verify"]).ok();
}

#[test]
fn builds_go_on_while_their_modules_are_cleaned() {
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(MODULES));
    let go = project(&upstream);
    thread::scope(|scope| {
        let builds = scope.spawn(|| {
            for _ in 0..40 {
                go.run(["build", "-o", "program", "."]).ok();
            }
        });
        while !builds.is_finished() {
            if go.modcache().exists() {
                let ran = cache(&go, &["clean", "--older-than", "0s"]);
                assert!(matches!(ran.code(), Some(0 | 1)), "{ran}");
            }
        }
        builds.join().unwrap();
    });
    cache(&go, &["clean", "--older-than", "0s"]).ok();
    assert!(!go.modcache().join("example.com").exists());
    go.run(["mod", "verify"]).ok();
}

#[test]
fn status_shows_what_lies_there() {
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(MODULES));
    let go = project(&upstream);
    go.run(["build", "."]).ok();
    let all: Value = serde_json::from_str(&cache(&go, &["status", "--json"]).ok().stdout).unwrap();
    let versions: Vec<_> = all["versions"].as_array().unwrap().iter().map(|v| v["path"].clone()).collect();
    assert_eq!(versions, ["example.com/a", "example.com/b"]);
    let tree = ModuleTree::parse(MODULES);
    let zips: usize = ["a", "b"]
        .iter()
        .map(|m| tree.module(&format!("example.com/{m}"), "v1.0.0").zip.to_vec().len())
        .sum();
    assert_eq!(all["zips"], serde_json::json!({"files": 2, "bytes": zips}));
    assert_eq!(all["trees"]["files"], 4);
    let ran = cache(&go, &["status"]).ok();
    assert!(ran.stdout.contains("in 2 versions of 2 modules\n"), "{ran}");
    assert!(ran.stdout.contains("2 unpacked versions, 4 files\n"), "{ran}");

    let dry = cache(&go, &["clean", "--module", "example.com/a", "--dry-run"]).ok();
    assert!(dry.stdout.contains("example.com/a@v1.0.0: named"), "{dry}");
    assert!(dry.stderr.contains("would remove 1 version,"), "{dry}");
    assert!(go.modcache().join("example.com/a@v1.0.0").exists());
}

#[test]
fn what_cannot_be_done_says_so() {
    let none = larder().run(["cache", "status", "--modcache", "nowhere"]);
    assert_eq!(none.code(), Some(2), "{none}");
    assert!(none.stderr.contains("there is no module cache at"), "{none}");
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(MODULES));
    let go = project(&upstream);
    go.run(["mod", "download"]).ok();
    for words in [["--older-than", "soon"], ["--max-size", "5"], ["--module", "@v1.0.0"]] {
        let ran = cache(&go, &["clean", words[0], words[1]]);
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.starts_with("larder: ") && ran.stderr.contains(words[0]), "{ran}");
    }
}
