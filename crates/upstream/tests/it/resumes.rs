//! Bodies that break and go on.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use testkit::{Gate, Module, ModuleTree, Reply, ScriptedUpstream};
use tokio::time::Instant;
use upstream::{
    Door, DoorConfig, Env, FaultKind, Fetched, Incoming, Limits, Meta, Miss, OVERLAP, Piece, Proxy, Resume,
    Retry, Stubborn, Want,
};

use crate::{INFO, LIST, SOON, ZIP, door, fault, get, patient, proxy, want, whole};

/// A source with a zip of that size, and the zip.
fn large(len: u64) -> (ScriptedUpstream, Vec<u8>) {
    let module = Module::of_noise("example.com/m", "v1.0.0", len);
    let zip = module.zip.to_vec();
    let mut tree = ModuleTree::default();
    tree.add(module);
    (ScriptedUpstream::serving(tree), zip)
}

/// What was asked of a source: `Range` and `If-Range` of each request.
fn asked(upstream: &ScriptedUpstream) -> Vec<(Option<String>, Option<String>)> {
    let header = |seen: &testkit::Seen, name| seen.header(name).map(str::to_owned);
    upstream.seen().iter().map(|seen| (header(seen, "range"), header(seen, "if-range"))).collect()
}

/// The bytes of a body, and what was said each time it began anew.
async fn read(incoming: Incoming) -> (Vec<u8>, Vec<Meta>) {
    let (mut bytes, mut anew) = (Vec::new(), Vec::new());
    let mut pieces = incoming.bytes;
    while let Some(piece) = pieces.try_next().await.unwrap() {
        match piece {
            Piece::Bytes(piece) => bytes.extend_from_slice(&piece),
            Piece::Anew(meta) => {
                bytes.clear();
                anew.push(*meta);
            }
        }
    }
    (bytes, anew)
}

async fn fetch(upstream: &ScriptedUpstream, want: &Want) -> Incoming {
    fetch_from(&proxy(&door(patient()), &upstream.url()), want).await
}

async fn fetch_from(proxy: &Proxy, want: &Want) -> Incoming {
    let Fetched::Body(incoming) = proxy.fetch(want).await.unwrap() else { panic!("no body") };
    incoming
}

#[tokio::test]
async fn a_zip_goes_on_where_it_broke() {
    let (upstream, zip) = large(1 << 20);
    for (at, broken) in [
        (300_000, Reply::natural().reset_after(300_000)),
        (300_000, Reply::natural().cut_after(300_000)),
        (zip.len() - 1, Reply::natural().cut_after(zip.len() as u64 - 1)),
    ] {
        upstream.forget();
        upstream.script(ZIP, [broken]);
        let incoming = fetch(&upstream, &want(ZIP)).await;
        let etag = incoming.meta.etag.clone();
        let (bytes, anew) = read(incoming).await;
        assert!(bytes == zip);
        assert_eq!(anew.len(), 0);
        let asked = asked(&upstream);
        assert_eq!(asked.len(), 2);
        let from: usize = asked[1]
            .0
            .as_deref()
            .unwrap()
            .trim_start_matches("bytes=")
            .trim_end_matches('-')
            .parse()
            .unwrap();
        // A reset may swallow what arrived before it.
        assert!(from <= at && from > 0, "{from} {at}");
        assert_eq!(asked[1].1, etag);
    }
}

#[tokio::test]
async fn a_link_that_breaks_again_and_again_brings_a_large_zip() {
    let (upstream, zip) = large(10 << 20);
    upstream.always(ZIP, Reply::natural().cut_after(100_000));
    let door = door(patient());
    let proxy = proxy(&door, &upstream.url());
    assert!(get(&proxy, ZIP).await.unwrap() == zip);
    assert_eq!(upstream.asked(ZIP), zip.len().div_ceil(100_000));
    assert_eq!(door.meters().resumes(proxy.name()), upstream.asked(ZIP) as u64 - 1);
    assert_eq!(door.meters().retries(proxy.name()), 0, "none of them asked for anything twice");
}

