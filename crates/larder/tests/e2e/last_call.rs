//! The process ends at its `n`-th call of a kind, whatever that is: at the start, in the middle of a publication, in the
//! catalog. What it had given whole is there afterwards, and nothing is torn.

use std::{collections::BTreeMap, process::Command};

use testkit::{Connection, End, Larder, Module, ModuleTree, ScriptedUpstream, skipped};

use crate::world::larder;

/// The calls by which something is stored, and how many of each a thread makes at most that are of interest.
const CALLS: [(&str, usize); 5] =
    [("mkdir", 7), ("pwrite64", 12), ("fsync", 12), ("linkat", 6), ("rename", 4)];

type Bodies = BTreeMap<String, Vec<u8>>;

/// What a client gets whole before the process ends.
fn acknowledged(larder: &Larder, upstream: &str, right: &Bodies) -> Vec<String> {
    let mut whole = Vec::new();
    // It may end before it answers anybody.
    let Ok(server) = larder.serve(upstream).try_start() else { return whole };
    let Ok(mut connection) = Connection::try_open(server.address()) else { return whole };
    for (path, body) in right {
        if connection.ask("GET", &format!("/{path}"), &[]).is_err() {
            break;
        }
        let Some(answer) = connection.response("GET") else { break };
        if answer.end != End::Whole {
            break;
        }
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.body == *body, "{path}: other bytes");
        whole.push(path.clone());
    }
    whole
}

#[test]
fn whatever_call_is_the_last_nothing_is_torn_and_nothing_acknowledged_lost() {
    let trace = ["-f", "-qq", "-o", "/dev/null", "-e"];
    let probe = testkit::run(Command::new("strace").args(trace).args(["inject=fsync:error=EIO", "true"]));
    if !probe.status.success() {
        skipped("strace cannot be used here, so no call can be made the last");
        return;
    }
    let module = Module::of_noise("example.com/m", "v1.0.0", 600_000);
    let mut right = Bodies::new();
    right.insert(module.url_path("info"), module.info.clone());
    right.insert(module.url_path("mod"), module.gomod.clone());
    right.insert(module.url_path("zip"), module.zip.to_vec());
    let mut tree = ModuleTree::default();
    tree.add(module);
    let upstream = ScriptedUpstream::serving(tree);
    // Every place in the long run; a part of them, where time is short.
    let stride = if std::env::var_os("LARDER_LONG").is_some() { 1 } else { 3 };
    let (mut lives, mut cut) = (0, 0);
    for (call, most) in CALLS {
        for n in (1 + lives % stride..=most).step_by(stride) {
            let what = format!("{call} {n}");
            let larder = larder();
            let inject = format!("inject={call}:signal=KILL:when={n}");
            let traced = larder.clone().under(["strace"].into_iter().chain(trace).chain([inject.as_str()]));
            let whole = acknowledged(&traced, &upstream.url(), &right);
            lives += 1;
            cut += usize::from(whole.len() < right.len());

            let server = larder.serve(&upstream.url()).with("--offline").start();
            for path in &whole {
                let answer = server.get(&format!("/{path}"));
                assert_eq!(answer.status, 200, "{what}: {path} was acknowledged and is lost");
                assert!(answer.body == right[path], "{what}: {path}: other bytes");
            }
            server.stop().ok();
            let data = larder.data();
            let scrub = larder.run(["scrub", "--rate", "0", "--data", data.to_str().unwrap()]);
            assert_eq!(scrub.code(), Some(0), "{what}: {scrub}");
            // And all of it can be had from then on.
            let server = larder.serve(&upstream.url()).start();
            for (path, body) in &right {
                assert!(server.get(&format!("/{path}")).expect(200).body == *body, "{what}: {path}");
            }
        }
    }
    testkit::note(&format!("{lives} lives, {cut} of them cut short, nothing torn or lost"));
    assert!(cut >= 4, "only {cut} of {lives} lives were cut short");
}
