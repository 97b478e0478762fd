//! What each status means (PROTOCOL 1.4).

use std::time::Duration;

use upstream::{FaultKind, Fetched, RetryAfter, Validator};

use crate::{
    INFO, LIST, SOON, absence, door, fault, get, kind, patient, proxy,
    server::{Server, Step, answer, head, ok},
    want,
};

const PLAIN: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

#[tokio::test]
async fn trap_7_exactly_200_is_a_success() {
    let server = Server::start(|head| {
        let status = head.target().split('/').nth(1).unwrap();
        let body = if matches!(status, "204" | "304") { "" } else { "v1.0.0\n" };
        answer(&format!("{status} Word"), &[], body)
    })
    .await;
    let door = door(patient());
    for status in [201, 202, 203, 204, 206, 304, 400, 402, 405, 407, 408, 429, 451, 500, 502, 503, 504, 599] {
        let proxy = proxy(&door, &server.url(&format!("/{status}")));
        assert_eq!(kind(&proxy, LIST).await, FaultKind::Status(status), "{status}");
    }
    for status in [401, 403] {
        let proxy = proxy(&door, &server.url(&format!("/{status}")));
        assert_eq!(kind(&proxy, LIST).await, FaultKind::Denied(status), "{status}");
    }
    for status in [404, 410] {
        let proxy = proxy(&door, &server.url(&format!("/{status}")));
        assert_eq!(absence(get(&proxy, LIST).await).status, status);
    }
    let proxy = proxy(&door, &server.url("/200"));
    assert_eq!(get(&proxy, LIST).await.unwrap(), b"v1.0.0\n");
}

#[tokio::test]
async fn an_absence_carries_the_sources_own_words() {
    let words = answer("404 Not Found", &[PLAIN], "not found: no such module\nsecond line\n\nmore");
    let server = Server::always(words).await;
    let absence = absence(get(&proxy(&door(patient()), &server.url("")), LIST).await);
    assert_eq!(absence.text.as_deref(), Some("not found: no such module\nsecond line"));
    assert_eq!(absence.to_string(), format!("{}: 404: not found: no such module", server.addr));
}

#[tokio::test]
async fn a_web_page_is_an_absence_without_words() {
    let server = Server::always(answer("410 Gone", &[("Content-Type", "text/html")], "<h1>gone</h1>")).await;
    assert_eq!(absence(get(&proxy(&door(patient()), &server.url("")), LIST).await).text, None);
}

#[tokio::test]
async fn words_that_do_not_come_do_not_change_the_answer() {
    let mut limits = patient();
    limits.stall = SOON;
    for end in [Step::Hang, Step::Close, Step::Reset] {
        let server = Server::always(vec![Step::Say(head("404 Not Found", &[PLAIN], Some(100))), end]).await;
        assert_eq!(absence(get(&proxy(&door(limits), &server.url("")), LIST).await).text, None);
    }
}

#[tokio::test]
async fn words_without_end_are_cut() {
    let long = Step::Say("x".repeat(5000).into_bytes());
    let server =
        Server::always(vec![Step::Say(head("404 Not Found", &[PLAIN], None)), long, Step::Hang]).await;
    let text = absence(get(&proxy(&door(patient()), &server.url("")), LIST).await).text;
    assert_eq!(text, Some("x".repeat(648)));
}

#[tokio::test]
async fn a_failure_says_what_the_source_says_and_when_to_come_back() {
    let headers = [PLAIN, ("Retry-After", "7")];
    let server = Server::always(answer("503 Service Unavailable", &headers, "maintenance\nuntil noon")).await;
    let fault = fault(get(&proxy(&door(patient()), &server.url("")), LIST).await);
    assert_eq!(fault.kind(), FaultKind::Status(503));
    assert_eq!(fault.detail(), "503 Service Unavailable: maintenance");
    assert_eq!(fault.retry_after(), Some(RetryAfter::In(Duration::from_secs(7))));
    assert_eq!(fault.source_name().as_str(), server.addr.to_string());
}

#[tokio::test]
async fn not_modified_answers_a_validator_and_nothing_else() {
    let server = Server::start(|head| match head.header("If-None-Match") {
        Some("\"one\"") => answer("304 Not Modified", &[], ""),
        _ => {
            answer("200 OK", &[("ETag", "\"one\""), ("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")], "{}")
        }
    })
    .await;
    let proxy = proxy(&door(patient()), &server.url(""));
    let Fetched::Body(incoming) = proxy.fetch(&want(INFO)).await.unwrap() else { panic!("no body") };
    let validator = Validator { etag: incoming.meta.etag, last_modified: incoming.meta.last_modified };
    let again = upstream::Want { validator: Some(validator), ..want(INFO) };
    assert!(matches!(proxy.fetch(&again).await, Ok(Fetched::NotModified)));
    let asked = server.asked();
    assert_eq!(asked[0].header("If-None-Match"), None);
    assert_eq!(asked[1].header("If-Modified-Since"), Some("Wed, 21 Oct 2015 07:28:00 GMT"));
    let broken = Validator { etag: Some("a\nb".to_owned()), last_modified: None };
    let broken = upstream::Want { validator: Some(broken), ..want(INFO) };
    assert!(matches!(proxy.fetch(&broken).await, Ok(Fetched::Body(_))));
}

#[tokio::test]
async fn every_end_is_counted_once() {
    let server = Server::start(|head| match head.target().split('/').nth(1).unwrap() {
        "absent" => answer("404 Not Found", &[], ""),
        "broken" => vec![Step::Close],
        "lie" => ok("<html>"),
        _ => ok("v1.0.0\n"),
    })
    .await;
    let door = door(patient());
    for (path, outcome, tries) in
        [("/ok", "ok", 1), ("/absent", "absent", 1), ("/broken", "reset", 3), ("/lie", "lie", 2)]
    {
        let proxy = proxy(&door, &server.url(path));
        let _ = get(&proxy, LIST).await;
        assert_eq!(door.meters().requests(proxy.name(), outcome), tries, "{outcome}");
    }
    let proxy = proxy(&door, &server.url("/left"));
    drop(proxy.fetch(&want(LIST)).await);
    assert_eq!(door.meters().requests(proxy.name(), "abandoned"), 1);
    assert_eq!(door.meters().requests(proxy.name(), "ok"), 0);
}
