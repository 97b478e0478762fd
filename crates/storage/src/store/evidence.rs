//! What is known of stored files without their bytes: stronger evidence, and doubt.

use gomod::ModuleVersion;

use super::Store;
use crate::{Event, Evidence, Key, Kind, Put, Receipt, State, StoreError, When};

impl Store {
    /// Records stronger evidence for the hash of a stored file, and says what the receipt is now; nothing if there is
    /// no fact of it, or it is of another hash.
    pub async fn uphold(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        evidence: &Evidence,
        h1: gomod::H1,
    ) -> Result<Option<Receipt>, StoreError> {
        self.amend(version, |receipt| {
            let fact = receipt.fact(kind).filter(|fact| fact.h1() == Some(h1))?.clone();
            let fact =
                if evidence.outweighs(fact.evidence()) { fact.with_evidence(evidence.clone()) } else { fact };
            Some(receipt.with(kind, fact).settled())
        })
        .await
    }

    /// Marks a version as pending whose files are served before its checksum database has vouched for them.
    pub async fn doubt(&self, version: &ModuleVersion) -> Result<Option<Receipt>, StoreError> {
        self.amend(version, |receipt| match receipt.state() {
            State::Verified => Some(receipt.in_state(State::Pending)),
            State::Pending | State::Withdrawn(_) | State::Tombstone(_) => Some(receipt),
        })
        .await
    }

    /// Exchanges a receipt for a changed one, however many others do the same.
    async fn amend(
        &self,
        version: &ModuleVersion,
        change: impl Fn(Receipt) -> Option<Receipt>,
    ) -> Result<Option<Receipt>, StoreError> {
        let key = Key::Receipt(version.clone());
        for _ in 0..TRIES {
            let Some(stored) = self.blobs.get(&key).await? else { return Ok(None) };
            let Some((before, tag)) = self.parse_receipt(version, stored).await? else { return Ok(None) };
            let Some(after) = change(before.clone()) else { return Ok(None) };
            if after == before {
                return Ok(Some(after));
            }
            let staged = self.staging.whole(after.to_bytes().into());
            if let Put::Done(_) = self.blobs.put(&key, &staged, When::Is(tag)).await? {
                self.tell(Event::Stored(Box::new(after.clone())));
                return Ok(Some(after));
            }
        }
        Err(StoreError::Contended(key.to_string()))
    }
}

/// How often an exchange is tried that others get in the way of.
const TRIES: u32 = 8;
