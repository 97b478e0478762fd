//! The checksum database, passed through.

use gomod::Request;
use mirror::{Absent, CacheStatus, Change, Keep, Refusal};
use testkit::{Gate, Reply, ScriptedUpstream, TestLog};

use crate::{
    absent, faults, tree,
    world::{Setup, World, setup, until},
};

const NAME: &str = "sum.example.com/db";
const SUPPORTED: &str = "sumdb/sum.example.com/db/supported";
const LATEST: &str = "sumdb/sum.example.com/db/latest";
const LOOKUP: &str = "sumdb/sum.example.com/db/lookup/example.com/m@v1.0.0";
const UNKNOWN: &str = "sumdb/sum.example.com/db/lookup/example.com/m@v1.9.9";
const TILE: &str = "sumdb/sum.example.com/db/tile/8/0/000.p/3";
const DATA: &str = "sumdb/sum.example.com/db/tile/8/data/000.p/3";

fn log() -> TestLog {
    TestLog::over(NAME, &tree())
}

/// The database itself, which has no modules here.
fn database() -> ScriptedUpstream {
    ScriptedUpstream::with_log(tree(), log())
}

fn asking(database: &ScriptedUpstream) -> Setup {
    setup("").database(&log().vkey(), &[], &database.url())
}

/// What the database says under a path of its own.
fn own(path: &str) -> String {
    path.strip_prefix(&format!("sumdb/{NAME}/")).unwrap().to_owned()
}

fn sent(path: &str) -> Vec<u8> {
    let database = database();
    let mut connection = testkit::Connection::open(database.address());
    connection.request("GET", &format!("/{}", own(path)), &[]).expect(200).body
}

