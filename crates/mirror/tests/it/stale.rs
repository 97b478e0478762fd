//! What is stored keeps serving, whatever sources do.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use mirror::{Ask, CacheStatus, Freshness, Keep};
use testkit::{BlackHole, Gate, Module, Reply};
use tokio::time::Instant;

use crate::{
    INFO, LATEST, LIST, MAIN, MOD, ZIP, absent, faults, tree, upstream,
    world::{Setup, World, setup, until},
};

const QUESTIONS: [&str; 3] = [LIST, LATEST, MAIN];
const WAIT: Duration = Duration::from_millis(300);
/// Timers fire at whole milliseconds.
const TICKS: Duration = Duration::from_millis(5);

/// As everybody has it.
fn usual(chain: impl Into<String>) -> Setup {
    let mut setup = setup(chain);
    setup.freshness = Freshness::default();
    setup
}

/// What is stored by a mirror whose source answers, below a mirror with another setup.
async fn filled(setup: Setup) -> World {
    let a = upstream();
    let first = crate::world::setup(a.url()).start();
    for path in [LIST, LATEST, MAIN, INFO, MOD, ZIP] {
        first.get(path).await.unwrap();
    }
    setup.start_in(Arc::clone(first.dir()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_somewhat_old_answer_comes_at_once_and_is_asked_for_again_behind() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in QUESTIONS {
        let first = world.get(path).await.unwrap();
        let gate = Gate::new();
        let mut grown = tree();
        grown.add(Module::of_noise("example.com/m", "v1.2.0", 10));
        grown.query("example.com/m", "main", "v1.2.0");
        a.serve(grown);
        a.script(path, [Reply::natural().hold(&gate)]);
        for _ in 0..10 {
            let got = world.soon(path).await.unwrap();
            assert_eq!((got.cache(), &got.bytes), (CacheStatus::Stale, &first.bytes));
            assert!(got.meta.age.unwrap() > setup("off").freshness.present);
            assert_eq!(got.keep, Keep::No, "the newer one may come at any moment");
        }
        gate.open();
        until(async || world.get(path).await.unwrap().text().contains("v1.2.0")).await;
        assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit);
        assert_eq!(a.asked(path), 2, "{path}");
        a.serve(tree());
    }
    assert_eq!((world.meters.behind.get(), world.meters.stale.get()), (3, 30));
}

#[tokio::test]
async fn an_old_answer_waits_300_ms_for_each_round_and_a_somewhat_old_one_never() {
    let hole = BlackHole::new();
    let world = filled(usual(hole.url())).await;
    tokio::time::pause();
    for path in QUESTIONS {
        let began = Instant::now();
        let got = world.later(path).await.unwrap();
        assert_eq!((got.cache(), got.keep), (CacheStatus::Stale, Keep::For(WAIT)));
        assert!((WAIT..=WAIT + TICKS).contains(&began.elapsed()), "{path}");
        for _ in 0..3 {
            let got = world.later(path).await.unwrap();
            assert_eq!(got.cache(), CacheStatus::Stale);
            assert!(began.elapsed() <= WAIT + TICKS, "{path}: the round is known to be slow");
        }
    }
    tokio::time::resume();
    let world = filled(usual(hole.url())).await;
    tokio::time::pause();
    for path in QUESTIONS {
        let began = Instant::now();
        assert_eq!(world.soon(path).await.unwrap().cache(), CacheStatus::Stale);
        assert!(began.elapsed() <= TICKS, "{path}");
    }
}

#[tokio::test]
async fn nobody_waits_for_sources_that_are_known_to_be_out_of_order() {
    let hole = BlackHole::new();
    let mut usual = usual(hole.url());
    usual.freshness.failed = Duration::ZERO;
    let world = filled(usual).await;
    tokio::time::pause();
    // The breaker opens.
    for i in 0..10 {
        faults(world.get(&format!("example.com/none{i}/@v/list")).await);
    }
    for path in QUESTIONS {
        let began = Instant::now();
        assert_eq!(world.later(path).await.unwrap().cache(), CacheStatus::Stale);
        assert!(began.elapsed() <= TICKS, "{path}");
    }
    for path in [INFO, MOD, ZIP] {
        let began = Instant::now();
        assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit);
        assert!(began.elapsed() <= TICKS, "{path}");
    }
    // Somebody who insists waits as long as for an old answer.
    let began = Instant::now();
    assert_eq!(world.confirmed(LIST).await.unwrap().cache(), CacheStatus::Stale);
    assert!(began.elapsed() <= WAIT + TICKS);
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_versions_make_an_answer_at_once_when_no_source_is_in_order() {
    let a = upstream();
    let world = setup(a.url()).start();
    world.get(INFO).await.unwrap();
    a.always("*", Reply::status(500));
    // The breaker opens.
    for i in 0..10 {
        faults(world.get(&format!("example.com/none{i}/@v/list")).await);
    }
    let gate = Gate::new();
    a.always("*", Reply::natural().hold(&gate));
    for path in [LIST, LATEST] {
        let began = Instant::now();
        let got = world.get(path).await.unwrap();
        assert_eq!((got.cache(), got.text().contains("v1.0.0")), (CacheStatus::Stale, true));
        // Waiting for the source would take ten seconds.
        assert!(began.elapsed() < Duration::from_secs(8), "{path}: {:?}", began.elapsed());
    }
    gate.open();
    until(async || world.get(LIST).await.unwrap().cache() == CacheStatus::Hit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_it_confirmed_gets_it_confirmed_in_one_round() {
    let a = upstream();
    let world = Arc::new(setup(a.url()).start());
    for path in QUESTIONS {
        world.get(path).await.unwrap();
        let gate = Gate::new();
        a.script(path, [Reply::natural().hold(&gate)]);
        let asking: Vec<_> = (0..20)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.confirmed(path).await.unwrap().cache() })
            })
            .collect();
        until(async || a.asked(path) == 2).await;
        // Nobody else waits for what is fresh.
        assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit);
        gate.open();
        for status in join_all(asking).await {
            assert_eq!(status.unwrap(), CacheStatus::Revalidated);
        }
        let one_more = world.confirmed(path).await.unwrap();
        assert_eq!(one_more.cache(), CacheStatus::Revalidated);
        // Whose question came late, after the round, made another.
        let rounds = a.asked(path);
        assert!((3..20).contains(&rounds), "{path}: {rounds}");
        let lenient = Ask { max_age: Some(Duration::from_hours(1)), ..world.ask(path) };
        assert_eq!(world.mirror.answer(&lenient).await.unwrap().meta.cache, CacheStatus::Hit);
        assert_eq!(a.asked(path), rounds);
        a.always(path, Reply::status(500));
        assert_eq!(world.confirmed(path).await.unwrap().cache(), CacheStatus::Stale);
    }
    for path in [INFO, MOD, ZIP] {
        world.get(path).await.unwrap();
        assert_eq!(world.confirmed(path).await.unwrap().cache(), CacheStatus::Hit);
        assert_eq!(a.asked(path), 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn absence_does_not_erase_what_is_stored_and_is_reported() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in [LIST, LATEST, MAIN, INFO, MOD, ZIP] {
        world.get(path).await.unwrap();
    }
    assert_eq!(world.meters.withdrawn.get(), 0);
    a.always("*", Reply::status(404));
    for (i, path) in (1..).zip(QUESTIONS) {
        let got = world.later(path).await.unwrap();
        assert_eq!(got.cache(), CacheStatus::Stale, "{path}");
        assert_eq!(world.meters.withdrawn.get(), i);
    }
    for path in [INFO, MOD, ZIP] {
        assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit, "{path}");
    }
    absent(world.get("example.com/m/@v/v1.0.1.info").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_naming_the_versions_that_are_stored() {
    let a = upstream();
    let world = setup(a.url()).start();
    world.get(LIST).await.unwrap();
    world.get(INFO).await.unwrap();
    a.always(LIST, Reply::ok("v1.1.0\nv1.3.0\n").without_etag());
    for _ in 0..2 {
        // What is merged in stays, although its source never says it again.
        assert_eq!(world.later(LIST).await.unwrap().text(), "v1.0.0\nv1.1.0\nv1.3.0\n");
    }
    assert_eq!(world.meters.withdrawn.get(), 2);
    // What is not stored could not be served, and goes.
    a.always(LIST, Reply::ok("v1.3.0\n"));
    assert_eq!(world.later(LIST).await.unwrap().text(), "v1.0.0\nv1.3.0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_the_same_failing_request_costs_one_round() {
    let a = upstream();
    let world = usual(a.url()).start();
    a.always("*", Reply::status(500));
    for path in [LIST, LATEST, MAIN, INFO, MOD, ZIP] {
        let began = Instant::now();
        faults(world.get(path).await);
        let round = a.asked(path);
        for _ in 0..20 {
            faults(world.get(path).await);
        }
        // A machine that takes a second for this asks again.
        let rounds = 1 + usize::try_from(began.elapsed().as_secs()).unwrap();
        assert!((round..=round * rounds).contains(&a.asked(path)), "{path}: {round} {}", a.asked(path));
    }
    a.natural();
    for path in [LIST, LATEST, MAIN, INFO, MOD, ZIP] {
        until(async || world.get(path).await.is_ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_outage_a_stale_answer_costs_one_round_a_second() {
    let mut a = upstream();
    let world = usual(a.url()).start();
    for path in QUESTIONS {
        world.get(path).await.unwrap();
    }
    a.take_down();
    for path in QUESTIONS {
        let (began, before) = (Instant::now(), world.meters.behind.get());
        for _ in 0..20 {
            assert_eq!(world.soon(path).await.unwrap().cache(), CacheStatus::Stale);
        }
        // What is kept elsewhere meanwhile hides no source that is well again.
        let second = Duration::from_secs(1);
        until(async || matches!(world.soon(path).await.unwrap().keep, Keep::For(left) if left <= second))
            .await;
        let rounds = world.meters.behind.get() - before;
        assert!((1..=2 + began.elapsed().as_secs()).contains(&rounds), "{path}: {rounds}");
    }
    a.bring_up();
    for path in QUESTIONS {
        until(async || world.later(path).await.unwrap().cache() == CacheStatus::Revalidated).await;
    }
}
