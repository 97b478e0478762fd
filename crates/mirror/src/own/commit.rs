//! How records come into the log: in steps that lead to the same end whoever takes them, and however often.
//!
//! 1. The journal: the records, and the head they follow. It takes the place of the one before, which must be the one
//!    that was seen; so of several writers one goes on, and what follows is decided.
//! 2. The tiles of the larger tree, which are new objects: no head refers to them yet.
//! 3. The head beside the key, so that a store that is older than what anybody has seen can be told.
//! 4. The head in the store, in the place of the one that was seen. From here on clients see the records.
//! 5. The lookups. Until they are durable the journal stays, and whoever comes next writes those that are missing.
//!
//! A journal whose records lie behind the head was left by a writer that ended; it is carried out before anything else.

use bytes::Bytes;
use gomod::{ModulePath, ModuleVersion, Version};
use storage::{Journal, Key, Tag};
use sumdb::{Frontier, Growth, Head, Lookup, grow};

use super::{
    OwnError,
    index::subject,
    log::{Log, Stored},
};

/// Where the log stands, as its writer has seen it.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) frontier: Frontier,
    head: Option<Tag>,
    journal: Option<Tag>,
}

impl Standing {
    pub(super) fn head(&self) -> Head {
        self.frontier.head()
    }
}

impl Log {
    /// Begins the log: the head of a tree without records.
    pub(super) async fn begin(&self) -> Result<(), OwnError> {
        let head = Frontier::default().head();
        let note = self.sign(&head)?;
        self.second.forward(head, note.clone(), self.signer.verifier()).await?;
        // Another process may have begun it at the same moment; then it is the same.
        self.store.move_head(&self.name, None, note.into()).await?;
        Ok(())
    }

    /// Where the log stands now. What a writer that ended has left is carried out first.
    pub(super) async fn stand(&self, last: Option<Standing>) -> Result<Standing, OwnError> {
        let Stored { head, signed, .. } = self.begun().await?;
        if let Some(last) = last
            && last.head.is_some()
            && last.head == signed.tag
        {
            return Ok(last);
        }
        let frontier = self.proven(&head, |tiles| Frontier::from_tiles(&head, tiles)).await?;
        let mut standing = Standing { frontier, head: signed.tag, journal: None };
        let Some((journal, tag)) = self.store.journal(&self.name).await? else { return Ok(standing) };
        standing.journal = Some(tag);
        let end = journal.size + journal.records.len() as u64;
        if journal.size > head.size {
            // Another writer may have moved both since the head was read.
            if self.begun().await?.signed.tag != standing.head {
                return Err(OwnError::Overtaken(self.name.clone()));
            }
            return Err(self.damaged(format!(
                "its journal follows a tree of {} records, but its head is of {}",
                journal.size, head.size
            )));
        }
        if journal.size == head.size {
            if journal.root != head.root.to_string() {
                return Err(self.damaged("its journal follows another tree of the same size".to_owned()));
            }
            return self.carry_out(standing, &journal.records).await;
        }
        if end == head.size {
            self.complete(&journal, &head).await?;
        }
        Ok(standing)
    }

    /// Appends records. After an error they may be in the log or not; [`stand`](Self::stand) decides it.
    pub(super) async fn append(&self, standing: Standing, records: &[String]) -> Result<Standing, OwnError> {
        let old = standing.head();
        let journal = Journal { size: old.size, root: old.root.to_string(), records: records.to_vec() };
        let journal = self.store.put_journal(&self.name, standing.journal.clone(), &journal).await?;
        let journal = Some(journal.ok_or_else(|| OwnError::Overtaken(self.name.clone()))?);
        self.carry_out(Standing { journal, ..standing }, records).await
    }

    async fn carry_out(&self, standing: Standing, records: &[String]) -> Result<Standing, OwnError> {
        let texts: Vec<&str> = records.iter().map(String::as_str).collect();
        let old = standing.head().size;
        let Growth { frontier, tiles, head } =
            grow(&standing.frontier, &texts).map_err(|error| self.damaged(error.to_string()))?;
        let note = self.sign(&head)?;
        let tiles: Vec<_> =
            tiles.into_iter().map(|(id, body)| (Key::Tile(self.name.clone(), id), body.into())).collect();
        if let Some(other) = self.store.put_small_all(&self.name, &tiles).await?.first() {
            return Err(self.damaged(format!("{other} is of another history")));
        }
        self.second.forward(head, note.clone(), self.signer.verifier()).await?;
        let moved = self.store.move_head(&self.name, standing.head, note.clone().into()).await?;
        let moved = moved.ok_or_else(|| OwnError::Overtaken(self.name.clone()))?;
        self.keep_lookups(old, records, &note).await?;
        Ok(Standing { frontier, head: Some(moved), journal: standing.journal })
    }

    /// Writes those lookups of a journal that are missing.
    async fn complete(&self, journal: &Journal, head: &Head) -> Result<(), OwnError> {
        let mut missing = false;
        for text in &journal.records {
            let key = Key::Lookup(self.name.clone(), self.version_of(text)?);
            missing = missing || self.store.small(&key).await?.is_none();
        }
        if missing {
            self.keep_lookups(journal.size, &journal.records, &self.sign(head)?).await?;
        }
        Ok(())
    }

    async fn keep_lookups(&self, first: u64, records: &[String], note: &str) -> Result<(), OwnError> {
        let mut lookups = Vec::with_capacity(records.len());
        for (id, text) in (first..).zip(records) {
            let key = Key::Lookup(self.name.clone(), self.version_of(text)?);
            lookups.push((key, Bytes::from(Lookup::compose(id, text, note.as_bytes()))));
        }
        // One that is there is of the same record, perhaps under another signature.
        self.store.put_small_all(&self.name, &lookups).await?;
        Ok(())
    }

    fn version_of(&self, text: &str) -> Result<ModuleVersion, OwnError> {
        let version = subject(text).and_then(|(path, version)| {
            ModuleVersion::new(ModulePath::new(path).ok()?, Version::new(version).ok()?).ok()
        });
        version.ok_or_else(|| self.damaged(format!("a record is about no module version: {text:?}")))
    }
}
