//! Offline, `/cached-only/` and `Disable-Module-Fetch`: what is stored, and nothing else.

use testkit::Response;

use crate::world::{LOG, larder, logged, project, served, tree};

const STORED: &str = "example.com/app/@v/v1.0.0.zip";
const LACKING: &str = "example.com/app/@v/v1.1.0.zip";

#[test]
fn a_prefix_or_a_header_closes_the_world_for_one_request() {
    let (upstream, server) = served();
    server.get(&format!("/{STORED}")).expect(200);
    server.get("/example.com/app/@v/v1.0.0.info").expect(200);
    upstream.forget();

    let by_prefix = |path: &str| server.get(&format!("/cached-only/{path}"));
    let by_header = |path: &str| {
        server.connect().request("GET", &format!("/{path}"), &[("Disable-Module-Fetch", "true")])
    };
    let ways: [&dyn Fn(&str) -> Response; 2] = [&by_prefix, &by_header];
    for get in ways {
        get(STORED).expect(200);
        let text = get(LACKING).expect(404).text();
        assert!(text.contains("not stored"), "{text}");
        assert_eq!(get("example.com/app/@v/list").expect(200).text(), "v1.0.0\n");
        assert!(get("example.com/app/@latest").expect(200).text().contains(r#""Version":"v1.0.0""#));
        get("example.com/none/@v/list").expect(404);
    }
    assert_eq!(upstream.seen().len(), 0);
    server.get(&format!("/{LACKING}")).expect(200);
}

#[test]
fn offline_everything_that_was_fetched_once_is_there() {
    let (upstream, server, vkey) = logged();
    let go = project(&server.url()).sumdb(&vkey);
    go.run(["mod", "tidy"]).ok();
    go.run(["get", "example.com/branch@main"]).ok();
    let serve = server.kill();
    upstream.forget();

    let server = serve.with("--offline").start();
    let again = project(&server.url()).sumdb(&vkey);
    again.run(["mod", "tidy"]).ok();
    again.run(["get", "example.com/branch@main"]).ok();
    again.run(["list", "-deps", "."]).ok();
    server.get(&format!("/sumdb/{LOG}/supported")).expect(200);
    server.get(&format!("/{LACKING}")).expect(404);
    // A database alone may say that it does not know a version.
    assert_eq!(server.get(&format!("/sumdb/{LOG}/lookup/example.com/none@v1.0.0")).status, 503);
    assert_eq!(upstream.seen().len(), 0, "nobody was asked");
}

#[test]
fn offline_works_without_any_upstream_that_answers() {
    let (mut upstream, server) = served();
    project(&server.url()).run(["mod", "download", "all"]).ok();
    let serve = server.kill();
    upstream.take_down();
    let server = serve.with("--offline").start();
    project(&server.url()).run(["mod", "download", "all"]).ok();
}

#[test]
fn files_copied_from_another_proxy_are_used_after_a_check() {
    let larder = larder();
    let modules = larder.data().join("modules");
    tree().write_to(&modules);
    // One of them is not what it says it is.
    std::fs::write(modules.join(LACKING), b"not a zip").unwrap();
    let server = larder.serve("http://127.0.0.1:9").with("--offline").start();
    server.get(&format!("/{STORED}")).expect(200);
    project(&server.url()).run(["mod", "tidy"]).ok();
    let answer = server.get(&format!("/{LACKING}"));
    assert_ne!(answer.status, 200, "{}", answer.text());
}
