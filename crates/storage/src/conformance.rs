//! What every [`Blobs`] must do, as tests: a backend passes [`all`], or it is none.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use bytes::Bytes;
use gomod::{DbName, ModulePath, ModuleVersion, ReadAt, Rev, Version};

use crate::{
    BLOCK, Blobs, Evidence, FileFact, Key, Kind, Prefix, Put, Question, Receipt, Staged, StagingArea, State,
    StoreError, Tag, When,
};

/// A place to test, empty, with an area whose files it can take.
#[derive(Clone, Debug)]
pub struct Place {
    /// The place.
    pub blobs: Arc<dyn Blobs>,
    /// Where its files are staged.
    pub staging: Arc<StagingArea>,
}

/// Runs every test, each on a place of its own from `make`. Panics when one fails.
pub async fn all(make: impl Fn() -> Place) {
    what_is_absent(make()).await;
    what_is_put_is_read(make()).await;
    no_two_keys_share_an_object(make()).await;
    one_creator_wins(make()).await;
    many_are_stored_together(make()).await;
    an_exchange_needs_the_tag(make()).await;
    one_exchange_wins(make()).await;
    the_last_put_counts(make()).await;
    what_is_open_stays_readable(make()).await;
    a_file_may_be_put_again(make()).await;
    an_unfinished_file_is_refused(make()).await;
    setting_aside_needs_the_tag(make()).await;
    what_was_refused_lies_in_quarantine(make()).await;
    listings(make()).await;
}

async fn what_is_absent(place: Place) {
    for key in keys() {
        assert!(place.blobs.get(&key).await.unwrap().is_none(), "{key}");
        if matches!(key, Key::File(..) | Key::Answer(_)) {
            place.blobs.remove(&key).await.unwrap();
        }
        let tag = Tag::new("none");
        assert_eq!(place.blobs.set_aside(&key, &tag, "why").await.unwrap(), None, "{key}");
    }
    let key = mutable();
    let put = place.put(&key, "new", When::Is(Tag::new("none"))).await;
    assert_eq!(put, Put::Conflict(None));
    assert!(place.blobs.get(&key).await.unwrap().is_none());
}

async fn what_is_put_is_read(place: Place) {
    let block = usize::try_from(BLOCK).unwrap();
    for (n, size) in [0, 1, block - 1, block, block + 1, 5 * block, 1_000_003].into_iter().enumerate() {
        let key = Key::File(version(&format!("v1.0.{n}")), Kind::Zip);
        let bytes = noise(size, n);
        let staged = place.stage(bytes.clone()).await;
        let Put::Done(tag) = place.blobs.put(&key, &staged, When::Absent).await.unwrap() else {
            panic!("{key} was absent");
        };
        drop(staged);
        let stored = place.blobs.get(&key).await.unwrap().unwrap();
        assert_eq!(stored.tag, tag, "{size}");
        assert_eq!(stored.len, size as u64);
        let mut read = vec![0; size];
        stored.content.read_exact_at(&mut read, 0).unwrap();
        assert!(read == bytes, "{size}");
        assert_eq!(stored.bytes(&key, size as u64).await.unwrap(), Some(bytes));
        if size > 0 {
            assert_eq!(stored.bytes(&key, size as u64 - 1).await.unwrap(), None);
        }
    }
}

async fn no_two_keys_share_an_object(place: Place) {
    let contents = || keys().into_iter().map(|key| (content(&key, &key.to_string()), key));
    for (bytes, key) in contents() {
        assert!(matches!(place.put(&key, bytes, When::Absent).await, Put::Done(_)), "{key}");
    }
    for (bytes, key) in contents() {
        assert_eq!(place.read(&key).await, Some(bytes), "{key}");
    }
    let (first, second) = (Key::Receipt(version("v1.0.0")), Key::File(version("v1.0.0"), Kind::Mod));
    let (receipt, file) = place.blobs.get_both(&first, &second).await.unwrap();
    assert_eq!(receipt.unwrap().bytes(&first, 1 << 20).await.unwrap(), place.read(&first).await);
    assert_eq!(file.unwrap().bytes(&second, 1 << 20).await.unwrap(), place.read(&second).await);
}

