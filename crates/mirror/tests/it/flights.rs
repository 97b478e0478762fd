//! One fetch, however many ask, whoever leaves.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use mirror::{CacheStatus, Keep};
use testkit::{Gate, Reply};

use crate::{
    INFO, LATEST, LIST, MAIN, MOD, ZIP, absent, large, tree, upstream,
    world::{World, setup, until},
    zip,
};

/// What many get who ask at once.
async fn ask_at_once(world: &Arc<World>, path: &'static str, many: usize) -> Vec<Vec<u8>> {
    let asking = (0..many).map(|_| {
        let world = Arc::clone(world);
        tokio::spawn(async move { world.get(path).await.unwrap().bytes })
    });
    let got = join_all(asking).await;
    got.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_askers_of_one_cold_thing_make_one_request() {
    let a = upstream();
    let world = Arc::new(setup(a.url()).start());
    for path in [ZIP, INFO, MOD, LIST, LATEST, MAIN] {
        let got = ask_at_once(&world, path, 100).await;
        assert!(got.iter().all(|bytes| *bytes == got[0] && !bytes.is_empty()));
        assert_eq!(a.asked(path), 1, "{path}");
    }
    assert_eq!(world.get(ZIP).await.unwrap().bytes, zip());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_askers_of_what_is_not_there_make_one_request() {
    let a = upstream();
    let world = Arc::new(setup(a.url()).start());
    for path in ["example.com/m/@v/v1.9.9.zip", "example.com/none/@v/list"] {
        let asking = (0..100).map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { drop(absent(world.get(path).await)) })
        });
        for asked in join_all(asking).await {
            asked.unwrap();
        }
        assert_eq!(a.asked(path), 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn askers_that_leave_do_not_stop_the_work() {
    let a = upstream();
    let world = Arc::new(setup(a.url()).start());
    for path in [LIST, ZIP, INFO] {
        let gate = Gate::new();
        a.script(path, [Reply::natural().hold(&gate)]);
        let asking = tokio::spawn({
            let world = Arc::clone(&world);
            async move { world.get(path).await.map(drop) }
        });
        a.wait_asked(path, 1);
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        gate.open();
        until(async || world.stored(path).await.is_ok()).await;
        let got = world.get(path).await.unwrap();
        assert_eq!((got.cache(), a.asked(path)), (CacheStatus::Hit, 1), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_nobody_wants_any_more_ends_after_a_while() {
    let (a, bytes) = large(4 << 20);
    let (first, never) = (Gate::new(), Gate::new());
    a.script(ZIP, [Reply::natural().stall_after(300_000, &first).stall_after(3_000_000, &never)]);
    let mut setup = setup(a.url()).patience(Duration::ZERO);
    setup.config.linger = Duration::ZERO;
    let world = setup.start();
    drop(world.growing(ZIP).await);
    first.open();
    until(async || world.is_idle()).await;
    never.open();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
    assert_eq!(a.asked(ZIP), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_goes_on_for_the_one_who_stays() {
    let (a, bytes) = large(4 << 20);
    let gate = Gate::new();
    a.script(ZIP, [Reply::natural().stall_after(300_000, &gate)]);
    let mut setup = setup(a.url()).patience(Duration::ZERO);
    setup.config.linger = Duration::ZERO;
    let world = setup.start();
    let (leaves, stays) = (world.growing(ZIP).await, world.growing(ZIP).await);
    drop(leaves);
    gate.open();
    assert_eq!(crate::world::rest(stays).await.unwrap(), bytes);
    assert_eq!(a.asked(ZIP), 1);
}

#[test]
fn a_runtime_may_stop_while_a_fetch_is_under_way() {
    let (a, _) = large(1 << 20);
    let gate = Gate::new();
    a.script(ZIP, [Reply::natural().stall_after(300_000, &gate)]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let world = runtime.block_on(async {
        let world = setup(a.url()).patience(Duration::ZERO).start();
        let follow = world.growing(ZIP).await;
        tokio::spawn(crate::world::rest(follow));
        drop(world.growing(ZIP).await);
        world
    });
    runtime.shutdown_timeout(testkit::LIMIT);
    assert!(world.is_idle());
    drop(world);
    gate.open();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_files_of_a_version_are_independent() {
    let a = upstream();
    for (broken, fine) in [(ZIP, [INFO, MOD]), (INFO, [MOD, ZIP]), (MOD, [ZIP, INFO])] {
        for reply in [Reply::status(404), Reply::status(500)] {
            a.natural();
            a.always(broken, reply);
            let world = setup(a.url()).start();
            for path in fine {
                world.get(path).await.unwrap();
            }
            world.get(broken).await.unwrap_err();
            a.forget();
            for path in fine {
                let got = world.get(path).await.unwrap();
                assert_eq!((got.cache(), got.keep), (CacheStatus::Hit, Keep::Forever));
                assert_eq!(a.asked(path), 0);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn info_and_mod_never_fetch_the_zip() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in [INFO, MOD, LIST, LATEST, MAIN] {
        world.get(path).await.unwrap();
    }
    assert_eq!(a.asked("*.zip"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mirrors_on_one_directory_fetch_a_cold_artifact_once() {
    let a = upstream();
    let one = Arc::new(setup(a.url()).start());
    let two = setup(a.url()).start_in(Arc::clone(one.dir()));
    let gate = Gate::new();
    a.always(ZIP, Reply::natural().hold(&gate));
    let first = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.get(ZIP).await.unwrap().bytes }
    });
    gate.wait_for(1);
    let second = tokio::spawn(async move { two.get(ZIP).await.unwrap().bytes });
    gate.open();
    assert_eq!(first.await.unwrap(), zip());
    assert_eq!(second.await.unwrap(), zip());
    assert_eq!(a.asked(ZIP), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_mirrors_on_one_directory_fetch_each_artifact_once() {
    let mut tree = tree();
    let versions: Vec<_> = (0..40).map(|n| format!("v1.0.{n}")).collect();
    for version in &versions {
        tree.add(testkit::Module::of_noise("example.com/many", version, 100));
    }
    let a = testkit::ScriptedUpstream::serving(tree);
    let first = setup(a.url()).start();
    let others = (0..3).map(|_| setup(a.url()).start_in(Arc::clone(first.dir())));
    let worlds: Vec<_> = others.collect();
    for version in &versions {
        let path = format!("example.com/many/@v/{version}.zip");
        let asking = worlds.iter().chain([&first]).map(|world| world.get(&path));
        let got: Vec<_> = join_all(asking).await.into_iter().map(|got| got.unwrap().bytes).collect();
        assert!(got.iter().all(|bytes| *bytes == got[0]));
        assert_eq!(a.asked(&path), 1, "{path}");
    }
}
