//! The catalog: an index that may be lost at any time.

use std::{fs, path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;
use storage::{Catalog, CatalogError, Event, Kind, Receipt, SqliteCatalog, State, Store, Totals, Used};

use crate::world::{fact, mv, noise, open, process, store};

async fn publish(store: &Store, what: &str, size: usize) {
    let mut staging = store.stage();
    staging.append(noise(size, 1)).await.unwrap();
    let staged = staging.finish();
    store.publish(&mv(what), Kind::Zip, &staged, fact(&staged, Kind::Zip, what)).await.unwrap();
}

async fn totals(store: &Store) -> Totals {
    store.catalog().totals().await.unwrap()
}

/// Waits until the index holds every receipt.
async fn complete(store: &Store) {
    let complete = async {
        while !store.catalog().is_complete().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), complete).await.expect("the index is never complete");
}

fn broken(dir: &Path) -> usize {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("catalog.sqlite.broken-")).count()
}

fn event(what: &str, size: usize) -> Event {
    let staged = storage::StagingArea::in_memory(0).whole(noise(size, 1));
    let receipt = Receipt::new(mv(what), State::Verified);
    Event::Stored(Box::new(receipt.with(Kind::Zip, fact(&staged, Kind::Zip, what))))
}

#[tokio::test]
async fn what_is_stored_is_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(dir.path());
    let store = Store::open(&data);
    complete(&store).await;
    publish(&store, "example.com/a@v1.0.0", 1000).await;
    publish(&store, "example.com/a@v1.1.0", 500).await;
    publish(&store, "example.com/a@v1.1.0", 500).await;
    // Jobs are done in order, so this one comes behind the events.
    assert_eq!(totals(&store).await, Totals { versions: 2, bytes: 1500 });
}

#[tokio::test]
async fn an_event_recorded_again_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::start(&open(dir.path()));
    let aside = Event::Quarantined {
        version: mv("example.com/a@v1.0.0"),
        kind: Kind::Zip,
        reason: "a test".into(),
        at: Timestamp::UNIX_EPOCH,
    };
    for _ in 0..3 {
        catalog.record(vec![event("example.com/a@v1.0.0", 10), aside.clone()]).await.unwrap();
    }
    catalog.record(Vec::new()).await.unwrap();
    assert_eq!(catalog.totals().await.unwrap(), Totals { versions: 1, bytes: 10 });
    drop(catalog);
    let rows: i64 = rusqlite::Connection::open(dir.path().join("catalog.sqlite"))
        .unwrap()
        .query_row("SELECT COUNT(*) FROM quarantine", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn a_future_nobody_awaits_is_recorded_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(dir.path());
    let catalog = SqliteCatalog::start(&data);
    for n in 0..500 {
        drop(catalog.record(vec![event(&format!("example.com/a@v1.{n}.0"), 1)]));
    }
    drop(catalog);
    let catalog = SqliteCatalog::start(&data);
    assert_eq!(catalog.totals().await.unwrap().versions, 500);
}

