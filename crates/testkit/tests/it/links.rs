//! Each thing that a relay does to a connection is on the wire what its name says.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use testkit::{
    Act, At, BlackHole, Connection, End, FaultProxy, Gate, Link, ModuleTree, Response, ScriptedUpstream,
};

const LIST: &str = "/example.com/m/@v/list";
const BODY: &[u8] = b"v1.0.0\n";

fn world() -> (ScriptedUpstream, FaultProxy) {
    let text = "-- example.com/m@v1.0.0/go.mod --\nmodule example.com/m\n";
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(text));
    let proxy = FaultProxy::before(&upstream.url());
    (upstream, proxy)
}

/// What comes to a client, whole or not.
fn fetch(proxy: &FaultProxy) -> (Vec<u8>, End) {
    let mut connection = Connection::open(proxy.address());
    let _ = connection.ask("GET", LIST, &[("Connection", "close")]);
    connection.finish_sending();
    connection.to_end()
}

fn get(proxy: &FaultProxy) -> Response {
    Connection::open(proxy.address()).request("GET", LIST, &[])
}

#[test]
fn without_orders_it_relays_and_counts() {
    let (upstream, proxy) = world();
    let mut connection = Connection::open(proxy.address());
    for _ in 0..2 {
        assert_eq!(connection.request("GET", LIST, &[]).expect(200).body, BODY);
    }
    assert_eq!((proxy.connections(), upstream.asked("*")), (1, 2));
    assert!(proxy.request_bytes() > 0 && proxy.response_bytes() > 0);
    proxy.forget();
    assert_eq!((proxy.connections(), proxy.request_bytes(), proxy.response_bytes()), (0, 0, 0));
}

#[test]
fn orders_are_for_the_next_for_each_nth_or_for_all() {
    let (_upstream, proxy) = world();
    proxy.script([Link::reset(), Link::good()]);
    let ends = |times: usize| (0..times).map(|_| fetch(&proxy).1).collect::<Vec<_>>();
    assert_eq!(ends(3), [End::Reset, End::Cut, End::Cut]);
    proxy.forget();
    proxy.each(3, Link::reset());
    assert_eq!(ends(6), [End::Cut, End::Cut, End::Reset, End::Cut, End::Cut, End::Reset]);
    proxy.natural();
    proxy.always(Link::reset());
    assert_eq!(ends(2), [End::Reset, End::Reset]);
}

#[test]
fn responses_end_at_a_byte() {
    let (_upstream, proxy) = world();
    let whole = fetch(&proxy).0;
    let len = whole.len() as u64;
    for n in [0, 1, 20, len - 1] {
        for (act, end) in [(Act::Reset, End::Reset), (Act::Cut, End::Cut), (Act::HalfClose, End::Cut)] {
            let told = format!("{act:?} after {n}");
            proxy.script([Link::good().response(At::Byte(n), act)]);
            let (bytes, ended) = fetch(&proxy);
            assert_eq!((bytes.len() as u64, ended), (n, end), "{told}");
            assert!(whole.starts_with(&bytes), "{told}");
        }
    }
}

#[test]
fn requests_end_at_a_byte() {
    let (upstream, proxy) = world();
    proxy
        .script([Link::good().request(At::Byte(5), Act::Cut), Link::good().request(At::Byte(5), Act::Reset)]);
    assert_eq!(fetch(&proxy).0, b"");
    assert_eq!(fetch(&proxy), (Vec::new(), End::Reset));
    assert!(upstream.seen().iter().all(|seen| !seen.path.ends_with("list")), "no whole request came through");
    assert_eq!(proxy.request_bytes(), 10);
}

#[test]
fn one_byte_comes_out_as_another() {
    let (_upstream, proxy) = world();
    let whole = fetch(&proxy).0;
    proxy.script([Link::good().response(At::Byte(9), Act::Corrupt)]);
    let (bytes, _) = fetch(&proxy);
    let differ: Vec<_> = (0..whole.len()).filter(|&at| bytes[at] != whole[at]).collect();
    assert_eq!(differ, [9]);
}

#[test]
fn a_stall_lasts_until_its_gate_is_open() {
    let (_upstream, proxy) = world();
    let gate = Gate::new();
    proxy.script([Link::good().response(At::Byte(12), Act::Stall(gate.clone()))]);
    let mut connection = Connection::open(proxy.address());
    connection.ask("GET", LIST, &[]).unwrap();
    assert_eq!(connection.take(12), b"HTTP/1.1 200");
    gate.wait_for(1);
    assert_eq!(proxy.response_bytes(), 12);
    gate.open();
    connection.take(5);
}

#[test]
fn things_happen_at_a_time_too() {
    let (_upstream, proxy) = world();
    let soon = At::Time(Duration::from_millis(30));
    for (act, end) in [(Act::Reset, End::Reset), (Act::Cut, End::Cut)] {
        proxy.script([Link::good().response(soon, act)]);
        let mut connection = Connection::open(proxy.address());
        assert_eq!(connection.request("GET", LIST, &[]).expect(200).body, BODY);
        assert_eq!(connection.to_end(), (Vec::new(), end), "though nothing was sent");
    }
}

#[test]
fn slow_and_late_are_slow_and_late_and_still_right() {
    let (_upstream, proxy) = world();
    let begun = Instant::now();
    proxy.script([Link::good().throttle(1000)]);
    let len = fetch(&proxy).0.len();
    assert!(begun.elapsed() >= Duration::from_millis(50) * u32::try_from(len / 50).unwrap());
    let begun = Instant::now();
    proxy.script([Link::good().delay(Duration::from_millis(80))]);
    assert_eq!(get(&proxy).expect(200).body, BODY);
    assert!(begun.elapsed() >= Duration::from_millis(80));
}

#[test]
fn silence_takes_the_request_and_says_nothing() {
    let (upstream, proxy) = world();
    proxy.script([Link::silent()]);
    assert_eq!(fetch(&proxy), (Vec::new(), End::Cut), "it ends when the client ends it");
    assert_eq!((upstream.seen().len(), proxy.connections()), (0, 1));
}

#[test]
fn what_is_down_refuses_and_comes_back() {
    let (_upstream, mut proxy) = world();
    let mut open = Connection::open(proxy.address());
    open.request("GET", LIST, &[]).expect(200);
    proxy.reset_all();
    assert_eq!(open.to_end(), (Vec::new(), End::Reset));
    proxy.take_down();
    assert!(Connection::try_open(proxy.address()).is_err());
    proxy.bring_up();
    get(&proxy).expect(200);
}

#[test]
fn nobody_answers_in_a_black_hole() {
    let hole = BlackHole::new();
    let error = TcpStream::connect_timeout(&hole.address(), Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}
