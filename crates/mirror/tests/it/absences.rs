//! Absences are remembered for a while, failures never.

use std::time::Duration;

use mirror::{Absent, CacheStatus};
use testkit::Reply;

use crate::{
    INFO, LIST, ZIP, absent, faults, upstream,
    world::{setup, until},
};

const MISSING: [&str; 3] =
    ["example.com/m/@v/v1.9.9.zip", "example.com/m/@v/nosuchbranch.info", "example.com/none/@v/list"];

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_is_remembered_with_its_words() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in MISSING {
        let first = absent(world.get(path).await).to_string();
        assert_eq!(first, format!("not found: {path} is not in this tree"));
        assert_eq!(absent(world.get(path).await).to_string(), first);
        assert_eq!(a.asked(path), 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_is_forgotten_after_its_time() {
    let a = upstream();
    let mut setup = setup(a.url());
    setup.freshness.absent = Duration::from_millis(50);
    let world = setup.start();
    for path in MISSING {
        until(async || {
            absent(world.get(path).await);
            a.asked(path) > 1
        })
        .await;
    }
    a.script(ZIP, [Reply::status(404)]);
    absent(world.get(ZIP).await);
    until(async || world.get(ZIP).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_time_means_that_nothing_is_remembered() {
    let a = upstream();
    let mut setup = setup(a.url());
    setup.freshness.absent = Duration::ZERO;
    let world = setup.start();
    for path in MISSING {
        absent(world.get(path).await);
        absent(world.get(path).await);
        assert_eq!(a.asked(path), 2, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_never_remembered() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in [LIST, ZIP, INFO] {
        a.script(path, [Reply::status(501), Reply::status(501)]);
        faults(world.get(path).await);
        faults(world.get(path).await);
        world.get(path).await.unwrap();
        assert_eq!(a.asked(path), 3, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_stored_says_nothing_about_what_sources_have() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in [LIST, ZIP, INFO] {
        assert!(matches!(absent(world.stored(path).await), Absent::NotStored));
        assert_eq!(a.asked(path), 0);
        world.get(path).await.unwrap();
        world.stored(path).await.unwrap();
    }
    // Nor does an absence at the sources mean anything for a closed world.
    let missing = "example.com/m/@v/v1.9.9.zip";
    absent(world.get(missing).await);
    assert!(matches!(absent(world.stored(missing).await), Absent::NotStored));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_names_that_do_not_exist_leaves_nothing_behind() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in [LIST, ZIP, INFO] {
        world.get(path).await.unwrap();
    }
    let before = files(world.dir().path());
    for i in 0..500 {
        absent(world.get(&format!("example.com/none{i}/@v/list")).await);
        absent(world.get(&format!("example.com/m/@v/v1.9.{i}.zip")).await);
        absent(world.get(&format!("example.com/m/@v/branch{i}.info")).await);
    }
    // A database and a lease come and go.
    assert!(files(world.dir().path()) < before + 5);
    a.forget();
    for path in [LIST, ZIP, INFO] {
        assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit);
    }
    assert_eq!(a.seen().len(), 0);
}

/// Files and directories, all told.
fn files(dir: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { 1 + files(&path) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_was_no_module_is_none_while_sources_fail() {
    let a = upstream();
    let mut setup = setup(a.url());
    setup.freshness.absent = Duration::ZERO;
    let world = setup.start();
    let none = ["example.com/none/@v/list", "example.com/none/@latest"];
    for path in none.into_iter().chain(MISSING) {
        absent(world.get(path).await);
    }
    a.always("*", Reply::status(501));
    for path in none {
        absent(world.get(path).await);
    }
    // What may have come into being since, and what was never asked for.
    for path in
        ["example.com/m/@v/v1.9.9.zip", "example.com/m/@v/nosuchbranch.info", "example.com/new/@v/list"]
    {
        assert!(!faults(world.get(path).await).is_empty(), "{path}");
    }
    a.natural();
    a.always("example.com/none/@v/list", Reply::ok("v1.0.0\n"));
    until(async || world.get("example.com/none/@v/list").await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_a_private_path_while_sources_fail() {
    let a = upstream();
    let mut setup = setup(a.url());
    setup.freshness.absent = Duration::ZERO;
    setup.no_sumdb = "example.com/none";
    let world = setup.start();
    absent(world.get("example.com/none/@v/list").await);
    a.always("*", Reply::status(501));
    assert!(!faults(world.get("example.com/none/@v/list").await).is_empty());
}