async fn many_are_stored_together(place: Place) {
    let key = |n: usize| match n {
        0 => Key::Receipt(version("v1.0.0")),
        n => Key::Tile(DbName::new("sum.example.com").unwrap(), format!("8/{}/001", n % 4).parse().unwrap()),
    };
    let text = |n: usize| content(&key(n), &n.to_string());
    assert!(matches!(place.put(&key(2), text(2), When::Absent).await, Put::Done(_)));
    let mut objects = Vec::new();
    for n in 0..4 {
        objects.push((key(n), place.stage(if n == 2 { Bytes::from("other") } else { text(n) }).await));
    }
    // A second one under the same name comes too late.
    objects.push((key(3), place.stage("late").await));
    let puts = place.blobs.put_all(&objects).await.unwrap();
    assert_eq!(puts.len(), objects.len());
    for (n, put) in puts.iter().enumerate() {
        let there = place.tag(&objects[n].0).await;
        match put {
            Put::Done(tag) => assert!(n != 2 && n != 4 && there.as_ref() == Some(tag), "{n}"),
            Put::Conflict(tag) => assert!((n == 2 || n == 4) && there == *tag, "{n}"),
        }
    }
    for n in 0..4 {
        assert_eq!(place.read(&key(n)).await, Some(text(n)), "{n}");
    }
    // What was stored together is like any other.
    let Some(tag) = place.tag(&key(0)).await else { panic!("it is there") };
    let newer = content(&key(0), "newer");
    assert!(matches!(place.put(&key(0), newer.clone(), When::Is(tag)).await, Put::Done(_)));
    assert_eq!(place.read(&key(0)).await, Some(newer));
    assert!(place.blobs.put_all(&[]).await.unwrap().is_empty());
}

async fn one_creator_wins(place: Place) {
    for key in [Key::File(version("v1.0.0"), Kind::Zip), Key::Receipt(version("v1.0.0")), mutable()] {
        let mut puts = Vec::new();
        for n in 0..RACERS {
            let bytes = content(&key, &n.to_string());
            let (place, key) = (place.clone(), key.clone());
            puts.push(tokio::spawn(
                async move { (place.put(&key, bytes.clone(), When::Absent).await, bytes) },
            ));
        }
        let mut winners = Vec::new();
        for put in puts {
            match put.await.unwrap() {
                (Put::Done(tag), bytes) => winners.push((tag, bytes)),
                (Put::Conflict(there), _) => assert!(there.is_some(), "{key}: lost against nobody"),
            }
        }
        let [(tag, bytes)] = winners.as_slice() else { panic!("{} winners of {key}", winners.len()) };
        assert_eq!(place.read(&key).await.as_ref(), Some(bytes), "{key}");
        assert_eq!(place.tag(&key).await.as_ref(), Some(tag), "{key}");
    }
}

async fn an_exchange_needs_the_tag(place: Place) {
    let key = Key::Receipt(version("v1.0.0"));
    let [first, second, third] = ["1", "2", "3"].map(|text| content(&key, text));
    let Put::Done(one) = place.put(&key, first, When::Absent).await else { panic!("it was absent") };
    let Put::Done(two) = place.put(&key, second.clone(), When::Is(one.clone())).await else {
        panic!("the tag was right")
    };
    assert_ne!(one, two);
    let late = place.put(&key, third, When::Is(one)).await;
    assert_eq!(late, Put::Conflict(Some(two)));
    assert_eq!(place.read(&key).await, Some(second));
}

async fn one_exchange_wins(place: Place) {
    let key = Key::Receipt(version("v1.0.0"));
    place.put(&key, content(&key, "begin"), When::Absent).await;
    for round in 0..4 {
        let seen = place.tag(&key).await.unwrap();
        let mut puts = Vec::new();
        for n in 0..RACERS {
            let bytes = content(&key, &format!("{round} {n}"));
            let (place, key, when) = (place.clone(), key.clone(), When::Is(seen.clone()));
            puts.push(tokio::spawn(async move { (place.put(&key, bytes.clone(), when).await, bytes) }));
        }
        let mut won = Vec::new();
        for put in puts {
            if let (Put::Done(_), bytes) = put.await.unwrap() {
                won.push(bytes);
            }
        }
        let [bytes] = won.as_slice() else { panic!("{} winners", won.len()) };
        assert_eq!(place.read(&key).await.as_ref(), Some(bytes));
    }
}

async fn the_last_put_counts(place: Place) {
    let key = mutable();
    for text in ["1", "22", "333", "22"] {
        assert!(matches!(place.put(&key, text, When::Always).await, Put::Done(_)));
        assert_eq!(place.read(&key).await.unwrap(), text);
    }
    place.blobs.remove(&key).await.unwrap();
    assert_eq!(place.read(&key).await, None);
    place.put(&key, "again", When::Absent).await;
    assert_eq!(place.read(&key).await.unwrap(), "again");
}

