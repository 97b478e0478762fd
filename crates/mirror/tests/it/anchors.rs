//! The anchor of a checksum database: what is stored proves itself, in any order, whenever and by whomever it was stored.

use std::{fs, path::Path, sync::Arc};

use futures_util::future::join_all;
use gomod::{DbName, TileId};
use mirror::{CacheStatus, Refusal};
use storage::{Key, Referee, Store};
use sumdb::{Head, Lookup, Tiles, Unproved, Verifier};
use testkit::{Gate, Lie, Module, ModuleTree, Part, Reply, ScriptedUpstream, TestLog};

use crate::{
    faults,
    world::{Setup, World, setup, until},
};

const NAME: &str = "sum.example.com/db";

fn log() -> TestLog {
    TestLog::over(NAME, &ModuleTree::default())
}

fn database(log: &TestLog) -> ScriptedUpstream {
    ScriptedUpstream::with_log(ModuleTree::default(), log.clone())
}

fn asking(log: &TestLog, database: &ScriptedUpstream) -> Setup {
    setup("").database(&log.vkey(), &[], &database.url())
}

fn module(n: u64) -> Module {
    let go_mod = ("go.mod".to_owned(), format!("module example.com/m{n}\n").into_bytes());
    Module::new(&format!("example.com/m{n}"), "v1.0.0", &[go_mod])
}

fn lookup(n: u64) -> String {
    format!("sumdb/{NAME}/lookup/example.com/m{n}@v1.0.0")
}

fn key(log: &TestLog) -> Verifier {
    Verifier::parse(&log.vkey()).unwrap()
}

fn size(note: &[u8], log: &TestLog) -> u64 {
    Head::open(note, &key(log)).unwrap().size
}

/// Proves lookups one after another as a `go` does that knows nothing yet and has only these objects: each head must be
/// one history with the largest seen so far, and each record lie in that one.
fn verify(
    log: &TestLog,
    lookups: impl IntoIterator<Item = Vec<u8>>,
    tile: impl Fn(TileId) -> Option<Vec<u8>>,
) {
    let mut known: Option<Head> = None;
    for body in lookups {
        let lookup = Lookup::parse(&body).unwrap();
        let signed = Head::open(lookup.note(), &key(log)).unwrap();
        let mut have = Tiles::new();
        let proved = loop {
            match sumdb::prove(known.as_ref(), &signed, &lookup, &have) {
                Ok(proved) => break proved,
                Err(Unproved::Need(ids)) => {
                    for id in ids {
                        let stored = tile(id).map(|body| (id, body));
                        let stored = stored.or_else(|| Some((id.full(), tile(id.full())?)));
                        let (id, body) =
                            stored.unwrap_or_else(|| panic!("{id} for record {} is not stored", lookup.id()));
                        have.insert(id, body);
                    }
                }
                Err(other) => panic!("record {}: {other}", lookup.id()),
            }
        };
        known = Some(proved.head);
    }
}

/// In several orders.
fn orders(lookups: &[Vec<u8>]) -> Vec<Vec<Vec<u8>>> {
    let mut orders = vec![lookups.to_vec(), lookups.iter().rev().cloned().collect()];
    for step in [3, 5, 7] {
        let picked = (0..step).flat_map(|first| lookups.iter().skip(first).step_by(step).cloned());
        orders.push(picked.collect());
    }
    orders
}

