//! A version that is stored as a whole: all its hashes are pinned in one step, so that of several who bring different
//! contents exactly one wins.

use std::sync::Arc;

use gomod::{ModulePath, ModuleVersion, Version};

use super::{PublishError, Store};
use crate::{Event, FileFact, Key, Kind, Prefix, Put, Receipt, Staged, State, StoreError, When};

/// The three files of a version, complete and checked, each with its fact.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The `.info`.
    pub info: (Arc<Staged>, FileFact),
    /// The go.mod.
    pub gomod: (Arc<Staged>, FileFact),
    /// The zip.
    pub zip: (Arc<Staged>, FileFact),
}

impl Whole {
    fn file(&self, kind: Kind) -> &(Arc<Staged>, FileFact) {
        match kind {
            Kind::Info => &self.info,
            Kind::Mod => &self.gomod,
            Kind::Zip => &self.zip,
        }
    }
}

impl Store {
    /// Pins the hashes of a whole version, of which nothing need be stored; says whether that was new. From now on no
    /// other content is taken, whoever brings it. The files follow with [`store_whole`](Store::store_whole).
    ///
    /// # Errors
    /// [`PublishError::Pinned`] if another hash is known of the zip or else of the go.mod, and nothing was changed;
    /// [`PublishError::Withdrawn`] if an operator has taken the version out.
    pub async fn pin_whole(&self, version: &ModuleVersion, whole: &Whole) -> Result<bool, PublishError> {
        let key = Key::Receipt(version.clone());
        for _ in 0..TURNS {
            let known = match self.blobs.get(&key).await? {
                Some(stored) => self.parse_receipt(version, stored).await?,
                None => None,
            };
            let (before, when) = match known {
                Some((receipt, tag)) => (Some(receipt), When::Is(tag)),
                None => (None, When::Absent),
            };
            let mut after = before.clone().unwrap_or_else(|| Receipt::new(version.clone(), State::Verified));
            if let Some(why) = after.withdrawn() {
                return Err(PublishError::Withdrawn(why.to_owned()));
            }
            for kind in [Kind::Zip, Kind::Mod, Kind::Info] {
                let (_, ours) = whole.file(kind);
                let fact = match after.fact(kind) {
                    Some(known) => agreed(known, ours)?,
                    None => ours.clone(),
                };
                after = after.with(kind, fact);
            }
            if before.as_ref() == Some(&after) {
                return Ok(false);
            }
            let staged = self.staging.whole(after.to_bytes().into());
            if let Put::Done(_) = self.blobs.put(&key, &staged, when).await? {
                self.tell(Event::Stored(Box::new(after)));
                return Ok(true);
            }
        }
        Err(StoreError::Contended(key.to_string()).into())
    }

    /// Stores the files of a pinned version, the `.info` last: with it the version is in lists.
    pub async fn store_whole(&self, version: &ModuleVersion, whole: &Whole) -> Result<(), PublishError> {
        for kind in [Kind::Zip, Kind::Mod, Kind::Info] {
            let (staged, fact) = whole.file(kind);
            self.publish(version, kind, staged, fact.clone()).await?;
        }
        Ok(())
    }

    /// The versions of a module that are known and not stored, because an operator has taken them out.
    pub async fn withdrawn_versions(&self, module: &ModulePath) -> Result<Vec<Version>, StoreError> {
        let stored = self.versions(module).await?;
        let mut receipts = self.blobs.list(&Prefix::ReceiptsOf(module.clone()));
        let mut withdrawn = Vec::new();
        while let Some(key) = receipts.next().await {
            let Key::Receipt(version) = key? else { continue };
            if stored.binary_search(version.version()).is_ok() {
                continue;
            }
            if self.receipt(&version).await?.is_some_and(|receipt| receipt.withdrawn().is_some()) {
                withdrawn.push(version.version().clone());
            }
        }
        Ok(withdrawn)
    }
}

/// What is known of a file after the same came again. What is known of its bytes stays true as long as they are stored;
/// if they are not, ours take their place when they are.
fn agreed(known: &FileFact, ours: &FileFact) -> Result<FileFact, PublishError> {
    if let (Some(had), Some(got)) = (known.h1(), ours.h1())
        && had != got
    {
        return Err(PublishError::Pinned { had, got, known: Box::new(known.clone()) });
    }
    if known.is_hash_alone() {
        return Ok(ours.clone());
    }
    let stronger = ours.evidence().outweighs(known.evidence());
    Ok(if stronger { known.clone().with_evidence(ours.evidence().clone()) } else { known.clone() })
}

/// How often it is tried while others change the same receipt.
const TURNS: u32 = 24;