#[tokio::test]
async fn the_last_use_is_kept_and_never_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::start(&open(dir.path()));
    let version = mv("example.com/a@v1.0.0");
    catalog.record(vec![event("example.com/a@v1.0.0", 10)]).await.unwrap();
    for second in [5, 9] {
        let at = Timestamp::from_second(second).unwrap();
        catalog.note(Used { version: version.clone(), kind: Kind::Zip, at });
    }
    catalog.note(Used { version: mv("example.com/unknown@v1.0.0"), kind: Kind::Zip, at: Timestamp::MAX });
    drop(catalog);
    let used = || -> i64 {
        let db = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
        db.query_row("SELECT used FROM versions", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(used(), 9_000_000);
    let catalog = SqliteCatalog::start(&open(dir.path()));
    catalog.note(Used { version, kind: Kind::Mod, at: Timestamp::UNIX_EPOCH });
    catalog.record(vec![event("example.com/a@v1.0.0", 10)]).await.unwrap();
    drop(catalog);
    assert_eq!(used(), 9_000_000);
}

#[tokio::test]
async fn several_processes_write_one_catalog() {
    let dir = tempfile::tempdir().unwrap();
    let catalogs: Vec<_> = (0..4).map(|_| Arc::new(SqliteCatalog::start(&open(dir.path())))).collect();
    let mut tasks = Vec::new();
    for (i, catalog) in catalogs.iter().enumerate() {
        for n in 0..50 {
            let recorded = catalog.record(vec![event(&format!("example.com/p{i}@v1.{n}.0"), 1)]);
            tasks.push(tokio::spawn(recorded));
        }
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(catalogs[0].totals().await.unwrap().versions, 200);
}

#[test]
fn a_lost_catalog_is_rebuilt_from_the_receipts() {
    let dir = tempfile::tempdir().unwrap();
    process(dir.path(), async |store| {
        for n in 0..20 {
            publish(&store, &format!("example.com/Mixed/a{n}@v1.0.0"), 100).await;
        }
    });
    for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
        let _ = fs::remove_file(dir.path().join(name));
    }
    process(dir.path(), async |store| {
        complete(&store).await;
        assert_eq!(totals(&store).await, Totals { versions: 20, bytes: 2000 });
    });
    assert_eq!(broken(dir.path()), 0);
}

#[test]
fn a_damaged_catalog_is_moved_aside_and_rebuilt() {
    let text = "this is no database, but long enough to look like one: it has more than a header";
    for damage in [text.repeat(50), String::new()] {
        let dir = tempfile::tempdir().unwrap();
        process(dir.path(), async |store| publish(&store, "example.com/a@v1.0.0", 100).await);
        fs::write(dir.path().join("catalog.sqlite"), damage).unwrap();
        process(dir.path(), async |store| {
            complete(&store).await;
            assert_eq!(totals(&store).await, Totals { versions: 1, bytes: 100 });
        });
        assert_eq!(broken(dir.path()), 1);
    }
}

#[test]
fn damage_inside_is_found_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    process(dir.path(), async |store| {
        for n in 0..300 {
            publish(&store, &format!("example.com/a@v1.{n}.0"), 1).await;
        }
    });
    let path = dir.path().join("catalog.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    let len = bytes.len();
    bytes[4096..len - 4096].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    process(dir.path(), async |store| {
        complete(&store).await;
        assert_eq!(totals(&store).await.versions, 300);
    });
    assert_eq!(broken(dir.path()), 1);
}

#[tokio::test]
async fn a_catalog_in_use_is_not_moved_away_from_under_its_user() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(dir.path());
    complete(&first).await;
    publish(&first, "example.com/a@v1.0.0", 100).await;
    assert_eq!(totals(&first).await.versions, 1);
    fs::remove_file(dir.path().join("catalog.sqlite")).unwrap();
    let second = store(dir.path());
    let refused = second.catalog().totals().await;
    assert!(matches!(refused, Err(CatalogError::Unavailable)), "{refused:?}");
    // Without a catalog everything else goes on.
    publish(&second, "example.com/a@v1.1.0", 100).await;
    assert!(second.catalog().lease("x").await.unwrap().is_some());
    publish(&first, "example.com/a@v1.2.0", 100).await;
}

#[test]
fn a_newer_catalog_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    process(dir.path(), async |store| complete(&store).await);
    let path = dir.path().join("catalog.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    process(dir.path(), async |store| {
        assert!(matches!(store.catalog().totals().await, Err(CatalogError::Unavailable)));
        publish(&store, "example.com/a@v1.0.0", 100).await;
    });
    assert_eq!(broken(dir.path()), 0);
}

/// The lists of stored versions and the index are looked through after a crash.
#[test]
fn after_a_crash_the_index_and_the_lists_are_looked_through() {
    let dir = tempfile::tempdir().unwrap();
    process(dir.path(), async |store| {
        publish(&store, "example.com/a@v1.0.0", 100).await;
        complete(&store).await;
    });
    fs::write(dir.path().join("modules/example.com/a/@v/v1.0.0.info"), "{}").unwrap();
    let db = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
    db.execute("DELETE FROM versions", []).unwrap();
    drop(db);
    let left = dir.path().join("staging/1-0");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("owner"), "").unwrap();

    process(dir.path(), async |store| {
        let looked_through = async {
            while totals(&store).await.versions == 0 || !store.catalog().is_complete().await.unwrap() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), looked_through).await.expect("nobody looks");
    });
    let list = fs::read_to_string(dir.path().join("modules/example.com/a/@v/list")).unwrap();
    assert_eq!(list, "v1.0.0\n");
}

#[tokio::test]
async fn a_lease_has_one_holder_among_processes() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (SqliteCatalog::start(&open(dir.path())), SqliteCatalog::start(&open(dir.path())));
    let held = one.lease("fetch/example.com/a@v1.0.0.zip").await.unwrap().unwrap();
    assert!(two.lease("fetch/example.com/a@v1.0.0.zip").await.unwrap().is_none());
    assert!(one.lease("fetch/example.com/a@v1.0.0.zip").await.unwrap().is_none());
    let other = two.lease("fetch/example.com/a@v1.0.0.mod").await.unwrap();
    assert!(other.is_some());
    drop(held);
    assert!(two.lease("fetch/example.com/a@v1.0.0.zip").await.unwrap().is_some());
}
