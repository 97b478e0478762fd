//! Bodies that arrive, and bodies that do not.

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use tokio::time::Instant;
use upstream::{Caps, FaultKind, Fetched, Limits, Want};

use crate::{
    INFO, LIST, MOD, SOON, ZIP, door, fault, get, kind, patient, proxy,
    server::{Server, Step, answer, head, ok, part},
    want, whole,
};

const CHUNKED: (&str, &str) = ("Transfer-Encoding", "chunked");
const GZIP: (&str, &str) = ("Content-Encoding", "gzip");

fn say(bytes: impl AsRef<[u8]>) -> Step {
    Step::Say(bytes.as_ref().to_vec())
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A zip's first bytes, and more.
fn zip(len: usize) -> Vec<u8> {
    let mut zip = b"PK\x03\x04".to_vec();
    zip.resize(len, 7);
    zip
}

/// The kind of the fault that a script leads to, before or in the body.
async fn end_of(limits: Limits, path: &str, steps: Vec<Step>) -> FaultKind {
    let server = Server::always(steps).await;
    kind(&proxy(&door(limits), &server.url("")), path).await
}

fn tiny_caps() -> Limits {
    Limits { caps: Caps { info: 10, gomod: 20, list: 30, zip: 40, sumdb: 50 }, ..patient() }
}

#[tokio::test]
async fn a_body_arrives_whole_with_what_the_source_says_of_it() {
    let headers = [("ETag", "\"x\""), ("Content-Type", "application/zip"), ("Last-Modified", "then")];
    let body = zip(300_000);
    let server = Server::always(answer("200 OK", &headers, &body)).await;
    let proxy = proxy(&door(patient()), &server.url("/p"));
    let Fetched::Body(incoming) = proxy.fetch(&want(ZIP)).await.unwrap() else { panic!("no body") };
    assert_eq!(incoming.meta.len, Some(300_000));
    assert_eq!(incoming.meta.etag.as_deref(), Some("\"x\""));
    assert_eq!(incoming.meta.last_modified.as_deref(), Some("then"));
    assert_eq!(incoming.meta.content_type.as_deref(), Some("application/zip"));
    assert_eq!(incoming.meta.source.as_str(), format!("{}/p", server.addr));
    assert_eq!(whole(incoming).await.unwrap(), body);
}

#[tokio::test]
async fn chunked_and_compressed_bodies_arrive_whole_without_a_length() {
    let packed = gzip(b"v1.0.0\nv1.1.0\n");
    let chunked =
        [head("200 OK", &[CHUNKED], None), b"7\r\nv1.0.0\n\r\n7\r\nv1.1.0\n\r\n0\r\n\r\n".to_vec()].concat();
    for steps in [
        vec![say(chunked)],
        answer("200 OK", &[GZIP], packed),
        // HTTP/1.0 style: the end of the connection is the end of the body.
        vec![say(head("200 OK", &[], None)), say("v1.0.0\nv1.1.0\n"), Step::Close],
    ] {
        let server = Server::always(steps).await;
        let proxy = proxy(&door(patient()), &server.url(""));
        let Fetched::Body(incoming) = proxy.fetch(&want(LIST)).await.unwrap() else { panic!("no body") };
        assert_eq!(incoming.meta.len, None);
        assert_eq!(whole(incoming).await.unwrap(), b"v1.0.0\nv1.1.0\n");
    }
    let empty = Server::always(ok("")).await;
    assert_eq!(get(&proxy(&door(patient()), &empty.url("")), LIST).await.unwrap(), b"");
}

#[tokio::test]
async fn trap_13_a_cut_is_never_a_clean_end() {
    let cut_chunk = [head("200 OK", &[CHUNKED], None), b"100\r\nv1.0.0\n".to_vec()].concat();
    let no_last_chunk = [head("200 OK", &[CHUNKED], None), b"7\r\nv1.0.0\n\r\n".to_vec()].concat();
    let packed = gzip(b"v1.0.0\nv1.1.0\n");
    let short_gzip = answer("200 OK", &[GZIP], &packed[..packed.len() - 5]);
    for (path, steps) in [
        (ZIP, vec![part(1000, zip(999)), Step::Close]),
        (LIST, vec![part(1000, "v1.0.0\n"), Step::Close]),
        (LIST, vec![part(1000, ""), Step::Close]),
        (LIST, vec![say(cut_chunk), Step::Close]),
        (LIST, vec![say(no_last_chunk), Step::Close]),
        (LIST, short_gzip),
    ] {
        assert_eq!(end_of(patient(), path, steps.clone()).await, FaultKind::Truncated, "{path} {steps:?}");
    }
    assert_eq!(end_of(patient(), ZIP, vec![part(1000, zip(500)), Step::Reset]).await, FaultKind::Reset);
    assert_eq!(end_of(patient(), ZIP, vec![Step::Reset]).await, FaultKind::Reset);
    assert_eq!(end_of(patient(), ZIP, vec![Step::Close]).await, FaultKind::Reset);
}

#[tokio::test]
async fn a_body_that_stops_flowing_is_a_stall() {
    let limits = Limits { stall: SOON, ..patient() };
    let server = Server::always(vec![part(1000, zip(100)), Step::Hang]).await;
    let fault = fault(get(&proxy(&door(limits), &server.url("")), ZIP).await);
    assert_eq!(fault.kind(), FaultKind::Stall);
    assert_eq!(fault.detail(), "no byte for 100ms, after 100 bytes");
}

#[tokio::test]
async fn a_silent_source_is_left_in_time() {
    let limits = Limits { first_byte: SOON, ..patient() };
    assert_eq!(end_of(limits, LIST, vec![Step::Hang]).await, FaultKind::Timeout);
    assert_eq!(
        end_of(limits, LIST, vec![say("HTTP/1.1 200 OK\r\nX: "), Step::Hang]).await,
        FaultKind::Timeout
    );
}

#[tokio::test]
async fn small_objects_have_a_limit_as_a_whole_and_zips_have_none() {
    let limits = Limits { small: SOON, ..patient() };
    assert_eq!(end_of(limits, INFO, vec![part(1000, "{"), Step::Hang]).await, FaultKind::Timeout);
    let stalled = Limits { small: Duration::ZERO, stall: SOON, ..patient() };
    assert_eq!(end_of(stalled, ZIP, vec![part(1000, zip(100)), Step::Hang]).await, FaultKind::Stall);
}

#[tokio::test]
async fn a_deadline_ends_the_attempt_wherever_it_is() {
    for steps in [vec![Step::Hang], vec![part(1000, zip(100)), Step::Hang]] {
        let server = Server::always(steps).await;
        let proxy = proxy(&door(patient()), &server.url(""));
        let want = Want { deadline: Some(Instant::now() + SOON), ..want(ZIP) };
        let result = match proxy.fetch(&want).await {
            Ok(Fetched::Body(incoming)) => whole(incoming).await.map_err(upstream::Miss::Failed),
            Ok(Fetched::NotModified) => panic!("not modified"),
            Err(miss) => Err(miss),
        };
        let fault = fault(result);
        assert_eq!(fault.kind(), FaultKind::Timeout);
        assert!(fault.detail().contains("deadline"), "{fault}");
    }
}

#[tokio::test]
async fn each_kind_has_its_cap_to_the_byte() {
    for (path, cap) in [
        (INFO, 10),
        ("example.com/m/@latest", 10),
        ("example.com/m/@v/main.info", 10),
        (MOD, 20),
        (LIST, 30),
        (ZIP, 40),
        ("sumdb/sum.golang.org/latest", 50),
        ("sumdb/sum.golang.org/lookup/example.com/m@v1.0.0", 50),
        ("sumdb/sum.golang.org/tile/8/0/000", 50),
    ] {
        let server = Server::start(move |head| {
            let extra = usize::from(head.target().starts_with("/more"));
            let mut body = zip(cap + extra);
            body[cap + extra - 1] = b'\n';
            ok(body)
        })
        .await;
        let door = door(tiny_caps());
        assert_eq!(get(&proxy(&door, &server.url("")), path).await.unwrap().len(), cap, "{path}");
        assert_eq!(kind(&proxy(&door, &server.url("/more")), path).await, FaultKind::TooLarge, "{path}");
    }
}

#[tokio::test]
async fn a_lie_about_the_length_costs_nothing() {
    let huge = Step::Say(head("200 OK", &[], Some(u64::MAX / 2)));
    assert_eq!(end_of(patient(), ZIP, vec![huge, Step::Hang]).await, FaultKind::TooLarge);
    let endless = [head("200 OK", &[CHUNKED], None), b"FFFFFFF0\r\n".to_vec(), zip(100)].concat();
    assert_eq!(end_of(tiny_caps(), ZIP, vec![say(endless), Step::Hang]).await, FaultKind::TooLarge);
}

#[tokio::test]
async fn a_bomb_is_left_when_the_cap_is_passed() {
    let bomb = gzip(&vec![b'\n'; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    for path in [MOD, LIST] {
        let bomb = answer("200 OK", &[GZIP], &bomb);
        assert_eq!(end_of(patient(), path, bomb).await, FaultKind::TooLarge, "{path}");
    }
}

#[tokio::test]
async fn a_zip_that_is_compressed_all_the_same_is_taken_and_begun_anew_when_it_breaks() {
    let zip = zip(100_000);
    let packed = gzip(&zip);
    let first = AtomicBool::new(true);
    let server = Server::start(move |_| {
        let mut steps = answer("200 OK", &[GZIP, ("ETag", "\"one\"")], &packed);
        if first.swap(false, Ordering::Relaxed) {
            let Some(Step::Say(bytes)) = steps.last_mut() else { panic!("no body") };
            bytes.truncate(bytes.len() - 5);
            steps.push(Step::Close);
        }
        steps
    })
    .await;
    assert!(get(&proxy(&door(patient()), &server.url("")), ZIP).await.unwrap() == zip);
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|head| head.header("range").is_none()));
}

#[tokio::test]
async fn encodings_that_were_not_asked_for_are_faults() {
    for (path, encoding) in
        [(ZIP, "gzip, gzip"), (LIST, "br"), (LIST, "deflate"), (LIST, "gzip, gzip"), (ZIP, "zstd")]
    {
        let steps = answer("200 OK", &[("Content-Encoding", encoding)], gzip(b"v1.0.0\n"));
        assert_eq!(end_of(patient(), path, steps).await, FaultKind::Encoding, "{path} {encoding}");
    }
    let damaged = answer("200 OK", &[GZIP], "v1.0.0\nv1.1.0\n");
    assert_eq!(end_of(patient(), LIST, damaged).await, FaultKind::Encoding);
    let identity = Server::always(answer("200 OK", &[("Content-Encoding", "identity")], zip(10))).await;
    assert_eq!(get(&proxy(&door(patient()), &identity.url("")), ZIP).await.unwrap(), zip(10));
}

#[tokio::test]
async fn a_login_page_is_a_lie_whatever_it_calls_itself() {
    let page = "\r\n  <!DOCTYPE html><title>Sign in</title>";
    for path in
        [LIST, INFO, MOD, ZIP, "example.com/m/@latest", "sumdb/sum.golang.org/lookup/example.com/m@v1.0.0"]
    {
        for content_type in ["text/html; charset=utf-8", "text/plain", "application/json"] {
            let steps = answer("200 OK", &[("Content-Type", content_type)], page);
            assert_eq!(end_of(patient(), path, steps).await, FaultKind::Lie, "{path} {content_type}");
        }
    }
    let packed = answer("200 OK", &[GZIP], gzip(page.as_bytes()));
    assert_eq!(end_of(patient(), LIST, packed).await, FaultKind::Lie);
}

#[tokio::test]
async fn a_zip_that_does_not_begin_like_one_is_a_lie() {
    for body in ["", "PK", "Rar!1234", "PK\x03\x05more"] {
        assert_eq!(end_of(patient(), ZIP, ok(body)).await, FaultKind::Lie, "{body:?}");
    }
    // A hash may begin with any byte.
    let server = Server::always(ok("<<<<")).await;
    assert_eq!(
        get(&proxy(&door(patient()), &server.url("")), "sumdb/sum.golang.org/tile/8/0/000").await.unwrap(),
        b"<<<<"
    );
}

#[tokio::test]
async fn a_head_without_end_is_left() {
    let head = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(2 << 20));
    assert_eq!(end_of(patient(), LIST, vec![say(head), Step::Hang]).await, FaultKind::Protocol);
}

#[tokio::test]
async fn what_does_not_speak_http_is_said_to() {
    assert_eq!(
        end_of(patient(), LIST, vec![say("SSH-2.0-OpenSSH_9.9\r\n\r\n"), Step::Close]).await,
        FaultKind::Protocol
    );
}
