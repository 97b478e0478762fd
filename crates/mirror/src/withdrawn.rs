//! What sources had once and deny now. It stays listed and served, and operators are told.

use std::{collections::HashMap, time::Duration};

use bytes::{Bytes, BytesMut};
use gomod::{ModulePath, ModuleVersion, Version, VersionList};
use moka::sync::Cache;
use storage::{Evidence, Kind, Receipt};

use crate::Mirror;

/// The modules that operators were told about of late.
#[derive(Debug)]
pub(crate) struct Withdrawals {
    told: Cache<ModulePath, ()>,
}

impl Default for Withdrawals {
    fn default() -> Self {
        Withdrawals { told: Cache::builder().max_capacity(MODULES).time_to_live(QUIET).build() }
    }
}

impl Mirror {
    /// Counts it each time, and tells it once in a while for each module.
    pub(crate) fn withdrawn(&self, module: &ModulePath, what: &str) {
        self.meters.withdrawn.inc();
        if self.withdrawals.told.entry(module.clone()).or_insert(()).is_fresh() {
            tracing::warn!(%module, "withdrawn upstream, still served from here: {what}");
        }
    }

    /// A list with the stored versions that its source left out: who has built with a version goes on finding it.
    /// What an operator has taken out is not among them.
    pub(crate) async fn with_stored_versions(&self, module: &ModulePath, list: Bytes) -> Bytes {
        let stored = match self.store.versions(module).await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::error!(%module, "cannot read which versions are stored: {error}");
                return list;
            }
        };
        let mut unlisted: HashMap<&[u8], &Version> = stored
            .iter()
            .filter(|version| !version.is_pseudo())
            .map(|version| (version.as_str().as_bytes(), version))
            .collect();
        for line in list.split(|byte| *byte == b'\n') {
            unlisted.remove(line);
        }
        let (mut left_out, mut published) = (Vec::with_capacity(unlisted.len()), Vec::new());
        for version in unlisted.into_values() {
            // A stranger's file may have any name.
            let Ok(version) = ModuleVersion::new(module.clone(), version.clone()) else { continue };
            match self.store.receipt(&version).await {
                Ok(receipt) if receipt.as_ref().is_some_and(|receipt| receipt.withdrawn().is_some()) => {}
                // No source has ever had to know it.
                Ok(Some(receipt)) if is_published(&receipt) => published.push(version.version().to_string()),
                Ok(_) => left_out.push(version.version().to_string()),
                Err(error) => tracing::error!(%version, "cannot read its receipt: {error}"),
            }
        }
        if left_out.is_empty() && published.is_empty() {
            return list;
        }
        if !left_out.is_empty() {
            self.withdrawn(module, &format!("a list lacks {}", left_out.join(", ")));
        }
        left_out.extend(published);
        let mut all = BytesMut::from(&*list);
        all.extend_from_slice(left_out.join("\n").as_bytes());
        VersionList::parse(module, &String::from_utf8_lossy(&all)).to_bytes().into()
    }
}

fn is_published(receipt: &Receipt) -> bool {
    let fact = receipt.fact(Kind::Zip);
    fact.is_some_and(|fact| matches!(fact.evidence(), Evidence::Published { .. }))
}

/// How many modules are kept in mind.
const MODULES: u64 = 1000;
/// How long nothing more is said about a module.
const QUIET: Duration = Duration::from_hours(1);
