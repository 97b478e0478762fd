//! Answers that change: asked again when they are old, kept when nobody answers.

use std::time::{Duration, Instant};

use testkit::{Gate, Reply, ScriptedUpstream, TestServer};

use crate::world::{NO_MEMO, configured, served, tree};

const LIST: &str = "example.com/app/@v/list";
const ZIP: &str = "example.com/app/@v/v1.0.0.zip";
const CHANGING: [&str; 3] = [LIST, "example.com/app/@latest", "example.com/branch/@v/main.info"];
const FIXED: [&str; 3] = ["example.com/app/@v/v1.0.0.info", "example.com/app/@v/v1.0.0.mod", ZIP];

/// A server for which every stored answer is old at once, and that always waits for a newer one.
fn forgetful() -> (ScriptedUpstream, TestServer) {
    let waits = "freshness = \"0s\"\nfreshness_behind = \"0s\"\nfreshness_wait = \"1h\"\n";
    configured(tree(), &format!("{waits}{NO_MEMO}absence = \"0s\"\n"))
}

/// A server for which every stored answer is somewhat old at once.
fn hasty() -> (ScriptedUpstream, TestServer) {
    configured(tree(), "freshness = \"0s\"\n")
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
    let paths = CHANGING;
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

#[test]
fn a_somewhat_old_answer_comes_at_once_and_the_newer_one_next() {
    let (upstream, server) = hasty();
    let get = || server.get(&format!("/{LIST}")).expect(200);
    let first = get();
    let gate = Gate::new();
    upstream.script(LIST, [Reply::ok("v1.0.0\nv1.3.0\n").hold(&gate)]);
    for _ in 0..20 {
        let stale = get();
        assert_eq!((stale.header("x-cache"), &stale.body), (Some("STALE"), &first.body));
        assert!(stale.header("warning").is_some_and(|warning| warning.starts_with("110")));
        assert!(stale.header("age").is_some());
        assert_eq!(stale.header("cache-control"), Some("no-cache"));
    }
    upstream.wait_asked(LIST, 2);
    assert_eq!(upstream.asked(LIST), 2, "it is asked for once");
    gate.open();
    let began = Instant::now();
    while get().text() != "v1.0.0\nv1.3.0\n" {
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_client_that_wants_no_cache_gets_what_a_source_confirmed() {
    let (upstream, server) = served();
    let plain = |path: &str| server.get(&format!("/{path}")).expect(200);
    for header in [("Cache-Control", "no-cache"), ("Cache-Control", "max-age=0"), ("Pragma", "no-cache")] {
        let confirmed =
            |path: &str| server.connect().request("GET", &format!("/{path}"), &[header]).expect(200);
        for path in CHANGING.into_iter().chain(FIXED) {
            plain(path);
            assert_eq!(plain(path).header("x-cache"), Some("HIT"));
        }
        upstream.forget();
        for path in CHANGING {
            assert_eq!(confirmed(path).header("x-cache"), Some("REVALIDATED"), "{path}");
            assert_eq!(plain(path).header("x-cache"), Some("HIT"), "{path}");
            assert_eq!(upstream.asked(path), 1, "{path}");
        }
        for path in FIXED {
            assert_eq!(confirmed(path).header("x-cache"), Some("HIT"), "{path}");
            assert_eq!(upstream.asked(path), 0, "{path}");
        }
    }
    let lenient = server
        .connect()
        .request("GET", &format!("/{LIST}"), &[("Cache-Control", "max-age=3600")])
        .expect(200);
    assert_eq!(lenient.header("x-cache"), Some("HIT"));
    upstream.always("*", Reply::status(500));
    let stale =
        server.connect().request("GET", &format!("/{LIST}"), &[("Cache-Control", "no-cache")]).expect(200);
    assert_eq!(stale.header("x-cache"), Some("STALE"));
}

#[test]
fn a_source_that_falls_silent_delays_nobody_who_asks_for_something_stored() {
    // Every stored answer is so old that a newer one is waited for, as long as that is by default.
    let (upstream, server) =
        configured(tree(), "freshness = \"0s\"\nfreshness_behind = \"0s\"\nfreshness_wait = \"300ms\"\n");
    let paths = || CHANGING.into_iter().chain(FIXED);
    let before: Vec<_> = paths().map(|path| server.get(&format!("/{path}")).expect(200).body).collect();
    let gate = Gate::new();
    upstream.always("*", Reply::natural().hold(&gate));
    for _ in 0..3 {
        for (path, body) in paths().zip(&before) {
            let began = Instant::now();
            let answer = server.get(&format!("/{path}")).expect(200);
            // Waiting for the source would take ten seconds and more.
            assert!(began.elapsed() < Duration::from_secs(5), "{path}: {:?}", began.elapsed());
            let cache = if FIXED.contains(&path) { "HIT" } else { "STALE" };
            assert_eq!((answer.header("x-cache"), &answer.body), (Some(cache), body), "{path}");
        }
    }
    gate.open();
}

#[test]
fn absence_does_not_erase_what_is_stored() {
    let (upstream, server) = forgetful();
    for path in CHANGING.into_iter().chain(FIXED) {
        server.get(&format!("/{path}")).expect(200);
    }
    upstream.always("*", Reply::status(404));
    for path in CHANGING {
        let answer = server.get(&format!("/{path}")).expect(200);
        assert_eq!(answer.header("x-cache"), Some("STALE"), "{path}");
    }
    server.get(&format!("/{ZIP}")).expect(200);
    assert!(server.running().wait_stderr("withdrawn upstream"), "and it is reported");
    upstream.always(LIST, Reply::ok("v1.1.0\n"));
    assert_eq!(server.get(&format!("/{LIST}")).expect(200).text(), "v1.0.0\nv1.1.0\n");
}

#[test]
fn a_burst_of_the_same_failing_request_costs_one_round() {
    let (upstream, server) = served();
    upstream.always("*", Reply::status(500));
    for path in [ZIP, LIST] {
        let began = Instant::now();
        server.get(&format!("/{path}")).expect(502);
        let round = upstream.asked(path);
        for _ in 0..20 {
            server.get(&format!("/{path}")).expect(502);
        }
        // A machine that takes so long for this has seen the failure forgotten.
        let rounds = 1 + usize::try_from(began.elapsed().as_secs()).unwrap();
        assert!(upstream.asked(path) <= round * rounds, "{path}: {round} {}", upstream.asked(path));
    }
    upstream.natural();
    let began = Instant::now();
    while server.get(&format!("/{ZIP}")).status != 200 {
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