/// Everything below the directory, with nothing but the files that lie there plain.
fn verify_files(log: &TestLog, dir: &Path, count: u64) {
    let base = dir.join("modules/sumdb").join(NAME);
    let file = |name: String| fs::read(base.join(name)).ok();
    let lookups: Vec<_> =
        (0..count).map(|n| file(format!("lookup/example.com/m{n}@v1.0.0")).expect("it is stored")).collect();
    for order in orders(&lookups) {
        verify(log, order, |id| file(format!("tile/{id}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_many_days_prove_themselves_from_what_is_stored() {
    let log = log();
    let mut db = database(&log);
    let world = asking(&log, &db).start();
    let mut heads = Vec::new();
    // Heads on both sides of where tiles and levels become full.
    for (n, grown) in (0..).zip([0, 1, 253, 0, 1, 254, 3, 1_500, 1, 63_500, 1, 200, 66_000, 7]) {
        log.fill(grown);
        log.append(&module(n));
        world.get(&lookup(n)).await.unwrap();
        let body = world.stored(&lookup(n)).await.unwrap().bytes;
        heads.push(size(Lookup::parse(&body).unwrap().note(), &log));
    }
    assert_eq!(heads.last(), Some(&log.size()));
    assert!(heads.is_sorted());
    db.take_down();
    verify_files(&log, world.dir().path(), 14);

    let offline = asking(&log, &db).offline().start_in(Arc::clone(world.dir()));
    for n in [13, 0, 7, 1, 12, 4] {
        let got = offline.get(&lookup(n)).await.unwrap();
        assert_eq!(
            (got.cache(), got.bytes),
            (CacheStatus::Hit, world.stored(&lookup(n)).await.unwrap().bytes)
        );
    }
    let none = offline.get(&lookup(99)).await.unwrap_err();
    assert!(matches!(none, Refusal::Offline));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tile_is_asked_for_twice() {
    let log = log();
    log.fill(1000);
    let db = database(&log);
    let world = Arc::new(asking(&log, &db).start());
    for n in 0..40 {
        log.append(&module(n));
    }
    let asking = (0..40).map(|n| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.get(&lookup(n)).await.unwrap() })
    });
    for got in join_all(asking).await {
        got.unwrap();
    }
    let again = self::asking(&log, &db).start_in(Arc::clone(world.dir()));
    for n in 0..40 {
        assert_eq!(again.get(&lookup(n)).await.unwrap().cache(), CacheStatus::Hit);
    }
    let mut paths: Vec<_> = db.seen().into_iter().map(|seen| seen.path).collect();
    let all = paths.len();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), all, "{paths:?}");
    // 40 records, and the tiles along one edge.
    assert!(all <= 44, "{paths:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_heads_are_lived_with_and_stored_under_the_anchor() {
    let log = log();
    log.append(&module(0));
    log.fill(300);
    log.append(&module(1));
    let db = database(&log);
    let world = asking(&log, &db).start();
    world.get(&lookup(1)).await.unwrap();
    log.lie(Lie::OldHead(100));
    let got = world.get(&lookup(0)).await.unwrap();
    assert_eq!(size(Lookup::parse(&got.bytes).unwrap().note(), &log), 302);
    let latest = world.get(&format!("sumdb/{NAME}/latest")).await.unwrap();
    assert_eq!(size(&latest.bytes, &log), 302);
    verify_files(&log, world.dir().path(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_anchor_is_the_newest_head_whatever_the_first_lookup_came_with() {
    let log = log();
    log.append(&module(0));
    log.fill(301);
    let db = database(&log);
    let latest = format!("sumdb/{NAME}/latest");
    let head = asking(&log, &db).start().get(&latest).await.unwrap().bytes;
    let before = db.seen().len();
    log.lie(Lie::OldHead(100));
    let gate = Gate::new();
    db.always("latest", Reply::ok(head.clone()));
    db.always("lookup/*", Reply::natural().hold(&gate));
    let world = Arc::new(asking(&log, &db).start());
    let got = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.get(&lookup(0)).await }
    });
    // Asked for beside it.
    db.wait_asked("latest", 2);
    gate.open();
    let got = got.await.unwrap().unwrap();
    assert_eq!(size(Lookup::parse(&got.bytes).unwrap().note(), &log), 302);
    let mut asked: Vec<_> = db.seen().into_iter().skip(before).map(|seen| seen.path).collect();
    asked.sort();
    // None along the edge of the older tree.
    let lookup = "lookup/example.com/m0@v1.0.0";
    assert_eq!(asked, ["latest", lookup, "tile/8/0/000", "tile/8/0/001.p/46", "tile/8/1/000.p/1"]);
    verify_files(&log, world.dir().path(), 1);

    // A head that nobody proves, or nobody gives, is in nobody's way.
    for reply in [Reply::status(500), Reply::ok(b"no head\n".to_vec())] {
        db.always("latest", reply);
        asking(&log, &db).start().get(&self::lookup(0)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mirrors_on_one_directory_move_one_anchor() {
    let log = log();
    let db = database(&log);
    let first = asking(&log, &db).start();
    let second = asking(&log, &db).start_in(Arc::clone(first.dir()));
    let worlds = [Arc::new(first), Arc::new(second)];
    for round in 0..8 {
        let asking: Vec<_> = (round * 4..round * 4 + 4)
            .map(|n| {
                log.fill(90);
                log.append(&module(n));
                let world = Arc::clone(&worlds[usize::try_from(n % 2).unwrap()]);
                tokio::spawn(async move { world.get(&lookup(n)).await.unwrap() })
            })
            .collect();
        for got in join_all(asking).await {
            got.unwrap();
        }
    }
    verify_files(&log, worlds[0].dir().path(), 32);
    for world in &worlds {
        assert_eq!(world.meters.misbehaving.get(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_of_a_client_is_authentic_and_as_wide_as_it_asked() {
    let log = log();
    log.fill(300);
    log.append(&module(0));
    let mut db = database(&log);
    let world = asking(&log, &db).start();
    world.get(&lookup(0)).await.unwrap();
    let tile = |path: &str| format!("sumdb/{NAME}/tile/{path}");
    let full = world.get(&tile("8/0/000")).await.unwrap().bytes;
    // A client with an older head asks for the beginning of a tile that is full by now.
    for (part, len) in [("8/0/000.p/100", 100), ("8/0/001.p/20", 20), ("8/0/001.p/45", 45)] {
        let got = world.get(&tile(part)).await.unwrap();
        assert_eq!((got.cache(), got.bytes.len()), (CacheStatus::Hit, len * 32), "{part}");
        if part.contains("/000") {
            assert_eq!(got.bytes, full[..len * 32]);
        }
    }
    let data = world.get(&tile("8/data/001.p/45")).await.unwrap();
    assert_eq!(sumdb::records(&data.bytes).unwrap().len(), 45);
    assert_eq!(sumdb::records(&world.get(&tile("8/data/001.p/5")).await.unwrap().bytes).unwrap().len(), 5);

    // A client that has seen a newer head moves the anchor.
    let before = db.asked("latest");
    log.fill(100);
    assert_eq!(world.get(&tile("8/0/001.p/140")).await.unwrap().bytes.len(), 140 * 32);
    assert_eq!(db.asked("latest"), before + 1);
    crate::absent(world.get(&tile("8/0/001.p/200")).await);
    db.take_down();
    for path in ["8/0/000", "8/0/001.p/20", "8/0/001.p/140", "8/data/001.p/45"] {
        let stored = asking(&log, &db).offline().start_in(Arc::clone(world.dir()));
        assert_eq!(stored.get(&tile(path)).await.unwrap().cache(), CacheStatus::Hit, "{path}");
    }
}

/// Stops the disk at each change, for good, or for this change alone; what is stored proves itself then and later.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_any_two_writes_leaves_what_proves_itself() {
    let dir = tempfile::tempdir().unwrap();
    let data = storage::Data::open(dir.path(), storage::OpenOptions::default()).unwrap();
    let store = |referee: &Referee| {
        Arc::new(Store::new(
            Arc::new(referee.clone()),
            Arc::clone(data.staging()),
            Arc::new(storage::NoCatalog),
        ))
    };
    for persisted in [false, true] {
        for dead_for in [1, 1000] {
            for at in 0.. {
                let referee = Referee::default();
                let log = log();
                let db = database(&log);
                log.append(&module(0));
                log.fill(254);
                let world = asking(&log, &db).start_over(store(&referee));
                world.get(&lookup(0)).await.unwrap();
                let before = referee.changes();
                for n in at..at + dead_for {
                    if persisted && n == at {
                        referee.fail_but_persist(n);
                    } else {
                        referee.fail_and_not_persist(n);
                    }
                }
                for n in 1..4 {
                    log.append(&module(n));
                    world.get(&lookup(n)).await.unwrap();
                }
                let changes = referee.changes() - before;
                verify_store(&log, &store(&referee)).await;
                if dead_for == 1 {
                    log.append(&module(4));
                    world.get(&lookup(4)).await.unwrap();
                    verify_store(&log, &store(&referee)).await;
                }
                if at > changes {
                    break;
                }
            }
        }
    }
}

async fn verify_store(log: &TestLog, store: &Store) {
    let name = DbName::new(NAME).unwrap();
    let mut lookups = Vec::new();
    for n in 0..5 {
        let path = gomod::ModulePath::new(&format!("example.com/m{n}")).unwrap();
        let version = gomod::ModuleVersion::new(path, "v1.0.0".parse().unwrap()).unwrap();
        let key = Key::Lookup(name.clone(), version);
        lookups.extend(store.small(&key).await.unwrap().map(|body| body.to_vec()));
    }
    let tile = |id| {
        let key = Key::Tile(name.clone(), id);
        // The referee's memory is there at once.
        futures_util::FutureExt::now_or_never(store.small(&key)).unwrap().unwrap().map(|body| body.to_vec())
    };
    for order in orders(&lookups) {
        verify(log, order, tile);
    }
}

/// Lies that a source tells with the database's own signatures.
fn lies() -> Vec<(&'static str, Lie)> {
    vec![
        ("an altered tile", Lie::HashTile(0)),
        ("an altered tile above", Lie::HashTile(1)),
        ("a tile that is cut", Lie::CutTile),
        ("a full tile for a part", Lie::FullForPartial),
        ("an altered record", Lie::Record(module(5))),
        ("another record", Lie::AnotherRecord),
        ("a record without the line", Lie::NoLine),
        ("lines in the note", Lie::LinesInNote(module(5))),
        ("another number", Lie::Number),
        ("a wrong signature", Lie::Signature),
        ("a stranger's signature", Lie::Stranger),
        ("a head that is too small", Lie::TooSmallHead),
        ("a page", Lie::Page(Part::Lookups)),
        ("a page for a tile", Lie::Page(Part::Tiles)),
        ("noise", Lie::Huge(Part::Tiles)),
    ]
}

/// `example.com/m5` with other content than the log has, if it is asked for.
fn grown() -> TestLog {
    let log = log();
    log.fill(600);
    let right = [("go.mod".to_owned(), b"module example.com/m5 // right\n".to_vec())];
    log.append(&Module::new("example.com/m5", "v1.0.0", &right));
    log.fill(100);
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_lies_is_passed_over_and_marks_nothing() {
    let path = lookup(5);
    let truth = {
        let log = grown();
        asking(&log, &database(&log)).start().get(&path).await.unwrap().bytes
    };
    for (what, lie) in lies() {
        let log = grown();
        let liar = log.elsewhere();
        liar.lie(lie.clone());
        let (proxy, db) = (database(&liar), database(&log));
        let world = setup("").database(&log.vkey(), &[&proxy], &db.url()).start();
        assert_eq!(world.get(&path).await.unwrap().bytes, truth, "{what}");
        assert!(world.meters.database_lies.get() > 0 || matches!(lie, Lie::Huge(_)), "{what}");
        assert_eq!(world.meters.misbehaving.get(), 0, "{what}");
        verify_one(&log, &world);

        // Nobody else can be asked: it is a failure, and nothing is kept; it ends with the lie.
        let db = database(&liar);
        let world = asking(&log, &db).start();
        faults(world.get(&path).await);
        assert!(matches!(world.stored(&path).await, Err(Refusal::Offline)), "{what}");
        assert_eq!(world.meters.misbehaving.get(), 0, "{what}");
        liar.be_honest();
        assert_eq!(world.get(&path).await.unwrap().bytes, truth, "{what}");
        verify_one(&log, &world);
    }
}

fn verify_one(log: &TestLog, world: &World) {
    let base = world.dir().path().join("modules/sumdb").join(NAME);
    let body = fs::read(base.join("lookup/example.com/m5@v1.0.0")).unwrap();
    verify(log, [body], |id| fs::read(base.join(format!("tile/{id}"))).ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_disk_altered_is_asked_for_again() {
    let log = grown();
    let mut db = database(&log);
    let world = asking(&log, &db).start();
    let path = lookup(5);
    let truth = world.get(&path).await.unwrap().bytes;
    // The same signed tree with another record, whole by its checksum.
    let text = std::str::from_utf8(&truth).unwrap();
    let h1 = text.find("h1:").unwrap() + 3;
    let mut altered = truth.clone();
    altered[h1] = if altered[h1] == b'A' { b'B' } else { b'A' };
    let store = {
        let options = storage::OpenOptions {
            min_free: storage::MinFree::Percent(0),
            ..storage::OpenOptions::default()
        };
        Store::open(&storage::Data::open(world.dir().path(), options).unwrap())
    };
    let version = gomod::ModulePath::new("example.com/m5").unwrap();
    let version = gomod::ModuleVersion::new(version, "v1.0.0".parse().unwrap()).unwrap();
    let key = Key::Lookup(NAME.parse().unwrap(), version);
    store.replace_small(&key, altered.into()).await.unwrap();

    let offline = asking(&log, &db).offline().start_in(Arc::clone(world.dir()));
    assert!(matches!(offline.get(&path).await, Err(Refusal::Unverified(_))));
    db.take_down();
    faults(asking(&log, &db).start_in(Arc::clone(world.dir())).get(&path).await);
    db.bring_up();
    let again = asking(&log, &db).start_in(Arc::clone(world.dir()));
    assert_eq!(again.get(&path).await.unwrap().bytes, truth);
    assert_eq!(offline.get(&path).await.unwrap().bytes, truth);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_took_away_comes_again() {
    let log = grown();
    log.append(&module(6));
    let db = database(&log);
    let world = asking(&log, &db).start();
    world.get(&lookup(6)).await.unwrap();
    for sort in ["modules", "answers"] {
        fs::remove_dir_all(world.dir().path().join(sort).join("sumdb")).unwrap();
    }
    for n in 0..5 {
        log.append(&module(n));
        world.get(&lookup(n)).await.unwrap();
    }
    verify_files(&log, world.dir().path(), 5);
    // A part of it: the next one that needs it.
    let tiles = world.dir().path().join("answers/sumdb").join(NAME).join("tile");
    fs::remove_dir_all(tiles).unwrap();
    fs::remove_dir_all(world.dir().path().join("modules/sumdb").join(NAME).join("tile")).unwrap();
    let again = asking(&log, &db).start_in(Arc::clone(world.dir()));
    for n in 0..5 {
        assert_eq!(again.get(&lookup(n)).await.unwrap().cache(), CacheStatus::Hit);
    }
    verify_files(&log, world.dir().path(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_signs_two_histories_is_not_used_until_an_operator_says_so() {
    let log = grown();
    log.append(&module(6));
    let other = log.fork(&module(5));
    for (what, path, older) in [
        ("a longer history", lookup(6), false),
        ("another of the same length", lookup(6), true),
        ("the newest head", format!("sumdb/{NAME}/latest"), false),
    ] {
        let log = log.elsewhere();
        let db = database(&log);
        let world = asking(&log, &db).start();
        world.get(&lookup(5)).await.unwrap();
        let beside = asking(&log, &db).start_in(Arc::clone(world.dir()));
        beside.get(&lookup(5)).await.unwrap();
        let fork = other.elsewhere();
        if !older {
            fork.fill(1);
        }
        log.lie(Lie::Instead(fork));
        let secured = |refusal: Result<_, Refusal>| match refusal {
            Err(Refusal::Security(mirror::Security::Database(found))) => found,
            other => panic!("{what}: {other:?}"),
        };
        let mut changes = world.mirror.changes();
        let found = secured(world.get(&path).await);
        assert!(found.why.contains("two histories"), "{}", found.why);
        assert_eq!(changes.recv().await.unwrap(), mirror::Change::Everything);
        assert_eq!(world.meters.misbehaving.get(), 1);
        log.be_honest();
        // Everything that depends on it, also what is stored, also after a restart.
        let again = asking(&log, &db).start_in(Arc::clone(world.dir()));
        let all =
            [lookup(5), lookup(6), format!("sumdb/{NAME}/latest"), format!("sumdb/{NAME}/tile/8/0/000")];
        for path in all {
            secured(world.get(&path).await);
            assert_eq!(secured(again.get(&path).await), found);
        }
        // Another process that runs sees it too, within a second.
        until(async || matches!(beside.get(&lookup(5)).await, Err(Refusal::Security(_)))).await;
        again.get(&format!("sumdb/{NAME}/supported")).await.unwrap();
        let mark = world.dir().path().join("answers/sumdb").join(NAME).join("@misbehaviour");
        let evidence = fs::read_to_string(&mark).unwrap();
        assert_eq!(evidence.matches("\ngo.sum database tree\n").count(), 4, "{evidence}");
        assert_eq!(evidence.matches("\u{2014} sum.example.com/db ").count(), 2, "{evidence}");
        fs::remove_file(&mark).unwrap();
        let again = asking(&log, &db).start_in(Arc::clone(world.dir()));
        again.get(&lookup(6)).await.unwrap();
        // The process that found it sees it too, within a second.
        until(async || world.get(&lookup(6)).await.is_ok()).await;
        assert_eq!(world.meters.misbehaving.get(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_another_history_in_the_directory_is_noticed() {
    let log = grown();
    log.append(&module(6));
    let other = log.fork(&module(5));
    other.fill(3);
    let (db, forked) = (database(&log), database(&other));
    let world = asking(&log, &db).start();
    world.get(&lookup(5)).await.unwrap();
    for sort in ["modules", "answers"] {
        fs::remove_dir_all(world.dir().path().join(sort).join("sumdb")).unwrap();
    }
    asking(&log, &forked).start_in(Arc::clone(world.dir())).get(&lookup(6)).await.unwrap();
    let refusal = world.get(&lookup(6)).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Security(_)), "{refusal}");
    assert_eq!(world.meters.misbehaving.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_fine_as_soon_as_the_database_is() {
    let log = grown();
    let db = database(&log);
    let world = asking(&log, &db).start();
    for pattern in ["lookup/*", "tile/*"] {
        db.always(pattern, Reply::status(500));
        faults(world.get(&lookup(5)).await);
        db.natural();
    }
    world.get(&lookup(5)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_add_to_a_note_is_not_stored_with_every_record() {
    let log = grown();
    for path in [lookup(5), format!("sumdb/{NAME}/latest")] {
        let db = database(&log);
        let added = format!("\u{2014} other.example.com {}\n", "AAAA".repeat(40_000)).repeat(5);
        db.always("*lookup/*", Reply::natural().edit(move |body| body.extend_from_slice(added.as_bytes())));
        let added = format!("\u{2014} other.example.com {}\n", "AAAA".repeat(40_000)).repeat(5);
        db.always("*latest", Reply::natural().edit(move |body| body.extend_from_slice(added.as_bytes())));
        let world = asking(&log, &db).start();
        world.get(&path).await.unwrap();
        db.natural();
        let body = world.get(&lookup(5)).await.unwrap().bytes;
        assert!(body.len() < 1000, "{} bytes after {path}", body.len());
        verify(&log, [body], |id| fs::read(world.file(&format!("sumdb/{NAME}/tile/{id}"))).ok());
        let note = world.stored(&format!("sumdb/{NAME}/latest")).await.unwrap().bytes;
        assert!(note.len() < 1000, "{} bytes after {path}", note.len());
    }
    // Few and short ones stay.
    let db = database(&log);
    let added = "\u{2014} witness.example.com AAAAAAAA\n";
    db.always("*latest", Reply::natural().edit(|body| body.extend_from_slice(added.as_bytes())));
    let world = asking(&log, &db).start();
    let note = world.get(&format!("sumdb/{NAME}/latest")).await.unwrap();
    assert!(note.text().ends_with(added), "{}", note.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_past_a_mark_that_has_not_been_looked_for_yet() {
    let log = grown();
    let db = database(&log);
    let world = asking(&log, &db).start();
    for n in 0..5 {
        log.append(&module(n));
    }
    for n in 0..6 {
        world.get(&lookup(n)).await.unwrap();
    }
    let name: DbName = NAME.parse().unwrap();
    world.store.put_misbehaviour(&name, "it signed two histories".into()).await.unwrap();
    for _ in 0..20 {
        let again = asking(&log, &db).start_in(Arc::clone(world.dir()));
        let all: Vec<_> = (0..6).map(lookup).chain([format!("sumdb/{NAME}/tile/8/0/000")]).collect();
        for got in join_all(all.iter().map(|path| again.get(path))).await {
            assert!(matches!(got, Err(Refusal::Security(_))), "{got:?}");
        }
    }
}