#[tokio::test]
async fn the_only_source_may_be_away_for_a_moment() {
    let (mut upstream, zip) = large(1 << 20);
    let gate = Gate::new();
    upstream.script(ZIP, [Reply::natural().stall_after(300_000, &gate)]);
    let door = door(patient());
    let proxy = proxy(&door, &upstream.url());
    let mut incoming = fetch_from(&proxy, &want(ZIP)).await;
    let mut bytes = Vec::new();
    while bytes.len() < 300_000 {
        let Some(Piece::Bytes(piece)) = incoming.bytes.try_next().await.unwrap() else { panic!("no bytes") };
        bytes.extend_from_slice(&piece);
    }
    upstream.take_down();
    let rest = tokio::spawn(read(incoming));
    // More than all tries of somebody who only begins.
    while door.meters().retries(proxy.name()) < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    upstream.bring_up();
    let (rest, anew) = rest.await.unwrap();
    bytes.extend_from_slice(&rest);
    assert!(bytes == zip && anew.is_empty());
}

#[tokio::test]
async fn also_progress_has_an_end() {
    let (upstream, _) = large(1 << 20);
    upstream.always(ZIP, Reply::natural().cut_after(100_000));
    let stubborn = Stubborn { retry: Retry { resumes: 3, ..Retry::default() }, ..Stubborn::default() };
    let door = Door::new(DoorConfig { stubborn, ..DoorConfig::new("test", Env::default()) }).unwrap();
    assert_eq!(fault(get(&proxy(&door, &upstream.url()), ZIP).await).kind(), FaultKind::Truncated);
    assert_eq!(upstream.asked(ZIP), 4);
}

#[tokio::test]
async fn without_progress_it_ends_soon() {
    let (upstream, _) = large(1 << 20);
    upstream.always(ZIP, Reply::natural().cut_after(100_000).without_ranges());
    let fault = fault(get(&proxy(&door(patient()), &upstream.url()), ZIP).await);
    assert_eq!(fault.kind(), FaultKind::Truncated);
    // Once with progress, then nine tries that did not get any further.
    assert_eq!((upstream.asked(ZIP), fault.tries()), (10, 10));
}

#[tokio::test]
async fn a_stall_is_a_break() {
    let (upstream, zip) = large(1 << 20);
    let gate = Gate::new();
    upstream.script(ZIP, [Reply::natural().stall_after(300_000, &gate)]);
    let limits = Limits { stall: SOON * 10, ..patient() };
    assert!(get(&proxy(&door(limits), &upstream.url()), ZIP).await.unwrap() == zip);
    assert_eq!(asked(&upstream)[1].0.as_deref(), Some("bytes=300000-"));
    gate.open();
}

#[tokio::test]
async fn without_an_etag_the_date_counts_and_without_that_the_bytes() {
    for (reply, range, if_range) in [
        (
            Reply::natural().without_etag().header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT"),
            300_000,
            Some("Wed, 21 Oct 2015 07:28:00 GMT"),
        ),
        (Reply::natural().without_etag(), 300_000 - OVERLAP, None),
        (Reply::natural().etag("W/\"weak\""), 300_000 - OVERLAP, None),
    ] {
        let (upstream, zip) = large(1 << 20);
        upstream.always(ZIP, reply.clone());
        upstream.script(ZIP, [reply.cut_after(300_000)]);
        let (bytes, anew) = read(fetch(&upstream, &want(ZIP)).await).await;
        assert!(bytes == zip);
        assert_eq!(anew.len(), 0);
        let asked = &asked(&upstream)[1];
        assert_eq!(asked.0, Some(format!("bytes={range}-")));
        assert_eq!(asked.1.as_deref(), if_range);
    }
}

