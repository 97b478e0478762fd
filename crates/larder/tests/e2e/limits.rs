//! The limits of the server, one test each. Times are set short, so that what must happen happens soon; how soon is
//! not measured. That everybody gets the promised ones is a test of `config`.

use std::{fmt::Write, io::ErrorKind};

use rustix::process::Signal;
use testkit::{Connection, End, Gate, Module, ModuleTree, Reply};

use crate::world::{configured, served, serving, tree};

const SHORT: &str = "[clients]\nhead = \"1s\"\nidle = \"1s\"\nstall = \"1s\"\ngrace = \"1s\"\n";

fn head_of(bytes: usize) -> Vec<u8> {
    let start = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
    let mut head = start.to_owned();
    while head.len() + 2 < bytes {
        let room = (bytes - head.len() - 2).min(4000);
        // A header line takes six bytes beside its value.
        let _ = write!(head, "X-F: {}\r\n", "x".repeat(room.saturating_sub(7)));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

#[test]
fn a_head_has_at_most_64_kib() {
    let (_upstream, server) = served();
    let mut fits = server.connect();
    fits.send(&head_of(60 << 10)).unwrap();
    assert_eq!(fits.response("GET").unwrap().status, 200);
    let mut beyond = server.connect();
    let _ = beyond.send(&head_of(80 << 10));
    if let Some(answer) = beyond.response("GET") {
        assert_eq!(answer.status, 431);
    }
}

#[test]
fn a_head_that_does_not_end_is_dropped() {
    let (_upstream, server) = configured(tree(), SHORT);
    let mut connection = server.connect();
    connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    let (answer, _) = connection.to_end();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"));
}

#[test]
fn a_connection_without_requests_is_closed() {
    let (_upstream, server) = configured(tree(), SHORT);
    let mut used = server.connect();
    used.request("GET", "/healthz", &[]).expect(200);
    let mut fresh = server.connect();
    assert_eq!(used.to_end(), (Vec::new(), End::Cut));
    assert_eq!(fresh.to_end(), (Vec::new(), End::Cut));
}

#[test]
fn a_client_that_takes_nothing_is_dropped_and_holds_nobody_up() {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/big", "v1.0.0", 64 << 20));
    let (upstream, server) = configured(tree, SHORT);
    let path = "/example.com/big/@v/v1.0.0.zip";
    let len = server.connect().request("GET", path, &[]).expect(200).body.len();
    let mut lazy = server.connect().with_small_buffer(4096);
    lazy.ask("GET", path, &[]).unwrap();
    assert_eq!(server.connect().request("GET", path, &[]).expect(200).body.len(), len);
    // The server gives the lazy one up. Only then is its log written, or its socket closed.
    lazy.wait_closed_by_peer();
    let (came, end) = lazy.to_end();
    assert!(came.len() < len && end != End::Whole, "{} of {len} bytes, {end:?}", came.len());
    assert_eq!(upstream.asked("*.zip"), 1);
}

#[test]
fn sigterm_lets_what_runs_finish() {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/big", "v1.0.0", 2 << 20));
    let bytes = tree.module("example.com/big", "v1.0.0").zip.to_vec();
    let (upstream, server) = serving(tree);
    let gate = Gate::new();
    upstream.always("*.zip", Reply::natural().stall_after(1 << 20, &gate));
    let mut running = server.connect();
    running.ask("GET", "/example.com/big/@v/v1.0.0.zip", &[]).unwrap();
    let mut idle = server.connect();
    idle.request("GET", "/healthz", &[]).expect(200);
    gate.wait_for(1);

    server.running().signal(Signal::TERM);
    assert_eq!(idle.to_end().1, End::Cut, "an idle connection is closed at once");
    let refused = Connection::try_open(server.address()).map_err(|error| error.kind());
    assert_eq!(refused.err(), Some(ErrorKind::ConnectionRefused), "and no new one is accepted");
    gate.open();
    assert!(running.response("GET").unwrap().expect(200).body == bytes, "what runs comes to its end");
    assert!(server.stop().status.success());
}

#[test]
fn sigterm_does_not_wait_for_ever() {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/big", "v1.0.0", 2 << 20));
    let (upstream, server) = configured(tree, SHORT);
    let gate = Gate::new();
    upstream.always("*.zip", Reply::natural().stall_after(1 << 20, &gate));
    let mut running = server.connect();
    running.ask("GET", "/example.com/big/@v/v1.0.0.zip", &[]).unwrap();
    gate.wait_for(1);
    assert!(server.stop().status.success());
    assert_ne!(running.to_end().1, End::Whole);
}
