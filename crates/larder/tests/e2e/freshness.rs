//! Answers that change: asked again when they are old, kept when nobody answers.

use testkit::{Reply, ScriptedUpstream, TestServer};

use crate::world::{configured, tree};

const LIST: &str = "example.com/app/@v/list";

/// A server for which every stored answer is old at once.
fn forgetful() -> (ScriptedUpstream, TestServer) {
    configured(tree(), "freshness = \"0s\"\nabsence = \"0s\"\n")
}

#[test]
fn an_old_answer_is_asked_again_with_its_validator() {
    let (upstream, server) = forgetful();
    let get = || server.get(&format!("/{LIST}")).expect(200);
    upstream.script(
        LIST,
        [Reply::natural().header("ETag", "\"one\""), Reply::status(304), Reply::ok("v9.0.0\nv1.0.0\n")],
    );
    let first = get();
    assert_eq!(first.header("x-cache"), Some("MISS"));
    let second = get();
    assert_eq!((second.header("x-cache"), &second.body), (Some("REVALIDATED"), &first.body));
    assert_eq!(upstream.seen()[1].header("if-none-match"), Some("\"one\""));
    assert_eq!(get().text(), "v1.0.0\n");
}

#[test]
fn when_all_sources_fail_the_old_answer_stands() {
    let (mut upstream, server) = forgetful();
    let paths = [LIST, "example.com/app/@latest", "example.com/branch/@v/main.info"];
    let fresh = paths.map(|path| server.get(&format!("/{path}")).expect(200).body);
    upstream.always("*", Reply::status(500));
    let stale = |path: &str, body: &[u8]| {
        let answer = server.get(&format!("/{path}")).expect(200);
        assert_eq!((answer.header("x-cache"), &*answer.body), (Some("STALE"), body), "{path}");
        assert!(answer.header("warning").is_some_and(|warning| warning.starts_with("110")), "{path}");
    };
    paths.iter().zip(&fresh).for_each(|(path, body)| stale(path, body));
    upstream.take_down();
    paths.iter().zip(&fresh).for_each(|(path, body)| stale(path, body));
}

#[test]
fn an_absence_may_end() {
    let (upstream, server) = forgetful();
    upstream.script(LIST, [Reply::status(404)]);
    server.get(&format!("/{LIST}")).expect(404);
    server.get(&format!("/{LIST}")).expect(200);
}

#[test]
fn what_never_changes_is_never_asked_again() {
    let (upstream, server) = forgetful();
    for ext in ["info", "mod", "zip"] {
        let path = format!("/example.com/app/@v/v1.0.0.{ext}");
        server.get(&path).expect(200);
        server.get(&path).expect(200);
        assert_eq!(upstream.asked(&path[1..]), 1);
    }
}
