//! A process that appends is killed at one system call after another: the log it leaves verifies from its first record,
//! and holds what was acknowledged.

use std::{fs, io::Write, path::Path, process::Command, sync::Arc};

use mirror::OwnLog;
use storage::{Data, OpenOptions, Store};

use crate::own::{audit, hashes, signer, version};

const DIR: &str = "LARDER_TEST_KILLED";
const NAME: &str = "own_killed::a_log_survives_the_death_of_its_writer_at_any_call";
/// The calls that change something on a disk.
const CALLS: [&str; 10] =
    ["openat", "mkdir", "pwrite64", "write", "fsync", "syncfs", "linkat", "rename", "renameat2", "unlink"];
const BATCHES: usize = 3;

async fn open(dir: &Path) -> Arc<OwnLog> {
    let options = OpenOptions { min_free: storage::MinFree::Percent(0), ..OpenOptions::default() };
    let store = Store::open(&Data::open(dir.join("data"), options).unwrap());
    OwnLog::open(store, signer(1), dir.join("key.head")).await.unwrap()
}

/// The records of a batch; one is of the batch before.
fn batch(n: usize) -> std::ops::Range<usize> {
    (n * 4).saturating_sub(1)..n * 4 + 4
}

async fn append(own: &OwnLog, n: usize) -> bool {
    let appends = batch(n).map(|n| async move { own.append(&version(n), &hashes(n)).await.is_ok() });
    futures_util::future::join_all(appends).await.into_iter().all(|done| done)
}

/// The child: appends, and says which batches were acknowledged.
fn be_killed(dir: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let own = open(dir).await;
        let mut told = fs::File::options().append(true).create(true).open(dir.join("told")).unwrap();
        for n in 0..BATCHES {
            assert!(append(&own, n).await);
            told.write_all(&[u8::try_from(n).unwrap()]).unwrap();
        }
    });
}

/// One life of the child; whether it came to its end.
fn live(call: &str, n: usize) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"])
        .arg(format!("inject={call}:signal=KILL:when={n}"))
        .arg(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--test-threads=1"])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let told = fs::read(dir.path().join("told")).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let own = open(dir.path()).await;
        audit(&own).await;
        for n in told.iter().map(|n| usize::from(*n)) {
            for record in batch(n) {
                let there = own.lookup(&version(record)).await.unwrap();
                assert!(there.is_some(), "{call} {n}: what was acknowledged is lost");
            }
        }
        for n in 0..BATCHES {
            assert!(append(&own, n).await);
        }
        assert_eq!(audit(&own).await, BATCHES as u64 * 4);
    });
    output.status.success()
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn a_log_survives_the_death_of_its_writer_at_any_call() {
    if let Some(dir) = std::env::var_os(DIR) {
        return be_killed(Path::new(&dir));
    }
    let usable =
        Command::new("strace").args(["-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]).output();
    if !usable.as_ref().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("LARDER_REQUIRE_SERVICES").is_none(), "strace is needed: {usable:?}");
        return println!("skipped: strace cannot be used here");
    }
    let mut lives = 0;
    for call in CALLS {
        // Every boundary in the long run; a part of them, spread over all, where time is short.
        let stride = if std::env::var_os("LARDER_LONG").is_some() { 1 } else { 17 };
        let mut n = 1 + lives % stride;
        while !live(call, n) {
            (n, lives) = (n + stride, lives + 1);
            assert!(n < 5000, "{call} has no end");
        }
    }
    println!("{lives} lives ended early");
    assert!(lives > 10, "only {lives} lives ended early");
}
