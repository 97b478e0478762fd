//! Objects of a database on their way into the store.
//!
//! A cold build proves many records within a moment. While some objects are being stored, those that come meanwhile gather,
//! and are stored together next: two waits for the disk for all of them, instead of several for each.

use std::{collections::HashSet, mem, sync::Mutex};

use bytes::Bytes;
use gomod::DbName;
use storage::{Key, Store, StoreError};
use tokio::sync::oneshot;

use super::locked;

/// Those of one database.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    waiting: Mutex<Vec<Waiting>>,
    /// Held while some are being stored.
    storing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    objects: Vec<(Key, Bytes)>,
    stored: oneshot::Sender<bool>,
}

impl Keeper {
    /// Stores proven objects. Whether they are durable now; it is logged if not.
    pub(super) async fn keep(&self, store: &Store, db: &DbName, objects: Vec<(Key, Bytes)>) -> bool {
        if objects.is_empty() {
            return true;
        }
        let (stored, mut told) = oneshot::channel();
        locked(&self.waiting).push(Waiting { objects, stored });
        let _turn = self.storing.lock().await;
        if let Ok(stored) = told.try_recv() {
            return stored;
        }
        let all = mem::take(&mut *locked(&self.waiting));
        let objects = in_order(&all);
        let stored = put(store, db, &objects).await;
        if let Err(error) = &stored {
            tracing::warn!(%db, "proven, but not stored: {error}");
        }
        for waiting in all {
            // Who has left meanwhile needs no answer.
            let _ = waiting.stored.send(stored.is_ok());
        }
        told.try_recv().unwrap_or(false)
    }
}

/// Each object once, as several proofs may have brought the same tile; those that prove before those that are proven.
fn in_order(all: &[Waiting]) -> Vec<(Key, Bytes)> {
    let mut seen = HashSet::new();
    let objects = all.iter().flat_map(|waiting| &waiting.objects);
    let mut objects: Vec<_> = objects.filter(|(key, _)| seen.insert(key)).cloned().collect();
    objects.sort_by_key(|(key, _)| matches!(key, Key::Lookup(..)));
    objects
}

async fn put(store: &Store, db: &DbName, objects: &[(Key, Bytes)]) -> Result<(), StoreError> {
    for key in store.put_small_all(db, objects).await? {
        // Of a record the first answer stays, which may be under the note of an older anchor.
        if matches!(key, Key::Lookup(..)) {
            continue;
        }
        tracing::error!("{key} was not what the database signed; it is replaced");
        if let Some((_, bytes)) = objects.iter().find(|(other, _)| *other == key) {
            store.replace_small(&key, bytes.clone()).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use gomod::TileId;
    use storage::{Data, OpenOptions};

    use super::*;

    #[tokio::test]
    async fn all_that_come_at_once_are_stored_and_each_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::open(dir.path(), OpenOptions::default()).unwrap());
        let db: DbName = "sum.example.com".parse().unwrap();
        let keeper = Keeper::default();
        let object = |n: u64| {
            let id = TileId::new(Some(0), n, 1).unwrap();
            (Key::Tile(db.clone(), id), Bytes::from(n.to_le_bytes().repeat(4)))
        };
        let kept = join_all((0..40).map(|n| keeper.keep(&store, &db, vec![object(n % 20), object(20 + n)])));
        assert!(kept.await.into_iter().all(|kept| kept));
        for (key, body) in (0..60).map(object) {
            assert_eq!(store.small(&key).await.unwrap(), Some(body), "{key}");
        }
        assert!(keeper.keep(&store, &db, vec![object(3)]).await, "the same again is no fault");
    }
}
