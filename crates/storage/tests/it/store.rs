//! Storing files in a directory, and having them again.

use std::{fs, path::Path, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use storage::{
    Blob, Damage, Evidence, FileFact, Key, Kind, Loaded, PublishError, Question, Store, StoreError,
    StoredAnswer, Validator,
};

use crate::world::{fact, hash, mv, noise, open, store};

const A: &str = "example.com/a@v1.0.0";

async fn publish(
    store: &Store,
    what: &str,
    kind: Kind,
    bytes: Bytes,
    h1: &str,
) -> Result<Blob, PublishError> {
    let mut staging = store.stage();
    staging.append(bytes).await.unwrap();
    let staged = staging.finish();
    store.publish(&mv(what), kind, &staged, fact(&staged, kind, h1)).await
}

async fn load(store: &Store, what: &str, kind: Kind) -> Bytes {
    match store.load(&mv(what), kind).await.unwrap() {
        Loaded::Blob(blob) => blob.bytes().await.unwrap(),
        other => panic!("{other:?}"),
    }
}

fn path(dir: &Path, what: &str, kind: Kind) -> std::path::PathBuf {
    dir.join(Key::File(mv(what), kind).path())
}

fn list(dir: &Path) -> Option<String> {
    fs::read_to_string(dir.join("modules/example.com/a/@v/list")).ok()
}

#[tokio::test]
async fn what_was_published_is_there_for_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let zip = noise(1_000_000, 1);
    {
        let store = store(dir.path());
        publish(&store, A, Kind::Info, "{}".into(), "").await.unwrap();
        publish(&store, A, Kind::Mod, "module example.com/a\n".into(), "m").await.unwrap();
        let blob = publish(&store, A, Kind::Zip, zip.clone(), "z").await.unwrap();
        assert!(blob.bytes().await.unwrap() == zip);
        assert_eq!(blob.fact().h1(), Some(hash("z")));
    }
    let store = store(dir.path());
    assert_eq!(load(&store, A, Kind::Info).await, "{}");
    assert_eq!(load(&store, A, Kind::Mod).await, "module example.com/a\n");
    assert!(load(&store, A, Kind::Zip).await == zip);
    assert!(matches!(store.load(&mv("example.com/a@v1.0.1"), Kind::Zip).await.unwrap(), Loaded::Absent(_)));
}

#[tokio::test]
async fn any_part_of_a_blob_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let zip = noise(200_000, 1);
    let blob = publish(&store, A, Kind::Zip, zip.clone(), "z").await.unwrap();
    assert_eq!((blob.len(), blob.blocks()), (200_000, 4));
    for (from, to) in [(0, 1), (0, 200_000), (65_535, 65_537), (65_536, 131_072), (199_999, 200_000)] {
        let read = blob.read(from as u64..to as u64).await.unwrap();
        assert!(read == zip.slice(from..to), "{from}..{to}");
    }
    assert_eq!(blob.read(199_999..u64::MAX).await.unwrap().len(), 1);
    assert!(blob.read(200_000..300_000).await.unwrap().is_empty());
    assert!(blob.read(std::ops::Range { start: 5, end: 4 }).await.unwrap().is_empty());
    assert_eq!(blob.block(3).await.unwrap().len(), 200_000 - 3 * 65_536);
    assert!(blob.block(4).await.unwrap().is_empty());
    assert!(blob.block(u64::MAX).await.unwrap().is_empty());
    blob.check_all().await.unwrap();
}

#[tokio::test]
async fn an_etag_is_of_the_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let one = publish(&store, "example.com/a@v1.0.0", Kind::Zip, noise(70_000, 1), "z").await.unwrap();
    let same = publish(&store, "example.com/a@v1.0.1", Kind::Zip, noise(70_000, 1), "y").await.unwrap();
    let other = publish(&store, "example.com/a@v1.0.2", Kind::Zip, noise(70_000, 2), "z").await.unwrap();
    assert_eq!(one.etag(), same.etag());
    assert_ne!(one.etag(), other.etag());
    assert!(one.etag().starts_with('"') && one.etag().ends_with('"'));
}

