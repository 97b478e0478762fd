//! `@v/list` in a local directory: the versions whose `.info` is stored, for those who read the directory
//! without Larder. The go command keeps such a list in its own cache.

use std::fs;

use gomod::{ModulePath, Version};

use super::Inner;
use crate::{Key, Kind, StoreError, durable, error::Context};

impl Inner {
    /// Makes the list say what is stored. Blocking.
    pub(super) fn derive(&self, module: &ModulePath) -> Result<(), StoreError> {
        let dir = self.data.dir().join(format!("modules/{}/@v", module.escaped()));
        let list = dir.join("list");
        let _alone = self.data.shards()?.lock(&list)?;
        let versions = stored_versions(&dir)?;
        let text: String = versions.iter().flat_map(|version| [version.as_str(), "\n"]).collect();
        if versions.is_empty() {
            // Absent, not empty: an empty list says that the module is known to have no versions.
            return match fs::remove_file(&list) {
                Err(error) if !super::means_absent(&error) => Err(StoreError::io("remove", list, error)),
                _ => Ok(()),
            };
        }
        if fs::read(&list).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        let new = self.data.staging().new_name().ok_or_else(|| self.read_only())?;
        fs::write(&new, text).context("write", &new)?;
        fs::File::open(&new).and_then(|file| file.sync_all()).context("fsync", &new)?;
        fs::rename(&new, &list).context("rename to", &list)?;
        durable::sync_dir(&dir)
    }

    /// The same after an object is gone.
    pub(super) fn derive_after_loss(&self, key: &Key) -> Result<(), StoreError> {
        match key {
            Key::File(mv, Kind::Info) => self.derive(mv.path()),
            _ => Ok(()),
        }
    }
}

/// The versions in a module's `@v` whose `.info` is there, in order.
fn stored_versions(dir: &std::path::Path) -> Result<Vec<Version>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if super::means_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("read", dir, error)),
    };
    let mut versions = Vec::new();
    for entry in entries {
        let name = entry.context("read", dir)?.file_name();
        let version = name.to_str().and_then(|name| name.strip_suffix(".info"));
        versions.extend(version.and_then(|escaped| Version::from_escaped(escaped).ok()));
    }
    versions.sort();
    Ok(versions)
}
