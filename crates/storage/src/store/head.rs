//! The newest signed head of a checksum database, changed only by one who knows what is there.

use bytes::Bytes;
use gomod::{DbName, SumdbPath};
use jiff::Timestamp;

use super::{Store, sumdb::places};
use crate::{Key, Put, StoreError, Stored, Tag, When};

/// A signed head as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// The note.
    pub note: Bytes,
    /// What its checked copy was when it was read; nothing for a head that came from outside and has none.
    pub tag: Option<Tag>,
    /// When it was stored, as far as that is known.
    pub at: Option<Timestamp>,
}

impl Store {
    /// The newest signed head that is kept of a database. A damaged one is an error, never none.
    pub async fn head(&self, db: &DbName) -> Result<Option<SignedHead>, StoreError> {
        let places: Vec<_> = places(&Key::Head(db.clone())).collect();
        Self::signed(db, &mut self.blobs.get_each(&places).await?.into_iter()).await
    }

    /// An object of a database and its newest signed head, looked for in one step: what [`small`](Store::small) and
    /// [`head`](Store::head) give.
    pub async fn small_and_head(
        &self,
        db: &DbName,
        key: &Key,
    ) -> Result<(Option<Bytes>, Option<SignedHead>), StoreError> {
        let places: Vec<_> = places(&Key::Head(db.clone())).chain(places(key)).collect();
        let mut stored = self.blobs.get_each(&places).await?.into_iter();
        let head = Self::signed(db, &mut stored).await?;
        Ok((self.sound(key, &mut stored).await?, head))
    }

    /// The newest signed head out of what lay in its places, which are taken from `stored`.
    pub(super) async fn signed(
        db: &DbName,
        stored: &mut (impl Iterator<Item = Option<Stored>> + Send),
    ) -> Result<Option<SignedHead>, StoreError> {
        let (key, checked) = (Key::Head(db.clone()), Key::Checked(db.clone(), SumdbPath::Latest));
        let (copy, plain) = (stored.next().flatten(), stored.next().flatten());
        if let Some(copy) = copy {
            let file = copy.bytes(&checked, checked.max_len()).await?;
            let file = file.ok_or_else(|| StoreError::damaged(&checked, "it is too long"))?;
            let note = Store::parse_copy(&checked, &file)?;
            return Ok(Some(SignedHead { note, tag: Some(copy.tag), at: copy.at }));
        }
        let Some(plain) = plain else { return Ok(None) };
        let at = plain.at;
        let note = plain.bytes(&key, key.max_len()).await?;
        let note = note.ok_or_else(|| StoreError::damaged(&key, "it is too long"))?;
        Ok(Some(SignedHead { note, tag: None, at }))
    }

    /// Keeps a signed head in the place of the one with this tag, or of none, and gives its own tag; `None` if
    /// another is there by now.
    pub async fn move_head(
        &self,
        db: &DbName,
        from: Option<Tag>,
        note: Bytes,
    ) -> Result<Option<Tag>, StoreError> {
        let checked = Key::Checked(db.clone(), SumdbPath::Latest);
        let when = from.map_or(When::Absent, When::Is);
        let copy = self.staging.whole(Store::copy_of(&checked, &note).into());
        let Put::Done(tag) = self.blobs.put(&checked, &copy, when).await? else { return Ok(None) };
        // For those who read the directory without Larder. The one that is read here is the one above.
        let plain = self.staging.whole(note);
        self.blobs.put(&Key::Head(db.clone()), &plain, When::Always).await?;
        self.support(db).await?;
        Ok(Some(tag))
    }
}