#[tokio::test]
async fn a_flipped_bit_never_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let zip = noise(200_000, 1);
    publish(&store, A, Kind::Zip, zip.clone(), "z").await.unwrap();
    let file = path(dir.path(), A, Kind::Zip);
    let mut bytes = zip.to_vec();
    bytes[70_000] ^= 1;
    fs::write(&file, &bytes).unwrap();

    let Loaded::Blob(blob) = store.load(&mv(A), Kind::Zip).await.unwrap() else { panic!("length is right") };
    assert!(blob.block(0).await.is_ok());
    let rot = blob.block(1).await.unwrap_err();
    assert!(matches!(rot.damage(), Damage::Block(1)), "{rot}");
    assert!(blob.read(65_000..66_000).await.is_err());
    assert!(blob.bytes().await.is_err());

    store.quarantine(&mv(A), Kind::Zip, &rot).await.unwrap();
    assert!(matches!(store.load(&mv(A), Kind::Zip).await.unwrap(), Loaded::Absent(_)));
    let mut kept: Vec<_> =
        fs::read_dir(dir.path().join("quarantine")).unwrap().map(|entry| entry.unwrap().path()).collect();
    kept.sort();
    assert_eq!(fs::read(&kept[0]).unwrap(), bytes);
    let reason = fs::read_to_string(&kept[1]).unwrap();
    assert!(reason.starts_with("modules/example.com/a/@v/v1.0.0.zip\nblock 1 of 64 KiB"), "{reason}");

    // Healed by the same zip, and by no other.
    let other = publish(&store, A, Kind::Zip, zip.clone(), "other").await;
    assert!(matches!(other, Err(PublishError::Pinned { .. })));
    publish(&store, A, Kind::Zip, zip.clone(), "z").await.unwrap();
    // The one who saw the rot last does no harm to the healed file.
    store.quarantine(&mv(A), Kind::Zip, &rot).await.unwrap();
    assert!(load(&store, A, Kind::Zip).await == zip);
}

#[tokio::test]
async fn small_and_short_files_are_seen_through_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    publish(&store, A, Kind::Mod, "module example.com/a\n".into(), "m").await.unwrap();
    publish(&store, A, Kind::Zip, noise(200_000, 1), "z").await.unwrap();
    fs::write(path(dir.path(), A, Kind::Mod), "module example.com/b\n").unwrap();
    fs::write(path(dir.path(), A, Kind::Zip), noise(199_999, 1)).unwrap();
    let Loaded::Rot(rot) = store.load(&mv(A), Kind::Mod).await.unwrap() else { panic!("served") };
    assert!(matches!(rot.damage(), Damage::Block(0)), "{rot}");
    let Loaded::Rot(rot) = store.load(&mv(A), Kind::Zip).await.unwrap() else { panic!("served") };
    assert!(matches!(rot.damage(), Damage::Length { expected: 200_000, found: 199_999 }), "{rot}");
}

#[tokio::test]
async fn a_file_cut_while_it_is_read_is_rot() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let blob = publish(&store, A, Kind::Zip, noise(200_000, 1), "z").await.unwrap();
    let file = fs::File::options().write(true).open(path(dir.path(), A, Kind::Zip)).unwrap();
    file.set_len(100_000).unwrap();
    assert!(blob.block(0).await.is_ok());
    assert!(matches!(blob.block(2).await.unwrap_err().damage(), Damage::Unreadable(_)));
}

#[tokio::test]
async fn the_list_says_which_info_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    publish(&store, "example.com/a@v1.2.0", Kind::Mod, "m".into(), "m").await.unwrap();
    assert_eq!(list(dir.path()), None);
    for version in ["v1.10.0", "v1.2.0", "v1.3.0-RC.1", "v0.0.0-20260102030405-0123456789ab"] {
        publish(&store, &format!("example.com/a@{version}"), Kind::Info, "{}".into(), "").await.unwrap();
    }
    let all = "v0.0.0-20260102030405-0123456789ab\nv1.2.0\nv1.3.0-RC.1\nv1.10.0\n";
    assert_eq!(list(dir.path()).unwrap(), all);
    let module = mv(A).path().clone();
    let versions: Vec<_> = store.versions(&module).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(versions, all.lines().collect::<Vec<_>>());

    fs::write(path(dir.path(), "example.com/a@v1.2.0", Kind::Info), "rot").unwrap();
    let gone = mv("example.com/a@v1.2.0");
    let Loaded::Rot(rot) = store.load(&gone, Kind::Info).await.unwrap() else { panic!("served") };
    store.quarantine(&gone, Kind::Info, &rot).await.unwrap();
    assert_eq!(list(dir.path()).unwrap(), all.replace("v1.2.0\n", ""));
}

