//! The power fails at every change that an operation makes, before the change took effect and after it: what is found
//! at the next start is the old or the new, and doing it again comes to the new.

use std::sync::Arc;

use bytes::Bytes;
use gomod::DbName;
use storage::{
    Blobs, BoxFuture, Evidence, Key, Kind, Loaded, NoCatalog, PublishError, Question, Referee, StagingArea,
    Store, StoreError, StoredAnswer, When,
};

use crate::world::{fact, hash, mv, noise, staged};

const WHAT: &str = "example.com/a@v1.0.0";

/// One start of a program on what is left.
struct Start {
    referee: Referee,
    staging: Arc<StagingArea>,
    store: Store,
}

impl Start {
    fn on(referee: &Referee) -> Self {
        let staging = StagingArea::in_memory(64 << 20);
        let store = Store::new(Arc::new(referee.clone()), Arc::clone(&staging), Arc::new(NoCatalog));
        Start { referee: referee.clone(), staging, store }
    }

    async fn publish(&self, kind: Kind, bytes: Bytes) -> Result<(), PublishError> {
        let staged = staged(&self.staging, bytes).await;
        self.store.publish(&mv(WHAT), kind, &staged, fact(&staged, kind, "h1")).await.map(drop)
    }

    /// Puts something under a name without a receipt, or in the place of what is there, as other hands would.
    async fn lay(&self, kind: Kind, bytes: &'static str) {
        let key = Key::File(mv(WHAT), kind);
        self.referee.remove(&key).await.unwrap();
        let staged = staged(&self.staging, bytes.into()).await;
        self.referee.put(&key, &staged, When::Absent).await.unwrap();
    }

    async fn stored(&self, kind: Kind) -> Option<Bytes> {
        match self.store.load(&mv(WHAT), kind).await.unwrap() {
            Loaded::Blob(blob) => Some(blob.bytes().await.unwrap()),
            Loaded::Absent(_) => None,
            Loaded::Foreign(foreign) => Some(foreign.bytes(1 << 20).await.unwrap()),
            Loaded::Rot(_) => Some("rotten".into()),
            Loaded::Withdrawn(why) => panic!("{why}"),
        }
    }
}

fn answer(body: &'static str) -> StoredAnswer {
    StoredAnswer {
        at: jiff::Timestamp::UNIX_EPOCH,
        source: "proxy.example.com".into(),
        validator: None,
        body: body.into(),
    }
}

fn question() -> Question {
    Question::List(mv(WHAT).path().clone())
}

fn db() -> DbName {
    DbName::new("sum.example.com").unwrap()
}

fn tile() -> Key {
    Key::Tile(db(), "8/0/000".parse().unwrap())
}

/// An operation, what is there before it, and what it changes.
struct Operation {
    name: &'static str,
    before: fn(&Start) -> BoxFuture<'_, ()>,
    done: fn(&Start) -> BoxFuture<'_, Result<(), PublishError>>,
    found: fn(&Start) -> BoxFuture<'_, Option<Bytes>>,
    old: Option<&'static [u8]>,
    new: Option<&'static [u8]>,
}

