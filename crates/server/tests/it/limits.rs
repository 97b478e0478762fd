//! Each limit, with values that a test can wait for.

use std::time::Duration;

use server::Config;
use testkit::End;

use crate::world::{BIG, INFO, Served, World};

/// Short for a test to wait for, and long for a client that does its part on a busy machine.
const SOON: Duration = Duration::from_secs(3);

fn with(config: Config) -> Served {
    World { config, ..World::default() }.serve()
}

fn head_of(bytes: usize) -> Vec<u8> {
    let start = "GET /healthz HTTP/1.1\r\nHost: x\r\n".to_owned();
    let lines = (bytes - start.len()) / 1000;
    (start + &format!("X-Filler: {}\r\n", "x".repeat(986)).repeat(lines) + "\r\n").into_bytes()
}

#[test]
fn a_head_of_64_kib_is_the_largest() {
    let served = with(Config::default());
    let mut fits = served.connect();
    fits.send(&head_of(60_000)).unwrap();
    fits.response("GET").unwrap().expect(200);
    let mut beyond = served.connect();
    beyond.send(&head_of(80_000)).unwrap();
    assert_eq!(beyond.response("GET").unwrap().status, 431);
}

#[test]
fn whoever_sends_a_megabyte_of_headers_can_read_why_it_is_refused() {
    let served = with(Config::default());
    for _ in 0..20 {
        let mut client = served.connect();
        client.send(&head_of(1 << 20)).unwrap();
        assert_eq!(client.response("GET").unwrap().status, 431);
    }
}

#[test]
fn a_head_has_to_end() {
    let served = with(Config { head: SOON, ..Config::default() });
    let mut slow = served.connect();
    slow.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    assert_eq!(slow.to_end(), (Vec::new(), End::Cut));
    let mut second = served.connect();
    second.request("GET", "/healthz", &[]).expect(200);
    second.send(b"GET /healthz HTTP/1.1\r\n").unwrap();
    assert_eq!(second.to_end(), (Vec::new(), End::Cut));
}

#[test]
fn an_idle_connection_is_closed() {
    let served = with(Config { idle: SOON, ..Config::default() });
    let mut fresh = served.connect();
    let mut used = served.connect();
    used.request("GET", "/healthz", &[]).expect(200);
    assert_eq!(used.to_end(), (Vec::new(), End::Cut));
    assert_eq!(fresh.to_end(), (Vec::new(), End::Cut));
}

#[test]
fn a_client_that_takes_nothing_is_dropped_and_holds_nobody_up() {
    for hot_largest in [0, u64::MAX] {
        let config = Config { stall: SOON, hot_budget: 256 << 20, hot_largest, ..Config::default() };
        let served = World { config, big: 32 << 20, ..World::default() }.serve();
        let bytes = served.zip("example.com/big");
        for _ in 0..3 {
            assert!(served.get(BIG).expect(200).body == bytes);
        }
        let mut lazy = served.connect().with_small_buffer(4096);
        lazy.ask("GET", BIG, &[]).unwrap();
        assert!(served.get(BIG).expect(200).body == bytes);
        // It is counted when the server gives it up.
        let waiting = std::time::Instant::now();
        while !served.get("/metrics").expect(200).text().contains("larder_http_stalled_clients_total 1") {
            assert!(waiting.elapsed() < testkit::LIMIT, "it is held for ever");
        }
        let (came, end) = lazy.to_end();
        assert!(came.len() < bytes.len());
        assert_eq!(end, End::Reset);
    }
}

#[test]
fn connections_beyond_the_limit_wait_and_are_not_refused() {
    let served = with(Config { connections: 2, ..Config::default() });
    let mut first = served.connect();
    first.request("GET", INFO, &[]).expect(200);
    let mut second = served.connect();
    second.request("GET", INFO, &[]).expect(200);
    let mut third = served.connect();
    third.ask("GET", INFO, &[]).unwrap();
    // The others are still served.
    first.request("GET", INFO, &[]).expect(200);
    second.request("GET", INFO, &[]).expect(200);
    drop(first);
    third.response("GET").unwrap().expect(200);
}

#[test]
fn bodies_are_refused_and_never_taken_for_requests() {
    let served = with(Config::default());
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    for framing in
        ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
    {
        for method in ["GET", "POST"] {
            let mut client = served.connect();
            client
                .send(format!("{method} {INFO} HTTP/1.1\r\nHost: x\r\n{framing}{smuggled}").as_bytes())
                .unwrap();
            let status = if method == "GET" { 400 } else { 405 };
            client.response(method).unwrap().expect(status);
            assert_eq!(client.to_end(), (Vec::new(), End::Cut), "{method} {framing}");
        }
    }
    assert_eq!(served.upstream.asked("*"), 0);
}

#[test]
fn other_methods_are_told_which_there_are() {
    let served = with(Config::default());
    for method in ["POST", "PATCH", "OPTIONS", "BREW"] {
        let answer = served.connect().request(method, INFO, &[]);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
}