async fn what_is_open_stays_readable(place: Place) {
    let key = Key::File(version("v1.0.0"), Kind::Zip);
    let bytes = noise(300_000, 1);
    place.put(&key, bytes.clone(), When::Absent).await;
    let stored = place.blobs.get(&key).await.unwrap().unwrap();
    place.blobs.remove(&key).await.unwrap();
    place.put(&key, noise(300_000, 2), When::Absent).await;
    assert!(stored.bytes(&key, 1 << 20).await.unwrap() == Some(bytes));
}

async fn a_file_may_be_put_again(place: Place) {
    let staged = place.stage(noise(100_000, 1)).await;
    let (first, second) = (Key::File(version("v1.0.0"), Kind::Zip), mutable());
    for when in [When::Absent, When::Always] {
        for key in [&first, &second] {
            if key.mutability() == crate::Mutability::Mutable || when == When::Absent {
                let put = place.blobs.put(key, &staged, when.clone()).await.unwrap();
                assert_eq!(put, Put::Done(place.tag(key).await.unwrap()), "{key}");
            }
        }
    }
    let again = place.blobs.put(&first, &staged, When::Absent).await.unwrap();
    assert_eq!(again, Put::Conflict(place.tag(&first).await));
    drop(staged);
    for key in [&first, &second] {
        assert!(place.read(key).await == Some(noise(100_000, 1)), "{key}");
    }
}

async fn an_unfinished_file_is_refused(place: Place) {
    let mut staging = place.staging.stage();
    staging.append(Bytes::from_static(b"half")).await.unwrap();
    let put = place.blobs.put(&mutable(), &staging.staged(), When::Absent).await;
    assert!(matches!(put, Err(StoreError::Unfinished)), "{put:?}");
    assert_eq!(place.read(&mutable()).await, None);
}

async fn setting_aside_needs_the_tag(place: Place) {
    for size in [10, 300_000] {
        let key = Key::File(version(&format!("v1.0.{size}")), Kind::Zip);
        let bytes = noise(size, size);
        place.put(&key, bytes.clone(), When::Absent).await;
        let other = Tag::new("other");
        assert_eq!(place.blobs.set_aside(&key, &other, "wrong").await.unwrap(), None);
        assert!(place.read(&key).await.as_ref() == Some(&bytes));

        let tag = place.tag(&key).await.unwrap();
        let id = place.blobs.set_aside(&key, &tag, "a test\nof two lines").await.unwrap().unwrap();
        assert_eq!(place.read(&key).await, None);
        assert!(place.read(&Key::Quarantine(id)).await.as_ref() == Some(&bytes));
        assert_eq!(place.blobs.set_aside(&key, &tag, "again").await.unwrap(), None);
        place.put(&key, bytes.clone(), When::Absent).await;
        assert!(place.read(&key).await == Some(bytes));
    }
}

async fn what_was_refused_lies_in_quarantine(place: Place) {
    let key = Key::File(version("v1.0.0"), Kind::Zip);
    for size in [10, 300_000] {
        let bytes = noise(size, size);
        let staged = place.stage(bytes.clone()).await;
        let id = place.blobs.refuse(&key, &staged, "a test\nof two lines").await.unwrap();
        assert_eq!(place.read(&key).await, None);
        assert!(place.read(&Key::Quarantine(id)).await.as_ref() == Some(&bytes));
        // It is as good as before for whoever holds it.
        assert!(Staged::read_at(&staged, 0, 10).await.unwrap() == bytes.slice(..10));
    }
}

async fn listings(place: Place) {
    let other = ModulePath::new("example.com/a/b").unwrap();
    let other = ModuleVersion::new(other, Version::new("v1.0.0").unwrap()).unwrap();
    let mut infos = Vec::new();
    let mut receipts = Vec::new();
    for version in [version("v1.0.0"), version("v1.1.0-RC.1"), other] {
        for kind in Kind::ALL {
            let key = Key::File(version.clone(), kind);
            place.put(&key, "x", When::Absent).await;
        }
        let key = Key::Receipt(version.clone());
        place.put(&key, content(&key, "x"), When::Absent).await;
        infos.push(Key::File(version, Kind::Info));
        receipts.push(key);
    }
    infos.pop();
    let list = async |prefix: Prefix| {
        let mut listing = place.blobs.list(&prefix);
        let mut keys = Vec::new();
        while let Some(key) = listing.next().await {
            keys.push(key.unwrap());
        }
        keys.sort_by_key(Key::to_string);
        keys
    };
    let module = version("v1.0.0").path().clone();
    assert_eq!(list(Prefix::Versions(module.clone())).await, infos);
    assert_eq!(list(Prefix::Receipts).await, receipts);
    let mut of_module = receipts.clone();
    of_module.retain(|key| matches!(key, Key::Receipt(version) if *version.path() == module));
    assert_eq!(list(Prefix::ReceiptsOf(module.clone())).await, of_module);
    let of_databases = |key: &Key| {
        matches!(key, Key::Supported(_) | Key::Lookup(..) | Key::Tile(..) | Key::Head(_) | Key::Checked(..))
    };
    let mut sumdb: Vec<_> = keys().into_iter().filter(of_databases).collect();
    for key in &sumdb {
        place.put(key, "x", When::Absent).await;
    }
    sumdb.sort_by_key(Key::to_string);
    assert_eq!(list(Prefix::Sumdb).await, sumdb);
    let nothing = ModulePath::new("example.com/none").unwrap();
    assert_eq!(list(Prefix::Versions(nothing)).await, []);
    place.blobs.derive(&module).await.unwrap();
}

