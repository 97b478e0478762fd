//! The first sight of a file pins its hash, whatever fails on the way.

use std::sync::Arc;

use bytes::Bytes;
use storage::{
    Blob, Blobs, Evidence, FileFact, Key, Kind, Loaded, NoCatalog, PublishError, Referee, StagingArea, State,
    Store, When,
};

use crate::world::{fact, hash, mv, noise, staged};

const WHAT: &str = "example.com/a@v1.0.0";

struct World {
    referee: Referee,
    staging: Arc<StagingArea>,
    store: Arc<Store>,
}

impl World {
    fn new() -> Self {
        let referee = Referee::default();
        let staging = StagingArea::in_memory(64 << 20);
        let blobs = Arc::new(referee.clone());
        let store = Store::new(blobs, Arc::clone(&staging), Arc::new(NoCatalog));
        World { referee, staging, store: Arc::new(store) }
    }

    async fn publish(&self, kind: Kind, bytes: Bytes, h1: &str) -> Result<Blob, PublishError> {
        let staged = staged(&self.staging, bytes).await;
        self.store.publish(&mv(WHAT), kind, &staged, fact(&staged, kind, h1)).await
    }

    async fn stored(&self, kind: Kind) -> Option<Bytes> {
        match self.store.load(&mv(WHAT), kind).await.unwrap() {
            Loaded::Blob(blob) => Some(blob.bytes().await.unwrap()),
            Loaded::Absent(_) => None,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_second_hash_is_refused() {
    for kind in [Kind::Mod, Kind::Zip] {
        let world = World::new();
        world.publish(kind, "first".into(), "1").await.unwrap();
        let refused = world.publish(kind, "second".into(), "2").await.unwrap_err();
        let PublishError::Pinned { had, got, .. } = refused else { panic!("{refused:?}") };
        assert_eq!((had, got), (hash("1"), hash("2")));
        assert_eq!(world.stored(kind).await.unwrap(), "first");
    }
}

#[tokio::test]
async fn the_hash_stays_when_the_file_is_gone() {
    let world = World::new();
    world.publish(Kind::Zip, "first".into(), "1").await.unwrap();
    world.referee.remove(&Key::File(mv(WHAT), Kind::Zip)).await.unwrap();
    assert_eq!(world.stored(Kind::Zip).await, None);
    assert!(matches!(world.publish(Kind::Zip, "second".into(), "2").await, Err(PublishError::Pinned { .. })));
    // Other bytes with the same hash: the same files, packed otherwise.
    world.publish(Kind::Zip, "packed otherwise".into(), "1").await.unwrap();
    assert_eq!(world.stored(Kind::Zip).await.unwrap(), "packed otherwise");
}

#[tokio::test]
async fn an_info_has_no_hash_and_the_first_stays_while_it_is_stored() {
    let world = World::new();
    world.publish(Kind::Info, "{}".into(), "").await.unwrap();
    let blob = world.publish(Kind::Info, "{ }".into(), "").await.unwrap();
    assert_eq!(blob.bytes().await.unwrap(), "{}");
    world.referee.remove(&Key::File(mv(WHAT), Kind::Info)).await.unwrap();
    let blob = world.publish(Kind::Info, "{ }".into(), "").await.unwrap();
    assert_eq!(blob.bytes().await.unwrap(), "{ }");
    assert_eq!(world.stored(Kind::Info).await.unwrap(), "{ }");
}

#[tokio::test]
async fn a_file_without_its_hash_is_refused() {
    let world = World::new();
    let file = staged(&world.staging, "x".into()).await;
    let bare = fact(&file, Kind::Info, "");
    let refused = world.store.publish(&mv(WHAT), Kind::Zip, &file, bare).await;
    assert!(matches!(refused, Err(PublishError::Unhashed)), "{refused:?}");
    let hashed = fact(&file, Kind::Zip, "1");
    let refused = world.store.publish(&mv(WHAT), Kind::Info, &file, hashed).await;
    assert!(matches!(refused, Err(PublishError::Unhashed)), "{refused:?}");
    assert_eq!(world.referee.changes(), 0);
}

#[tokio::test]
async fn better_evidence_is_kept_and_worse_is_not() {
    let world = World::new();
    let file = staged(&world.staging, "x".into()).await;
    let db = "sum.golang.org".parse().unwrap();
    let log = Evidence::Log { db, id: 5, size: 10 };
    for (given, kept) in [
        (Evidence::Off, Evidence::Off),
        (Evidence::FirstSight, Evidence::FirstSight),
        (log.clone(), log.clone()),
        (Evidence::FirstSight, log.clone()),
    ] {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let fact = FileFact::new(&file, Some(hash("1")), "proxy.example.com", at, given);
        world.store.publish(&mv(WHAT), Kind::Zip, &file, fact).await.unwrap();
        let receipt = world.store.receipt(&mv(WHAT)).await.unwrap().unwrap();
        assert_eq!(receipt.fact(Kind::Zip).unwrap().evidence(), &kept);
    }
}

fn log() -> Evidence {
    Evidence::Log { db: "sum.golang.org".parse().unwrap(), id: 5, size: 10 }
}

impl World {
    async fn vouched(&self, bytes: Bytes, h1: &str) -> Result<Blob, PublishError> {
        let staged = staged(&self.staging, bytes).await;
        let at = jiff::Timestamp::UNIX_EPOCH;
        let fact = FileFact::new(&staged, Some(hash(h1)), "proxy.example.com", at, log());
        self.store.publish(&mv(WHAT), Kind::Zip, &staged, fact).await
    }

    async fn pending(&self, bytes: Bytes, h1: &str) -> Result<Blob, PublishError> {
        let staged = staged(&self.staging, bytes).await;
        self.store.publish_pending(&mv(WHAT), Kind::Zip, &staged, fact(&staged, Kind::Zip, h1)).await
    }

    async fn state(&self) -> State {
        self.store.receipt(&mv(WHAT)).await.unwrap().unwrap().state().clone()
    }
}

#[tokio::test]
async fn what_was_merely_seen_first_gives_way_to_what_a_database_says() {
    let world = World::new();
    world.publish(Kind::Zip, "first".into(), "1").await.unwrap();
    let blob = world.vouched("right".into(), "2").await.unwrap();
    assert_eq!((blob.bytes().await.unwrap(), blob.fact().evidence()), ("right".into(), &log()));
    assert_eq!(world.stored(Kind::Zip).await.unwrap(), "right");
    for bytes in ["first", "other"] {
        let refused = world.publish(Kind::Zip, bytes.into(), "1").await;
        assert!(matches!(refused, Err(PublishError::Pinned { .. })), "{refused:?}");
    }
    let refused = world.vouched("again another".into(), "3").await;
    assert!(matches!(refused, Err(PublishError::Pinned { .. })), "{refused:?}");
    // Its evidence is not forgotten when the file is.
    world.referee.remove(&Key::File(mv(WHAT), Kind::Zip)).await.unwrap();
    let blob = world.publish(Kind::Zip, "packed otherwise".into(), "2").await.unwrap();
    assert_eq!(blob.fact().evidence(), &log());
}

#[tokio::test]
async fn pending_is_what_nobody_vouches_for_until_somebody_does() {
    let world = World::new();
    let blob = world.pending("x".into(), "1").await.unwrap();
    assert_eq!(blob.state(), &State::Pending);
    world.publish(Kind::Info, "{}".into(), "").await.unwrap();
    assert_eq!(world.state().await, State::Pending);
    assert_eq!(world.store.uphold(&mv(WHAT), Kind::Zip, &log(), hash("2")).await.unwrap(), None);
    assert_eq!(world.state().await, State::Pending);
    let receipt = world.store.uphold(&mv(WHAT), Kind::Zip, &log(), hash("1")).await.unwrap().unwrap();
    assert_eq!(receipt.state(), &State::Verified);
    assert_eq!(receipt.fact(Kind::Zip).unwrap().evidence(), &log());
    // A hash that a database has vouched for needs nobody to do it again.
    world.referee.remove(&Key::File(mv(WHAT), Kind::Zip)).await.unwrap();
    let blob = world.pending("packed otherwise".into(), "1").await.unwrap();
    assert_eq!((blob.state(), blob.fact().evidence()), (&State::Verified, &log()));
}

#[tokio::test]
async fn what_was_seen_first_long_ago_may_become_doubtful() {
    let world = World::new();
    world.publish(Kind::Zip, "x".into(), "1").await.unwrap();
    assert_eq!(world.state().await, State::Verified);
    world.pending("x".into(), "1").await.unwrap();
    assert_eq!(world.state().await, State::Pending);
    world.vouched("x".into(), "1").await.unwrap();
    assert_eq!(world.state().await, State::Verified);

    let world = World::new();
    world.publish(Kind::Zip, "x".into(), "1").await.unwrap();
    assert_eq!(world.store.doubt(&mv(WHAT)).await.unwrap().unwrap().state(), &State::Pending);
    assert_eq!(world.state().await, State::Pending);
}

/// Every change of a publication fails once, in both ways, and every read once. What is left must be as before
/// or as after, and the same publication must then succeed.
#[tokio::test]
async fn publishing_survives_a_failure_at_each_step() {
    let ways = [
        ("lost", Referee::fail_and_not_persist as fn(&Referee, u64), 2),
        ("unacknowledged", Referee::fail_but_persist, 2),
        ("unread", Referee::fail_read, 3),
    ];
    for before in [None, Some("other")] {
        for (way, fail, steps) in ways {
            for step in 0..steps {
                let world = World::new();
                if let Some(bytes) = before {
                    world.publish(Kind::Mod, bytes.into(), "m").await.unwrap();
                }
                fail(&world.referee, step);
                let zip = noise(100_000, 1);
                world.publish(Kind::Zip, zip.clone(), "z").await.expect_err(way);
                let stored = world.stored(Kind::Zip).await;
                assert!(stored.is_none_or(|stored| stored == zip), "{way} {step}: torn");

                let again = world.publish(Kind::Zip, zip.clone(), "z").await.unwrap();
                assert!(again.bytes().await.unwrap() == zip, "{way} {step}");
                assert!(world.stored(Kind::Zip).await == Some(zip), "{way} {step}");
                if let Some(bytes) = before {
                    assert_eq!(world.stored(Kind::Mod).await.unwrap(), bytes, "{way} {step}");
                }
            }
        }
    }
}

/// A receipt whose file never came, and which another file then takes over.
#[tokio::test]
async fn a_failed_publication_pins_its_hash() {
    let world = World::new();
    world.referee.fail_and_not_persist(1);
    world.publish(Kind::Zip, "first".into(), "1").await.unwrap_err();
    assert_eq!(world.stored(Kind::Zip).await, None);
    let refused = world.publish(Kind::Zip, "second".into(), "2").await;
    assert!(matches!(refused, Err(PublishError::Pinned { .. })), "{refused:?}");
    world.publish(Kind::Zip, "packed otherwise".into(), "1").await.unwrap();
    assert_eq!(world.stored(Kind::Zip).await.unwrap(), "packed otherwise");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_with_the_same_hash_all_get_the_one_that_is_stored() {
    for _ in 0..20 {
        let world = Arc::new(World::new());
        let mut tasks = Vec::new();
        for n in 0..12 {
            let world = Arc::clone(&world);
            tasks.push(tokio::spawn(async move {
                world.publish(Kind::Zip, noise(70_000, n), "same").await.unwrap()
            }));
        }
        let mut got = Vec::new();
        for task in tasks {
            got.push(task.await.unwrap().bytes().await.unwrap());
        }
        let stored = world.stored(Kind::Zip).await.unwrap();
        assert!(got.contains(&stored));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_with_different_hashes_one_is_right() {
    let world = Arc::new(World::new());
    let mut tasks = Vec::new();
    for n in 0..12 {
        let world = Arc::clone(&world);
        tasks.push(tokio::spawn(async move {
            world.publish(Kind::Zip, noise(1000, n), &n.to_string()).await.map(|_| n)
        }));
    }
    let mut won = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(n) => won.push(n),
            Err(PublishError::Pinned { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let [n] = won.as_slice() else { panic!("{won:?} won") };
    assert_eq!(world.stored(Kind::Zip).await, Some(noise(1000, *n)));
}

#[tokio::test]
async fn what_is_withdrawn_is_neither_served_nor_stored() {
    let world = World::new();
    let file = staged(&world.staging, "x".into()).await;
    let receipt = storage::Receipt::new(mv(WHAT), storage::State::Tombstone("leaked keys".into()))
        .with(Kind::Zip, fact(&file, Kind::Zip, "1"));
    let sealed = staged(&world.staging, receipt.to_bytes().into()).await;
    world.referee.put(&Key::Receipt(mv(WHAT)), &sealed, When::Absent).await.unwrap();
    world.referee.put(&Key::File(mv(WHAT), Kind::Zip), &file, When::Absent).await.unwrap();
    let loaded = world.store.load(&mv(WHAT), Kind::Zip).await.unwrap();
    assert!(matches!(&loaded, Loaded::Withdrawn(why) if why == "leaked keys"), "{loaded:?}");
    let refused = world.publish(Kind::Mod, "x".into(), "m").await;
    assert!(matches!(&refused, Err(PublishError::Withdrawn(why)) if why == "leaked keys"), "{refused:?}");
}