#[tokio::test]
async fn another_body_begins_anew() {
    let (upstream, zip) = large(1 << 20);
    let other = Module::of_noise("example.com/m", "v1.0.0", (1 << 20) + 5).zip.to_vec();
    assert_ne!(zip, other);
    for (what, first, next, whole, requests) in [
        ("If-Range is heeded", Reply::natural(), Reply::natural().body(other.clone()), &other, 2),
        (
            "a changed validator",
            Reply::natural(),
            Reply::natural().body(other.clone()).whatever_if_range(),
            &other,
            3,
        ),
        (
            "another part",
            Reply::natural().without_etag(),
            Reply::natural().without_etag().content_range("bytes 299999-1048575/1048576"),
            &zip,
            3,
        ),
        (
            "other bytes of the same length",
            Reply::natural().without_etag(),
            Reply::natural().without_etag().edit(|zip| zip[299_999] ^= 1),
            &{
                let mut zip = zip.clone();
                zip[299_999] ^= 1;
                zip
            },
            3,
        ),
        (
            "no parts",
            Reply::natural().without_etag(),
            Reply::natural().without_etag().without_ranges(),
            &zip,
            2,
        ),
    ] {
        upstream.forget();
        upstream.always(ZIP, next);
        upstream.script(ZIP, [first.cut_after(300_000)]);
        let (bytes, anew) = read(fetch(&upstream, &want(ZIP)).await).await;
        assert!(&bytes == whole, "{what}");
        assert_eq!(anew.len(), 1, "{what}");
        assert_eq!((anew[0].start, anew[0].len), (0, Some(whole.len() as u64)), "{what}");
        assert_eq!(upstream.asked(ZIP), requests, "{what}");
    }
}

#[tokio::test]
async fn what_is_known_of_the_same_body_is_skipped() {
    let (upstream, zip) = large(1 << 20);
    upstream.script(ZIP, [Reply::natural().cut_after(300_000), Reply::natural().without_ranges()]);
    let (bytes, anew) = read(fetch(&upstream, &want(ZIP)).await).await;
    assert!(bytes == zip);
    assert_eq!(anew.len(), 0);
    assert_eq!(upstream.asked(ZIP), 2);
}

#[tokio::test]
async fn that_nothing_can_be_continued_is_no_failure() {
    let (upstream, _) = large(1 << 20);
    let other = Module::of_noise("example.com/m", "v1.0.0", (1 << 20) + 5).zip.to_vec();
    let part = || Reply::natural().body(other.clone()).whatever_if_range();
    let whole = Reply::natural().body(other.clone());
    let failing = || [part(), Reply::status(500)];
    let replies = [Reply::natural().cut_after(300_000)].into_iter().chain(failing()).chain(failing());
    upstream.script(ZIP, replies.chain([part(), whole]));
    let (bytes, anew) = read(fetch(&upstream, &want(ZIP)).await).await;
    assert!(bytes == other);
    assert_eq!((anew.len(), upstream.asked(ZIP)), (1, 7));
}

#[tokio::test]
async fn what_began_anew_is_compared_with_itself() {
    let (upstream, zip) = large(1 << 20);
    let bare = || Reply::natural().without_etag();
    let other = Module::of_noise("example.com/m", "v1.0.0", (1 << 20) + 5).zip.to_vec();
    let begun = bare().body(other).cut_after(300_000);
    upstream.always(ZIP, bare());
    upstream.script(ZIP, [begun, bare().without_ranges().cut_after(40_000)]);
    let (bytes, anew) = read(fetch(&upstream, &want(ZIP)).await).await;
    assert!(bytes == zip);
    assert_eq!((anew.len(), upstream.asked(ZIP)), (1, 3));
}

#[tokio::test]
async fn a_body_that_has_begun_has_no_deadline_for_its_beginning() {
    let (upstream, zip) = large(1 << 20);
    let gate = Gate::new();
    upstream.script(ZIP, [Reply::natural().stall_after(300_000, &gate)]);
    let proxy = proxy(&door(patient()), &upstream.url());
    let begin_by = Instant::now() + SOON * 15;
    let incoming = fetch_from(&proxy, &Want { begin_by: Some(begin_by), ..want(ZIP) }).await;
    let late = async {
        tokio::time::sleep_until(begin_by + SOON).await;
        gate.open();
    };
    let ((bytes, anew), ()) = tokio::join!(read(incoming), late);
    assert!(bytes == zip);
    assert_eq!((anew.len(), upstream.asked(ZIP)), (0, 1));
}

