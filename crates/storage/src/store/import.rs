//! Hashes that are known before their files are: taken in from elsewhere.

use std::sync::Arc;

use gomod::{H1, ModuleVersion};
use jiff::Timestamp;

use super::{PublishError, Store};
use crate::{Event, Evidence, FileFact, Key, Kind, Put, Receipt, State, StoreError, When};

/// Where hashes come from that are taken in.
#[derive(Clone, Debug)]
pub struct Import {
    /// What stands as the source in receipts.
    pub source: Arc<str>,
    /// The public key that signed them, `NAME+HASH+KEY`; none where nobody did.
    pub signer: Option<Arc<str>>,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Pins the hash of a go.mod or zip that need not be stored: from now on no other is taken. Says whether that
    /// is new; what is pinned already stays as it is, whatever vouches for it.
    ///
    /// # Errors
    /// [`PublishError::Pinned`] if another hash is known, [`PublishError::Withdrawn`] if an operator has taken the
    /// version out, [`PublishError::Unhashed`] for an `.info`.
    pub async fn pin(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        h1: H1,
        from: &Import,
    ) -> Result<bool, PublishError> {
        if kind == Kind::Info {
            return Err(PublishError::Unhashed);
        }
        let key = Key::Receipt(version.clone());
        for _ in 0..TURNS {
            let known = match self.blobs.get(&key).await? {
                Some(stored) => self.parse_receipt(version, stored).await?,
                None => None,
            };
            let (receipt, when) = match known {
                Some((receipt, tag)) => (receipt, When::Is(tag)),
                None => (Receipt::new(version.clone(), State::Verified), When::Absent),
            };
            if let Some(fact) = receipt.fact(kind)
                && let Some(had) = fact.h1()
            {
                let known = Box::new(fact.clone());
                return if had == h1 { Ok(false) } else { Err(PublishError::Pinned { had, got: h1, known }) };
            }
            if let Some(why) = receipt.withdrawn() {
                return Err(PublishError::Withdrawn(why.to_owned()));
            }
            let evidence = Evidence::Imported { signer: from.signer.clone() };
            let fact = FileFact::of_hash(h1, Arc::clone(&from.source), from.at, evidence);
            let receipt = receipt.with(kind, fact);
            let staged = self.staging.whole(receipt.to_bytes().into());
            if let Put::Done(_) = self.blobs.put(&key, &staged, when).await? {
                // Nobody knows how soon the program ends behind many of these.
                if let Err(error) = self.catalog.record(vec![Event::Stored(Box::new(receipt))]).await {
                    tracing::warn!("the catalog misses an event: {error}");
                }
                return Ok(true);
            }
        }
        Err(StoreError::Contended(key.to_string()).into())
    }
}

/// How often it is tried while others change the same receipt.
const TURNS: u32 = 24;
