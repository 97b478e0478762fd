//! Records that will be needed soon, looked up before somebody waits for them.
//!
//! Whoever asks for the `.info` of a version asks for its go.mod or zip next, and who builds a module needs what its go.mod
//! names. With the lookup here by then, the tiles of its record are asked for beside the file, and verification costs no
//! round trip. Nothing but lookups is asked for ahead: what nobody comes for has cost one small answer.
//!
//! Who starts a build can name what it will need: see [`Mirror::expect`].
//!
//! Of what a go.mod names, a build takes the highest version that any of them does. So a version below one that was seen
//! already is not looked up.

use std::sync::{Arc, Mutex, PoisonError};

use gomod::{GoMod, ModulePath, ModuleVersion, Version};
use moka::sync::Cache;
use tokio::sync::Semaphore;
use upstream::Priority;

use crate::{Ask, Mirror, Reach, policy::Database, renew::all_tripped};

/// What is asked for ahead.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// Lookups at once.
    places: Arc<Semaphore>,
    at_once: usize,
    /// The highest version of each module that was asked for, or looked up, of late.
    highest: Cache<ModulePath, Version>,
    /// What somebody said will be needed, until the first of it is.
    expected: Mutex<Vec<ModuleVersion>>,
}

impl Ahead {
    /// With 0 places, nothing is.
    pub(crate) fn new(at_once: usize) -> Self {
        Ahead {
            places: Arc::new(Semaphore::new(at_once)),
            at_once,
            highest: Cache::new(MODULES),
            expected: Mutex::default(),
        }
    }

    /// What was expected together with a version, once.
    fn beside(&self, version: &ModuleVersion) -> Vec<ModuleVersion> {
        let mut expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        if expected.contains(version) { std::mem::take(&mut expected) } else { Vec::new() }
    }

    /// Notes that a version was asked for, and says whether none as high was before.
    fn is_highest(&self, version: &ModuleVersion) -> bool {
        let before = self.highest.get(version.path());
        if before.is_some_and(|before| before >= *version.version()) {
            return false;
        }
        self.highest.insert(version.path().clone(), version.version().clone());
        true
    }
}

impl Mirror {
    /// Says what will be needed, as a go.mod and a go.sum name it: up to 4,096 versions, others are left out.
    ///
    /// Records are looked up when the first of them is fetched, so that a build for which everything is at hand asks nobody.
    pub fn expect(&self, mut versions: Vec<ModuleVersion>) {
        versions.truncate(EXPECTED);
        *self.ahead.expected.lock().unwrap_or_else(PoisonError::into_inner) = versions;
    }

    /// The `.info` of a version is asked for.
    pub(crate) fn foresee(self: &Arc<Self>, ask: &Ask, version: &ModuleVersion) {
        self.foreseen(ask, version);
        self.look_ahead(ask, vec![version.clone()]);
    }

    /// A file that needs a record is asked for.
    pub(crate) fn foreseen(self: &Arc<Self>, ask: &Ask, version: &ModuleVersion) {
        self.ahead.is_highest(version);
        let mut others = self.ahead.beside(version);
        others.retain(|other| other != version);
        for other in &others {
            self.ahead.is_highest(other);
        }
        self.look_ahead(ask, others);
    }

    /// A verified go.mod is given to a client. What private modules need is nobody else's business.
    pub(crate) fn foresee_needs(self: &Arc<Self>, ask: &Ask, version: &ModuleVersion, go_mod: &[u8]) {
        if self.ahead.at_once == 0 || ask.policy.voucher(version.path()).is_none() {
            return;
        }
        // What it means to `go` that it cannot be read, `go` says.
        let Ok(go_mod) = GoMod::parse(go_mod) else { return };
        let needs = go_mod.require().iter().filter_map(gomod::Require::module_version).take(NEEDS);
        self.look_ahead(ask, needs.filter(|version| self.ahead.is_highest(version)).collect());
    }

    fn look_ahead(self: &Arc<Self>, ask: &Ask, mut versions: Vec<ModuleVersion>) {
        let at_once = self.ahead.at_once;
        versions.retain(|version| {
            let database = ask.policy.voucher(version.path());
            database.is_some_and(|database| !all_tripped(&database.links, true, ask))
                && !self.vouches.know(version)
        });
        if at_once == 0 || versions.is_empty() || ask.reach == Reach::Stored {
            return;
        }
        let (mirror, ask) = (Arc::clone(self), Ask { priority: Priority::Background, ..ask.clone() });
        tokio::spawn(async move {
            for (database, versions) in by_database(&ask, versions) {
                for version in mirror.unrecorded(&database, versions).await {
                    let places = Arc::clone(&mirror.ahead.places);
                    let Ok(place) = places.acquire_owned().await else { return };
                    // Somebody may have come for it meanwhile.
                    if !mirror.vouches.know(&version) && !mirror.is_looked_up(&database, &version) {
                        mirror.look_up(&ask, &database, version, place);
                    }
                }
            }
        });
    }
}

/// Versions by the database that vouches for them.
fn by_database(ask: &Ask, versions: Vec<ModuleVersion>) -> Vec<(Arc<Database>, Vec<ModuleVersion>)> {
    let mut all: Vec<(Arc<Database>, Vec<ModuleVersion>)> = Vec::new();
    for version in versions {
        let Some(database) = ask.policy.voucher(version.path()) else { continue };
        match all.iter_mut().find(|(known, _)| known.name == database.name) {
            Some((_, versions)) => versions.push(version),
            None => all.push((Arc::clone(database), vec![version])),
        }
    }
    all
}

/// Of how many modules the highest version is remembered, at about 150 bytes each.
const MODULES: u64 = 20_000;
/// How many versions may be expected.
const EXPECTED: usize = 4096;
/// How many modules are looked up for one go.mod.
const NEEDS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_above_all_before_is_new() {
        let ahead = Ahead::new(1);
        let version = |path: &str, version: &str| {
            ModuleVersion::new(ModulePath::new(path).unwrap(), version.parse().unwrap()).unwrap()
        };
        for (path, number, new) in [
            ("example.com/a", "v1.2.0", true),
            ("example.com/a", "v1.2.0", false),
            ("example.com/a", "v1.1.9", false),
            ("example.com/b", "v0.1.0", true),
            ("example.com/a", "v1.10.0", true),
        ] {
            assert_eq!(ahead.is_highest(&version(path, number)), new, "{path} {number}");
        }
    }
}
