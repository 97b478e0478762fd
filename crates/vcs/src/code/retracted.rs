//! Versions that the module itself has taken back.

use gomod::{GoMod, ModuleVersion, Retract, Version};

use super::Code;
use crate::VcsError;

/// What the newest version's go.mod retracts.
#[derive(Clone, Debug, Default)]
pub(super) struct Retracted(Vec<Retract>);

impl Retracted {
    pub(super) fn covers(&self, version: &str) -> bool {
        Version::canonical(version).is_ok_and(|version| self.0.iter().any(|retract| retract.covers(&version)))
    }
}

impl Code<'_> {
    /// The retractions in the go.mod of the highest release, else of the highest pre-release. A module in which none
    /// can be read has none; a repository that fails is a failure.
    pub(super) fn retracted(&self) -> Result<Retracted, VcsError> {
        match self.read_retracted() {
            Err(VcsError::Absent(_)) => Ok(Retracted::default()),
            other => other,
        }
    }

    fn read_retracted(&self) -> Result<Retracted, VcsError> {
        let list = self.versions()?;
        let compatible: Vec<_> = list.iter().take_while(|version| !version.is_incompatible()).collect();
        let release = compatible.iter().rev().find(|version| !version.is_prerelease());
        let Some(highest) = release.or(compatible.last()) else { return Ok(Retracted::default()) };
        let Ok(version) = ModuleVersion::new(self.place.path.clone(), highest.clone()) else {
            return Ok(Retracted::default());
        };
        // Through the directory alone: to look the version up would ask for retractions again.
        let tag = self.revision_of(version.version().as_str());
        let commit = self.look_up(&tag)?.commit;
        let at = self.find_dir(commit.id, version.version().as_str())?;
        let go_mod = at.go_mod.unwrap_or_default();
        Ok(Retracted(GoMod::parse(&go_mod).map_or_else(|_| Vec::new(), |go_mod| go_mod.retract().to_vec())))
    }
}
