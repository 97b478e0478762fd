use crate::world::{INFO, World, ZIP};

#[test]
fn ready_says_what_is_wrong() {
    let served = World::default().serve();
    assert_eq!(served.get("/healthz").expect(200).text(), "ok\n");
    assert_eq!(served.get("/readyz").expect(200).text(), "ready\n");
    let served = World { degraded: &["the catalog is lost", "the disk is full"], ..World::default() }.serve();
    let text = served.get("/readyz").expect(200).text();
    assert_eq!(text, "ready\ndegraded: the catalog is lost\ndegraded: the disk is full\n");
}

#[test]
fn requests_are_counted_by_kind_cache_and_class() {
    let served = World::default().serve();
    for path in [INFO, INFO, INFO, ZIP, "/example.com/none/@v/list", "/example.com/A/@v/list"] {
        served.get(path);
    }
    let metrics = served.get("/metrics").expect(200);
    assert_eq!(
        metrics.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let text = metrics.text();
    for line in [
        "larder_http_requests_total{kind=\"info\",cache=\"MISS\",code=\"2xx\"} 1",
        "larder_http_requests_total{kind=\"info\",cache=\"HIT\",code=\"2xx\"} 2",
        "larder_http_requests_total{kind=\"zip\",cache=\"MISS\",code=\"2xx\"} 1",
        "larder_http_requests_total{kind=\"list\",cache=\"none\",code=\"4xx\"} 1",
        "larder_http_requests_total{kind=\"bad\",cache=\"none\",code=\"4xx\"} 1",
        "# EOF",
    ] {
        assert!(text.lines().any(|is| is == line), "{line} is not in\n{text}");
    }
}

#[test]
fn pages_know_head_and_nothing_else_is_a_page() {
    let served = World::default().serve();
    let head = served.connect().request("HEAD", "/healthz", &[]);
    assert_eq!((head.status, head.header("content-length")), (200, Some("3")));
    for path in ["/", "/nothing", "/healthz/x", "/api/v1/x", "/favicon"] {
        let answer = served.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{path}");
        assert!(answer.text().starts_with("not found: "), "{path}: {}", answer.text());
    }
}
