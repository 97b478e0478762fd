//! Taking a version out, for good: its hashes stay known and its files go.

use gomod::ModuleVersion;

use super::Store;
use crate::{Event, Key, Kind, Put, Receipt, State, StoreError, When};

/// What became of the wish to take a version out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// It is out from now on.
    Done,
    /// It was out before, for this reason, which stays.
    Before(String),
    /// Nothing is known of the version.
    Unknown,
}

impl Store {
    /// Takes a version out: it is never stored nor served again. Its receipt keeps the reason and the hashes; its files
    /// are removed, from the directory that others may read too.
    ///
    /// If it returns an error, the version may be out or not; to ask again is safe.
    pub async fn withdraw(&self, version: &ModuleVersion, why: &str) -> Result<Withdrawal, StoreError> {
        let key = Key::Receipt(version.clone());
        for _ in 0..TURNS {
            let Some(stored) = self.blobs.get(&key).await? else { return self.unknown(version, why).await };
            let Some((before, tag)) = self.parse_receipt(version, stored).await? else {
                return self.unknown(version, why).await;
            };
            if let Some(why) = before.withdrawn() {
                self.remove_files(version).await?;
                return Ok(Withdrawal::Before(why.to_owned()));
            }
            let after = before.in_state(State::Tombstone(why.to_owned()));
            if self.exchange(&key, after, When::Is(tag)).await? {
                self.remove_files(version).await?;
                return Ok(Withdrawal::Done);
            }
        }
        Err(StoreError::Contended(key.to_string()))
    }

    /// Nobody has a receipt of it. Files without one came from outside, and are taken out all the same.
    async fn unknown(&self, version: &ModuleVersion, why: &str) -> Result<Withdrawal, StoreError> {
        let mut found = false;
        for kind in Kind::ALL {
            found |= self.blobs.get(&Key::File(version.clone(), kind)).await?.is_some();
        }
        if !found {
            return Ok(Withdrawal::Unknown);
        }
        let tombstone = Receipt::new(version.clone(), State::Tombstone(why.to_owned()));
        let key = Key::Receipt(version.clone());
        if self.exchange(&key, tombstone, When::Absent).await? {
            self.remove_files(version).await?;
            return Ok(Withdrawal::Done);
        }
        Err(StoreError::Contended(key.to_string()))
    }

    async fn exchange(&self, key: &Key, receipt: Receipt, when: When) -> Result<bool, StoreError> {
        let staged = self.staging.whole(receipt.to_bytes().into());
        let put = self.blobs.put(key, &staged, when).await?;
        let done = matches!(put, Put::Done(_));
        if done {
            self.tell(Event::Stored(Box::new(receipt)));
        }
        Ok(done)
    }

    /// Removes the files of a version that was taken out. Fine if there are none.
    pub(super) async fn remove_files(&self, version: &ModuleVersion) -> Result<(), StoreError> {
        for kind in Kind::ALL {
            self.blobs.remove(&Key::File(version.clone(), kind)).await?;
        }
        Ok(())
    }
}

/// How often it is tried while others change the same receipt.
const TURNS: u32 = 24;
