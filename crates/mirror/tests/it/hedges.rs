//! Sources that are silent, and the time that is spent on them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mirror::{Fallback, Order, Refusal};
use testkit::{Gate, Reply};
use tokio::task::JoinHandle;
use upstream::{FaultKind, RetryAfter};

use crate::{
    INFO, LATEST, LIST, MAIN, MOD, ZIP, absent, faults, large, upstream,
    world::{Got, Setup, World, read, setup},
};

fn held() -> Gate {
    Gate::new()
}

fn begin(mut setup: Setup, begin: Duration) -> World {
    setup.config.begin = begin;
    setup.start()
}

/// A client that waits in a task of its own.
fn asking(world: &World, path: &str) -> JoinHandle<Result<Got, Refusal>> {
    let (mirror, ask) = (Arc::clone(&world.mirror), world.ask(path));
    tokio::spawn(async move { read(mirror.answer(&ask).await?).await })
}

/// Started, won, lost.
fn hedges(world: &World) -> (u64, u64, u64) {
    let meters = &world.meters;
    (meters.hedges.get(), meters.hedges_won.get(), meters.hedges_lost.get())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_source_is_silent_the_second_is_asked_as_well() {
    let (a, b) = (upstream(), upstream());
    a.always("*", Reply::natural().hold(&held()));
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    let all = [INFO, MOD, ZIP, LIST, LATEST];
    for path in all {
        let got = world.get(path).await.unwrap();
        assert_eq!(got.meta.source.unwrap().as_ref(), b.address().to_string());
        assert_eq!((a.asked(path), b.asked(path)), (1, 1), "{path}");
    }
    assert_eq!(hedges(&world), (5, 5, 0));
    assert_eq!(world.meters.absorbed.get(), 5);

    // Five times silent where another one answered: it is not asked any more.
    let started = Instant::now();
    world.get(MAIN).await.unwrap();
    assert_eq!((a.asked(MAIN), b.asked(MAIN)), (0, 1));
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(hedges(&world), (5, 5, 0));

    // What only the other one lacks is not absent, and the client is told when to come back.
    let missing = "example.com/m/@v/v1.9.9.info";
    let faults = faults(world.get(missing).await);
    assert_eq!((faults.len(), faults[0].kind()), (1, FaultKind::Tripped));
    assert!(matches!(faults[0].retry_after(), Some(RetryAfter::In(_))));
    assert_eq!((a.asked(missing), b.asked(missing)), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_are_left_alone_the_next_request_finds_out_who_is_well_again() {
    let (mut a, mut b) = (upstream(), upstream());
    a.take_down();
    b.take_down();
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    for path in [INFO, MOD, ZIP, LIST, LATEST, MAIN] {
        assert_eq!(faults(world.get(path).await).len(), 2, "{path}");
    }
    b.bring_up();
    let got = world.get("example.com/m/@v/v1.1.0.mod").await.unwrap();
    assert_eq!(got.meta.source.unwrap().as_ref(), b.address().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_second_one_lacks_decides_nothing_while_the_first_may_still_answer() {
    let (a, b) = (upstream(), upstream());
    for (second, path) in [(Reply::status(404), INFO), (Reply::status(500), MOD), (Reply::html(), LIST)] {
        let gate = held();
        a.always(path, Reply::natural().hold(&gate));
        b.always(path, second);
        let world = setup(format!("{}|{}", a.url(), b.url())).start();
        let answered = asking(&world, path);
        b.wait_asked(path, 1);
        gate.open();
        assert_eq!(
            answered.await.unwrap().unwrap().meta.source.unwrap().as_ref(),
            a.address().to_string(),
            "{path}"
        );
        assert_eq!(hedges(&world), (1, 0, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_of_the_second_and_silence_of_the_first_are_a_failure() {
    let (a, b) = (upstream(), upstream());
    a.always(INFO, Reply::natural().hold(&held()));
    b.always(INFO, Reply::status(404));
    let world = begin(setup(format!("{}|{}", a.url(), b.url())), Duration::from_secs(2));
    let faults = faults(world.get(INFO).await);
    assert_eq!((faults.len(), faults[0].kind()), (1, FaultKind::Timeout));

    // Where the first then says the same, it is absent.
    let gate = held();
    a.always(MOD, Reply::status(404).hold(&gate));
    b.always(MOD, Reply::status(404));
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    let answered = asking(&world, MOD);
    b.wait_asked(MOD, 1);
    gate.open();
    absent(answered.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_asked_where_a_failure_would_end_the_walk() {
    let (a, b) = (upstream(), upstream());
    a.always("*", Reply::natural().hold(&held()));
    let world = begin(setup(format!("{},{}", a.url(), b.url())), Duration::from_secs(1));
    for path in [INFO, ZIP] {
        assert_eq!(faults(world.get(path).await)[0].kind(), FaultKind::Timeout);
        assert_eq!(b.asked(path), 0);
    }
    let mut any = setup(format!("{},{}", a.url(), b.url()));
    any.fallback = Fallback::Any;
    let world = any.start();
    world.get(INFO).await.unwrap();
    assert_eq!(hedges(&world), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sources_of_a_private_module_are_asked_one_after_the_other() {
    let (a, b) = (upstream(), upstream());
    a.always(INFO, Reply::natural().hold(&held()));
    let mut private = setup(format!("{}|{}", a.url(), b.url()));
    private.no_sumdb = "example.com";
    // The first gets half of the time, so that some is left for the second.
    let world = begin(private, Duration::from_secs(3));
    let started = Instant::now();
    world.get(INFO).await.unwrap();
    assert!(started.elapsed() > Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!((a.asked(INFO), b.asked(INFO)), (1, 1));
    assert_eq!(hedges(&world), (0, 0, 0));
    assert_eq!(world.meters.absorbed.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_are_silent_that_is_said_within_the_budget() {
    let (a, b) = (upstream(), upstream());
    a.always("*", Reply::natural().hold(&held()));
    b.always("*", Reply::natural().hold(&held()));
    for (chain, path) in [(a.url(), MOD), (format!("{}|{}", a.url(), b.url()), ZIP)] {
        let world = begin(setup(chain), Duration::from_secs(2));
        let started = Instant::now();
        let faults = faults(world.get(path).await);
        assert!(faults.iter().all(|fault| fault.kind() == FaultKind::Timeout), "{faults:?}");
        let took = started.elapsed();
        assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_given_up_for_a_faster_one_is_asked_again_when_that_one_breaks_off() {
    let ((a, bytes), (b, _)) = (large(1 << 20), large(1 << 20));
    a.script(ZIP, [Reply::natural().hold(&held())]);
    b.always(ZIP, Reply::natural().without_ranges().reset_after(700_000));
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    let got = world.get(ZIP).await.unwrap();
    assert_eq!(got.bytes, bytes);
    assert_eq!(got.meta.source.unwrap().as_ref(), a.address().to_string());
    assert_eq!(hedges(&world), (1, 1, 0));
    assert_eq!(
        world.meters.absorbed.get(),
        1 + b.asked(ZIP) as u64,
        "a silence, and each body that broke off"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn equals_are_asked_in_the_order_of_what_is_known_of_them() {
    let (a, b, c) = (upstream(), upstream(), upstream());
    let mut equals = setup(format!("{}|{},{}", a.url(), b.url(), c.url()));
    equals.order = Order::Fastest;
    let world = equals.start();
    // Nothing is known of either at first; then nothing of the second.
    for (path, asked) in [(INFO, (1, 0)), (MOD, (0, 1))] {
        world.get(path).await.unwrap();
        assert_eq!((a.asked(path), b.asked(path)), asked, "{path}");
    }
    assert_eq!(c.asked("*"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_when_no_time_is_left() {
    let a = upstream();
    let world = begin(setup(a.url()), Duration::ZERO);
    let faults = faults(world.get(INFO).await);
    assert_eq!((faults.len(), faults[0].kind()), (1, FaultKind::Timeout));
    assert_eq!(a.asked("*"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_lies_is_left_alone() {
    let (a, b) = (upstream(), upstream());
    a.always("*.info", Reply::ok(r#"{"Version":"v9.9.9"}"#));
    a.always("*.mod", Reply::ok("module example.com/m\0"));
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    for path in [INFO, MOD, "example.com/m/@v/v1.1.0.info", "example.com/m/@v/v1.1.0.mod", MAIN] {
        let got = world.get(path).await.unwrap();
        assert_eq!(got.meta.source.unwrap().as_ref(), b.address().to_string());
    }
    let (lies, before) = (a.asked("*.info") + a.asked("*.mod"), a.asked("*"));
    world.get(LIST).await.unwrap();
    assert_eq!((lies, a.asked("*")), (5, before), "it is asked after five lies");
    // For zips it may still be good.
    world.get(ZIP).await.unwrap();
    assert_eq!((a.asked(ZIP), b.asked(ZIP)), (1, 0));
}
