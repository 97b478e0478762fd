//! Whose word counts for what is in a snapshot.

use std::collections::BTreeMap;

use gomod::DbName;
use sumdb::Verifier;

use crate::{Manifest, Seal, SealError};

/// The keys that count.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    databases: BTreeMap<DbName, Verifier>,
    signer: Option<Verifier>,
}

impl Trust {
    /// The keys of checksum databases, and the one that must have signed the snapshot if its signature is to count.
    ///
    /// With a signer's key, the signature must be there and right. Without one, every module must be proven by one of
    /// the databases.
    pub fn new(databases: BTreeMap<DbName, Verifier>, signer: Option<Verifier>) -> Self {
        Trust { databases, signer }
    }

    /// The signer, if the snapshot is signed as it must be.
    pub(crate) fn signed(&self, seal: &Seal) -> Result<Option<&Verifier>, SealError> {
        let Some(key) = &self.signer else { return Ok(None) };
        seal.verify(key).map(|()| Some(key))
    }

    /// The keys of the manifest's databases that count. What the manifest says of them does only where its signature
    /// does, and never against what is known here.
    pub(crate) fn keys(&self, manifest: &Manifest, signed: bool) -> BTreeMap<DbName, Verifier> {
        let mut keys = BTreeMap::new();
        for database in manifest.databases() {
            let Ok(name) = DbName::new(database.key.name()) else { continue };
            if let Some(key) = self.databases.get(&name) {
                keys.insert(name, key.clone());
            } else if signed {
                keys.insert(name, database.key.clone());
            }
        }
        keys
    }
}