#[tokio::test]
async fn a_part_that_is_longer_than_it_says_is_none() {
    let (upstream, zip) = large(1 << 20);
    let more = |zip: &mut Vec<u8>| zip.extend_from_slice(b"more");
    let range = format!("bytes 300000-{}/{}", zip.len() - 1, zip.len());
    let long = || Reply::natural().edit(more).content_range(&range).etag("\"one\"");
    for long in [long(), long().chunked()] {
        upstream.forget();
        upstream.always(ZIP, Reply::natural().etag("\"one\""));
        upstream.script(ZIP, [Reply::natural().etag("\"one\"").cut_after(300_000), long]);
        let (bytes, _) = read(fetch(&upstream, &want(ZIP)).await).await;
        assert!(bytes == zip, "{} bytes", bytes.len());
        assert_eq!(upstream.asked(ZIP), 3);
    }
}

/// One of the ways in which a source may treat a request, drawn from a number.
fn treatment(drawn: u64) -> Reply {
    let at = (drawn >> 8) % 210_000;
    let reply = match drawn % 5 {
        0 => Reply::natural().without_etag(),
        1 => Reply::natural().without_ranges(),
        2 => Reply::natural().without_etag().without_ranges(),
        _ => Reply::natural(),
    };
    let reply = if drawn.is_multiple_of(3) { reply.chunked() } else { reply };
    match (drawn >> 32) % 8 {
        0 => Reply::status(503),
        1 => reply,
        2 => reply.content_range(&format!("bytes {at}-200310/200311")).cut_after(at),
        3 => reply.edit(|zip| zip[150_000] ^= 1).cut_after(at),
        4 | 5 => reply.cut_after(at),
        _ => reply.reset_after(at),
    }
}

#[tokio::test]
async fn however_it_breaks_no_body_is_put_together_from_different_ones() {
    let (upstream, zip) = large(200_000);
    let mut altered = zip.clone();
    altered[150_000] ^= 1;
    let mut whole_ones = 0;
    for seed in 0..60u64 {
        // Multiplying mixes well enough to draw from.
        let draws = (1..=4).map(|n| (seed * 4 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29));
        let draws: Vec<u64> = draws.collect();
        upstream.natural();
        upstream.script(ZIP, draws.iter().map(|&drawn| treatment(drawn)));
        match get(&proxy(&door(patient()), &upstream.url()), ZIP).await {
            Ok(bytes) => {
                // An altered body may come whole; the check of the zip finds that.
                assert!(bytes == zip || bytes == altered, "{seed}: {draws:?}");
                whole_ones += 1;
            }
            Err(Miss::Failed(_)) => {}
            Err(Miss::Absent(absence)) => panic!("{seed}: {absence}"),
        }
    }
    assert!(whole_ones > 40, "{whole_ones}");
}

#[tokio::test]
async fn small_things_are_begun_anew() {
    let (upstream, _) = large(10);
    for path in [INFO, LIST] {
        upstream.script(path, [Reply::natural().cut_after(3)]);
        let got = get(&proxy(&door(patient()), &upstream.url()), path).await.unwrap();
        assert!(!got.is_empty());
        assert_eq!(upstream.asked(path), 2);
    }
    assert!(asked(&upstream).iter().all(|(range, _)| range.is_none()));
}

#[tokio::test]
async fn a_body_that_is_gone_stays_broken() {
    let (upstream, _) = large(1 << 20);
    upstream.always(ZIP, Reply::status(404));
    upstream.script(ZIP, [Reply::natural().cut_after(300_000)]);
    let fault = fault(get(&proxy(&door(patient()), &upstream.url()), ZIP).await);
    assert_eq!(fault.kind(), FaultKind::Truncated, "no absence where it was there a moment ago");
}

fn resume(zip: &[u8], have: usize, etag: Option<&str>) -> Resume {
    let tail = Bytes::copy_from_slice(&zip[have.saturating_sub(OVERLAP)..have]);
    Resume { have: have as u64, len: Some(zip.len() as u64), etag: etag.map(str::to_owned), tail }
}

