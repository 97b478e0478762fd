//! Several processes on one data directory.

use std::thread;

use testkit::ScriptedUpstream;

use crate::world::{larder, project, tree};

#[test]
fn a_serve_and_two_runs_cold_at_once() {
    let upstream = ScriptedUpstream::serving(tree());
    let url = upstream.url();
    let larder = larder();
    let data = larder.data();
    let server = larder.serve(&url).start();
    let runs: Vec<_> = (0..2)
        .map(|_| {
            let (larder, url, data) = (larder.clone(), url.clone(), data.clone());
            thread::spawn(move || {
                let go = project("off");
                let mut larder = larder.work(go.work());
                for (name, value) in go.variables() {
                    larder = larder.env(name, value);
                }
                let args = ["run", "--upstream", &url, "--sumdb", "off", "--data", data.to_str().unwrap()];
                larder.run(args.iter().chain(&["--", "sh", "-c", "go mod tidy && go mod verify"])).ok();
                go.read("go.sum")
            })
        })
        .collect();
    let go = project(&server.url());
    go.run(["mod", "tidy"]).ok();
    for run in runs {
        assert_eq!(run.join().unwrap(), go.read("go.sum"));
    }
    drop(upstream);
    // What one of them stored is stored for all.
    let again = project(&server.url());
    again.run(["mod", "tidy"]).ok();
    let offline = larder.serve(&url).with("--offline").start();
    project(&offline.url()).run(["mod", "tidy"]).ok();
}

#[test]
fn what_one_process_stored_another_serves_at_once() {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder();
    let (first, second) = (larder.serve(&upstream.url()).start(), larder.serve(&upstream.url()).start());
    for module in tree().modules() {
        for ext in ["info", "mod", "zip"] {
            let path = format!("/{}", module.url_path(ext));
            let body = first.get(&path).expect(200).body;
            let hit = second.get(&path).expect(200);
            assert_eq!((&hit.body, hit.header("x-cache")), (&body, Some("HIT")), "{path}");
            assert_eq!(upstream.asked(&path[1..]), 1, "{path}");
        }
    }
}
