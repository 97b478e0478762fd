//! Objects of checksum databases.
//!
//! They are kept twice. One copy lies as it is, so that the directory is a proxy for the database without
//! Larder (PROTOCOL 1.10). The other has a checksum, and is the one that is served; from it the first is mended.

use std::sync::Arc;

use bytes::Bytes;
use gomod::DbName;
use serde::{Deserialize, Serialize};

use super::Store;
use crate::{Key, Put, Staged, StoreError, Stored, Tag, When, blocking::locked, sealed};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    path: String,
    size: usize,
}

/// A checked copy as it was read.
pub(super) struct Copy {
    tag: Tag,
    /// `None` if it is damaged.
    pub(super) bytes: Option<Bytes>,
}

impl Store {
    /// An object of a checksum database; `None` also if it is damaged. One that came from outside has no
    /// checksum and is given as it is: the go command checks it.
    pub async fn small(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let places: Vec<_> = places(key).collect();
        let mut stored = self.blobs.get_each(&places).await?.into_iter();
        self.sound(key, &mut stored).await
    }

    /// Several of them, looked for in one step: as many as there are keys.
    pub async fn small_each(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let places: Vec<_> = keys.iter().flat_map(places).collect();
        let mut stored = self.blobs.get_each(&places).await?.into_iter();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(self.sound(key, &mut stored).await?);
        }
        Ok(found)
    }

    /// The bytes of an object out of what lay in its places, which are taken from `stored`. It is mended where it differs
    /// from its checked copy.
    pub(super) async fn sound(
        &self,
        key: &Key,
        stored: &mut (impl Iterator<Item = Option<Stored>> + Send),
    ) -> Result<Option<Bytes>, StoreError> {
        let checked = key.checked();
        let copy = checked.as_ref().and_then(|_| stored.next().flatten());
        let object = match stored.next().flatten() {
            Some(object) => object.bytes(key, key.max_len()).await?,
            None => None,
        };
        let Some((checked, copy)) = checked.zip(copy) else { return Ok(object) };
        let Some(bytes) = self.open_copy(&checked, copy).await?.bytes else { return Ok(None) };
        let same = object.as_ref() == Some(&bytes);
        // The newest head is replaced all the time, and nobody reads it without Larder.
        if !same && !matches!(key, Key::Head(_)) {
            match self.lay_out(key, &bytes).await {
                Ok(()) | Err(StoreError::ReadOnly(_) | StoreError::Full(_)) => {}
                Err(error) => tracing::warn!("{key} is not mended: {error}"),
            }
        }
        Ok(Some(bytes))
    }

    /// Keeps an object of a checksum database: the newest head in the place of the one before, any other
    /// unless it is there.
    ///
    /// The first one of a database makes its `supported` file too.
    pub async fn put_small(&self, key: &Key, bytes: Bytes) -> Result<(), StoreError> {
        let Some(checked) = key.checked() else { return self.lay_out(key, &bytes).await };
        let copy = self.staging.whole(Store::copy_of(&checked, &bytes).into());
        if matches!(key, Key::Head(_)) {
            self.blobs.put(&checked, &copy, When::Always).await?;
            let plain = self.staging.whole(bytes);
            self.blobs.put(key, &plain, When::Always).await?;
        } else {
            let first = self.keep_first(&checked, &copy).await?;
            self.lay_out(key, first.as_ref().unwrap_or(&bytes)).await?;
        }
        match &checked {
            Key::Checked(db, _) => self.support(db).await,
            _ => Ok(()),
        }
    }

    /// Compares an object with its checked copy, and says whether it could be mended where it differs.
    pub(crate) async fn mend(&self, key: &Key) -> Result<Option<bool>, StoreError> {
        let before = self.whole(key).await?;
        let right = self.small(key).await?;
        // The newest head is replaced all the time.
        if before.is_none() || before == right || matches!(key, Key::Head(_)) {
            return Ok(None);
        }
        Ok(Some(self.whole(key).await? == right))
    }

    /// Keeps a checked copy, unless there is a sound one: then that one is given.
    async fn keep_first(&self, key: &Key, copy: &Arc<Staged>) -> Result<Option<Bytes>, StoreError> {
        let mut when = When::Absent;
        for _ in 0..TRIES {
            if let Put::Done(_) = self.blobs.put(key, copy, when).await? {
                return Ok(None);
            }
            when = match self.blobs.get(key).await? {
                None => When::Absent,
                Some(there) => match self.open_copy(key, there).await? {
                    Copy { bytes: Some(first), .. } => return Ok(Some(first)),
                    Copy { tag, bytes: None } => When::Is(tag),
                },
            };
        }
        Err(StoreError::Contended(key.to_string()))
    }

    pub(super) async fn support(&self, db: &DbName) -> Result<(), StoreError> {
        if !locked(&self.supported).contains(db) {
            let empty = self.staging.whole(Bytes::new());
            self.blobs.put(&Key::Supported(db.clone()), &empty, When::Absent).await?;
            locked(&self.supported).insert(db.clone());
        }
        Ok(())
    }

    /// Puts an object that does not change where those find it who read the directory without Larder.
    pub(super) async fn lay_out(&self, key: &Key, bytes: &Bytes) -> Result<(), StoreError> {
        let plain = self.staging.whole(bytes.clone());
        for _ in 0..TRIES {
            let Put::Conflict(Some(tag)) = self.blobs.put(key, &plain, When::Absent).await? else {
                return Ok(());
            };
            if self.whole(key).await?.as_ref() == Some(bytes) {
                return Ok(());
            }
            self.blobs.set_aside(key, &tag, "its bytes are not those of the checked copy").await?;
        }
        Err(StoreError::Contended(key.to_string()))
    }

    pub(super) async fn open_copy(&self, key: &Key, stored: Stored) -> Result<Copy, StoreError> {
        let bytes = match stored.bytes(key, key.max_len()).await? {
            Some(file) => match Store::parse_copy(key, &file) {
                Ok(bytes) => Some(bytes),
                Err(StoreError::Damaged { .. }) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        if bytes.is_none() {
            tracing::error!("{key} is damaged; it is asked for again");
        }
        Ok(Copy { tag: stored.tag, bytes })
    }

    /// The file that is a checked copy.
    pub(super) fn copy_of(checked: &Key, bytes: &[u8]) -> Vec<u8> {
        sealed::seal(WHAT, FORMAT, &Head { path: checked.to_string(), size: bytes.len() }, bytes)
    }

    /// What is in a checked copy. Strict: what is not exactly as it was written is damaged.
    pub(crate) fn parse_copy(key: &Key, file: &Bytes) -> Result<Bytes, StoreError> {
        let (head, body) = sealed::open::<Head>(key, WHAT, FORMAT, file)?;
        let bytes = file.slice(body..);
        if head.path != key.to_string() || head.size != bytes.len() {
            return Err(StoreError::damaged(key, format!("it is the copy of {}, or not whole", head.path)));
        }
        Ok(bytes)
    }

    /// All bytes of an object as it lies there.
    pub(super) async fn whole(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        match self.blobs.get(key).await? {
            Some(stored) => stored.bytes(key, key.max_len()).await,
            None => Ok(None),
        }
    }
}

/// Where an object lies, in the order in which its places are read.
pub(super) fn places(key: &Key) -> impl Iterator<Item = Key> + use<> {
    key.checked().into_iter().chain([key.clone()])
}

const WHAT: &str = "checked";
const FORMAT: u32 = 1;
/// How often something is tried that others get in the way of.
pub(super) const TRIES: u32 = 4;