#[tokio::test]
async fn a_file_from_elsewhere_is_adopted_after_its_check() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let versions = dir.path().join("modules/example.com/a/@v");
    fs::create_dir_all(&versions).unwrap();
    fs::write(versions.join("v1.0.0.info"), "{}").unwrap();
    fs::write(versions.join("v1.0.0.zip"), noise(200_000, 1)).unwrap();
    for (kind, h1) in [(Kind::Info, None), (Kind::Zip, Some(hash("z")))] {
        let Loaded::Foreign(foreign) = store.load(&mv(A), kind).await.unwrap() else { panic!("trusted") };
        let bytes = foreign.bytes(1 << 20).await.unwrap();
        assert_eq!(bytes.len() as u64, foreign.len());
        assert!(foreign.bytes(1).await.is_err());
        let at = Timestamp::UNIX_EPOCH;
        let fact = foreign.fact(h1, "here before", at, Evidence::FirstSight).await.unwrap();
        let served = foreign.blob(fact.clone()).unwrap();
        assert!(served.bytes().await.unwrap() == bytes);
        let blob = store.adopt(&mv(A), kind, &foreign, fact).await.unwrap();
        assert!(blob.bytes().await.unwrap() == bytes);
        assert!(load(&store, A, kind).await == bytes);
    }
    assert_eq!(list(dir.path()).unwrap(), "v1.0.0\n");
}

#[tokio::test]
async fn a_file_from_elsewhere_that_fails_its_check_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    publish(&store, A, Kind::Zip, noise(100, 1), "z").await.unwrap();
    fs::write(path(dir.path(), A, Kind::Mod), "<html>").unwrap();
    let Loaded::Foreign(foreign) = store.load(&mv(A), Kind::Mod).await.unwrap() else { panic!("trusted") };
    store.quarantine(&mv(A), Kind::Mod, &foreign.refuse("it is a web page")).await.unwrap();
    assert!(matches!(store.load(&mv(A), Kind::Mod).await.unwrap(), Loaded::Absent(_)));

    // One whose hash is known, and another.
    fs::remove_file(path(dir.path(), A, Kind::Zip)).unwrap();
    fs::remove_file(dir.path().join(Key::Receipt(mv(A)).path())).unwrap();
    publish(&store, A, Kind::Mod, "m".into(), "m").await.unwrap();
    fs::write(path(dir.path(), A, Kind::Zip), "other").unwrap();
    let Loaded::Foreign(foreign) = store.load(&mv(A), Kind::Zip).await.unwrap() else { panic!("trusted") };
    publish(&store, A, Kind::Zip, "right".into(), "z").await.unwrap();
    let at = Timestamp::UNIX_EPOCH;
    let fact = foreign.fact(Some(hash("y")), "here before", at, Evidence::FirstSight).await.unwrap();
    let refused = store.adopt(&mv(A), Kind::Zip, &foreign, fact).await;
    assert!(matches!(refused, Err(PublishError::Pinned { .. })), "{refused:?}");
    assert_eq!(load(&store, A, Kind::Zip).await, "right");
}

#[tokio::test]
async fn a_damaged_receipt_makes_its_files_foreign() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    publish(&store, A, Kind::Mod, "m".into(), "m").await.unwrap();
    let receipt = dir.path().join(Key::Receipt(mv(A)).path());
    let text = fs::read_to_string(&receipt).unwrap();
    fs::write(&receipt, text.replacen("first-sight", "FIRST-SIGHT", 1)).unwrap();
    assert!(matches!(store.load(&mv(A), Kind::Mod).await.unwrap(), Loaded::Foreign(_)));
    assert!(!receipt.exists());
    publish(&store, A, Kind::Mod, "m".into(), "m").await.unwrap();
    assert_eq!(fs::read_to_string(&receipt).unwrap(), text);

    fs::write(&receipt, text.replacen("\"format\":1", "\"format\":4", 1)).unwrap();
    let newer = store.load(&mv(A), Kind::Mod).await.unwrap_err();
    assert!(matches!(newer, StoreError::Newer { format: 4, .. }), "{newer}");
    assert!(receipt.exists());
}

#[tokio::test]
async fn nothing_but_a_file_is_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    fs::create_dir_all(path(dir.path(), A, Kind::Zip)).unwrap();
    let pipe = path(dir.path(), A, Kind::Mod);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o644),
        0,
    )
    .unwrap();
    for kind in [Kind::Zip, Kind::Mod] {
        let error = store.load(&mv(A), kind).await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_name_too_long_for_the_disk_is_an_error_not_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let long = format!("example.com/{}@v1.0.0", "x".repeat(250));
    let key = Key::Lookup("example.com".parse().unwrap(), mv(&long));
    assert_eq!(store.small(&key).await.unwrap(), None);
    let error = store.put_small(&key, "record".into()).await.unwrap_err();
    assert!(matches!(error, StoreError::NameTooLong(_)), "{error}");
    let longer = format!("example.com/{}@v1.0.0", "x".repeat(300));
    assert!(matches!(store.load(&mv(&longer), Kind::Zip).await.unwrap(), Loaded::Absent(_)));
    let error = publish(&store, &longer, Kind::Zip, "zip".into(), "z").await.unwrap_err();
    assert!(matches!(error, PublishError::Store(StoreError::NameTooLong(_))), "{error}");
}

