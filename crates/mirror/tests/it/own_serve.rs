//! The log of one's own as clients see it: a superset of the public one.

use std::sync::Arc;

use mirror::{Absent, CacheStatus, Keep, OwnLog, Refusal, Security, SumdbUse, Unverified};
use storage::{Data, OpenOptions, Store};
use sumdb::{Head, Lookup};
use tempfile::TempDir;
use testkit::{Reply, ScriptedUpstream, TestLog};

use crate::{
    ZIP, absent, faults, other_tree,
    own::{NAME, audit, signer},
    tree, upstream,
    world::{Setup, World, setup},
};

const LOOKUP: &str = "lookup/example.com/m@v1.0.0";
const NEXT: &str = "lookup/example.com/m@v1.1.0";
const UNKNOWN: &str = "lookup/example.com/m@v1.9.9";

/// A path of the log.
fn at(path: &str) -> String {
    format!("sumdb/{NAME}/{path}")
}

/// A mirror beside a log of its own.
async fn beside_own(mut setup: Setup) -> (World, Arc<OwnLog>) {
    let dir = Arc::new(TempDir::new().unwrap());
    let options = OpenOptions { min_free: storage::MinFree::Percent(0), ..OpenOptions::default() };
    let store = Store::open(&Data::open(dir.path(), options).unwrap());
    let own = OwnLog::open(store, signer(1), dir.path().join("key.head")).await.unwrap();
    setup.own = Some(Arc::clone(&own));
    (setup.start_in(dir), own)
}

fn ledger(source: &ScriptedUpstream) -> Setup {
    let mut setup = setup(source.url());
    setup.sumdb = SumdbUse::Ledger;
    setup
}

