//! The newest version.

use super::{Code, Found};
use crate::VcsError;

impl Code<'_> {
    /// The highest release that is not retracted, else the highest pre-release, else what HEAD stands for.
    ///
    /// The error of the highest is the answer, never a lower one.
    pub fn latest(&self) -> Result<Found, VcsError> {
        let retracted = self.retracted()?;
        let list = self.versions()?;
        let standing: Vec<_> = list.iter().filter(|version| !retracted.covers(version.as_str())).collect();
        let release = standing.iter().rev().find(|version| !version.is_prerelease());
        if let Some(version) = release.or(standing.last()) {
            return self.stat_text(version.as_str());
        }
        let none = || format!("module {}: no matching versions for query \"latest\"", self.place.path);
        if self.repo.refs()?.head.is_none() {
            return Err(VcsError::absent(none()));
        }
        let revision = self.look_up("HEAD")?;
        // Not even why HEAD is no version of the module: go's words.
        let version = self.version_of(&revision, "").map_err(|error| error.about(|_| none()))?;
        Ok(Found { version, commit: revision.commit, reference: revision.reference })
    }
}
