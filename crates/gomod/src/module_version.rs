//! One version of one module: what an artifact belongs to.

use std::fmt;

use crate::path::ModulePath;
use crate::version::{Version, VersionError};

/// A module path and a version that fits it. Ordered by path (bytes), then by version (precedence).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleVersion {
    path: ModulePath,
    version: Version,
}

impl ModuleVersion {
    /// Pairs them; an error when the version's major is not the path's (`v2.0.0` without `/v2`).
    pub fn new(path: ModulePath, version: Version) -> Result<Self, VersionError> {
        if version.fits_major(path.major()) {
            return Ok(Self { path, version });
        }
        let wanted = match path.major().strip_prefix(['/', '.']) {
            None => "v0 or v1",
            Some(major) => major.strip_suffix("-unstable").unwrap_or(major),
        };
        Err(VersionError::Major { wanted: wanted.into(), major: version.major().into(), version })
    }

    /// The module.
    pub fn path(&self) -> &ModulePath {
        &self.path
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

impl fmt::Display for ModuleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.path, self.version)
    }
}
