//! What no client should send: a clear error each, and nobody upstream hears of it.

use testkit::{Connection, End, TestServer};

use crate::world::served;

/// The status that a raw request gets; nothing if the connection is closed without a word.
fn status(server: &TestServer, request: &[u8]) -> Option<u16> {
    let mut connection = Connection::open(server.address());
    // The server may have closed before all was sent.
    let _ = connection.send(request);
    connection.response("GET").map(|answer| answer.status)
}

fn get(server: &TestServer, target: &str) -> Option<u16> {
    status(server, format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
}

#[test]
fn paths_that_name_nothing() {
    let (upstream, server) = served();
    let long = format!("/example.com/{}/@v/list", "a/".repeat(20_000));
    for (target, expected) in [
        ("/../../etc/passwd", &[400, 404][..]),
        ("/example.com/../../../etc/passwd", &[400, 404]),
        ("/example.com/%2e%2e/%2e%2e/etc/@v/list", &[400, 404]),
        ("/example.com/app/@v/..%2f..%2fv1.0.0.info", &[400, 404]),
        ("/example.com%2fapp/@v/list", &[400, 404]),
        ("/example.com/app/@v/v1.0.0.zip%00", &[400, 404]),
        ("//example.com/app/@v/list", &[400, 404]),
        ("/example.com//app/@v/list", &[400, 404]),
        ("/example.com/Upper/@v/list", &[400, 404]),
        ("/example.com/!!upper/@v/list", &[400, 404]),
        ("/example.com/upper!/@v/list", &[400, 404]),
        ("/example.com/app/@v/V1.0.0.info", &[400, 404]),
        ("/example.com/%zz/@v/list", &[400]),
        ("/example.com/app%/@v/list", &[400]),
        ("/example.com/%ff/@v/list", &[400, 404]),
        ("/nodot/@v/list", &[404]),
        ("/example.com/app/v1/@v/list", &[404]),
        ("/example.com/con/@v/list", &[404]),
        ("/example.com/app/@v/latest.info", &[404]),
        ("/example.com/app/@v/v1.0.0.ziphash", &[404]),
        ("/example.com/app/@v/v1.0.0.lock", &[404]),
        ("/example.com/app/@v/v2.0.0.zip", &[404]),
        ("/example.com/app/@v/v1.0.mod", &[404]),
        ("/example.com/app/@v/", &[404]),
        ("/example.com/app", &[404]),
        ("/sumdb/", &[400, 404]),
        ("/.well-known/x", &[400, 404]),
        ("/favicon.ico", &[404]),
        ("/receipts", &[404]),
        (&long, &[400, 404, 414, 431]),
    ] {
        let got = get(&server, target);
        assert!(got.is_some_and(|got| expected.contains(&got)), "{target:.80}: {got:?}, not {expected:?}");
    }
    assert_eq!(upstream.seen().len(), 0, "{:?}", upstream.seen());
}

#[test]
fn every_error_is_text_that_go_shows() {
    let (_upstream, server) = served();
    for target in ["/example.com/%zz/@v/list", "/nodot/@v/list", "/example.com/app", "/nothing"] {
        let answer = server.get(target);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{target}");
        let text = answer.text();
        assert!(!text.trim().is_empty() && text.lines().count() <= 8 && text.len() <= 648, "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
}

#[test]
fn methods_that_are_not_served() {
    let (upstream, server) = served();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW"] {
        for path in ["/example.com/app/@v/list", "/healthz"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            // Those that change something take a token, whatever they are about.
            let want = if ["PUT", "DELETE"].contains(&method) { 401 } else { 405 };
            assert_eq!(status(&server, request.as_bytes()), Some(want), "{method} {path}");
        }
    }
    assert_eq!(upstream.seen().len(), 0);
}

#[test]
fn bodies_are_refused() {
    let (upstream, server) = served();
    let list = "/example.com/app/@v/list";
    for framing in
        ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
    {
        let request =
            format!("GET {list} HTTP/1.1\r\nHost: x\r\n{framing}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        let mut connection = Connection::open(server.address());
        connection.send(request.as_bytes()).unwrap();
        let answer = connection.response("GET").unwrap();
        assert!((400..500).contains(&answer.status), "{framing}: {}", answer.status);
        // What came in the body is never taken for a request.
        let (rest, _) = connection.to_end();
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"), "{framing}");
    }
    let huge = format!("POST {list} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    assert!(status(&server, huge.as_bytes()).is_some_and(|status| (400..500).contains(&status)));
    assert_eq!(upstream.seen().len(), 0);
}

#[test]
fn requests_that_are_no_http() {
    let (upstream, server) = served();
    let tls_hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    let garbage: [&[u8]; 7] = [
        b"hello\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /example.com/app/@v/list HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
        b"GET /example.com/app/@v/list HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        &tls_hello,
    ];
    for request in garbage {
        let mut connection = Connection::open(server.address());
        connection.send(request).unwrap();
        connection.finish_sending();
        let (answer, _) = connection.to_end();
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 505"),
            "{answer}"
        );
    }
    assert_eq!(upstream.seen().len(), 0);
    server.get("/healthz").expect(200);
}

#[test]
fn a_megabyte_of_headers() {
    let (_upstream, server) = served();
    let line = format!("X-Filler: {}\r\n", "x".repeat(1000));
    let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", line.repeat(1000));
    let mut connection = Connection::open(server.address());
    let _ = connection.send(request.as_bytes());
    match connection.response("GET") {
        Some(answer) => assert!(matches!(answer.status, 400 | 431), "{}", answer.status),
        None => assert!(matches!(connection.to_end().1, End::Cut | End::Reset)),
    }
    server.get("/healthz").expect(200);
}
