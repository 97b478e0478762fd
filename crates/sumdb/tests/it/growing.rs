//! A log of one's own, held to the plain model, and the check of a whole log.

use std::collections::{BTreeMap, BTreeSet};

use gomod::TileId;
use proptest::prelude::*;
use sumdb::tlog::new_tiles;
use sumdb::{
    AuditError, Auditor, Evil, Frontier, GrowError, Growth, Hash, Head, Tiles, Unproved, grow, records,
};

use crate::model::LARGE;

fn batch(from: u64, to: u64) -> Vec<&'static str> {
    LARGE.records[from as usize..to as usize].iter().map(String::as_str).collect()
}

fn appended(frontier: &Frontier, to: u64) -> Growth {
    grow(frontier, &batch(frontier.size(), to)).unwrap()
}

/// The tiles of hashes and of records that growing must publish.
fn published(old: u64, new: u64) -> BTreeMap<TileId, Vec<u8>> {
    let hashes: Vec<TileId> = new_tiles(old, new).collect();
    let data = hashes.iter().filter(|id| id.level() == Some(0));
    let data = data.map(|id| TileId::new(None, id.n(), id.width()).unwrap());
    hashes.iter().copied().chain(data).map(|id| (id, LARGE.tile(id))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn growing_gives_the_tiles_and_heads_of_the_model(
        steps in proptest::collection::vec(prop_oneof![0..3_u64, 250..260_u64, 0..700_u64], 1..8),
        start in prop_oneof![Just(0), 65_000..66_000_u64, Just(65_536), Just(65_535), Just(131_072)],
    ) {
        let mut have = Tiles::new();
        let (mut frontier, _) = LARGE.fetch(&mut have, |have| Frontier::from_tiles(&LARGE.head(start), have));
        for step in steps {
            let old = frontier.unwrap();
            let size = (old.size() + step).min(131_900);
            let growth = appended(&old, size);
            prop_assert_eq!(growth.head, LARGE.head(size));
            prop_assert_eq!(growth.frontier.head(), growth.head);
            let tiles: BTreeMap<_, _> = growth.tiles.iter().cloned().collect();
            prop_assert_eq!(tiles.len(), growth.tiles.len());
            prop_assert!(tiles == published(old.size(), size));
            // A process that starts here goes on in the same way.
            let again = LARGE.fetch(&mut Tiles::new(), |have| Frontier::from_tiles(&growth.head, have)).0;
            prop_assert!(again.as_ref() == Ok(&growth.frontier));
            frontier = again;
        }
    }
}

#[test]
fn a_log_from_nothing_is_the_same_in_one_batch_and_in_many() {
    let whole = appended(&Frontier::new(), 132_000);
    let tiles: BTreeMap<_, _> = whole.tiles.iter().cloned().collect();
    assert!(tiles == published(0, 132_000));
    assert_eq!(whole.head, LARGE.head(132_000));
    let mut frontier = Frontier::new();
    for size in (1..132_000).step_by(997).chain([132_000]) {
        frontier = appended(&frontier, size).frontier;
    }
    assert_eq!(frontier, whole.frontier);
    let none = grow(&frontier, &[]).unwrap();
    assert_eq!((none.frontier, none.tiles, none.head), (frontier, Vec::new(), whole.head));
}

#[test]
fn a_frontier_is_not_taken_from_tiles_of_another_log() {
    for size in [0, 1, 255, 256, 600, 65_536, 65_537] {
        let head = LARGE.head(size);
        let mut have = Tiles::new();
        let frontier = LARGE.fetch(&mut have, |have| Frontier::from_tiles(&head, have)).0.unwrap();
        assert_eq!(frontier, appended(&Frontier::new(), size).frontier, "{size}");
        for (id, body) in frontier.edge() {
            let mut lied = have.clone();
            let mut wrong = body.clone();
            wrong[3] ^= 1;
            lied.insert(id, wrong);
            let refused = Frontier::from_tiles(&head, &lied);
            assert!(
                matches!(&refused, Err(Unproved::Security(evil)) if evil.suspects().contains(&id)),
                "{refused:?}"
            );
        }
        let forged = Head { root: Hash::from([1; 32]), ..head };
        assert!(matches!(Frontier::from_tiles(&forged, &have), Err(Unproved::Security(Evil::Tile { .. }))));
    }
    let beyond = Head { size: u64::MAX, root: Hash::empty() };
    assert_eq!(Frontier::from_tiles(&beyond, &Tiles::new()), Err(Evil::Size(u64::MAX).into()));
}

#[test]
fn what_is_no_record_is_not_appended() {
    let long = format!("{}\n", "x".repeat(64 << 10));
    for text in ["", "\n", "a", "a\n\n", "a\n\nb\n", "\na\n", "a\r\n", "a\tb\n", "a\0\n", &long] {
        let refused = grow(&Frontier::new(), &["example.com/a v1.0.0 h1:\n", text]);
        assert!(matches!(refused, Err(GrowError::Record(_))), "{text:?}");
    }
    let fine = ["example.com/a v1.0.0 h1:\nexample.com/a v1.0.0/go.mod h1:\n", "exämple\n"];
    assert_eq!(grow(&Frontier::new(), &fine).unwrap().head.size, 2);
}

#[test]
fn tiles_of_records_read_back_as_the_records() {
    let growth = appended(&Frontier::new(), 700);
    let data: BTreeMap<_, _> = growth.tiles.iter().filter(|(id, _)| id.level().is_none()).cloned().collect();
    assert_eq!(data.len(), 3);
    let all: Vec<u8> = data.into_values().flatten().collect();
    assert_eq!(records(&all).unwrap(), batch(0, 700));
    assert_eq!(records(b""), Some(Vec::new()));
}

#[test]
fn an_auditor_recomputes_every_tile_and_head() {
    let size = 66_000;
    let mut auditor = Auditor::new();
    let mut seen = BTreeSet::new();
    for data in published(0, size).keys().filter(|id| id.level().is_none()) {
        for (id, body) in auditor.tile(*data, &LARGE.tile(*data)).unwrap() {
            assert!(id.is_full() && body == LARGE.tile(id), "{id}");
            seen.insert(id);
        }
        assert_eq!(auditor.head(), LARGE.head(auditor.head().size));
    }
    for (id, body) in auditor.edge() {
        assert_eq!(body, LARGE.tile(id), "{id}");
        seen.insert(id);
    }
    assert_eq!(auditor.head(), LARGE.head(size));
    assert_eq!(seen, new_tiles(0, size).collect());
}

#[test]
fn an_auditor_reads_in_order_and_only_what_tiles_hold() {
    let id = |text: &str| text.parse::<TileId>().unwrap();
    let mut auditor = Auditor::new();
    let (first, second) = (id("8/data/000"), id("8/data/001"));
    for wrong in [second, id("8/0/000")] {
        assert_eq!(auditor.tile(wrong, &LARGE.tile(wrong)), Err(AuditError::Order { id: wrong, size: 0 }));
    }
    let short = LARGE.tile(id("8/data/000.p/255"));
    assert_eq!(auditor.tile(first, &short), Err(AuditError::Form(first)));
    assert_eq!(auditor.tile(first, b"a\n"), Err(AuditError::Form(first)));
    auditor.tile(first, &LARGE.tile(first)).unwrap();
    assert!(matches!(auditor.tile(first, &LARGE.tile(first)), Err(AuditError::Order { .. })));
    auditor.record(&LARGE.records[256]).unwrap();
    assert_eq!(auditor.head(), LARGE.head(257));
    assert!(matches!(auditor.record("a\n\nb\n"), Err(AuditError::Record(_))));
    assert_eq!(auditor.head(), LARGE.head(257));
}
