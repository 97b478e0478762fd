//! Objects of checksum databases: served checked, and laid out for those who read the directory.

use std::{fs, path::PathBuf, sync::Arc};

use bytes::Bytes;
use gomod::{DbName, SumdbPath};
use storage::{Journal, Key, NoCatalog, Referee, StagingArea, Store};

use crate::world::{mv, store};

fn db() -> DbName {
    "sum.example.com/db".parse().unwrap()
}

fn tile() -> Key {
    Key::Tile(db(), "8/0/001".parse().unwrap())
}

fn copy_of_tile() -> PathBuf {
    Key::Checked(db(), SumdbPath::Tile("8/0/001".parse().unwrap())).path()
}

async fn read(store: &Store, key: &Key) -> Option<Bytes> {
    store.small(key).await.unwrap()
}

#[tokio::test]
async fn a_checksum_database_is_laid_out_for_go() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let lookup = Key::Lookup(db(), mv("example.com/A@v1.0.0"));
    for key in [tile(), lookup.clone()] {
        assert_eq!(read(&store, &key).await, None);
        store.put_small(&key, "first".into()).await.unwrap();
        store.put_small(&key, "second".into()).await.unwrap();
        assert_eq!(read(&store, &key).await.unwrap(), "first");
    }
    for text in ["1", "2"] {
        store.put_small(&Key::Head(db()), text.into()).await.unwrap();
        assert_eq!(read(&store, &Key::Head(db())).await.unwrap(), text);
    }
    let root = dir.path().join("modules/sumdb/sum.example.com/db");
    for (name, text) in [
        ("supported", ""),
        ("tile/8/0/001", "first"),
        ("lookup/example.com/!a@v1.0.0", "first"),
        ("latest", "2"),
    ] {
        assert_eq!(fs::read_to_string(root.join(name)).unwrap(), text, "{name}");
    }
}

#[tokio::test]
async fn a_damaged_object_is_mended_from_its_checked_copy() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.put_small(&tile(), "hashes".into()).await.unwrap();
    let object = dir.path().join(tile().path());
    fs::write(&object, "hushes").unwrap();
    assert_eq!(read(&store, &tile()).await.unwrap(), "hashes");
    assert_eq!(fs::read_to_string(&object).unwrap(), "hashes");
    fs::remove_file(&object).unwrap();
    assert_eq!(read(&store, &tile()).await.unwrap(), "hashes");
    assert_eq!(fs::read_to_string(&object).unwrap(), "hashes");
}

#[tokio::test]
async fn a_damaged_copy_is_not_served_and_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    for (was, is) in [("hashes", "hushes"), ("\"size\":6", "\"size\":7"), ("\n", "")] {
        store.put_small(&tile(), "hashes".into()).await.unwrap();
        let copy = dir.path().join(copy_of_tile());
        let text = fs::read_to_string(&copy).unwrap();
        fs::write(&copy, text.replace(was, is)).unwrap();
        assert_eq!(read(&store, &tile()).await, None);
        store.put_small(&tile(), "hashes".into()).await.unwrap();
        assert_eq!(read(&store, &tile()).await.unwrap(), "hashes");
    }
}

#[tokio::test]
async fn what_came_from_outside_is_given_as_it_is_until_a_checked_copy_comes() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let object = dir.path().join(tile().path());
    fs::create_dir_all(object.parent().unwrap()).unwrap();
    fs::write(&object, "from a module cache").unwrap();
    assert_eq!(read(&store, &tile()).await.unwrap(), "from a module cache");
    store.put_small(&tile(), "checked".into()).await.unwrap();
    assert_eq!(read(&store, &tile()).await.unwrap(), "checked");
    assert_eq!(fs::read_to_string(&object).unwrap(), "checked");
}