#[tokio::test]
async fn answers_replace_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let question = Question::List(mv(A).path().clone());
    assert_eq!(store.answer(&question).await.unwrap(), None);
    for body in ["v1.0.0\n", "", "v1.0.0\nv1.1.0\n"] {
        let answer = StoredAnswer {
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
            source: "proxy.example.com".into(),
            validator: Some(Validator { etag: Some("\"1\"".into()), last_modified: None }),
            body: body.into(),
        };
        store.put_answer(&question, &answer).await.unwrap();
        assert_eq!(store.answer(&question).await.unwrap(), Some(answer));
    }
    let file = dir.path().join(Key::Answer(question.clone()).path());
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() = b'x';
    fs::write(&file, bytes).unwrap();
    assert_eq!(store.answer(&question).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_disk_is_said_with_figures_and_served_past() {
    let dir = tempfile::tempdir().unwrap();
    let options =
        storage::OpenOptions { min_free: storage::MinFree::Percent(100), ..crate::world::options() };
    let data = storage::Data::open(dir.path(), options).unwrap();
    let store = Store::open(&data);
    let mut staging = store.stage();
    staging.append(noise(1_000_000, 1)).await.unwrap();
    let staged = staging.finish();
    let fact = fact(&staged, Kind::Zip, "z");
    let refused = store.publish(&mv(A), Kind::Zip, &staged, fact.clone()).await.unwrap_err();
    let PublishError::Store(error @ StoreError::Full(_)) = refused else { panic!("{refused}") };
    assert!(error.to_string().contains("--min-free"), "{error}");
    let blob = Blob::unstored(&mv(A), Kind::Zip, staged, fact);
    assert!(blob.bytes().await.unwrap() == noise(1_000_000, 1));
    assert!(blob.read(100_000..200_000).await.unwrap() == noise(1_000_000, 1).slice(100_000..200_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_share_one_directory() {
    let dir = tempfile::tempdir().unwrap();
    let stores: Vec<Arc<Store>> = (0..3).map(|_| Store::open(&open(dir.path()))).collect();
    let mut tasks = Vec::new();
    for (process, store) in stores.iter().enumerate() {
        for n in 0..8 {
            let store = Arc::clone(store);
            tasks.push(tokio::spawn(async move {
                let what = format!("example.com/a@v1.{n}.0");
                publish(&store, &what, Kind::Info, "{}".into(), "").await.unwrap();
                // Each process has fetched other bytes with the same hash.
                let zip = noise(100_000, (n * 100 + process) as u64);
                let got = publish(&store, &what, Kind::Zip, zip, &what).await.unwrap();
                got.check_all().await.unwrap();
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    for n in 0..8 {
        let what = format!("example.com/a@v1.{n}.0");
        let mut seen = Vec::new();
        for store in &stores {
            seen.push(load(store, &what, Kind::Zip).await);
        }
        assert!(seen.iter().all(|bytes| *bytes == seen[0]), "{what}");
    }
    assert_eq!(list(dir.path()).unwrap().lines().count(), 8);
}

/// The hash that was seen first by either counts for both.
#[tokio::test(flavor = "multi_thread")]
async fn processes_agree_on_what_was_seen_first() {
    let dir = tempfile::tempdir().unwrap();
    let stores = [store(dir.path()), store(dir.path())];
    for n in 0..20 {
        let what = format!("example.com/a@v1.{n}.0");
        let tasks: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(i, store)| {
                let (store, what) = (Arc::clone(store), what.clone());
                tokio::spawn(async move {
                    publish(&store, &what, Kind::Zip, noise(10, i as u64), &i.to_string()).await
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(PublishError::Pinned { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn a_fact_of_an_unfinished_file_stores_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let mut staging = store.stage();
    staging.append("half".into()).await.unwrap();
    let staged = staging.staged();
    let fact = FileFact::new(&staged, Some(hash("z")), "x", Timestamp::UNIX_EPOCH, Evidence::Off);
    let refused = store.publish(&mv(A), Kind::Zip, &staged, fact).await;
    assert!(matches!(refused, Err(PublishError::Store(StoreError::Unfinished))), "{refused:?}");
}
