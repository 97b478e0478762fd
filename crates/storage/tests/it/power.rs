//! What is left when the program or the disk ends between two system calls: each change is there whole or not at all,
//! and nothing is lost that was acknowledged.
//!
//! A child process goes through every way of storing something, under strace, which ends it at its `n`-th call of a
//! kind, or lets that call fail; for each `n` there is. Its calls are made by one thread, in one order.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use bytes::Bytes;
use gomod::{DbName, ModuleVersion};
use storage::{
    Data, Evidence, FileFact, Journal, Key, Kind, Loaded, LocalBlobs, NoCatalog, PublishError, Question,
    Receipt, Store, StoreError, StoredAnswer,
};

use crate::world::{fact, mv, noise, open, staged};

const DIR: &str = "LARDER_TEST_POWER";
const NAME: &str = "power::nothing_is_torn_or_lost_whatever_call_is_the_last";

/// The calls that change something on a disk.
const CALLS: [&str; 10] =
    ["openat", "mkdir", "pwrite64", "write", "fsync", "syncfs", "linkat", "rename", "renameat2", "unlink"];
/// More than any kind has in one run.
const MOST: usize = 400;

/// What the child does, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Info,
    Mod,
    Zip,
    Answer(u8),
    Tile,
    Head(u8),
    /// Several objects with two waits for the disk.
    Together,
    Journal(u8),
    SignedHead(u8),
    /// A rotten zip is set aside.
    Quarantine,
    /// The same zip again.
    Again,
    /// A go.mod that came from outside becomes the store's own.
    Adopt,
}

const STEPS: [Step; 16] = [
    Step::Info,
    Step::Mod,
    Step::Zip,
    Step::Answer(1),
    Step::Answer(2),
    Step::Tile,
    Step::Head(1),
    Step::Head(2),
    Step::Together,
    Step::Journal(1),
    Step::Journal(2),
    Step::SignedHead(1),
    Step::SignedHead(2),
    Step::Quarantine,
    Step::Again,
    Step::Adopt,
];

fn version() -> ModuleVersion {
    mv("example.com/a@v1.0.0")
}

fn foreign() -> ModuleVersion {
    mv("example.com/foreign@v1.0.0")
}

fn db() -> DbName {
    DbName::new("sum.example.com").unwrap()
}

fn question() -> Question {
    Question::List(version().path().clone())
}

fn answer(n: u8) -> StoredAnswer {
    StoredAnswer {
        at: jiff::Timestamp::UNIX_EPOCH,
        source: "proxy.example.com".into(),
        validator: None,
        body: format!("v1.0.{n}\n").into(),
    }
}

fn tile() -> Key {
    Key::Tile(db(), "8/0/000".parse().unwrap())
}

fn log() -> DbName {
    DbName::new("sum.example.com/own").unwrap()
}

fn together() -> Vec<(Key, Bytes)> {
    let tile = |n: u8| (Key::Tile(log(), format!("8/0/00{n}").parse().unwrap()), noise(100, n.into()));
    (0..4).map(tile).collect()
}

fn journal(n: u8) -> Journal {
    Journal { size: n.into(), root: "root".into(), records: vec!["record\n".into()] }
}

/// Larger than what a file in transit keeps in memory.
fn content(kind: Kind) -> Bytes {
    match kind {
        Kind::Info => "{}".into(),
        Kind::Mod => "module example.com/a\n".into(),
        Kind::Zip => noise(600_000, 1),
    }
}

struct Process {
    dir: PathBuf,
    data: Arc<Data>,
    store: Store,
}

impl Process {
    fn open(dir: &Path) -> Self {
        let data = open(&dir.join("data"));
        let blobs = Arc::new(LocalBlobs::new(Arc::clone(&data)));
        let store = Store::new(blobs, Arc::clone(data.staging()), Arc::new(NoCatalog));
        Process { dir: dir.to_owned(), data, store }
    }

    fn file(&self, version: &ModuleVersion, kind: Kind) -> PathBuf {
        self.dir.join("data").join(Key::File(version.clone(), kind).path())
    }

    async fn publish(&self, kind: Kind) -> Result<(), PublishError> {
        let staged = staged(self.data.staging(), content(kind)).await;
        let fact = fact(&staged, kind, "h1");
        self.store.publish(&version(), kind, &staged, fact).await.map(drop)
    }