fn public(database: &ScriptedUpstream) -> Setup {
    let vkey = TestLog::over("sum.example.com", &tree()).vkey();
    setup(database.url()).database(&vkey, &[], &database.url())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_module_is_recorded_as_its_database_has_it() {
    let mut db = ScriptedUpstream::with_log(tree(), TestLog::over("sum.example.com", &tree()));
    let (world, own) = beside_own(public(&db)).await;
    let got = world.get(&at(LOOKUP)).await.unwrap();
    assert_eq!((got.cache(), got.keep), (CacheStatus::Miss, Keep::Forever));
    let theirs = world.get(&format!("sumdb/sum.example.com/{LOOKUP}")).await.unwrap();
    let (ours, theirs) = (Lookup::parse(&got.bytes).unwrap(), Lookup::parse(&theirs.bytes).unwrap());
    assert_eq!((ours.id(), ours.text()), (0, theirs.text()));
    Head::open(ours.note(), own.verifier()).unwrap();
    assert!(matches!(absent(world.get(&at(UNKNOWN)).await), Absent::Everywhere { .. }));

    db.take_down();
    let again = world.get(&at(LOOKUP)).await.unwrap();
    assert_eq!((again.cache(), &again.bytes), (CacheStatus::Hit, &got.bytes));
    assert_eq!(world.stored(&at(LOOKUP)).await.unwrap().bytes, got.bytes);
    // That it cannot be verified now does not mean that it does not exist.
    let refused = world.get(&at(NEXT)).await.unwrap_err();
    assert!(matches!(refused, Refusal::Unverified(Unverified::Unreachable { .. })), "{refused}");
    assert!(matches!(world.stored(&at(NEXT)).await, Err(Refusal::Offline)));
    assert_eq!(audit(&own).await, 1);
    db.bring_up();
    world.get(&at(NEXT)).await.unwrap();
    assert_eq!(audit(&own).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_module_is_recorded_at_first_sight_and_no_database_hears_of_it() {
    let source = upstream();
    let db = ScriptedUpstream::with_log(tree(), TestLog::over("sum.example.com", &tree()));
    let mut setup = public(&db);
    setup.chain = source.url();
    setup.sumdb = SumdbUse::Ledger;
    let (world, own) = beside_own(setup).await;
    let got = world.get(&at(LOOKUP)).await.unwrap();
    let lookup = Lookup::parse(&got.bytes).unwrap();
    let version = gomod::Request::parse(ZIP).unwrap();
    let gomod::Request::Zip(version) = version else { panic!("{version:?}") };
    let recorded = lookup.hashes(&version).unwrap();
    let receipt = world.store.receipt(&version).await.unwrap().unwrap();
    for (kind, h1) in [(storage::Kind::Zip, recorded.zip), (storage::Kind::Mod, recorded.gomod)] {
        assert_eq!(receipt.fact(kind).unwrap().h1(), h1);
        assert!(h1.is_some());
    }
    assert!(matches!(absent(world.get(&at(UNKNOWN)).await), Absent::Everywhere { .. }));
    source.always("example.com/m/@v/v1.1.0.zip", Reply::status(500));
    assert_eq!(faults(world.get(&at(NEXT)).await).len(), 1);
    assert_eq!(audit(&own).await, 1);
    assert_eq!(db.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_was_moved_is_refused_and_the_record_stays() {
    let source = upstream();
    let (world, own) = beside_own(ledger(&source)).await;
    let first = world.get(&at(LOOKUP)).await.unwrap();
    let _kept = Arc::clone(world.dir());
    drop(world);
    // The store is lost, but for the log: what is fetched now is held to its record.
    let (moved, dir) = (ScriptedUpstream::serving(other_tree()), Arc::new(TempDir::new().unwrap()));
    let mut setup = ledger(&moved);
    setup.own = Some(Arc::clone(&own));
    let world = setup.start_in(dir);
    assert_eq!(world.get(&at(LOOKUP)).await.unwrap().bytes, first.bytes);
    world.get(ZIP).await.unwrap();
    let gomod::Request::Zip(version) = gomod::Request::parse(ZIP).unwrap() else { unreachable!() };
    let receipt = world.store.receipt(&version).await.unwrap().unwrap();
    let zip = receipt.fact(storage::Kind::Zip).unwrap().h1();
    let refused = own.append(&version, &sumdb::Hashes { zip, gomod: None }).await.unwrap_err();
    assert!(matches!(refused, mirror::OwnError::Recorded { id: 0, .. }), "{refused}");
    assert_eq!(audit(&own).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_vouches_for_it_so_nothing_is_recorded() {
    let source = upstream();
    let mut setup = ledger(&source);
    setup.sumdb = SumdbUse::Off;
    let (world, own) = beside_own(setup).await;
    assert!(matches!(absent(world.get(&at(LOOKUP)).await), Absent::NoDatabase));
    assert_eq!(audit(&own).await, 0);
    assert_eq!(source.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_askers_make_one_record_and_one_fetch() {
    let source = upstream();
    let (world, own) = beside_own(ledger(&source)).await;
    let world = Arc::new(world);
    let asking = (0..100).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.get(&at(LOOKUP)).await.unwrap().bytes })
    });
    let mut answers: Vec<_> = futures_util::future::join_all(asking).await;
    let first = answers.pop().unwrap().unwrap();
    assert!(answers.into_iter().all(|answer| answer.unwrap() == first));
    assert_eq!(audit(&own).await, 1);
    assert_eq!(source.asked(ZIP), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_and_heads_are_those_of_the_log_and_no_others() {
    let source = upstream();
    let (world, own) = beside_own(ledger(&source)).await;
    assert_eq!(world.get(&at("supported")).await.unwrap().text(), "");
    for path in [LOOKUP, NEXT] {
        world.get(&at(path)).await.unwrap();
    }
    let latest = world.get(&at("latest")).await.unwrap();
    assert_eq!(latest.keep, Keep::No);
    assert_eq!(Head::open(&latest.bytes, own.verifier()).unwrap().size, 2);
    for (path, len) in [("tile/8/0/000.p/1", 32), ("tile/8/0/000.p/2", 64)] {
        let tile = world.get(&at(path)).await.unwrap();
        assert_eq!((tile.bytes.len(), tile.keep), (len, Keep::Forever), "{path}");
    }
    let records = world.get(&at("tile/8/data/000.p/1")).await.unwrap();
    assert_eq!(sumdb::records(&records.bytes).unwrap().len(), 1);
    for path in ["tile/8/0/000.p/3", "tile/8/0/000", "tile/8/data/001.p/1", "tile/8/1/000.p/1"] {
        assert!(matches!(absent(world.get(&at(path)).await), Absent::Beyond), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_contradicts_the_pin_is_a_contradiction_and_is_not_recorded() {
    let (source, dir) = (upstream(), Arc::new(TempDir::new().unwrap()));
    drop(ledger(&source).start_in(Arc::clone(&dir)).get(ZIP).await.unwrap());
    let zip = dir.path().join("modules").join(ZIP);
    std::fs::remove_file(zip).unwrap();
    let moved = ScriptedUpstream::serving(other_tree());
    let options = OpenOptions { min_free: storage::MinFree::Percent(0), ..OpenOptions::default() };
    let store = Store::open(&Data::open(dir.path(), options).unwrap());
    let own = OwnLog::open(store, signer(1), dir.path().join("key.head")).await.unwrap();
    let mut setup = ledger(&moved);
    setup.own = Some(Arc::clone(&own));
    let refused = setup.start_in(Arc::clone(&dir)).get(&at(LOOKUP)).await.unwrap_err();
    assert!(matches!(refused, Refusal::Security(Security::Content(_))), "{refused}");
    assert_eq!(audit(&own).await, 0);
}