#[tokio::test(flavor = "multi_thread")]
async fn supported_is_said_of_configured_databases_always_and_of_no_others() {
    let mut db = database();
    let world = asking(&db).start();
    db.take_down();
    for got in [world.get(SUPPORTED).await, world.stored(SUPPORTED).await] {
        assert_eq!(got.unwrap().text(), "");
    }
    for path in ["sumdb/other.example.com/supported", "sumdb/sum.example.com/supported"] {
        assert!(matches!(absent(world.get(path).await), Absent::UnknownDatabase));
        assert!(matches!(absent(setup("off").start().get(path).await), Absent::UnknownDatabase));
    }
    for rest in ["latest", "lookup/example.com/m@v1.0.0", "tile/8/0/000.p/3"] {
        let path = format!("sumdb/other.example.com/{rest}");
        assert!(matches!(absent(world.get(&path).await), Absent::UnknownDatabase));
    }
    assert_eq!(db.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_relayed_byte_for_byte_and_kept() {
    let mut db = database();
    let world = asking(&db).start();
    // The proof of the record has brought its tile.
    for (path, cache) in [
        (LATEST, CacheStatus::Miss),
        (LOOKUP, CacheStatus::Miss),
        (TILE, CacheStatus::Hit),
        (DATA, CacheStatus::Miss),
    ] {
        let got = world.get(path).await.unwrap();
        assert_eq!((got.cache(), &got.bytes), (cache, &sent(path)), "{path}");
        assert_eq!(world.stored(path).await.unwrap().bytes, got.bytes);
    }
    db.take_down();
    for path in [LOOKUP, TILE, DATA] {
        let got = world.get(path).await.unwrap();
        assert_eq!((got.cache(), got.keep, got.bytes), (CacheStatus::Hit, Keep::Forever, sent(path)));
        assert_eq!(db.asked(&own(path)), 1);
    }
    let head = world.later(LATEST).await.unwrap();
    assert_eq!((head.cache(), head.bytes), (CacheStatus::Stale, sent(LATEST)));
    let offline = asking(&db).offline().start_in(std::sync::Arc::clone(world.dir()));
    for path in [LATEST, LOOKUP, TILE, DATA] {
        assert_eq!(offline.get(path).await.unwrap().bytes, sent(path));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_head_is_kept_like_every_answer_that_changes() {
    let mut db = database();
    let world = asking(&db).start();
    assert_eq!(world.get(LATEST).await.unwrap().cache(), CacheStatus::Miss);
    let fresh = world.get(LATEST).await.unwrap();
    assert_eq!(fresh.cache(), CacheStatus::Hit);
    assert!(matches!(fresh.keep, Keep::For(_)) && fresh.meta.age.is_some());
    assert_eq!(db.asked("latest"), 1);

    let mut changes = world.mirror.changes();
    assert_eq!(world.later(LATEST).await.unwrap().cache(), CacheStatus::Revalidated);
    assert_eq!(changes.recv().await.unwrap(), Change::Answer(Request::parse(LATEST).unwrap()));
    assert_eq!(world.confirmed(LATEST).await.unwrap().cache(), CacheStatus::Revalidated);
    assert_eq!(db.asked("latest"), 3);
    let gate = Gate::new();
    db.script("latest", [Reply::natural().hold(&gate)]);
    assert_eq!(world.soon(LATEST).await.unwrap().cache(), CacheStatus::Stale);
    gate.open();
    until(async || db.asked("latest") == 4).await;

    // A process that has just started does not know how old its head is.
    let again = asking(&db).start_in(std::sync::Arc::clone(world.dir()));
    assert_eq!(again.get(LATEST).await.unwrap().cache(), CacheStatus::Revalidated);
    assert_eq!(again.get(LATEST).await.unwrap().cache(), CacheStatus::Hit);
    db.take_down();
    let last = asking(&db).start_in(std::sync::Arc::clone(world.dir()));
    let stale = last.get(LATEST).await.unwrap();
    assert_eq!((stale.cache(), stale.keep, stale.bytes), (CacheStatus::Stale, Keep::No, fresh.bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_was_asked_is_refused_and_never_stored() {
    let signature = |text: &mut Vec<u8>| {
        let last = text.len() - 10;
        text[last] = if text[last] == b'A' { b'B' } else { b'A' };
    };
    let other_log = TestLog::over("elsewhere.example.com", &tree());
    let cases = [
        ("a bad signature", LATEST, Reply::natural().edit(signature)),
        ("a bad signature", LOOKUP, Reply::natural().edit(signature)),
        ("a head of another log", LATEST, Reply::ok(other_log.head())),
        (
            "a record of another module",
            LOOKUP,
            Reply::ok(sent("sumdb/sum.example.com/db/lookup/example.com/m@v1.1.0")),
        ),
        ("a page", LOOKUP, Reply::html()),
        ("nothing", LOOKUP, Reply::ok("")),
        ("a tile of the wrong size", TILE, Reply::ok(vec![0; 95])),
        ("nothing", TILE, Reply::ok("")),
        ("nothing", DATA, Reply::ok("")),
    ];
    for (what, path, reply) in cases {
        let db = database();
        db.always(&own(path), reply);
        let world = asking(&db).start();
        assert_eq!(faults(world.get(path).await).len(), 1, "{what}");
        assert!(matches!(world.stored(path).await, Err(Refusal::Offline)), "{what}");
        db.natural();
        assert_eq!(world.get(path).await.unwrap().bytes, sent(path), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_is_a_databases_own_word_and_never_that_of_a_proxy() {
    let (mut proxy, db) = (database(), database());
    proxy.always("sumdb/*", Reply::status(404));
    let world = setup("").database(&log().vkey(), &[&proxy], &db.url()).start();
    assert_eq!(world.get(LOOKUP).await.unwrap().bytes, sent(LOOKUP));
    assert_eq!(proxy.asked(LOOKUP), 1);
    let unknown = absent(world.get(UNKNOWN).await).to_string();
    assert!(unknown.contains("is not in this log"), "{unknown}");
    absent(world.get(UNKNOWN).await);
    assert_eq!(db.asked(&own(UNKNOWN)), 1);

    // It is, also when the proxy fails, and it is not, when the database does.
    proxy.take_down();
    let next = UNKNOWN.replace("v1.9.9", "v1.9.8");
    absent(world.get(&next).await);
    proxy.bring_up();
    db.always("*", Reply::status(500));
    let next = UNKNOWN.replace("v1.9.9", "v1.9.7");
    assert_eq!(faults(world.get(&next).await).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_is_the_word_of_a_proxy_that_says_it_relays_the_database() {
    let (proxy, db) = (database(), database());
    db.always("*", Reply::status(500));
    let world = setup("").database(&log().vkey(), &[&proxy], &db.url()).start();
    let unknown = absent(world.get(UNKNOWN).await).to_string();
    assert!(unknown.contains("is not in this log"), "{unknown}");
    assert_eq!(proxy.asked(SUPPORTED), 1);
    assert_eq!(db.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_carries_the_database_spares_it() {
    let (proxy, db) = (database(), database());
    let world = setup("").database(&log().vkey(), &[&proxy], &db.url()).start();
    for path in [LATEST, LOOKUP, TILE] {
        assert_eq!(world.get(path).await.unwrap().bytes, sent(path));
    }
    assert_eq!(db.seen().len(), 0);
    // A proxy that lies is a failure, and the database is asked.
    proxy.always(DATA, Reply::html());
    assert_eq!(world.get(DATA).await.unwrap().bytes, sent(DATA));
    assert_eq!(world.meters.absorbed.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_is_no_absence() {
    let mut db = database();
    db.take_down();
    let world: World = asking(&db).start();
    for path in [LATEST, LOOKUP, TILE, DATA] {
        faults(world.get(path).await);
        assert!(matches!(world.stored(path).await, Err(Refusal::Offline)));
    }
}

/// The signed head says so, and no source is asked for what it cannot have.
#[tokio::test(flavor = "multi_thread")]
async fn a_tile_beyond_the_newest_tree_is_absent_and_asked_of_nobody() {
    const BEYOND: [&str; 3] = ["tile/8/0/x999/999", "tile/8/0/000.p/200", "tile/8/data/x001/000"];
    let log = log();
    let mut db = ScriptedUpstream::with_log(tree(), log.clone());
    let world = asking(&db).start();
    for known in [false, true] {
        for path in BEYOND {
            let why = absent(world.get(&format!("sumdb/{NAME}/{path}")).await);
            assert!(matches!(why, Absent::Beyond), "{path}: {why}");
        }
        assert_eq!(db.asked("tile/8/0/x999/999") + db.asked("tile/8/data/*"), 0);
        if !known {
            world.get(LOOKUP).await.unwrap();
        }
    }
    // It has grown, and whoever has seen that elsewhere gets its tiles.
    log.fill(300);
    let grown = world.later(&format!("sumdb/{NAME}/{}", BEYOND[1])).await.unwrap();
    assert_eq!(grown.bytes.len(), 200 * 32);
    // What it says now is not known.
    db.take_down();
    for path in [BEYOND[0], BEYOND[2]] {
        faults(world.later(&format!("sumdb/{NAME}/{path}")).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_askers_of_one_record_make_one_request() {
    let db = database();
    let world = std::sync::Arc::new(asking(&db).start());
    for path in [LOOKUP, TILE] {
        let asking = (0..100).map(|_| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move { world.get(path).await.unwrap().bytes })
        });
        for got in futures_util::future::join_all(asking).await {
            assert_eq!(got.unwrap(), sent(path));
        }
        assert_eq!(db.asked(&own(path)), 1, "{path}");
    }
}
