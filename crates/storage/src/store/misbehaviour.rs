//! What is known to be wrong with a checksum database, and with what is stored of it.

use bytes::Bytes;
use gomod::{DbName, SumdbPath};

use super::Store;
use crate::{Key, Put, StoreError, When};

impl Store {
    /// The evidence that a checksum database has contradicted itself, if there is any: text, the first line for people.
    pub async fn misbehaviour(&self, db: &DbName) -> Result<Option<Bytes>, StoreError> {
        let key = Key::Misbehaviour(db.clone());
        let Some(stored) = self.blobs.get(&key).await? else { return Ok(None) };
        // What is too long to be read is there all the same.
        Ok(Some(stored.bytes(&key, key.max_len()).await?.unwrap_or_default()))
    }

    /// Keeps the evidence that a checksum database has contradicted itself. The first one stays.
    pub async fn put_misbehaviour(&self, db: &DbName, evidence: Bytes) -> Result<(), StoreError> {
        let staged = self.staging.whole(evidence);
        self.blobs.put(&Key::Misbehaviour(db.clone()), &staged, When::Absent).await.map(drop)
    }

    /// Sets a damaged head aside, so that the plain one or none takes its place. Nothing happens to a sound one.
    pub async fn drop_damaged_head(&self, db: &DbName) -> Result<(), StoreError> {
        let checked = Key::Checked(db.clone(), SumdbPath::Latest);
        let Some(copy) = self.blobs.get(&checked).await? else { return Ok(()) };
        let tag = copy.tag.clone();
        if self.open_copy(&checked, copy).await?.bytes.is_none() {
            self.blobs.set_aside(&checked, &tag, "it is damaged").await?;
        }
        Ok(())
    }

    /// Puts a record in the place of the same one under another signed tree.
    pub async fn renew_small(&self, key: &Key, bytes: Bytes) -> Result<(), StoreError> {
        // Until the other one is there, the old one is mended from its checked copy.
        self.blobs.remove(key).await?;
        self.replace_small(key, bytes).await
    }

    /// Puts an object of a checksum database in the place of one that was found to be wrong, whole as it may look.
    pub async fn replace_small(&self, key: &Key, bytes: Bytes) -> Result<(), StoreError> {
        let Some(checked) = key.checked() else { return self.lay_out(key, &bytes).await };
        let copy = self.staging.whole(Store::copy_of(&checked, &bytes).into());
        for _ in 0..super::sumdb::TRIES {
            let when = match self.blobs.get(&checked).await? {
                Some(there) => When::Is(there.tag),
                None => When::Absent,
            };
            if let Put::Done(_) = self.blobs.put(&checked, &copy, when).await? {
                return self.lay_out(key, &bytes).await;
            }
        }
        Err(StoreError::Contended(key.to_string()))
    }
}
