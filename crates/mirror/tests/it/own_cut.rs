//! The power fails at every change that an append makes: what is left is a log that verifies from its first record, and
//! holds what was acknowledged.

use std::{path::Path, sync::Arc};

use mirror::{OwnError, OwnLog};
use storage::{NoCatalog, Referee, StagingArea, Store};

use crate::own::{audit, hashes, signer, version};

/// One start of a program on what is left.
async fn start(referee: &Referee, dir: &Path) -> Result<Arc<OwnLog>, OwnError> {
    let staging = StagingArea::in_memory(64 << 20);
    let store = Arc::new(Store::new(Arc::new(referee.clone()), staging, Arc::new(NoCatalog)));
    OwnLog::open(store, signer(1), dir.join("key.head")).await
}

#[derive(Clone, Copy, Debug)]
enum Cut {
    BeforeTheChange,
    AfterTheChange,
}

impl Cut {
    fn at(self, referee: &Referee, n: u64) {
        match self {
            Cut::BeforeTheChange => referee.fail_and_not_persist(n),
            Cut::AfterTheChange => referee.fail_but_persist(n),
        }
    }
}

#[tokio::test]
async fn a_log_survives_a_cut_at_every_change() {
    // Across the first full tile, so that every sort of tile is among what is written.
    for first in [0, 254] {
        for cut in [Cut::BeforeTheChange, Cut::AfterTheChange] {
            let mut n = 0;
            while !lives(first, cut, n).await {
                n += 1;
            }
            assert!(n > 10, "{n}");
        }
    }
}

/// One life that is cut at its `n`-th change, and the next ones; whether it came to its end.
async fn lives(first: usize, cut: Cut, n: u64) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let referee = Referee::default();
    let own = start(&referee, dir.path()).await.unwrap();
    let numbers: Vec<usize> = (0..first).collect();
    let before = numbers.iter().map(|n| own.append_owned(*n));
    futures_util::future::join_all(before).await;
    cut.at(&referee, n);
    let before = referee.changes();
    let acknowledged =
        futures_util::future::join_all([first, first + 1, first + 2].map(|n| own.append_owned(n))).await;
    let whole = referee.changes() - before <= n;
    drop(own);

    // What is left is read by the next one, who may be cut short as well.
    Cut::BeforeTheChange.at(&referee, 0);
    drop(start(&referee, dir.path()).await);
    let own = start(&referee, dir.path()).await.unwrap();
    let size = audit(&own).await;
    for (n, done) in (first..).zip(&acknowledged) {
        let there = own.lookup(&version(n)).await.unwrap().is_some();
        assert!(there || !done, "{cut:?} {n}: what was acknowledged is lost");
    }
    assert!(size == first as u64 || size == first as u64 + 3, "{size}: a batch is there whole or not at all");
    for n in first..first + 5 {
        // Where there was nothing to carry out, the cut comes now.
        assert!(own.append_owned(n).await || own.append_owned(n).await);
    }
    assert_eq!(audit(&own).await, first as u64 + 5);
    whole
}

trait AppendOwned {
    async fn append_owned(&self, n: usize) -> bool;
}

impl AppendOwned for OwnLog {
    /// Whether the record was acknowledged.
    async fn append_owned(&self, n: usize) -> bool {
        self.append(&version(n), &hashes(n)).await.is_ok()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_who_all_believe_to_be_alone_make_one_log() {
    // Nobody is ever refused a lease here.
    let dir = tempfile::tempdir().unwrap();
    let referee = Referee::default();
    let mut logs = Vec::new();
    for _ in 0..3 {
        logs.push(start(&referee, dir.path()).await.unwrap());
    }
    let tasks = (0..600).map(|n| {
        let own = Arc::clone(&logs[n % 3]);
        tokio::spawn(async move {
            loop {
                match own.append(&version(n / 3), &hashes(n / 3)).await {
                    Ok(appended) => return (n / 3, appended.id),
                    Err(OwnError::Overtaken(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        })
    });
    let mut ids = std::collections::HashMap::new();
    for done in futures_util::future::join_all(tasks).await {
        let (n, id) = done.unwrap();
        assert_eq!(*ids.entry(n).or_insert(id), id, "{n} is there twice");
    }
    for own in &logs {
        assert_eq!(audit(own).await, 200);
    }
}