#[tokio::test]
async fn a_zip_that_broke_elsewhere_goes_on_where_the_bytes_are_the_same() {
    let (upstream, zip) = large(1 << 20);
    for have in [300_000, 1000, zip.len()] {
        let want = Want { resume: Some(resume(&zip, have, Some("\"of another source\""))), ..want(ZIP) };
        // It may break here, too.
        upstream.script(ZIP, [Reply::natural().cut_after(OVERLAP as u64 / 2)]);
        let incoming = fetch(&upstream, &want).await;
        assert_eq!((incoming.meta.start, incoming.meta.len), (have as u64, Some(zip.len() as u64)));
        let (bytes, anew) = read(incoming).await;
        assert_eq!(anew.len(), 0);
        assert!(bytes == zip[have..], "{have}");
    }
    assert!(asked(&upstream).iter().any(|(range, _)| range.as_deref() == Some("bytes=234464-")));
}

#[tokio::test]
async fn a_zip_that_broke_elsewhere_is_fetched_whole_where_the_bytes_are_others() {
    let (upstream, zip) = large(1 << 20);
    let mut other = zip.clone();
    other[299_999] ^= 1;
    let same_etag = fetch(&upstream, &want(ZIP)).await.meta.etag.unwrap();
    for (what, resume, requests) in [
        ("other bytes", resume(&other, 300_000, None), 2),
        ("another length", Resume { len: Some(5), ..resume(&zip, 300_000, None) }, 2),
        ("no length", Resume { len: None, ..resume(&zip, 300_000, None) }, 1),
        ("nothing to compare", Resume { tail: Bytes::new(), ..resume(&zip, 300_000, None) }, 1),
        ("nothing there", resume(&zip, 0, Some(&same_etag)), 1),
        ("more than there is", Resume { have: 9 << 20, ..resume(&zip, 300_000, None) }, 2),
    ] {
        upstream.forget();
        let want = Want { resume: Some(resume), ..want(ZIP) };
        let incoming = fetch(&upstream, &want).await;
        assert_eq!(incoming.meta.start, 0, "{what}");
        assert!(whole(incoming).await.unwrap() == zip, "{what}");
        assert_eq!(upstream.asked(ZIP), requests, "{what}");
    }
    let same = Resume { tail: Bytes::new(), len: None, ..resume(&zip, 300_000, Some(&same_etag)) };
    let incoming = fetch(&upstream, &Want { resume: Some(same), ..want(ZIP) }).await;
    assert_eq!(incoming.meta.start, 300_000, "a strong validator is proof enough");
    assert!(whole(incoming).await.unwrap() == zip[300_000..]);
}

#[tokio::test]
async fn a_trickle_is_cut_only_where_another_source_may_take_over() {
    let (upstream, zip) = large(30_000);
    upstream.always(ZIP, Reply::natural().drip(1000, Duration::from_millis(20)));
    let limits = Limits { trickle: 1 << 20, trickle_over: Duration::from_millis(200), ..patient() };
    let proxy = proxy(&door(limits), &upstream.url());
    assert!(get(&proxy, ZIP).await.unwrap() == zip);
    let want = Want { alone: false, ..want(ZIP) };
    let Fetched::Body(incoming) = proxy.fetch(&want).await.unwrap() else { panic!("no body") };
    let fault = whole(incoming).await.map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Stall);
    assert!(fault.detail().starts_with("less than 1048576 bytes/s for 200ms"), "{fault}");
}

#[tokio::test]
async fn where_another_source_may_take_over_one_stall_is_forgiven() {
    let (upstream, zip) = large(1 << 20);
    let gate = Gate::new();
    let limits = Limits { stall: SOON * 10, ..patient() };
    for (stalls, good) in [(1, true), (2, false)] {
        upstream.forget();
        upstream.script(ZIP, (0..stalls).map(|_| Reply::natural().stall_after(300_000, &gate)));
        let proxy = proxy(&door(limits), &upstream.url());
        let want = Want { alone: false, ..want(ZIP) };
        let Fetched::Body(incoming) = proxy.fetch(&want).await.unwrap() else { panic!("no body") };
        match whole(incoming).await {
            Ok(bytes) => assert!(good && bytes == zip),
            Err(fault) => assert!(!good && fault.kind() == FaultKind::Stall, "{fault}"),
        }
        assert_eq!(upstream.asked(ZIP), 2);
    }
    gate.open();
}
