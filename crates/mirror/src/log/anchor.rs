//! The anchor: read, compared with what was seen before, and moved.

use std::{mem, sync::Arc};

use bytes::Bytes;
use gomod::{Request, SumdbPath};
use storage::{SignedHead, StoreError};
use sumdb::{Hash, Head};

use super::{
    Anchor, Anchored, Log, locked,
    prover::{Prover, StoredHead, Trouble},
};
use crate::Refusal;

/// What became of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// The anchor is where it should be.
    Done,
    /// Another has moved it: all must be proven again.
    Outrun,
    /// The disk takes nothing, and the anchor stays where it was.
    Unstored,
}

impl Anchored {
    pub(super) fn head(&self) -> Option<Head> {
        self.anchor.as_ref().map(|anchor| anchor.head)
    }
}

impl Prover<'_> {
    /// The anchor as it is stored, after it was proven to be one history with the one seen before.
    pub(super) async fn anchor(&mut self) -> Result<Anchored, Trouble> {
        let before = locked(&self.log.anchor).clone();
        // What was read on the way holds for as long as nobody here has moved it.
        let unmoved = |head: &Option<SignedHead>| {
            before.as_ref().is_none_or(|before| head.as_ref().is_some_and(|head| head.note == before.note))
        };
        let stored = match mem::take(&mut self.stored_head) {
            StoredHead::Read(head) if unmoved(&head) => Ok(head),
            StoredHead::Read(_) | StoredHead::Unread => self.read_head().await,
        };
        let stored = match stored {
            Ok(Some(stored)) => stored,
            Ok(None) => {
                if before.is_some() {
                    tracing::error!(db = %self.log.name, "the newest head was taken away; beginning anew");
                    self.log.forget();
                }
                return Ok(Anchored { anchor: None, tag: None });
            }
            Err(error) => {
                tracing::error!(db = %self.log.name, "cannot read the newest head: {error}");
                return Ok(Anchored { anchor: before, tag: None });
            }
        };
        let SignedHead { note, tag, .. } = stored;
        if let Some(before) = before.as_ref().filter(|before| before.note == note) {
            return Ok(Anchored { anchor: Some(Arc::clone(before)), tag });
        }
        let head = match self.log.open(&note, &self.database.key) {
            Ok(head) => head,
            Err(error) => {
                tracing::error!(db = %self.log.name, "the stored head counts for nothing: {error}");
                return Ok(Anchored { anchor: None, tag });
            }
        };
        if let Some(before) = before {
            let (old, new) =
                if before.head.size <= head.size { (before.head, head) } else { (head, before.head) };
            self.notes = vec![before.note.clone(), note.clone()];
            self.satisfied(|have| sumdb::extends(&old, &new, have)).await?;
        }
        let anchor = Arc::new(Anchor { head, note });
        self.seen(&anchor);
        Ok(Anchored { anchor: Some(anchor), tag })
    }

    async fn read_head(&self) -> Result<Option<SignedHead>, StoreError> {
        let (store, name) = (&self.mirror.store, &self.log.name);
        match store.head(name).await {
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::error!("{error}");
                store.drop_damaged_head(name).await?;
                store.head(name).await
            }
            Ok(head) => {
                self.log.looked.note_head(head.clone());
                Ok(head)
            }
            Err(error) => Err(error),
        }
    }

    fn seen(&self, anchor: &Arc<Anchor>) {
        *locked(&self.log.anchor) = Some(Arc::clone(anchor));
        self.mirror.meters.anchor_size.set(anchor.head.size.try_into().unwrap_or(i64::MAX));
    }

    /// Moves the anchor to a head that is proven to follow it, and whose tiles are stored.
    pub(super) async fn move_to(&self, from: &Anchored, head: Head, note: Bytes) -> Moved {
        let _turn = self.log.moving.lock().await;
        let seen = locked(&self.log.anchor).as_ref().map(|anchor| anchor.note.clone());
        if from.anchor.is_some() && seen != from.anchor.as_ref().map(|anchor| anchor.note.clone()) {
            return Moved::Outrun;
        }
        match self.mirror.store.move_head(&self.log.name, from.tag.clone(), note.clone()).await {
            Ok(Some(_)) => {
                self.log.looked.forget_head();
                self.seen(&Arc::new(Anchor { head, note }));
                self.mirror.changed(&Request::Sumdb(self.log.name.clone(), SumdbPath::Latest));
                Moved::Done
            }
            Ok(None) => Moved::Outrun,
            Err(error) => {
                tracing::warn!(db = %self.log.name, "the newest head is proven, but not stored: {error}");
                Moved::Unstored
            }
        }
    }

    /// Remembers a proven head that cannot be the anchor, as the disk takes nothing, once it was proven to be one history with
    /// the one that was remembered before.
    pub(super) async fn unstored(&mut self, head: Head, note: &Bytes) -> Result<(), Trouble> {
        let before = locked(&self.log.unstored).clone();
        if let Some(before) = before {
            self.notes = vec![before.note.clone(), note.clone()];
            let before = before.head;
            let (old, new) = if before.size <= head.size { (before, head) } else { (head, before) };
            self.satisfied(|have| sumdb::extends(&old, &new, have)).await?;
        }
        let mut unstored = locked(&self.log.unstored);
        if unstored.as_ref().is_none_or(|before| before.head.size < head.size) {
            *unstored = Some(Arc::new(Anchor { head, note: note.clone() }));
        }
        Ok(())
    }

    /// Makes a signed head the anchor if it follows it, proves that it leads to it otherwise, and gives the anchor's note.
    pub(super) async fn follow(&mut self, note: Bytes) -> Result<Bytes, Trouble> {
        let signed = self.log.open(&note, &self.database.key);
        let signed = signed.map_err(|error| Trouble::Lie(error.to_string()))?;
        let note = Log::short(&note, &self.database.key);
        for _ in 0..TRIES {
            let at = self.anchor().await?;
            let before = at.head().unwrap_or(Head { size: 0, root: Hash::empty() });
            self.notes = at.anchor.iter().map(|anchor| anchor.note.clone()).chain([note.clone()]).collect();
            if let Some(anchor) = at.anchor.as_ref().filter(|anchor| anchor.head.size >= signed.size) {
                let known = anchor.head;
                self.satisfied(|have| sumdb::extends(&signed, &known, have)).await?;
                return Ok(anchor.note.clone());
            }
            let tiles = self.satisfied(|have| sumdb::extends(&before, &signed, have)).await?;
            let moved = if self.keep(&tiles).await {
                self.move_to(&at, signed, note.clone()).await
            } else {
                Moved::Unstored
            };
            match moved {
                Moved::Outrun => continue,
                Moved::Unstored => self.unstored(signed, &note).await?,
                Moved::Done => {}
            }
            return Ok(note);
        }
        Err(contended())
    }
}

/// Others were faster each time.
pub(super) fn contended() -> Trouble {
    Trouble::Refused(Refusal::Storage(Arc::new(StoreError::Contended(
        "the newest head of a database".into(),
    ))))
}

/// How often something is tried that others get in the way of.
pub(super) const TRIES: u32 = 32;
