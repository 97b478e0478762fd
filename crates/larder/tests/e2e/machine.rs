//! Through the upstream that this machine's own Go settings name, when it answers.

use std::process::Command;

use testkit::{GoCommand, run, skipped};

use crate::world::larder;

/// This machine's GOPROXY and GOSUMDB, if a module can be had through them.
fn machine() -> Option<(String, String)> {
    let go = GoCommand::find()?;
    let settings = run(Command::new(&go).args(["env", "GOPROXY", "GOSUMDB"])).ok().stdout;
    let (proxy, sumdb) = settings.trim_end().split_once('\n')?;
    if !proxy.contains("://") || sumdb == "off" {
        skipped("this machine's Go settings name no proxy or no checksum database");
        return None;
    }
    let probe = GoCommand::new(proxy).sumdb(sumdb);
    let ran = probe.run(["mod", "download", PROBE]);
    if !ran.status.success() {
        skipped(&format!("the upstream of this machine does not answer: {}", ran.stderr.trim()));
        return None;
    }
    Some((proxy.to_owned(), sumdb.to_owned()))
}

const PROBE: &str = "github.com/google/uuid@v1.6.0";

#[test]
fn the_example_builds_and_builds_again_with_nobody_there() {
    let Some((proxy, sumdb)) = machine() else { return };
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/hello");
    let copy = |go: &GoCommand| {
        for file in ["go.mod", "go.sum", "main.go", "greetings.go", "main_test.go"] {
            let text = std::fs::read_to_string(format!("{example}/{file}")).unwrap();
            go.write(file, &text);
        }
    };
    let larder = larder();
    let server = larder.serve(&proxy).sumdb(&sumdb).start();
    let go = GoCommand::new(&server.url()).sumdb(&sumdb);
    copy(&go);
    go.run(["mod", "download", "all"]).ok();
    go.run(["build", "-o", "hello", "."]).ok();
    // The lists and the newest versions of everything in the graph.
    go.run(["list", "-m", "-u", "all"]).ok();
    // Without go.sum every hash is asked of the database.
    std::fs::remove_file(go.work().join("go.sum")).unwrap();
    go.run(["mod", "tidy"]).ok();
    assert!(server.stop().status.success());

    let server = larder.serve(&proxy).sumdb(&sumdb).with("--offline").start();
    let go = GoCommand::new(&server.url()).sumdb(&sumdb);
    copy(&go);
    go.run(["mod", "download", "all"]).ok();
    go.run(["mod", "verify"]).ok();
}
