//! Storing files, and having them again.

use bytes::Bytes;
use storage::{Kind, Loaded, PublishError, Store};

use crate::world::{fact, hash, mv, noise, store};

async fn publish(
    store: &Store,
    what: &str,
    kind: Kind,
    bytes: Bytes,
    h1: &str,
) -> Result<storage::Blob, PublishError> {
    let mut staging = store.stage();
    staging.append(bytes).await.unwrap();
    let staged = staging.finish();
    let fact = fact(&staged, kind, h1);
    store.publish(&mv(what), kind, &staged, fact).await
}

async fn load(store: &Store, what: &str, kind: Kind) -> Bytes {
    match store.load(&mv(what), kind).await.unwrap() {
        Loaded::Blob(blob) => blob.bytes().await.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_published_is_there_for_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let zip = noise(1_000_000, 1);
    {
        let store = store(dir.path());
        publish(&store, "example.com/a@v1.0.0", Kind::Info, "{}".into(), "").await.unwrap();
        publish(&store, "example.com/a@v1.0.0", Kind::Mod, "module example.com/a\n".into(), "m")
            .await
            .unwrap();
        let blob = publish(&store, "example.com/a@v1.0.0", Kind::Zip, zip.clone(), "z").await.unwrap();
        assert_eq!(blob.bytes().await.unwrap(), zip);
        assert_eq!(blob.fact().h1(), Some(hash("z")));
    }
    let store = store(dir.path());
    assert_eq!(load(&store, "example.com/a@v1.0.0", Kind::Info).await, "{}");
    assert_eq!(load(&store, "example.com/a@v1.0.0", Kind::Mod).await, "module example.com/a\n");
    assert_eq!(load(&store, "example.com/a@v1.0.0", Kind::Zip).await, zip);
}