impl Place {
    async fn stage(&self, bytes: impl Into<Bytes>) -> Arc<Staged> {
        let mut staging = self.staging.stage();
        staging.append(bytes.into()).await.unwrap();
        staging.finish()
    }

    async fn put(&self, key: &Key, bytes: impl Into<Bytes>, when: When) -> Put {
        let staged = self.stage(bytes).await;
        self.blobs.put(key, &staged, when).await.unwrap()
    }

    async fn read(&self, key: &Key) -> Option<Bytes> {
        let stored = self.blobs.get(key).await.unwrap()?;
        Some(stored.bytes(key, 64 << 20).await.unwrap().unwrap())
    }

    async fn tag(&self, key: &Key) -> Option<Tag> {
        Some(self.blobs.get(key).await.unwrap()?.tag)
    }
}

/// One of each sort, and names that are near to each other.
fn keys() -> Vec<Key> {
    let mv = version("v1.0.0");
    let module = mv.path().clone();
    let (db, below) = (DbName::new("example.com").unwrap(), DbName::new("example.com/a").unwrap());
    let mut keys = vec![
        Key::Receipt(mv.clone()),
        Key::Receipt(version("v1.0.0-RC1")),
        Key::Receipt(version("v1.0.0-rc1")),
        Key::Answer(Question::List(module.clone())),
        Key::Answer(Question::Latest(module.clone())),
        Key::Head(db.clone()),
    ];
    keys.extend(Kind::ALL.map(|kind| Key::File(mv.clone(), kind)));
    keys.extend(
        ["list", "main", "HEAD", "head", "v1.0.0+meta"]
            .map(|rev| Key::Answer(Question::Query(module.clone(), Rev::new(rev).unwrap()))),
    );
    for db in [db, below] {
        keys.push(Key::Supported(db.clone()));
        keys.push(Key::Journal(db.clone()));
        keys.push(Key::Misbehaviour(db.clone()));
        keys.push(Key::Checked(db.clone(), gomod::SumdbPath::Latest));
        keys.push(Key::Checked(db.clone(), gomod::SumdbPath::Lookup(mv.clone())));
        keys.push(Key::Lookup(db.clone(), mv.clone()));
        keys.extend(
            ["8/0/001", "8/0/001.p/1", "8/data/001", "8/1/x001/001"]
                .map(|tile| Key::Tile(db.clone(), tile.parse().unwrap())),
        );
    }
    keys
}

fn mutable() -> Key {
    Key::Answer(Question::List(version("v1.0.0").path().clone()))
}

fn version(text: &str) -> ModuleVersion {
    let path = ModulePath::new("example.com/a").unwrap();
    ModuleVersion::new(path, Version::new(text).unwrap()).unwrap()
}

/// Bytes for a key; a receipt must be one, and has `text` in it.
fn content(key: &Key, text: &str) -> Bytes {
    let Key::Receipt(version) = key else { return Bytes::copy_from_slice(text.as_bytes()) };
    let at = jiff::Timestamp::UNIX_EPOCH;
    let fact = FileFact::of_parts(None, 0, Vec::new(), text.into(), at, Evidence::Off);
    Receipt::new(version.clone(), State::Verified).with(Kind::Info, fact).to_bytes().into()
}

/// Bytes whose blocks differ from each other.
fn noise(size: usize, seed: usize) -> Bytes {
    let byte = |n: usize| n.wrapping_mul(2_654_435_761).wrapping_add(seed * 40_503).to_be_bytes()[4];
    (0..size).map(byte).collect()
}

/// How many try the same at once.
const RACERS: usize = 16;
