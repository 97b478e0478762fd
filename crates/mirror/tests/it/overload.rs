//! More is asked than there is room for.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use mirror::{CacheStatus, Refusal, Room};
use testkit::{Gate, Reply};

use crate::{
    INFO, LIST, MOD, ZIP, absent, upstream,
    world::{EVER, World, setup, until},
};

const OTHER: &str = "example.com/m/@v/v1.1.0.zip";

fn get(world: &Arc<World>, path: &'static str) -> tokio::task::JoinHandle<Result<Vec<u8>, Refusal>> {
    let world = Arc::clone(world);
    tokio::spawn(async move { world.get(path).await.map(|got| got.bytes) })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_never_behind_what_is_not() {
    let a = upstream();
    let mut setup = setup(a.url());
    setup.config.room = Room { fetches: 1, queue: 1, wait: EVER };
    let world = Arc::new(setup.start());
    for path in [INFO, LIST] {
        world.get(path).await.unwrap();
    }
    let gate = Gate::new();
    a.script(ZIP, [Reply::natural().hold(&gate)]);
    let first = get(&world, ZIP);
    until(async || a.asked(ZIP) == 1).await;
    let waiting = get(&world, OTHER);
    until(async || world.meters.waiting.get() == 1).await;
    assert!(matches!(world.get(MOD).await, Err(Refusal::Overloaded(_))));
    assert_eq!((a.asked(OTHER), a.asked(MOD)), (0, 0), "nothing is asked beyond the bound");
    assert!(matches!(world.get("example.com/none/@v/list").await, Err(Refusal::Overloaded(_))));
    for path in [INFO, LIST] {
        assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit, "{path}");
    }
    // Many who ask for what is under way take no more room than one.
    let same = get(&world, ZIP);
    gate.open();
    assert_eq!(first.await.unwrap().unwrap(), same.await.unwrap().unwrap());
    waiting.await.unwrap().unwrap();
    world.get(MOD).await.unwrap();
    assert_eq!((world.meters.fetching.get(), world.meters.waiting.get()), (0, 0));
    assert_eq!(world.meters.overloaded.get(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_is_told_when_to_come_back() {
    let a = upstream();
    let mut setup = setup(a.url());
    setup.config.room = Room { fetches: 1, queue: 8, wait: Duration::from_millis(50) };
    let world = Arc::new(setup.start());
    let gate = Gate::new();
    a.script(ZIP, [Reply::natural().hold(&gate)]);
    let first = get(&world, ZIP);
    until(async || a.asked(ZIP) == 1).await;
    let refused = world.get(MOD).await;
    assert!(matches!(refused, Err(Refusal::Overloaded(_))), "{refused:?}");
    gate.open();
    first.await.unwrap().unwrap();
    // It was no absence, and is not remembered as anything.
    world.get(MOD).await.unwrap();
}

/// Every file below a data directory, but for the locks, which are of a fixed number, and what is in transit.
fn files(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("locks") || path.ends_with("staging") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_do_not_exist_leave_nothing_on_the_disk_and_push_nothing_out() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in [INFO, MOD, ZIP, LIST] {
        world.get(path).await.unwrap();
    }
    let before = files(world.dir().path());
    for n in 0..1000 {
        let name = format!("example.com/flood{n}/{}", "x".repeat(n % 50 + 1));
        let path = match n % 5 {
            0 => format!("{name}/@v/list"),
            1 => format!("{name}/@v/v1.0.0.zip"),
            2 => format!("{name}/@v/v1.0.0.mod"),
            3 => format!("{name}/@v/branch{n}.info"),
            _ => format!("example.com/m/@v/v1.{}.0.info", n + 1000),
        };
        absent(world.get(&path).await);
    }
    until(async || world.is_idle()).await;
    assert_eq!(files(world.dir().path()), before);
    a.forget();
    for path in [INFO, MOD, ZIP, LIST] {
        assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit, "{path}");
    }
    assert_eq!(a.seen().len(), 0);
}
