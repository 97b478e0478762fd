//! What is stored on weaker evidence than its route asks for.

use std::sync::Arc;

use mirror::{Unverified, Verified};
use storage::{Evidence, Kind};
use testkit::{Gate, Reply};

use crate::{
    INFO, MOD, ZIP,
    door::{audited, database, evidence, unverified, verifying},
    other_tree, tree, upstream,
    world::setup,
    zip,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_first_before_there_was_a_database_is_vouched_for_before_it_is_served() {
    let (mut a, mut db) = (upstream(), database(&tree()));
    let before = setup(a.url()).start();
    for path in [ZIP, MOD, INFO] {
        assert_eq!(before.get(path).await.unwrap().meta.verified, Some(Verified::FirstSight));
    }
    a.take_down();
    let world = verifying(a.url(), &db).start_in(Arc::clone(before.dir()));
    world.get(INFO).await.unwrap();
    assert_eq!(db.seen().len(), 0, "an .info needs nobody's word");
    for (path, kind) in [(ZIP, Kind::Zip), (MOD, Kind::Mod)] {
        assert_eq!(world.get(path).await.unwrap().meta.verified, Some(Verified::Log));
        assert!(matches!(evidence(&world, kind).await, Evidence::Log { .. }));
    }
    // From here on nobody is asked.
    db.take_down();
    let after = verifying(a.url(), &db).start_in(Arc::clone(before.dir()));
    assert_eq!(after.get(ZIP).await.unwrap().bytes, zip());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_held_back_while_the_database_is_silent() {
    let (a, mut db) = (upstream(), database(&tree()));
    let before = setup(a.url()).start();
    before.get(ZIP).await.unwrap();
    db.take_down();
    let world = verifying(a.url(), &db).start_in(Arc::clone(before.dir()));
    assert!(matches!(unverified(world.get(ZIP).await), Unverified::Unreachable { .. }));
    let offline = verifying(a.url(), &db).offline().start_in(Arc::clone(before.dir()));
    assert!(matches!(unverified(offline.get(ZIP).await), Unverified::NotStored { .. }));
    db.bring_up();
    assert_eq!(world.get(ZIP).await.unwrap().meta.verified, Some(Verified::Log));
    assert_eq!(offline.get(ZIP).await.unwrap().meta.verified, Some(Verified::Log));
    assert_eq!(a.asked(ZIP), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_first_and_is_wrong_is_set_aside_and_fetched_anew() {
    for path in [ZIP, MOD] {
        let (a, db) = (upstream(), database(&tree()));
        a.serve(other_tree());
        let before = setup(a.url()).start();
        let wrong = before.get(path).await.unwrap().bytes;
        a.serve(tree());
        let world = verifying(a.url(), &db).start_in(Arc::clone(before.dir()));
        let got = world.get(path).await.unwrap();
        assert_eq!(got.meta.verified, Some(Verified::Log));
        assert_ne!(got.bytes, wrong);
        assert_eq!((world.meters.contradictions.get(), world.quarantined()), (1, 2));
        assert_eq!(audited(&world).await.len(), 1);
        assert_eq!(world.get(path).await.unwrap().bytes, got.bytes);
    }
}

/// All of them wait for the same word, and each finds the same file wrong.
#[tokio::test(flavor = "multi_thread")]
async fn what_many_find_wrong_at_once_is_reported_once() {
    for path in [ZIP, MOD] {
        let (a, db, word) = (upstream(), database(&tree()), Gate::new());
        a.serve(other_tree());
        let before = setup(a.url()).start();
        before.get(path).await.unwrap();
        a.serve(tree());
        db.always("lookup/*", Reply::natural().hold(&word));
        let world = verifying(a.url(), &db).start_in(Arc::clone(before.dir()));
        let asked = (0..16).map(|_| {
            let (mirror, ask) = (Arc::clone(&world.mirror), world.ask(path));
            tokio::spawn(async move { mirror.answer(&ask).await })
        });
        let asked: Vec<_> = asked.collect();
        word.wait_for(1);
        word.open();
        for answer in asked {
            assert_eq!(answer.await.unwrap().unwrap().meta.verified, Some(Verified::Log));
        }
        assert_eq!(world.meters.contradictions.get(), 1);
        assert_eq!(audited(&world).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_from_elsewhere_are_vouched_for_too() {
    let (a, db) = (upstream(), database(&tree()));
    for offline in [false, true] {
        let right = verifying(a.url(), &db).start();
        tree().write_to(&right.file(""));
        for (path, kind) in [(ZIP, Kind::Zip), (MOD, Kind::Mod)] {
            assert_eq!(right.get(path).await.unwrap().meta.verified, Some(Verified::Log));
            assert!(matches!(evidence(&right, kind).await, Evidence::Log { .. }));
        }
        assert_eq!(a.seen().len(), 0);

        let wrong = verifying(a.url(), &db);
        let wrong = if offline { wrong.offline() } else { wrong }.start();
        other_tree().write_to(&wrong.file(""));
        if offline {
            assert!(matches!(unverified(wrong.get(ZIP).await), Unverified::NotStored { .. }));
            continue;
        }
        assert_eq!(wrong.get(ZIP).await.unwrap().bytes, zip());
        assert_eq!(wrong.meters.contradictions.get(), 1);
        a.forget();
    }
}
