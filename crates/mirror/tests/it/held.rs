//! What waits for a silent checksum database, and what is served on trust meanwhile.

use std::time::Duration;

use mirror::{Keep, OnUnverifiable, Unverified, Verified};
use storage::{Evidence, Kind, Offence};
use testkit::{Gate, ModuleTree, Reply};

use crate::{
    MOD, ZIP,
    door::{audited, contradiction, database, evidence, unverified, verifying},
    other_tree, tree, upstream,
    world::{setup, until},
    zip,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_held_back_while_its_database_does_not_answer_and_fetched_when_it_does() {
    for (n, reply) in
        [Reply::status(503), Reply::status(500), Reply::reset(), Reply::html()].into_iter().enumerate()
    {
        let (a, db) = (upstream(), database(&tree()));
        db.always("*", reply);
        let world = verifying(a.url(), &db).start();
        for path in [ZIP, MOD] {
            let why = unverified(world.get(path).await);
            let Unverified::Unreachable { db, faults } = &why else { panic!("{n} {path}: {why}") };
            assert!(db.as_str() == "sum.example.com" && !faults.is_empty());
            assert!(!world.file(path).exists());
        }
        assert_eq!(world.meters.held.get(), 2);
        db.natural();
        // Nobody asks again.
        until(async || world.file(ZIP).exists() && world.file(MOD).exists()).await;
        until(async || world.meters.held.get() == 0).await;
        assert!(matches!(evidence(&world, Kind::Zip).await, Evidence::Log { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_after_recovery_waits_for_nothing() {
    let (a, mut db) = (upstream(), database(&tree()));
    db.take_down();
    let world = verifying(a.url(), &db).start();
    for path in [ZIP, MOD] {
        unverified(world.get(path).await);
    }
    db.bring_up();
    for path in [ZIP, MOD] {
        assert_eq!(world.get(path).await.unwrap().meta.verified, Some(Verified::Log), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_does_not_know_is_not_served_and_not_asked_for_again() {
    let (a, db) = (upstream(), database(&ModuleTree::default()));
    let world = verifying(a.url(), &db).start();
    for path in [ZIP, MOD] {
        let why = unverified(world.get(path).await);
        assert!(matches!(why, Unverified::Unknown { .. }), "{why}");
        assert!(!world.file(path).exists());
    }
    assert_eq!(world.meters.held.get(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_verified_before_is_served_and_fetched_again_without_the_database() {
    let (a, mut db) = (upstream(), database(&tree()));
    let world = verifying(a.url(), &db).start();
    world.get(ZIP).await.unwrap();
    db.take_down();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, zip());
    // Its file is gone, but its receipt still says what it has to be; another process reads that.
    std::fs::remove_file(world.file(ZIP)).unwrap();
    std::fs::remove_dir_all(world.file("sumdb")).unwrap();
    std::fs::remove_dir_all(world.dir().path().join("answers")).unwrap();
    let again = verifying(a.url(), &db).start_in(std::sync::Arc::clone(world.dir()));
    a.serve(other_tree());
    contradiction(again.get(ZIP).await);
    a.serve(tree());
    assert_eq!(again.get(ZIP).await.unwrap().meta.verified, Some(Verified::Log));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_let_out_what_is_not_verified_yet_and_it_is_checked_behind() {
    let (a, db) = (upstream(), database(&tree()));
    db.always("*", Reply::status(503));
    let mut setup = verifying(a.url(), &db);
    setup.on_unverifiable = OnUnverifiable::ServePending;
    let world = setup.start();
    for path in [ZIP, MOD] {
        for _ in 0..2 {
            let got = world.get(path).await.unwrap();
            assert_eq!((got.meta.verified, got.keep), (Some(Verified::Pending), Keep::No), "{path}");
        }
    }
    db.natural();
    until(async || world.meters.held.get() == 0).await;
    for path in [ZIP, MOD] {
        let got = world.get(path).await.unwrap();
        assert_eq!((got.meta.verified, got.keep), (Some(Verified::Log), Keep::Forever), "{path}");
    }
    assert_eq!((a.asked(ZIP), a.asked(MOD)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_let_out_and_is_wrong_is_withdrawn_and_reported() {
    for (path, kind) in [(ZIP, Kind::Zip), (MOD, Kind::Mod)] {
        let (a, db) = (upstream(), database(&tree()));
        a.serve(other_tree());
        db.always("*", Reply::status(503));
        let mut setup = verifying(a.url(), &db);
        setup.on_unverifiable = OnUnverifiable::ServePending;
        let world = setup.start();
        assert_eq!(world.get(path).await.unwrap().meta.verified, Some(Verified::Pending));
        let mut changes = world.mirror.changes();
        db.natural();
        // Nobody asks again, and whoever keeps the answer hears of it.
        until(async || !world.file(path).exists()).await;
        changes.recv().await.unwrap();
        // It is asked for once more in its place, and that is no better.
        let trail = audited(&world).await;
        assert!(matches!(trail.last().unwrap().offence, Offence::Database { .. }), "{trail:?}");
        until(async || world.meters.held.get() == 0).await;
        contradiction(world.get(path).await);
        a.serve(tree());
        assert_eq!(world.get(path).await.unwrap().meta.verified, Some(Verified::Log));
        assert!(matches!(evidence(&world, kind).await, Evidence::Log { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_large_zip_is_passed_on_as_such() {
    let (a, bytes) = crate::large(1 << 20);
    let (db, late) = (database(&tree()), Gate::new());
    db.always("*", Reply::status(404));
    a.always(ZIP, Reply::natural().stall_after(700_000, &late));
    let mut setup = verifying(a.url(), &db).patience(Duration::ZERO);
    setup.on_unverifiable = OnUnverifiable::ServePending;
    let world = setup.start();
    let answer = world.mirror.answer(&world.ask(ZIP)).await.unwrap();
    assert_eq!(answer.meta.verified, Some(Verified::Pending));
    late.open();
    assert_eq!(crate::world::read(answer).await.unwrap().bytes, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_nothing_is_pending() {
    let a = upstream();
    let mut setup = setup(a.url());
    setup.on_unverifiable = OnUnverifiable::ServePending;
    let got = setup.start().get(ZIP).await.unwrap();
    assert_eq!((got.meta.verified, got.keep), (Some(Verified::FirstSight), Keep::Forever));
}
