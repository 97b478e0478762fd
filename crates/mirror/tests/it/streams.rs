//! Zips that are passed on while they arrive.

use std::time::Duration;

use futures_util::FutureExt;
use mirror::{Body, CacheStatus, Keep, Refusal, Security};
use testkit::{Gate, Module, Reply, ScriptedUpstream};
use upstream::FaultKind;

use crate::{
    ZIP, faults, large, other_tree, upstream,
    world::{rest, setup, until},
};

/// What is held back until the check.
const HELD_BACK: usize = 64 * 1024;
/// Where a scripted zip stops on its way.
const STOP: usize = 700_000;

fn stalled(gate: &Gate) -> Reply {
    Reply::natural().stall_after(STOP as u64, gate)
}

/// The same, with one byte of its content changed.
fn altered(gate: &Gate) -> Reply {
    stalled(gate).edit(|zip| {
        let middle = zip.len() / 2;
        zip[middle] ^= 1;
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn late_joiners_read_a_slow_zip_from_its_beginning_and_its_end_is_held_back() {
    let (a, bytes) = large(1 << 20);
    let gate = Gate::new();
    a.script(ZIP, [stalled(&gate)]);
    let world = setup(a.url()).patience(Duration::ZERO).start();
    let mut first = world.growing(ZIP).await;
    assert_eq!(first.len_hint(), Some(bytes.len() as u64));
    let mut begun = Vec::new();
    while begun.len() < STOP - HELD_BACK {
        begun.extend(first.next().await.unwrap().unwrap());
    }
    assert_eq!(begun.len(), STOP - HELD_BACK);
    assert!(first.next().now_or_never().is_none());

    let late = world.growing(ZIP).await;
    let waiting = tokio::spawn(world.growing(ZIP).await.landed());
    gate.open();
    begun.extend(rest(first).await.unwrap());
    assert_eq!(begun, bytes);
    assert_eq!(rest(late).await.unwrap(), bytes);
    waiting.await.unwrap().unwrap();
    assert_eq!(a.asked(ZIP), 1);

    let stored = world.get(ZIP).await.unwrap();
    assert_eq!((stored.cache(), stored.keep), (CacheStatus::Hit, Keep::Forever));
    assert_eq!(stored.bytes, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_length_is_passed_on_too() {
    let (a, bytes) = large(1 << 20);
    let gate = Gate::new();
    a.script(ZIP, [stalled(&gate).chunked()]);
    let world = setup(a.url()).patience(Duration::ZERO).start();
    let follow = world.growing(ZIP).await;
    assert_eq!(follow.len_hint(), None);
    gate.open();
    assert_eq!(rest(follow).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_that_is_smaller_than_what_is_held_back_leaves_after_its_check() {
    let (a, bytes) = large(30_000);
    let gate = Gate::new();
    a.script(ZIP, [Reply::natural().stall_after(20_000, &gate)]);
    let world = setup(a.url()).patience(Duration::ZERO).start();
    let mut follow = world.growing(ZIP).await;
    assert!(follow.next().now_or_never().is_none());
    gate.open();
    assert_eq!(rest(follow).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_that_fails_its_check_ends_in_an_error_for_everybody_who_was_fed() {
    let (a, bytes) = large(1 << 20);
    let gate = Gate::new();
    a.always(ZIP, altered(&gate));
    let world = setup(a.url()).patience(Duration::ZERO).start();
    let clients = [world.growing(ZIP).await, world.growing(ZIP).await];
    gate.open();
    for mut client in clients {
        let mut fed = 0;
        let refusal = loop {
            match client.next().await {
                Ok(piece) => fed += piece.expect("no clean end").len(),
                Err(refusal) => break refusal,
            }
        };
        assert!(fed <= bytes.len() - HELD_BACK);
        let faults = faults::<()>(Err(refusal));
        assert_eq!(faults[0].kind(), FaultKind::Lie);
    }
    assert!(!world.file(ZIP).exists());
    until(async || world.is_idle()).await;
    assert!(!world.file("example.com/m/@v/v1.0.0.receipt").exists());
    a.natural();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
}

/// Everything that a client may have before the check.
async fn fed_up_to(follow: &mut mirror::Follow, len: usize) -> Vec<u8> {
    let mut begun = Vec::new();
    while begun.len() < len {
        begun.extend(follow.next().await.unwrap().unwrap());
    }
    begun
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_fed_with_a_lie_learns_so_and_who_was_not_goes_on_with_the_next_source() {
    let ((a, bytes), (b, _)) = (large(1 << 20), large(1 << 20));
    let (gate, held, late) = (Gate::new(), Gate::new(), Gate::new());
    a.always(ZIP, altered(&gate));
    // Beyond the difference, and not as far as the client that was fed.
    b.always(ZIP, Reply::natural().hold(&held).stall_after(600_000, &late));
    let world = setup(format!("{}|{}", a.url(), b.url())).patience(Duration::ZERO).start();
    let mut fed = world.growing(ZIP).await;
    let mut slow = world.growing(ZIP).await;
    let begun = fed_up_to(&mut fed, STOP - HELD_BACK).await;
    let half = slow.next().await.unwrap().unwrap();
    assert!(half.len() < bytes.len() / 2 && 600_000 < begun.len());
    gate.open();
    b.wait_asked(ZIP, 1);
    // Nobody is given up before it is known what the next source sends, nor fed with what was found to be wrong.
    assert!(fed.next().now_or_never().is_none());
    assert!(slow.next().now_or_never().is_none());
    held.open();
    let faults = faults(rest(fed).await);
    assert_eq!((faults.len(), faults[0].kind()), (1, FaultKind::Lie));
    assert_eq!(faults[0].source_name().as_str(), a.address().to_string());
    late.open();
    // Also who reads only now.
    until(async || world.is_idle()).await;
    assert_eq!([half.to_vec(), rest(slow).await.unwrap()].concat(), bytes);
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
    assert_eq!(b.asked(ZIP), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_fed_goes_on_with_the_next_source_and_notices_nothing() {
    let ((a, bytes), (b, _)) = (large(1 << 20), large(1 << 20));
    let gate = Gate::new();
    a.always(ZIP, Reply::status(501));
    a.script(ZIP, [stalled(&gate).reset_after(900_000)]);
    let world = setup(format!("{}|{}", a.url(), b.url())).patience(Duration::ZERO).start();
    let mut fed = world.growing(ZIP).await;
    let late = world.growing(ZIP).await;
    let mut begun = fed_up_to(&mut fed, STOP - HELD_BACK).await;
    gate.open();
    begun.extend(rest(fed).await.unwrap());
    assert_eq!(begun, bytes);
    assert_eq!(rest(late).await.unwrap(), bytes);
    assert_eq!(b.asked(ZIP), 1);
    assert_eq!(world.meters.absorbed.get(), 2, "the reset, and that there was no way to go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_with_the_same_content_in_other_bytes_aborts_only_those_who_were_fed_beyond_the_difference() {
    // Equal sizes and go.mod files, other noise: the bytes differ behind the first entry, after about 150 of them.
    let (a, _) = large(1 << 20);
    let b = upstream();
    b.always(ZIP, Reply::natural().body(longer()));
    let gate = Gate::new();
    a.always(ZIP, stalled(&gate).chunked().reset_after(900_000).without_ranges());
    let world = setup(format!("{}|{}", a.url(), b.url())).patience(Duration::ZERO).start();
    let mut fed = world.growing(ZIP).await;
    let late = world.growing(ZIP).await;
    assert_eq!(late.len_hint(), None);
    fed_up_to(&mut fed, STOP - HELD_BACK).await;
    gate.open();
    assert_eq!(faults(rest(fed).await)[0].source_name().as_str(), a.address().to_string());
    assert_eq!(rest(late).await.unwrap(), longer());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_told_a_length_gets_no_other_one() {
    let (a, bytes) = large(1 << 20);
    let b = upstream();
    assert!(longer().len() > bytes.len());
    let gate = Gate::new();
    a.always(ZIP, Reply::status(501));
    for reply in [Reply::natural().body(longer()), Reply::natural().body(longer()).chunked()] {
        a.script(ZIP, [stalled(&gate).reset_after(900_000)]);
        b.always(ZIP, reply);
        let world = setup(format!("{}|{}", a.url(), b.url())).patience(Duration::ZERO).start();
        let told = world.growing(ZIP).await;
        assert_eq!(told.len_hint(), Some(bytes.len() as u64));
        gate.open();
        until(async || world.is_idle()).await;
        // It has read nothing, so what differs is the length alone.
        assert_eq!(faults(rest(told).await)[0].source_name().as_str(), a.address().to_string());
        assert_eq!(world.get(ZIP).await.unwrap().bytes, longer());
    }
}

/// What is asked of another source after 900,000 bytes: the last 64 KiB of them as well.
const OVERLAPPING: &str = "bytes=834464-";

/// The `Range` headers of all requests for the zip, in order.
fn ranges(source: &ScriptedUpstream) -> Vec<Option<String>> {
    let seen = source.seen().into_iter().filter(|seen| seen.path == ZIP);
    seen.map(|seen| seen.header("range").map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_source_sends_only_the_rest_where_its_bytes_are_proven_to_be_the_same() {
    // By a validator that both know, or by the last 64 KiB and the length.
    let proofs: [fn(Reply) -> Reply; 2] = [|reply| reply, Reply::without_etag];
    for change in proofs {
        let ((a, bytes), (b, _)) = (large(1 << 20), large(1 << 20));
        a.always(ZIP, change(Reply::natural().reset_after(900_000).without_ranges()));
        b.always(ZIP, change(Reply::natural()));
        let world = setup(format!("{}|{}", a.url(), b.url())).start();
        let got = world.get(ZIP).await.unwrap();
        assert_eq!(got.bytes, bytes);
        assert_eq!(got.meta.source.unwrap().as_ref(), b.address().to_string());
        assert_eq!(ranges(&b), [Some(OVERLAPPING.to_owned())]);
        assert!(world.meters.absorbed.get() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_together_and_is_wrong_is_fetched_anew_from_a_source_that_may_be_right() {
    let ((a, bytes), (b, _)) = (large(1 << 20), large(1 << 20));
    let open = Gate::new();
    open.open();
    a.always(ZIP, altered(&open).reset_after(900_000).without_ranges().etag(r#""same""#));
    b.always(ZIP, Reply::natural().etag(r#""same""#));
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
    assert_eq!(ranges(&b), [Some(OVERLAPPING.to_owned()), None]);
    assert!(world.meters.absorbed.get() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_begins_anew_goes_on_for_those_who_were_fed() {
    let (a, bytes) = large(1 << 20);
    let gate = Gate::new();
    let nothing_to_prove = |reply: Reply| reply.without_ranges().without_etag().chunked();
    a.script(ZIP, [nothing_to_prove(stalled(&gate).reset_after(900_000))]);
    a.always(ZIP, nothing_to_prove(Reply::natural()));
    let world = setup(a.url()).patience(Duration::ZERO).start();
    let mut fed = world.growing(ZIP).await;
    let mut begun = fed_up_to(&mut fed, STOP - HELD_BACK).await;
    gate.open();
    begun.extend(rest(fed).await.unwrap());
    assert_eq!(begun, bytes);
    assert_eq!(a.asked(ZIP), 2);
    assert_eq!(world.meters.absorbed.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_beginning_that_was_continued_is_fetched_anew_from_the_same_source() {
    let (a, bytes) = large(1 << 20);
    let open = Gate::new();
    open.open();
    a.script(ZIP, [altered(&open).reset_after(900_000).etag(r#""same""#)]);
    a.always(ZIP, Reply::natural().etag(r#""same""#));
    let world = setup(a.url()).start();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
    assert_eq!(ranges(&a), [None, Some("bytes=900000-".to_owned()), None]);
}

/// A zip of the same version that is larger than the one of [`large`].
fn longer() -> Vec<u8> {
    Module::of_noise("example.com/m", "v1.0.0", (1 << 20) + 100_000).zip.to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_breaks_off_ends_in_its_fault_for_everybody_who_was_fed() {
    let (a, _) = large(1 << 20);
    let gate = Gate::new();
    a.always(ZIP, Reply::status(501));
    a.script(ZIP, [stalled(&gate).reset_after(900_000)]);
    let world = setup(a.url()).patience(Duration::ZERO).start();
    let fed = world.growing(ZIP).await;
    gate.open();
    assert_eq!(faults(rest(fed).await)[0].kind(), FaultKind::Status(501));
    assert!(!world.file(ZIP).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn within_patience_the_next_source_is_asked_and_the_client_notices_nothing() {
    let ((a, bytes), (b, _)) = (large(1 << 20), large(1 << 20));
    let open = Gate::new();
    open.open();
    a.script(ZIP, [altered(&open)]);
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    let answer = world.mirror.answer(&world.ask(ZIP)).await.unwrap();
    assert!(matches!(answer.body, Body::Blob(_)));
    let got = crate::world::read(answer).await.unwrap();
    assert_eq!(got.bytes, bytes);
    assert_eq!(got.meta.source.unwrap().as_ref(), b.address().to_string());
    assert_eq!(world.meters.absorbed.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contradiction_is_told_to_those_who_were_fed_with_it() {
    let (a, bytes) = large(1 << 20);
    let world = setup(a.url()).start();
    world.get(ZIP).await.unwrap();
    std::fs::remove_file(world.file(ZIP)).unwrap();

    let gate = Gate::new();
    a.serve(other_tree());
    a.script(ZIP, [Reply::natural().stall_after(100, &gate)]);
    let world = setup(a.url()).patience(Duration::ZERO).start_in(std::sync::Arc::clone(world.dir()));
    let fed = world.growing(ZIP).await;
    gate.open();
    let Err(Refusal::Security(Security::Content(contradiction))) = rest(fed).await else { panic!() };
    assert_eq!(contradiction.what, "example.com/m@v1.0.0");
    assert!(!world.file(ZIP).exists());
    let (good, _) = large(1 << 20);
    let world = setup(good.url()).start_in(std::sync::Arc::clone(world.dir()));
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
}
