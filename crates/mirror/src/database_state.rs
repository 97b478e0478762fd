//! What is known of a checksum database, for people.

use gomod::DbName;
use jiff::Timestamp;
use storage::{Store, StoreError};
use sumdb::{Head, Verifier};

use crate::Mirror;

/// What is stored of a checksum database, looked at from outside. It names no module.
#[derive(Clone, Debug)]
pub struct DatabaseState {
    /// Its name.
    pub name: DbName,
    /// Whether Larder itself keeps its log.
    pub own: bool,
    /// The key that its heads must carry; nothing for one that is not configured.
    pub key: Option<Verifier>,
    /// The newest head that is stored.
    pub head: Option<HeadState>,
    /// Why the stored head does not count.
    pub trouble: Option<String>,
    /// How it contradicted itself, if it did: then it is not used any more.
    pub misbehaviour: Option<String>,
}

impl Mirror {
    /// What is known of each database that clients are served, or that toolchains are verified with; the own one last.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn databases(&self) -> Result<Vec<DatabaseState>, StoreError> {
        let mut states = Vec::new();
        for database in self.policy.databases() {
            states.push(DatabaseState::read(&self.store, &database.name, Some(&database.key)).await?);
        }
        if let Some(own) = self.own_log() {
            let state = DatabaseState::read(&self.store, own.name(), Some(own.verifier())).await?;
            states.push(DatabaseState { own: true, ..state });
        }
        Ok(states)
    }
}

/// A stored head.
#[derive(Clone, Debug)]
pub struct HeadState {
    /// How many records the log holds, and the hash over all of them.
    pub head: Head,
    /// The signed note.
    pub note: String,
    /// When it was stored, as far as that is known.
    pub stored: Option<Timestamp>,
}

impl DatabaseState {
    /// A database of which nothing is stored.
    pub fn unknown(name: DbName, key: Option<Verifier>) -> Self {
        DatabaseState { name, own: false, key, head: None, trouble: None, misbehaviour: None }
    }

    /// Reads what is stored. Without a key, a head is shown as it lies there, whoever signed it.
    ///
    /// # Errors
    /// If the store cannot be read. A damaged head, or one with a wrong signature, is [`trouble`](Self::trouble).
    pub async fn read(store: &Store, name: &DbName, key: Option<&Verifier>) -> Result<Self, StoreError> {
        let mut state = DatabaseState::unknown(name.clone(), key.cloned());
        if let Some(evidence) = store.misbehaviour(name).await? {
            let text = String::from_utf8_lossy(&evidence);
            state.misbehaviour = Some(text.lines().next().unwrap_or_default().to_owned());
        }
        let signed = match store.head(name).await {
            Ok(Some(signed)) => signed,
            Ok(None) => return Ok(state),
            Err(StoreError::Damaged { why, .. }) => {
                state.trouble = Some(format!("the stored head is damaged: {why}"));
                return Ok(state);
            }
            Err(error) => return Err(error),
        };
        let note = String::from_utf8_lossy(&signed.note).into_owned();
        let opened = match key {
            Some(key) => Head::open(&signed.note, key),
            None => Head::parse(&note),
        };
        match opened {
            Ok(head) => state.head = Some(HeadState { head, note, stored: signed.at }),
            Err(error) => state.trouble = Some(format!("the stored head does not count: {error}")),
        }
        Ok(state)
    }
}