    async fn take(&self, step: Step) -> Result<(), PublishError> {
        match step {
            Step::Info => self.publish(Kind::Info).await?,
            Step::Mod => self.publish(Kind::Mod).await?,
            Step::Zip | Step::Again => self.publish(Kind::Zip).await?,
            Step::Answer(n) => self.store.put_answer(&question(), &answer(n)).await?,
            Step::Tile => self.store.put_small(&tile(), "tile".into()).await?,
            Step::Head(n) => self.store.put_small(&Key::Head(db()), format!("head {n}").into()).await?,
            Step::Together => {
                assert!(self.store.put_small_all(&log(), &together()).await?.is_empty());
            }
            Step::Journal(n) => match self.store.journal(&log()).await? {
                Some((there, _)) if there.size >= n.into() => {}
                there => {
                    let tag = there.map(|(_, tag)| tag);
                    assert!(self.store.put_journal(&log(), tag, &journal(n)).await?.is_some());
                }
            },
            Step::SignedHead(n) => {
                let there = self.store.head(&log()).await?;
                let tag = there.and_then(|there| there.tag);
                assert!(self.store.move_head(&log(), tag, vec![n].into()).await?.is_some());
            }
            Step::Quarantine => {
                if let Loaded::Rot(rot) = self.store.load(&version(), Kind::Zip).await? {
                    self.store.quarantine(&version(), Kind::Zip, &rot).await?;
                }
            }
            Step::Adopt => {
                if let Loaded::Foreign(found) = self.store.load(&foreign(), Kind::Mod).await? {
                    let (h1, at) = (crate::world::hash("f"), jiff::Timestamp::UNIX_EPOCH);
                    let fact = found.fact(Some(h1), "outside", at, Evidence::FirstSight).await;
                    let fact: FileFact = fact.map_err(StoreError::from)?;
                    self.store.adopt(&foreign(), Kind::Mod, &found, fact).await?;
                }
            }
        }
        Ok(())
    }

    /// What lies under a name is what was put there, or nothing.
    async fn is_stored(&self, version: &ModuleVersion, kind: Kind, want: &Bytes) -> bool {
        match self.store.load(version, kind).await.unwrap() {
            Loaded::Blob(blob) => {
                assert!(blob.bytes().await.unwrap() == *want, "the {kind} has other bytes");
                true
            }
            Loaded::Absent(_) => false,
            Loaded::Foreign(_) => {
                assert!(fs::read(self.file(version, kind)).unwrap() == *want, "the {kind} is torn");
                assert_eq!(version, &foreign(), "the {kind} lies there without a receipt");
                false
            }
            Loaded::Rot(rot) => panic!("the {kind} is torn: {rot}"),
            Loaded::Withdrawn(why) => panic!("{why}"),
        }
    }

    /// Everything is there whole or not at all, and what was acknowledged is there.
    async fn is_consistent(&self, done: &BTreeSet<Step>, rotten: bool) {
        for (step, kind) in [(Step::Info, Kind::Info), (Step::Mod, Kind::Mod)] {
            assert!(
                self.is_stored(&version(), kind, &content(kind)).await || !done.contains(&step),
                "{step:?}"
            );
        }
        if !rotten {
            let there = self.is_stored(&version(), Kind::Zip, &content(Kind::Zip)).await;
            // It may have been set aside, and nobody been told.
            let aside = fs::read_dir(self.dir.join("data/quarantine")).unwrap().count() > 0;
            assert!(there || aside || !done.contains(&Step::Zip), "the zip is lost");
            assert!(there || !done.contains(&Step::Again), "the zip is lost that was stored again");
        }
        let pinned: Option<Receipt> = self.store.receipt(&version()).await.unwrap();
        let pinned = pinned.is_some_and(|receipt| receipt.fact(Kind::Zip).is_some());
        assert!(pinned || !done.contains(&Step::Zip), "the hash is forgotten");
        let known = self.store.answer(&question()).await.unwrap();
        let least = [2, 1].into_iter().find(|n| done.contains(&Step::Answer(*n))).unwrap_or(0);
        let known = (1..=2).find(|n| known.as_ref() == Some(&answer(*n))).unwrap_or(0);
        assert!(known >= least, "answer {known} instead of {least}");
        let found = self.store.small(&tile()).await.unwrap();
        assert!(found.as_ref().map_or(!done.contains(&Step::Tile), |found| found == "tile"), "{found:?}");
        let found = self.store.small(&Key::Head(db())).await.unwrap();
        let least = [2, 1].into_iter().find(|n| done.contains(&Step::Head(*n))).unwrap_or(0);
        let head = (1..=2).find(|n| found.as_ref().is_some_and(|f| *f == format!("head {n}"))).unwrap_or(0);
        assert!(head >= least && (head > 0) == found.is_some(), "{found:?} instead of {least}");
        for (key, bytes) in together() {
            let found = self.store.small(&key).await.unwrap();
            let whole = found.as_ref().map_or(!done.contains(&Step::Together), |found| *found == bytes);
            assert!(whole, "{key}: {found:?}");
        }
        let found = self.store.journal(&log()).await.unwrap();
        let least = [2, 1].into_iter().find(|n| done.contains(&Step::Journal(*n))).unwrap_or(0);
        let known = found.map_or(0, |(found, _)| found.size);
        assert!(known >= least.into(), "journal {known} instead of {least}");
        let found = self.store.head(&log()).await.unwrap();
        let least = [2, 1].into_iter().find(|n| done.contains(&Step::SignedHead(*n))).unwrap_or(0);
        let known = found.map_or(0, |found| found.note[0]);
        assert!(known >= least, "signed head {known} instead of {least}");
        self.is_stored(&foreign(), Kind::Mod, &"module foreign\n".into()).await;
        // Nobody who reads the directory without Larder sees half a file either.
        for (path, whole) in [
            (self.file(&version(), Kind::Mod), content(Kind::Mod)),
            (self.file(&foreign(), Kind::Mod), "module foreign\n".into()),
            (self.dir.join("data").join(tile().path()), "tile".into()),
        ] {
            if let Ok(found) = fs::read(&path) {
                assert!(found == whole, "{} is torn", path.display());
            }
        }
    }
}

