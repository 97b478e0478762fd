//! One fetch, however many ask; nobody hurts the others.

use std::thread;

use testkit::{Connection, End, Gate, Module, ModuleTree, Reply, ScriptedUpstream, TestServer};

use crate::world::serving;

const ZIP: &str = "example.com/big/@v/v1.0.0.zip";
const SIZE: u64 = 3 << 20;

fn world() -> (ScriptedUpstream, TestServer, Vec<u8>) {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/big", "v1.0.0", SIZE));
    let bytes = tree.module("example.com/big", "v1.0.0").zip.to_vec();
    let (upstream, server) = serving(tree);
    (upstream, server, bytes)
}

#[test]
fn a_hundred_clients_cost_one_fetch() {
    let (upstream, server, bytes) = world();
    let gate = Gate::new();
    upstream.script(ZIP, [Reply::natural().stall_after(1 << 20, &gate)]);
    let clients: Vec<_> = (0..100)
        .map(|_| {
            let mut connection = server.connect();
            connection.ask("GET", &format!("/{ZIP}"), &[]).unwrap();
            connection
        })
        .collect();
    gate.wait_for(1);
    gate.open();
    let answers: Vec<_> =
        clients.into_iter().map(|mut c| thread::spawn(move || c.response("GET").unwrap())).collect();
    for answer in answers {
        assert!(answer.join().unwrap().expect(200).body == bytes, "the right bytes");
    }
    assert_eq!(upstream.asked(ZIP), 1);
}

#[test]
fn a_slow_zip_flows_and_who_comes_late_gets_it_from_its_beginning() {
    let (upstream, server, bytes) = world();
    let gate = Gate::new();
    upstream.script(ZIP, [Reply::natural().stall_after(2 << 20, &gate)]);
    let mut early = server.connect();
    early.ask("GET", &format!("/{ZIP}"), &[]).unwrap();
    // Before the upstream has sent all: what is safe of it is here.
    assert_eq!(early.head().unwrap().status, 200);
    let mut got = early.take(1 << 20);

    let mut late = server.connect();
    late.ask("GET", &format!("/{ZIP}"), &[]).unwrap();
    assert_eq!(late.head().unwrap().status, 200);
    let mut also = late.take(1 << 20);

    gate.open();
    got.extend(early.take(bytes.len() - got.len()));
    also.extend(late.take(bytes.len() - also.len()));
    assert!(got == bytes && also == bytes, "both have the right bytes");
    assert_eq!(upstream.asked(ZIP), 1);
}

#[test]
fn who_leaves_takes_nothing_from_the_others() {
    let (upstream, server, bytes) = world();
    let gate = Gate::new();
    upstream.script(ZIP, [Reply::natural().stall_after(1 << 20, &gate)]);
    let ask = || {
        let mut connection = server.connect();
        connection.ask("GET", &format!("/{ZIP}"), &[]).unwrap();
        connection
    };
    let (first, mut stays) = (ask(), ask());
    gate.wait_for(1);
    drop(first);
    gate.open();
    assert!(stays.response("GET").unwrap().expect(200).body == bytes);
    assert_eq!(upstream.asked(ZIP), 1);
}

#[test]
fn the_work_goes_on_when_all_have_left() {
    let (upstream, server, bytes) = world();
    let gate = Gate::new();
    upstream.script(ZIP, [Reply::natural().stall_after(1 << 20, &gate)]);
    let mut connection = server.connect();
    connection.ask("GET", &format!("/{ZIP}"), &[]).unwrap();
    gate.wait_for(1);
    drop(connection);
    gate.open();
    let next = server.get(&format!("/{ZIP}")).expect(200);
    assert!(next.body == bytes);
    assert_eq!(upstream.asked(ZIP), 1);
}

#[test]
fn lists_and_queries_fly_once_too() {
    let (upstream, server) = crate::world::served();
    for path in ["example.com/app/@v/list", "example.com/app/@latest", "example.com/branch/@v/main.info"] {
        let gate = Gate::new();
        upstream.script(path, [Reply::natural().hold(&gate)]);
        let clients: Vec<_> = (0..20)
            .map(|_| {
                let mut connection = server.connect();
                connection.ask("GET", &format!("/{path}"), &[]).unwrap();
                connection
            })
            .collect();
        gate.wait_for(1);
        gate.open();
        for mut client in clients {
            client.response("GET").unwrap().expect(200);
        }
        assert_eq!(upstream.asked(path), 1, "{path}");
    }
}

#[test]
fn a_client_of_http_1_0_waits_for_the_verdict() {
    let (upstream, server, bytes) = world();
    upstream.script(ZIP, [Reply::natural().chunked()]);
    let mut connection = Connection::open(server.address());
    connection.send(format!("GET /{ZIP} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
    let answer = connection.response("GET").unwrap();
    assert_eq!((answer.status, answer.end), (200, End::Whole));
    assert!(answer.body == bytes);
}
