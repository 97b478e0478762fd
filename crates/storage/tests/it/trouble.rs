//! A disk that takes nothing for a while: who is told, and when it is over.

use std::{fs, time::Duration};

use storage::{Data, Kind, Loaded, OpenOptions, Question, Store, StoreError, StoredAnswer};

use crate::world::{fact, mv, noise, open, options, staged};

const WHAT: &str = "example.com/a@v1.0.0";

/// The staging directory of this process, without which nothing can be written.
fn staging(data: &Data) -> std::path::PathBuf {
    let entries = fs::read_dir(data.dir().join("staging")).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.is_dir()).unwrap()
}

async fn until(mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("it never became so");
}

fn answer() -> StoredAnswer {
    StoredAnswer {
        at: jiff::Timestamp::UNIX_EPOCH,
        source: "proxy.example.com".into(),
        validator: None,
        body: "v1.0.0\n".into(),
    }
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_told_of_and_that_it_does_again() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(dir.path());
    let store = Store::open(&data);
    assert_eq!(data.trouble(), Vec::<String>::new());
    let (own, away) = (staging(&data), dir.path().join("away"));
    fs::rename(&own, &away).unwrap();
    let question = Question::List(mv(WHAT).path().clone());
    for refused in 1..=2 {
        let error = store.put_answer(&question, &answer()).await.unwrap_err();
        assert_eq!(data.trouble(), [error.to_string()]);
        assert_eq!((data.meters().trouble.get(), data.meters().refused.get()), (1, refused));
    }
    fs::rename(&away, &own).unwrap();
    // Nobody stores anything, and yet it is found out.
    until(|| data.trouble().is_empty()).await;
    assert_eq!(data.meters().trouble.get(), 0);
    store.put_answer(&question, &answer()).await.unwrap();
}

#[tokio::test]
async fn what_is_stored_again_ends_the_trouble_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(dir.path());
    let store = Store::open(&data);
    let (own, away) = (staging(&data), dir.path().join("away"));
    fs::rename(&own, &away).unwrap();
    let question = Question::List(mv(WHAT).path().clone());
    store.put_answer(&question, &answer()).await.unwrap_err();
    fs::rename(&away, &own).unwrap();
    store.put_answer(&question, &answer()).await.unwrap();
    assert_eq!((data.trouble().len(), data.meters().trouble.get()), (0, 0));
}

#[tokio::test]
async fn the_memory_that_stands_in_for_the_disk_is_counted_bounded_and_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let data = Data::open(dir.path(), OpenOptions { staging_memory: 4 << 20, ..options() }).unwrap();
    let store = Store::open(&data);
    let (own, away) = (staging(&data), dir.path().join("away"));
    fs::rename(&own, &away).unwrap();
    let spill = || data.meters().spill.get();
    let mut large = store.stage();
    large.append(noise(3 << 20, 1)).await.unwrap();
    assert!(spill() > 2 << 20 && spill() <= 4 << 20, "{}", spill());
    let mut second = store.stage();
    let refused = second.append(noise(3 << 20, 2)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Full(_)), "{refused}");
    drop(second);
    let large = large.finish();
    let version = mv(WHAT);
    let fact = fact(&large, Kind::Zip, "z");
    store.publish(&version, Kind::Zip, &large, fact.clone()).await.unwrap_err();
    assert!(matches!(store.load(&version, Kind::Zip).await.unwrap(), Loaded::Absent(_)));
    // The disk is well again: what lies in memory can be stored after all.
    fs::rename(&away, &own).unwrap();
    let blob = store.publish(&version, Kind::Zip, &large, fact).await.unwrap();
    assert!(blob.is_stored() && blob.bytes().await.unwrap() == noise(3 << 20, 1));
    drop(large);
    assert_eq!(spill(), 0);
}

#[tokio::test]
async fn the_quarantine_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions { quarantine_files: 3, ..options() };
    let data = Data::open(dir.path(), options).unwrap();
    let store = Store::open(&data);
    let version = mv(WHAT);
    let mut ids = Vec::new();
    for n in 0..5 {
        let file = staged(data.staging(), noise(1000, 1)).await;
        store.publish(&version, Kind::Zip, &file, fact(&file, Kind::Zip, "z")).await.unwrap();
        fs::write(dir.path().join("modules/example.com/a/@v/v1.0.0.zip"), noise(1000, 2 + n)).unwrap();
        let Loaded::Rot(rot) = store.load(&version, Kind::Zip).await.unwrap() else { panic!("not rotten") };
        ids.push(store.quarantine(&version, Kind::Zip, &rot).await.unwrap().unwrap().to_string());
    }
    let lie = |id: &String| dir.path().join("quarantine").join(id).exists();
    assert_eq!(ids.iter().map(lie).collect::<Vec<_>>(), [false, false, true, true, true]);
    assert_eq!(fs::read_dir(dir.path().join("quarantine")).unwrap().count(), 6);
    assert_eq!(data.meters().quarantined.get(), 5);
}
