//! What HTTP clients other than `go` may expect.

use testkit::End;

use crate::world::{served, tree};

const ZIP: &str = "/example.com/app/@v/v1.0.0.zip";

#[test]
fn head_tells_what_get_would() {
    let (_upstream, server) = served();
    for path in
        [ZIP, "/example.com/app/@v/v1.0.0.info", "/example.com/app/@v/list", "/example.com/none/@v/list"]
    {
        let get = server.get(path);
        let mut connection = server.connect();
        let head = connection.request("HEAD", path, &[]);
        assert_eq!(
            (head.status, head.header("content-length")),
            (get.status, get.header("content-length")),
            "{path}"
        );
        // No byte of a body follows: the next answer on the connection is the next answer.
        assert_eq!(connection.request("GET", path, &[]).body, get.body, "{path}");
    }
}

#[test]
fn ranges_of_what_is_stored() {
    let (_upstream, server) = served();
    let body = server.get(ZIP).expect(200).body;
    let len = body.len();
    let range = |value: &str| server.connect().request("GET", ZIP, &[("Range", value)]);
    for (value, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=100-", 100, len),
        ("bytes=-7", len - 7, len),
        ("bytes=5-99999999", 5, len),
    ] {
        let part = range(value).expect(206);
        assert_eq!(part.body, body[from..to], "{value}");
        assert_eq!(part.header("content-range"), Some(&*format!("bytes {from}-{}/{len}", to - 1)), "{value}");
    }
    let beyond = range("bytes=99999999-");
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some(&*format!("bytes */{len}")));
    for ignored in ["lines=1-2", "bytes=5-2", "bytes=x-"] {
        assert_eq!(range(ignored).expect(200).body, body, "{ignored}");
    }
}

#[test]
fn etags_come_from_the_bytes_and_save_the_body() {
    let (upstream, server) = served();
    let first = server.get(ZIP).expect(200);
    let second = server.get(ZIP).expect(200);
    let etag = second.header("etag").expect("what is stored has an ETag").to_owned();
    assert_eq!(upstream.asked("*.zip"), 1);
    let ask = |value: &str| server.connect().request("GET", ZIP, &[("If-None-Match", value)]);
    for same in [etag.clone(), format!("\"other\", {etag}"), format!("W/{etag}"), "*".to_owned()] {
        let answer = ask(&same);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{same}");
        assert_eq!(answer.header("etag"), Some(&*etag));
    }
    assert_eq!(ask("\"other\"").expect(200).body, first.body);
    let stale = [("Range", "bytes=0-9"), ("If-Range", "\"other\"")];
    assert_eq!(server.connect().request("GET", ZIP, &stale).expect(200).body, first.body);
    let current = [("Range", "bytes=0-9"), ("If-Range", etag.as_str())];
    assert_eq!(server.connect().request("GET", ZIP, &current).expect(206).body, first.body[..10]);
}

#[test]
fn headers_tell_caches_and_people_what_this_is() {
    let (upstream, server) = served();
    for (path, kind) in [
        (ZIP, "application/zip"),
        ("/example.com/app/@v/v1.0.0.info", "application/json"),
        ("/example.com/app/@v/v1.0.0.mod", "text/plain; charset=utf-8"),
        ("/example.com/app/@v/list", "text/plain; charset=utf-8"),
        ("/example.com/app/@latest", "application/json"),
    ] {
        let (miss, hit) = (server.get(path).expect(200), server.get(path).expect(200));
        assert_eq!((miss.header("x-cache"), hit.header("x-cache")), (Some("MISS"), Some("HIT")), "{path}");
        assert_eq!(hit.header("content-type"), Some(kind), "{path}");
        assert_eq!(hit.header("x-larder-source"), Some(&*upstream.address().to_string()), "{path}");
        let immutable = hit.header("cache-control").is_some_and(|value| value.contains("immutable"));
        assert_eq!(immutable, path.contains("v1.0.0"), "{path}: {:?}", hit.header("cache-control"));
        assert_eq!(miss.body, hit.body, "{path}");
    }
}

#[test]
fn one_connection_carries_many_requests_also_pipelined() {
    let (_upstream, server) = served();
    let mut connection = server.connect();
    let paths: Vec<String> = tree().modules().map(|module| format!("/{}", module.url_path("mod"))).collect();
    for path in &paths {
        connection.ask("GET", path, &[]).unwrap();
    }
    for module in tree().modules() {
        let answer = connection.response("GET").unwrap().expect(200);
        assert_eq!((answer.end, &answer.body), (End::Whole, &module.gomod));
    }
}

#[test]
fn pages_for_those_who_watch() {
    let (_upstream, server) = served();
    server.get("/healthz").expect(200);
    server.get("/readyz").expect(200);
    server.get(ZIP).expect(200);
    let metrics = server.get("/metrics").expect(200);
    assert!(metrics.text().lines().any(|line| line.starts_with("# TYPE ")), "{}", metrics.text());
    assert!(metrics.text().ends_with("# EOF\n") || metrics.text().ends_with('\n'));
}
