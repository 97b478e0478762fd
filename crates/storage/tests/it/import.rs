//! Hashes that are known before their files.

use std::{fs, sync::Arc};

use gomod::H1;
use jiff::Timestamp;
use storage::{Evidence, Import, Kind, Loaded, PublishError, Receipt, State, Store};

use crate::world::{fact, hash, mv, staged, store};

const WHAT: &str = "example.com/a@v1.0.0";

fn import() -> Import {
    Import { source: "import of sums.txt".into(), signer: None, at: Timestamp::UNIX_EPOCH }
}

async fn publish(store: &Arc<Store>, h1: &str) -> Result<storage::Blob, PublishError> {
    let mut staging = store.stage();
    staging.append("bytes".into()).await.unwrap();
    let file = staging.finish();
    store.publish(&mv(WHAT), Kind::Zip, &file, fact(&file, Kind::Zip, h1)).await
}

async fn pinned(store: &Store) -> (Option<H1>, Evidence) {
    let receipt = store.receipt(&mv(WHAT)).await.unwrap().unwrap();
    let fact = receipt.fact(Kind::Zip).unwrap();
    (fact.h1(), fact.evidence().clone())
}

#[tokio::test]
async fn no_other_file_is_taken_and_the_right_one_keeps_what_vouches_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    assert!(store.pin(&mv(WHAT), Kind::Zip, hash("1"), &import()).await.unwrap());
    assert!(!store.pin(&mv(WHAT), Kind::Zip, hash("1"), &import()).await.unwrap());
    assert!(matches!(store.load(&mv(WHAT), Kind::Zip).await.unwrap(), Loaded::Absent(_)));
    let other = store.pin(&mv(WHAT), Kind::Zip, hash("2"), &import()).await;
    let Err(PublishError::Pinned { had, got, .. }) = other else { panic!("{other:?}") };
    assert_eq!((had, got), (hash("1"), hash("2")));
    assert!(matches!(publish(&store, "2").await, Err(PublishError::Pinned { .. })));

    // Not even on the word of a database.
    let mut staging = store.stage();
    staging.append("bytes".into()).await.unwrap();
    let file = staging.finish();
    let log = Evidence::Log { db: "sum.example.com".parse().unwrap(), id: 1, size: 2 };
    let vouched =
        storage::FileFact::new(&file, Some(hash("2")), "proxy.example.com", Timestamp::UNIX_EPOCH, log);
    let refused = store.publish(&mv(WHAT), Kind::Zip, &file, vouched).await;
    assert!(matches!(refused, Err(PublishError::Pinned { .. })), "{refused:?}");

    let blob = publish(&store, "1").await.unwrap();
    assert_eq!(blob.bytes().await.unwrap(), "bytes");
    assert_eq!(pinned(&store).await, (Some(hash("1")), Evidence::Imported { signer: None }));
    // What is known by now is not weakened, and the file is not forgotten.
    assert!(!store.pin(&mv(WHAT), Kind::Zip, hash("1"), &import()).await.unwrap());
    assert!(matches!(store.load(&mv(WHAT), Kind::Zip).await.unwrap(), Loaded::Blob(_)));
}

#[tokio::test]
async fn a_file_from_outside_is_compared_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.pin(&mv(WHAT), Kind::Zip, hash("1"), &import()).await.unwrap();
    let file = dir.path().join("modules/example.com/a/@v/v1.0.0.zip");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "bytes").unwrap();
    for (h1, right) in [("2", false), ("1", true)] {
        let Loaded::Foreign(foreign) = store.load(&mv(WHAT), Kind::Zip).await.unwrap() else { panic!() };
        let fact =
            foreign.fact(Some(hash(h1)), "here before", Timestamp::UNIX_EPOCH, Evidence::FirstSight).await;
        let adopted = store.adopt(&mv(WHAT), Kind::Zip, &foreign, fact.unwrap()).await;
        assert_eq!(adopted.is_ok(), right, "{adopted:?}");
    }
    assert!(matches!(store.load(&mv(WHAT), Kind::Zip).await.unwrap(), Loaded::Blob(_)));
}

#[tokio::test]
async fn an_older_larder_reads_what_it_can() {
    let area = storage::StagingArea::in_memory(0);
    let file = staged(&area, "x".into()).await;
    let receipt = Receipt::new(mv(WHAT), State::Verified).with(Kind::Zip, fact(&file, Kind::Zip, "1"));
    assert!(receipt.to_bytes().starts_with(br#"{"larder":"receipt","format":1,"#));

    let dir = tempfile::tempdir().unwrap();
    store(dir.path()).pin(&mv(WHAT), Kind::Mod, hash("1"), &import()).await.unwrap();
    let written = fs::read(dir.path().join("modules/example.com/a/@v/v1.0.0.receipt")).unwrap();
    assert!(written.starts_with(br#"{"larder":"receipt","format":2,"#));
}

#[tokio::test]
async fn an_info_has_no_hash_to_pin() {
    let dir = tempfile::tempdir().unwrap();
    let refused = store(dir.path()).pin(&mv(WHAT), Kind::Info, hash("1"), &import()).await;
    assert!(matches!(refused, Err(PublishError::Unhashed)), "{refused:?}");
}
