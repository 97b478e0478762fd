//! How many records a log of one's own takes durably, and how fast lookups of them are:
//! `cargo bench -p mirror --bench own_log`. `LARDER_BENCH_DIR` names a directory on the disk to measure.
//!
//! Each append is of another module of its own path, and is counted when it was acknowledged, which is after everything
//! it consists of was synced. Lookups are read from the store each time, without the server's memory cache.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]
#![allow(clippy::disallowed_methods, reason = "a clock is what this is about")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use gomod::{H1, ModulePath, ModuleVersion, Version};
use mirror::OwnLog;
use storage::{Data, MinFree, OpenOptions, Store};
use sumdb::{Hashes, Signer};
use tokio::task::JoinSet;

const RECORDS: u32 = 40_000;
const ROUNDS: u32 = 5;

fn version(n: u32) -> ModuleVersion {
    let path = ModulePath::new(&format!("git.corp.example.com/team{}/service-{n}", n % 50)).unwrap();
    ModuleVersion::new(path, Version::new("v1.2.3").unwrap()).unwrap()
}

fn hashes(n: u32) -> Hashes {
    let h1 = |what: &str| Some(H1::of_gomod(format!("{what} {n}").as_bytes()));
    Hashes { zip: h1("zip"), gomod: h1("go.mod") }
}

/// Appends `count` records from `first` on, `waiting` at a time.
async fn append(own: &Arc<OwnLog>, first: u32, count: u32, waiting: usize) -> Duration {
    let begin = Instant::now();
    let mut under_way = JoinSet::new();
    for n in first..first + count {
        if under_way.len() >= waiting {
            under_way.join_next().await.unwrap().unwrap();
        }
        let own = Arc::clone(own);
        under_way.spawn(async move { assert!(own.append(&version(n), &hashes(n)).await.unwrap().new) });
    }
    while let Some(done) = under_way.join_next().await {
        done.unwrap();
    }
    begin.elapsed()
}

async fn look_up(own: &Arc<OwnLog>, count: u32) -> Duration {
    let begin = Instant::now();
    for n in 0..count {
        assert!(own.lookup(&version(n)).await.unwrap().is_some());
    }
    begin.elapsed()
}

fn report(what: &str, count: u32, took: Duration) {
    let each = took.as_secs_f64() / f64::from(count);
    println!("{what:44} {:9.0} /s, {:8.3} ms each", 1.0 / each, each * 1e3);
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let dir = match std::env::var_os("LARDER_BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let dir = dir.unwrap();
    let options = OpenOptions { min_free: MinFree::Percent(0), ..OpenOptions::default() };
    let open = || async {
        let store = Store::open(&Data::open(dir.path().join("data"), options).unwrap());
        let signer = Signer::from_seed("sum.example.com", &[1; 32]).unwrap();
        OwnLog::open(store, signer, dir.path().join("key.head")).await.unwrap()
    };
    let own = open().await;
    let mut next = 0;
    for (waiting, count) in [(1, 100), (8, 400), (50, 2_000)] {
        report(&format!("append, {waiting} at a time"), count, append(&own, next, count, waiting).await);
        next += count;
    }
    let each = (RECORDS - next) / ROUNDS;
    for round in 1..=ROUNDS {
        report(&format!("append, 4000 at a time, round {round}"), each, append(&own, next, each, 4000).await);
        next += each;
    }
    report("lookup, one after the other", 20_000, look_up(&own, 20_000).await);
    drop(own);
    let own = open().await;
    let begin = Instant::now();
    assert!(own.lookup(&version(next)).await.unwrap().is_none());
    println!(
        "{:44} {:.0} ms",
        format!("first unknown version, {next} records"),
        begin.elapsed().as_secs_f64() * 1e3
    );
}
