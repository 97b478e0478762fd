//! What a log of its own needs of the store: its journal, and many objects at once.

use std::collections::HashSet;

use bytes::Bytes;
use gomod::DbName;

use super::Store;
use crate::{Journal, Key, Put, StoreError, Tag, When};

impl Store {
    /// An object of a checksum database as it lies there for those who read the directory without Larder, for one who
    /// can tell whether it is right.
    pub async fn plain(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.whole(key).await
    }

    /// The journal of a log, and what it was when it was read. A damaged one is an error, never none.
    pub async fn journal(&self, log: &DbName) -> Result<Option<(Journal, Tag)>, StoreError> {
        let key = Key::Journal(log.clone());
        let Some(stored) = self.blobs.get(&key).await? else { return Ok(None) };
        let file = stored.bytes(&key, key.max_len()).await?;
        let file = file.ok_or_else(|| StoreError::damaged(&key, "it is too long"))?;
        Ok(Some((Journal::parse(log, &file)?, stored.tag)))
    }

    /// Keeps a journal in the place of the one with this tag, or of none, and gives its own tag; `None` if another
    /// is there by now.
    pub async fn put_journal(
        &self,
        log: &DbName,
        from: Option<Tag>,
        journal: &Journal,
    ) -> Result<Option<Tag>, StoreError> {
        let staged = self.staging.whole(journal.to_bytes(log).into());
        let when = from.map_or(When::Absent, When::Is);
        match self.blobs.put(&Key::Journal(log.clone()), &staged, when).await? {
            Put::Done(tag) => Ok(Some(tag)),
            Put::Conflict(_) => Ok(None),
        }
    }

    /// Keeps objects of a checksum database that do not change, each unless it is there; all are durable when it
    /// returns. Gives the keys under which other bytes were kept before, and still are.
    ///
    /// A record whose name the disk cannot hold is left out, and in nobody's way: a name that clients may ask for can be
    /// longer together with its version. It can be made again from the tiles, or fetched again.
    pub async fn put_small_all(&self, db: &DbName, objects: &[(Key, Bytes)]) -> Result<Vec<Key>, StoreError> {
        let mut staged = Vec::with_capacity(objects.len() * 2);
        for (key, bytes) in objects {
            if let Some(checked) = key.checked() {
                let copy = self.staging.whole(Store::copy_of(&checked, bytes).into());
                staged.push((checked, copy));
            }
            staged.push((key.clone(), self.staging.whole(bytes.clone())));
        }
        let puts = match self.blobs.put_all(&staged).await {
            Err(StoreError::NameTooLong(_)) => return self.put_small_each(db, objects).await,
            puts => puts?,
        };
        let taken: HashSet<&Key> = staged
            .iter()
            .zip(&puts)
            .filter_map(|((key, _), put)| matches!(put, Put::Conflict(_)).then_some(key))
            .collect();
        let mut others = Vec::new();
        for (key, bytes) in objects {
            let checked = key.checked();
            if !taken.contains(key) && checked.is_none_or(|checked| !taken.contains(&checked)) {
                continue;
            }
            match self.small(key).await? {
                None => self.put_small(key, bytes.clone()).await?,
                Some(same) if same == *bytes => {}
                Some(_) => others.push(key.clone()),
            }
        }
        self.support(db).await?;
        Ok(others)
    }

    /// The same one by one, less the records whose names are too long.
    async fn put_small_each(&self, db: &DbName, objects: &[(Key, Bytes)]) -> Result<Vec<Key>, StoreError> {
        let mut others = Vec::new();
        for (key, bytes) in objects {
            match self.put_small(key, bytes.clone()).await {
                Err(error @ StoreError::NameTooLong(_)) if matches!(key, Key::Lookup(..)) => {
                    tracing::warn!("a record is not stored: {error}");
                }
                put => put?,
            }
            if self.small(key).await?.is_some_and(|there| there != *bytes) {
                others.push(key.clone());
            }
        }
        self.support(db).await?;
        Ok(others)
    }
}