/// Every change fails once, in both ways. What is left is nothing or all of it, and the next try succeeds.
#[tokio::test]
async fn keeping_survives_a_failure_at_each_step() {
    for step in 0..3 {
        for fail in [Referee::fail_and_not_persist, Referee::fail_but_persist] {
            let referee = Referee::default();
            let staging = StagingArea::in_memory(0);
            let store = Store::new(Arc::new(referee.clone()), staging, Arc::new(NoCatalog));
            fail(&referee, step);
            store.put_small(&tile(), "hashes".into()).await.unwrap_err();
            assert!(read(&store, &tile()).await.is_none_or(|bytes| bytes == "hashes"));
            store.put_small(&tile(), "hashes".into()).await.unwrap();
            for key in [tile(), Key::Supported(db())] {
                assert!(read(&store, &key).await.is_some(), "{key}");
            }
        }
    }
}

#[tokio::test]
async fn many_objects_are_kept_together_like_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let lookup = |n: u8| Key::Lookup(db(), mv(&format!("example.com/m{n}@v1.0.0")));
    let object = |n: u8, text: &'static str| (lookup(n), Bytes::from(text));
    assert!(
        store
            .put_small_all(&db(), &[object(0, "a"), object(1, "b"), object(2, "c")])
            .await
            .unwrap()
            .is_empty()
    );
    // One of them is damaged, one is gone for those who read the directory, and one is not there yet.
    let copy = Key::Checked(db(), SumdbPath::Lookup(mv("example.com/m0@v1.0.0")));
    let copy = dir.path().join(copy.path());
    fs::write(&copy, fs::read_to_string(&copy).unwrap().replace("\na", "\nd")).unwrap();
    fs::remove_file(dir.path().join(lookup(1).path())).unwrap();
    let objects = [object(0, "a"), object(1, "b"), object(2, "other"), object(3, "e")];
    assert_eq!(store.put_small_all(&db(), &objects).await.unwrap(), [lookup(2)]);
    for (n, text) in [(0, "a"), (1, "b"), (2, "c"), (3, "e")] {
        assert_eq!(read(&store, &lookup(n)).await.unwrap(), text, "{n}");
        assert_eq!(fs::read_to_string(dir.path().join(lookup(n).path())).unwrap(), text, "{n}");
    }
    assert!(dir.path().join(Key::Supported(db()).path()).exists());
}

#[tokio::test]
async fn a_signed_head_and_a_journal_move_only_from_what_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    assert_eq!(store.head(&db()).await.unwrap(), None);
    let first = store.move_head(&db(), None, "1".into()).await.unwrap();
    assert!(first.is_some());
    assert_eq!(store.move_head(&db(), None, "2".into()).await.unwrap(), None);
    assert!(store.move_head(&db(), first.clone(), "2".into()).await.unwrap().is_some());
    assert_eq!(store.move_head(&db(), first, "3".into()).await.unwrap(), None);
    assert_eq!(store.head(&db()).await.unwrap().unwrap().note, "2");
    assert_eq!(read(&store, &Key::Head(db())).await.unwrap(), "2");
    assert_eq!(fs::read_to_string(dir.path().join(Key::Head(db()).path())).unwrap(), "2");

    let journal = |size| Journal { size, root: "root".into(), records: vec!["a\n".into(), "b\n".into()] };
    assert_eq!(store.journal(&db()).await.unwrap(), None);
    let first = store.put_journal(&db(), None, &journal(0)).await.unwrap();
    assert!(first.is_some());
    assert_eq!(store.put_journal(&db(), None, &journal(0)).await.unwrap(), None);
    let second = store.put_journal(&db(), first.clone(), &journal(2)).await.unwrap();
    assert!(second.is_some());
    assert_eq!(store.put_journal(&db(), first, &journal(2)).await.unwrap(), None);
    assert_eq!(store.journal(&db()).await.unwrap(), Some((journal(2), second.unwrap())));

    // A damaged one is no absence.
    for path in [Key::Checked(db(), SumdbPath::Latest).path(), Key::Journal(db()).path()] {
        fs::write(dir.path().join(path), "{").unwrap();
    }
    store.head(&db()).await.unwrap_err();
    store.journal(&db()).await.unwrap_err();
}