const OPERATIONS: [Operation; 8] = [
    Operation {
        name: "publish the first file of a version",
        before: |_| Box::pin(async {}),
        done: |start| Box::pin(start.publish(Kind::Zip, "zip".into())),
        found: |start| Box::pin(start.stored(Kind::Zip)),
        old: None,
        new: Some(b"zip"),
    },
    Operation {
        name: "publish another file of a version",
        before: |start| Box::pin(async { start.publish(Kind::Mod, "mod".into()).await.unwrap() }),
        done: |start| Box::pin(start.publish(Kind::Zip, "zip".into())),
        found: |start| Box::pin(start.stored(Kind::Zip)),
        old: None,
        new: Some(b"zip"),
    },
    Operation {
        name: "publish what is known and not there, in other bytes",
        before: |start| {
            Box::pin(async {
                start.publish(Kind::Zip, "packed once".into()).await.unwrap();
                start.referee.remove(&Key::File(mv(WHAT), Kind::Zip)).await.unwrap();
            })
        },
        done: |start| Box::pin(start.publish(Kind::Zip, "packed otherwise".into())),
        found: |start| Box::pin(start.stored(Kind::Zip)),
        old: None,
        new: Some(b"packed otherwise"),
    },
    Operation {
        name: "set a rotten file aside",
        before: |start| {
            Box::pin(async {
                start.publish(Kind::Info, "{}".into()).await.unwrap();
                start.lay(Kind::Info, "[]").await;
            })
        },
        done: |start| {
            Box::pin(async {
                if let Loaded::Rot(rot) = start.store.load(&mv(WHAT), Kind::Info).await? {
                    start.store.quarantine(&mv(WHAT), Kind::Info, &rot).await?;
                }
                Ok(())
            })
        },
        found: |start| Box::pin(start.stored(Kind::Info)),
        old: Some(b"rotten"),
        new: None,
    },
    Operation {
        name: "adopt a file from outside",
        before: |start| Box::pin(start.lay(Kind::Info, "{}")),
        done: |start| {
            Box::pin(async {
                if let Loaded::Foreign(found) = start.store.load(&mv(WHAT), Kind::Info).await? {
                    let at = jiff::Timestamp::UNIX_EPOCH;
                    let fact = found.fact(None, "outside", at, Evidence::FirstSight).await;
                    let fact = fact.map_err(StoreError::from)?;
                    start.store.adopt(&mv(WHAT), Kind::Info, &found, fact).await?;
                }
                Ok(())
            })
        },
        found: |start| Box::pin(start.stored(Kind::Info)),
        old: Some(b"{}"),
        new: Some(b"{}"),
    },
    Operation {
        name: "keep an answer in the place of another",
        before: |start| {
            Box::pin(async { start.store.put_answer(&question(), &answer("v1.0.0\n")).await.unwrap() })
        },
        done: |start| Box::pin(async { Ok(start.store.put_answer(&question(), &answer("v1.1.0\n")).await?) }),
        found: |start| {
            Box::pin(async { start.store.answer(&question()).await.unwrap().map(|answer| answer.body) })
        },
        old: Some(b"v1.0.0\n"),
        new: Some(b"v1.1.0\n"),
    },
    Operation {
        name: "keep a tile",
        before: |_| Box::pin(async {}),
        done: |start| Box::pin(async { Ok(start.store.put_small(&tile(), "tile".into()).await?) }),
        found: |start| Box::pin(async { start.store.small(&tile()).await.unwrap() }),
        old: None,
        new: Some(b"tile"),
    },
    Operation {
        name: "keep a newer head",
        before: |start| {
            Box::pin(async { start.store.put_small(&Key::Head(db()), "old".into()).await.unwrap() })
        },
        done: |start| Box::pin(async { Ok(start.store.put_small(&Key::Head(db()), "new".into()).await?) }),
        found: |start| Box::pin(async { start.store.small(&Key::Head(db())).await.unwrap() }),
        old: Some(b"old"),
        new: Some(b"new"),
    },
];

#[derive(Clone, Copy, Debug)]
enum Cut {
    BeforeTheChange,
    AfterTheChange,
}

/// Lets the power fail at the `n`-th change. `None`: the operation has fewer.
async fn cut(operation: &Operation, how: Cut, n: u64) -> Option<()> {
    let referee = Referee::default();
    let start = Start::on(&referee);
    (operation.before)(&start).await;
    match how {
        Cut::BeforeTheChange => referee.fail_and_not_persist(n),
        Cut::AfterTheChange => referee.fail_but_persist(n),
    }
    let before = referee.changes();
    let acknowledged = (operation.done)(&start).await.is_ok();
    if referee.changes() - before <= n {
        return None;
    }
    drop(start);
    let what = format!("{}, {how:?} {n}", operation.name);
    let start = Start::on(&referee);
    let found = (operation.found)(&start).await;
    let (old, new) = (operation.old, operation.new);
    let is = |want: Option<&[u8]>| found.as_deref() == want;
    assert!(is(new) || (is(old) && !acknowledged), "{what}: {found:?}");
    (operation.done)(&start).await.unwrap_or_else(|error| panic!("{what}, again: {error}"));
    assert_eq!((operation.found)(&start).await.as_deref(), new, "{what}, again");
    Some(())
}

#[tokio::test]
async fn a_cut_at_any_change_leaves_the_old_or_the_new() {
    for operation in &OPERATIONS {
        for how in [Cut::BeforeTheChange, Cut::AfterTheChange] {
            let mut n = 0;
            while cut(operation, how, n).await.is_some() {
                n += 1;
            }
            assert!(n > 0, "{} changes nothing", operation.name);
        }
    }
}

#[tokio::test]
async fn a_pin_survives_every_cut_after_it() {
    for how in [Cut::BeforeTheChange, Cut::AfterTheChange] {
        for n in 1..8 {
            let referee = Referee::default();
            let start = Start::on(&referee);
            match how {
                Cut::BeforeTheChange => referee.fail_and_not_persist(n),
                Cut::AfterTheChange => referee.fail_but_persist(n),
            }
            drop(start.publish(Kind::Zip, noise(1000, 1)).await);
            let start = Start::on(&referee);
            let other = staged(&start.staging, noise(1000, 2)).await;
            let refused =
                start.store.publish(&mv(WHAT), Kind::Zip, &other, fact(&other, Kind::Zip, "h2")).await;
            let Err(PublishError::Pinned { had, .. }) = refused else { panic!("{refused:?}") };
            assert_eq!(had, hash("h1"));
        }
    }
}
