//! The table of what was refused, and the list of what has a receipt.

use std::sync::Arc;

use gomod::H1;
use jiff::Timestamp;
use storage::{
    Catalog, CatalogError, Event, Kind, NoCatalog, Offence, Receipt, Refused, SqliteCatalog, State,
};

use crate::world::{hash, mv, open};

fn refused(offence: Offence, second: i64) -> Refused {
    let at = Timestamp::from_second(second).unwrap();
    Refused { offence, source: "https://proxy.example.com".into(), evidence: "record 7".into(), at }
}

fn ledger(got: H1, second: i64) -> Refused {
    let version = mv("git.corp.example/a@v1.0.0");
    refused(Offence::Ledger { version, kind: Kind::Zip, had: hash("had"), got }, second)
}

fn event(refused: &Refused) -> Event {
    Event::Refused(Box::new(refused.clone()))
}

#[tokio::test]
async fn what_was_refused_is_read_as_it_was_told_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let all = [
        refused(
            Offence::Database {
                db: "sum.example.com/db".parse().unwrap(),
                version: mv("example.com/A@v1.0.0-RC1"),
                kind: Kind::Mod,
                had: hash("had"),
                got: hash("got"),
            },
            3,
        ),
        ledger(hash("got"), 2),
        refused(Offence::Misbehaviour { db: "sum.example.com".parse().unwrap() }, 1),
    ];
    {
        let catalog = SqliteCatalog::start(&open(dir.path()));
        for _ in 0..2 {
            catalog.record(all.iter().map(event).collect()).await.unwrap();
        }
    }
    // Another process, later.
    let catalog = SqliteCatalog::start(&open(dir.path()));
    catalog.record(vec![event(&all[1])]).await.unwrap();
    assert_eq!(catalog.audit(10).await.unwrap(), all);
    assert_eq!(catalog.audit(1).await.unwrap(), all[..1]);
    assert_eq!(catalog.audit(0).await.unwrap(), []);
}

#[tokio::test]
async fn the_oldest_are_dropped_and_long_evidence_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::start(&open(dir.path()));
    let mut long = ledger(hash("long"), 10_004);
    long.evidence = "ä".repeat(40_000);
    let many = (0..10_004).map(|second| event(&ledger(hash("got"), second)));
    catalog.record(many.chain([event(&long)]).collect()).await.unwrap();
    let kept = catalog.audit(u32::MAX).await.unwrap();
    assert_eq!(kept.len(), 10_000);
    assert_eq!(kept[0].evidence, "ä".repeat(32 << 10));
    assert_eq!(kept.last().unwrap().at.as_second(), 5);
}

#[tokio::test]
async fn as_json_it_is_one_flat_object() {
    let json = serde_json::to_value(ledger(hash("got"), 0)).unwrap();
    let want = serde_json::json!({
        "at": "1970-01-01T00:00:00Z", "offence": "ledger", "module": "git.corp.example/a", "version": "v1.0.0",
        "kind": "zip", "had": hash("had").to_string(), "got": hash("got").to_string(),
        "source": "https://proxy.example.com", "evidence": "record 7",
    });
    assert_eq!(json, want);
}

#[tokio::test]
async fn a_catalog_of_the_first_form_is_brought_forward_with_what_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let stored = Event::Stored(Box::new(Receipt::new(mv("example.com/a@v1.0.0"), State::Verified)));
    SqliteCatalog::start(&open(dir.path())).record(vec![stored]).await.unwrap();
    let db = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
    db.execute_batch("DROP TABLE audit; DROP TABLE tokens; DROP TABLE deeds; PRAGMA user_version = 1")
        .unwrap();
    drop(db);
    // Several processes start at the same time.
    let catalogs: Vec<_> = (0..4).map(|_| Arc::new(SqliteCatalog::start(&open(dir.path())))).collect();
    for catalog in &catalogs {
        assert_eq!(catalog.totals().await.unwrap().versions, 1);
        catalog.record(vec![event(&ledger(hash("got"), 1))]).await.unwrap();
        assert_eq!(catalog.audit(10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn versions_come_in_the_order_of_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::start(&open(dir.path()));
    let sorted = [
        "example.com/B@v1.0.0",
        "example.com/a@v1.0.0",
        "example.com/a@v1.0.0-pre",
        "example.com/a@v1.10.0",
        "example.com/a@v1.2.0",
        "example.com/a-b@v1.0.0",
        "example.com/a/v2@v2.0.0",
    ]
    .map(mv);
    let stored = sorted.iter().rev().map(|version| Receipt::new(version.clone(), State::Verified));
    catalog.record(stored.map(|receipt| Event::Stored(Box::new(receipt))).collect()).await.unwrap();
    assert_eq!(catalog.versions(None, 100).await.unwrap(), sorted.to_vec());
    let (mut walked, mut after) = (Vec::new(), None);
    loop {
        let some = catalog.versions(after.clone(), 2).await.unwrap();
        let Some(last) = some.last() else { break };
        after = Some(last.clone());
        walked.extend(some);
    }
    assert_eq!(walked, sorted);
}

#[tokio::test]
async fn who_keeps_nothing_says_so() {
    assert!(matches!(NoCatalog.audit(1).await, Err(CatalogError::Unavailable)));
    assert!(matches!(NoCatalog.versions(None, 1).await, Err(CatalogError::Unavailable)));
    let told = vec![event(&ledger(hash("got"), 1))];
    NoCatalog.record(told).await.unwrap();
}
