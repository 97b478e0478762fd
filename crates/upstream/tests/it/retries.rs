//! What is tried again, and what is not.

use std::{collections::HashSet, sync::Mutex, time::Duration};

use futures_util::future::join_all;
use testkit::{ModuleTree, Reply, ScriptedUpstream};
use tokio::time::Instant;
use upstream::{
    Breaker, Door, DoorConfig, Env, FaultKind, Fetched, Limits, Miss, Retry, RetryAfter, Stubborn, Want,
};

use crate::{
    INFO, LIST, SOON, ZIP, absence, door, fault, get, patient, proxy,
    server::{Server, Step, answer, part},
    want, whole,
};

fn upstream() -> ScriptedUpstream {
    ScriptedUpstream::serving(ModuleTree::parse("-- example.com/m@v1.0.0/go.mod --\nmodule example.com/m\n"))
}

fn not_alone(path: &str) -> Want {
    Want { alone: false, ..want(path) }
}

#[tokio::test]
async fn what_passes_is_absorbed() {
    let upstream = upstream();
    for broken in [
        Reply::reset(),
        Reply::status(500),
        Reply::status(503),
        Reply::status(429),
        Reply::status(408),
        Reply::natural().cut_after(1),
    ] {
        for path in [LIST, INFO, ZIP] {
            upstream.forget();
            upstream.script(path, [broken.clone(), broken.clone()]);
            let door = door(patient());
            let proxy = proxy(&door, &upstream.url());
            get(&proxy, path).await.unwrap();
            assert_eq!(upstream.asked(path), 3, "{broken:?} {path}");
            assert_eq!(door.meters().retries(proxy.name()), 2, "{broken:?} {path}");
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_again_and_again_comes_in_the_end() {
    let upstream = upstream();
    upstream.script(INFO, vec![Reply::natural().cut_after(1); 8]);
    get(&proxy(&door(patient()), &upstream.url()), INFO).await.unwrap();
    assert_eq!(upstream.asked(INFO), 9);
}

#[tokio::test]
async fn what_does_not_pass_is_given_up_soon() {
    let upstream = upstream();
    upstream.always("*", Reply::status(503));
    let proxy = proxy(&door(patient()), &upstream.url());
    let started = Instant::now();
    let fault = fault(get(&proxy, LIST).await);
    assert_eq!((fault.kind(), fault.tries()), (FaultKind::Status(503), 3));
    assert!(fault.to_string().ends_with(", 3 tries)"), "{fault}");
    assert_eq!(upstream.asked(LIST), 3);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_source_that_refuses_is_left_soon() {
    let mut upstream = upstream();
    upstream.take_down();
    let proxy = proxy(&door(patient()), &upstream.url());
    let started = Instant::now();
    let fault = fault(get(&proxy, LIST).await);
    assert_eq!((fault.kind(), fault.tries()), (FaultKind::Connect, 3));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_a_source_says_on_purpose_is_not_asked_twice() {
    let upstream = upstream();
    let proxy = proxy(&door(patient()), &upstream.url());
    // A good answer first: nobody in between dislikes the spelling.
    get(&proxy, INFO).await.unwrap();
    for status in [404, 410] {
        upstream.forget();
        upstream.always(LIST, Reply::status(status));
        absence(get(&proxy, LIST).await);
        assert_eq!(upstream.asked(LIST), 1, "{status}");
    }
    for reply in [
        Reply::status(400),
        Reply::status(401),
        Reply::status(403),
        Reply::status(501),
        Reply::html(),
        Reply::redirect(302, "ftp://example.com/"),
        Reply::natural().claim_length(1 << 40),
    ] {
        upstream.forget();
        upstream.always(LIST, reply.clone());
        assert_eq!(fault(get(&proxy, LIST).await).tries(), 1, "{reply:?}");
        assert_eq!(upstream.asked(LIST), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn where_another_source_can_answer_only_a_broken_connection_is_tried_again() {
    let upstream = upstream();
    for (reply, tries) in [(Reply::status(503), 1), (Reply::reset(), 2), (Reply::natural().cut_after(0), 2)] {
        upstream.forget();
        upstream.always(LIST, reply.clone());
        let proxy = proxy(&door(patient()), &upstream.url());
        let result = match proxy.fetch(&not_alone(LIST)).await {
            Ok(Fetched::Body(incoming)) => whole(incoming).await.map_err(Miss::Failed),
            Ok(Fetched::NotModified) => panic!("not modified"),
            Err(miss) => Err(miss),
        };
        assert_eq!(fault(result).tries(), tries, "{reply:?}");
        assert_eq!(upstream.asked(LIST), tries as usize, "{reply:?}");
    }
    let server = Server::always(vec![Step::Hang]).await;
    let limits = Limits { first_byte: SOON, ..patient() };
    let late = fault(proxy(&door(limits), &server.url("")).fetch(&not_alone(LIST)).await);
    assert_eq!((late.kind(), late.tries()), (FaultKind::Timeout, 1));
}

#[tokio::test]
async fn a_pause_that_the_source_asks_for_is_kept_or_handed_on() {
    let server = Server::start(|head| match head.target() {
        "/long/example.com/m/@v/list" => answer("503 Service Unavailable", &[("Retry-After", "60")], ""),
        _ => answer("503 Service Unavailable", &[("Retry-After", "1")], ""),
    })
    .await;
    let door = door(patient());
    let long = fault(get(&proxy(&door, &server.url("/long")), LIST).await);
    assert_eq!((long.tries(), long.retry_after()), (1, Some(RetryAfter::In(Duration::from_mins(1)))));
    let proxy = proxy(&door, &server.url("/short"));
    let started = Instant::now();
    let want = Want { begin_by: Some(started + Duration::from_millis(1900)), ..want(LIST) };
    let short = fault(proxy.fetch(&want).await);
    assert_eq!(short.tries(), 2, "the third try would begin too late");
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn tries_end_when_the_answer_must_have_begun() {
    let server = Server::always(vec![Step::Hang]).await;
    let silent = proxy(&door(Limits { first_byte: SOON * 5, ..patient() }), &server.url(""));
    let started = Instant::now();
    let listed = Want { begin_by: Some(started + SOON * 12), ..want(LIST) };
    let late = fault(silent.fetch(&listed).await);
    assert_eq!(late.kind(), FaultKind::Timeout);
    assert!((2..=3).contains(&late.tries()), "{late}");
    assert!(started.elapsed() < SOON * 50, "{:?}", started.elapsed());
    // Also a head without the first bytes of its body is late.
    let server = Server::always(vec![part(1000, ""), Step::Hang]).await;
    let zip = Want { begin_by: Some(Instant::now() + SOON), ..want(ZIP) };
    let late = fault(proxy(&door(patient()), &server.url("")).fetch(&zip).await);
    assert_eq!((late.kind(), late.tries()), (FaultKind::Timeout, 1));
}

#[tokio::test]
async fn a_source_that_fails_for_everybody_is_not_asked_three_times_by_everybody() {
    let upstream = upstream();
    upstream.always("*", Reply::status(503));
    let proxy = proxy(&fixed(), &upstream.url());
    for _ in 0..100 {
        fault(get(&proxy, LIST).await);
    }
    let asked = upstream.asked(LIST);
    assert!((120..=130).contains(&asked), "{asked} requests for 100");
}

/// Fails the first request for each target, and answers all others.
async fn fails_each_first(step: Vec<Step>) -> Server {
    let seen = Mutex::new(HashSet::new());
    Server::start(move |head| {
        let is_first = seen.lock().unwrap().insert(head.target().to_owned());
        if is_first { step.clone() } else { answer("200 OK", &[], "v1.0.0\n") }
    })
    .await
}

/// A budget that does not grow by itself, and no breaker.
fn fixed() -> Door {
    let retry = Retry { refill: Duration::from_hours(1), ..Retry::default() };
    let breaker = Breaker { failures: u32::MAX, least: u32::MAX, ..Breaker::default() };
    let stubborn = Stubborn { retry, breaker, ..Stubborn::default() };
    Door::new(DoorConfig { stubborn, ..DoorConfig::new("test", Env::default()) }).unwrap()
}

#[tokio::test]
async fn connections_that_break_all_at_once_are_mended_for_everybody() {
    let server = fails_each_first(vec![Step::Reset]).await;
    let door = fixed();
    let proxy = proxy(&door, &server.url(""));
    let paths: Vec<_> = (0..60).map(|i| format!("example.com/m{i}/@v/list")).collect();
    for result in join_all(paths.iter().map(|path| get(&proxy, path))).await {
        result.unwrap();
    }
    assert_eq!(door.meters().retries(proxy.name()), 60);
}

#[tokio::test]
async fn tries_that_help_are_not_used_up() {
    let server = fails_each_first(answer("503 Service Unavailable", &[], "")).await;
    let door = fixed();
    let proxy = proxy(&door, &server.url(""));
    for i in 0..60 {
        get(&proxy, &format!("example.com/m{i}/@v/list")).await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_died_in_the_pool_is_replaced() {
    let mut upstream = upstream();
    let proxy = proxy(&door(patient()), &upstream.url());
    get(&proxy, LIST).await.unwrap();
    upstream.take_down();
    upstream.bring_up();
    let Fetched::Body(incoming) = proxy.fetch(&not_alone(LIST)).await.unwrap() else { panic!("no body") };
    whole(incoming).await.unwrap();
}

#[tokio::test]
async fn the_time_for_a_small_thing_is_that_of_all_tries() {
    let server = Server::always(vec![part(1000, "{"), Step::Hang]).await;
    let limits = Limits { small: SOON, ..patient() };
    let late = fault(get(&proxy(&door(limits), &server.url("")), INFO).await);
    assert_eq!((late.kind(), late.tries()), (FaultKind::Timeout, 1));
}
