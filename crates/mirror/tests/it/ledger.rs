//! Private modules: what was seen first is what they are, for ever.

use std::{fs, sync::Arc};

use mirror::{Known, SumdbUse, Verified};
use storage::Offence;
use testkit::ScriptedUpstream;

use crate::{
    MOD, ZIP,
    door::{audited, contradiction, database, verifying},
    other_tree, tree, upstream,
    world::{Setup, until},
    zip,
};

fn ledger(source: &ScriptedUpstream, db: &ScriptedUpstream) -> Setup {
    let mut setup = verifying(source.url(), db);
    setup.sumdb = SumdbUse::Ledger;
    setup
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_refused_and_says_who_was_first_and_when() {
    for path in [ZIP, MOD] {
        let (a, db) = (upstream(), database(&other_tree()));
        let world = ledger(&a, &db).start();
        let first = world.get(path).await.unwrap();
        assert_eq!(first.meta.verified, Some(Verified::FirstSight));
        fs::remove_file(world.file(path)).unwrap();
        a.serve(other_tree());
        let refused = contradiction(world.get(path).await);
        let Known::FirstSight { source, at } = &*refused.known else { panic!("{refused}") };
        assert_eq!(**source, a.address().to_string());
        assert!((jiff::Timestamp::now() - *at).total(jiff::Unit::Minute).unwrap() < 10.0);
        assert!(matches!(audited(&world).await[0].offence, Offence::Ledger { .. }));
        assert!(world.reasons().contains("seen first"));
        a.serve(tree());
        assert_eq!(world.get(path).await.unwrap().bytes, first.bytes);
        assert_eq!(db.seen().len(), 0, "its name is private");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pin_outlives_the_catalog_the_process_and_the_file() {
    let (a, db) = (upstream(), database(&other_tree()));
    let world = ledger(&a, &db).start();
    world.get(ZIP).await.unwrap();
    until(async || world.is_idle()).await;
    let dir = Arc::clone(world.dir());
    drop(world);
    fs::remove_file(dir.path().join("modules").join(ZIP)).unwrap();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("catalog") {
            fs::remove_file(path).unwrap();
        }
    }
    a.serve(other_tree());
    let world = ledger(&a, &db).start_in(dir);
    contradiction(world.get(ZIP).await);
    a.serve(tree());
    assert_eq!(world.get(ZIP).await.unwrap().bytes, zip());
    assert_eq!(db.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn off_is_said_to_be_off_and_pins_all_the_same() {
    let (a, db) = (upstream(), database(&other_tree()));
    let mut setup = ledger(&a, &db);
    setup.sumdb = SumdbUse::Off;
    let world = setup.start();
    assert_eq!(world.get(ZIP).await.unwrap().meta.verified, Some(Verified::Off));
    fs::remove_file(world.file(ZIP)).unwrap();
    a.serve(other_tree());
    contradiction(world.get(ZIP).await);
    assert_eq!(db.seen().len(), 0);
}
