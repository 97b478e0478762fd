//! More of everything than there is room for: requests, connections, clients that do not read.

use std::{fs, thread, time::Duration, time::Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use testkit::{Connection, End, Gate, LIMIT, Module, ModuleTree, Reply, TestServer};

use crate::world::{configured, served, serving, tree};

const ZIP: &str = "example.com/app/@v/v1.0.0.zip";
const OTHER: &str = "/example.com/app/@v/v1.1.0.zip";
const STORED: &str = "/example.com/app/@v/v1.0.0.mod";

fn until(mut so: impl FnMut() -> bool, what: &str) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < LIMIT, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn metric(server: &TestServer, name: &str) -> i64 {
    let text = server.get("/metrics").expect(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}")).trim().parse().unwrap()
}

#[test]
fn what_there_is_no_room_for_is_503_with_a_time_and_hits_never_wait() {
    let (upstream, server) = configured(tree(), "[fetches]\ntotal = 1\nqueue = 1\nwait = \"30s\"\n");
    server.get(STORED).expect(200);
    let gate = Gate::new();
    upstream.script(ZIP, [Reply::natural().hold(&gate)]);
    let mut first = server.connect();
    first.ask("GET", &format!("/{ZIP}"), &[]).unwrap();
    until(|| upstream.asked(ZIP) == 1, "nothing is asked");
    let mut second = server.connect();
    second.ask("GET", OTHER, &[]).unwrap();
    until(|| metric(&server, "larder_mirror_waiting") == 1, "nobody waits");
    let mut told = Vec::new();
    for version in 0..4 {
        let refused = server.get(&format!("/example.com/old/@v/v2.{version}.0+incompatible.mod")).expect(503);
        let after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=10).contains(&after), "{after}");
        told.push(after);
        server.get(STORED).expect(200);
    }
    told.dedup();
    assert!(told.len() > 1, "all are told to come back at once: {told:?}");
    assert_eq!(upstream.asked(&OTHER[1..]), 0);
    gate.open();
    assert_eq!(first.response("GET").unwrap().status, 200);
    assert_eq!(second.response("GET").unwrap().status, 200);
    server.get("/example.com/old/@v/v2.1.0+incompatible.mod").expect(200);
    assert_eq!(metric(&server, "larder_mirror_overloaded_total"), 4);
}

#[test]
fn without_descriptors_left_connections_wait_and_none_is_lost() {
    let (_upstream, server) = served();
    server.get(STORED).expect(200);
    let pid = server.running().pid();
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64;
    let limit = Rlimit { current: Some(open + 4), maximum: Some(open + 4) };
    let process = Pid::from_raw(pid.try_into().unwrap());
    prlimit(process, Resource::Nofile, limit).unwrap();
    let mut waiting: Vec<_> = (0..32)
        .map(|_| {
            let mut connection = server.connect();
            connection.ask("GET", "/healthz", &[]).unwrap();
            connection
        })
        .collect();
    assert!(server.running().wait_stderr("cannot accept connections"), "it never ran out");
    // As one leaves, the next comes in.
    for (n, mut connection) in waiting.drain(..).enumerate() {
        assert_eq!(connection.response("GET").map(|answer| answer.status), Some(200), "connection {n}");
    }
    server.get(STORED).expect(200);
}

#[test]
fn clients_that_do_not_read_cost_a_bounded_buffer_each() {
    const SIZE: u64 = 48 << 20;
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/big", "v1.0.0", SIZE));
    let (_upstream, server) = serving(tree);
    let path = "/example.com/big/@v/v1.0.0.zip";
    server.get(path).expect(200);
    let resident = || {
        let status = fs::read_to_string(format!("/proc/{}/status", server.running().pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    };
    let before = resident();
    let slow: Vec<Connection> = (0..64)
        .map(|_| {
            let mut connection = Connection::open(server.address()).with_small_buffer(4096);
            connection.ask("GET", path, &[]).unwrap();
            assert_eq!(connection.head().unwrap().status, 200);
            connection
        })
        .collect();
    // Others are served meanwhile, and by then the slow ones have all that they will be given.
    for _ in 0..2 {
        assert_eq!(server.get(path).expect(200).end, End::Whole);
    }
    let cost = resident().saturating_sub(before) / 64;
    assert!(cost < 1 << 20, "each costs {cost} bytes");
    drop(slow);
}