/// The child: takes the steps, and says which are done.
fn be_ended(dir: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let process = Process::open(dir);
        let mut told = fs::File::options().append(true).create(true).open(dir.join("told")).unwrap();
        let zip = process.file(&version(), Kind::Zip);
        for (n, step) in STEPS.into_iter().enumerate() {
            if step == Step::Quarantine && zip.exists() {
                rot(&zip);
            }
            if process.take(step).await.is_ok() {
                told.write_all(&[u8::try_from(n).unwrap()]).unwrap();
            }
        }
    });
}

fn rot(zip: &Path) {
    use std::os::unix::fs::FileExt;

    // Not by a call that is counted; where it ends halfway, the file is rotten too.
    fs::File::options().write(true).open(zip).unwrap().set_len(5).unwrap();
    let _ = fs::File::open(zip).unwrap().read_at(&mut [0], 0);
}

/// One life of the child; whether it came to its end.
fn live(call: &str, inject: &str, n: usize) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    // It is not about the making of the directory.
    drop(open(&data));
    let outside = data.join(Key::File(foreign(), Kind::Mod).path());
    fs::create_dir_all(outside.parent().unwrap()).unwrap();
    fs::write(outside, "module foreign\n").unwrap();
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"])
        .arg(format!("inject={call}:{inject}:when={n}"))
        .arg(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--test-threads=1"])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let told = fs::read(dir.path().join("told")).unwrap_or_default();
        let done: BTreeSet<Step> = told.iter().map(|n| STEPS[usize::from(*n)]).collect();
        let process = Process::open(dir.path());
        let zip = process.file(&version(), Kind::Zip);
        let rotten = fs::metadata(&zip).is_ok_and(|meta| meta.len() == 5);
        process.is_consistent(&done, rotten).await;
        // The next life comes to the end of everything.
        for step in STEPS {
            process.take(step).await.unwrap_or_else(|error| panic!("{step:?}: {error}"));
        }
        process.is_consistent(&STEPS.into_iter().collect(), false).await;
        ended(&output) && done.len() == STEPS.len()
    })
}

fn ended(output: &Output) -> bool {
    output.status.success()
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn nothing_is_torn_or_lost_whatever_call_is_the_last() {
    if let Some(dir) = std::env::var_os(DIR) {
        return be_ended(Path::new(&dir));
    }
    let usable =
        Command::new("strace").args(["-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]).output();
    if !usable.as_ref().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("LARDER_REQUIRE_SERVICES").is_none(), "strace is needed: {usable:?}");
        return println!("skipped: strace cannot be used here");
    }
    let mut lives = 0;
    for call in CALLS {
        for inject in ["signal=KILL", "error=EIO", "error=ENOSPC"] {
            // Every boundary in the long run; a part of them, spread over all, where time is short.
            let stride = if std::env::var_os("LARDER_LONG").is_some() { 1 } else { 11 };
            let mut n = 1 + lives % stride;
            while n < MOST && !live(call, inject, n) {
                (n, lives) = (n + stride, lives + 1);
            }
            assert!(n < MOST, "{call} has no end");
        }
    }
    println!("{lives} lives ended early");
    assert!(lives > 30, "only {lives} lives ended early");
}
