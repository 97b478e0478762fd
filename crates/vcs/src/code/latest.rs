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
        if self.repo.refs()?.head.is_none() {
            return Err(VcsError::absent(format!(
                "module {}: no matching versions for query \"latest\"",
                self.place.path
            )));
        }
        let revision = self.look_up("HEAD")?;
        let version = self.version_of(&revision, "")?;
        Ok(Found { version, commit: revision.commit, reference: revision.reference })
    }
}
