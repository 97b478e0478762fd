//! A complete file of the data directory's file system as one in transit: the same file under another name.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, OnceLock},
};

use super::{OnDisk, Staged, StagingArea};
use crate::{StoreError, checksum::checksums_of, durable, error::Context};

impl StagingArea {
    /// Takes a complete file in that nobody changes any more. It keeps its own name; where the disk has no links, it is
    /// copied. Reads it for its checksums. Blocking.
    pub fn bring(self: &Arc<Self>, path: &Path) -> Result<Arc<Staged>, StoreError> {
        let name = self.new_name().ok_or_else(|| StoreError::ReadOnly("the staging directory".into()))?;
        durable::double(path, &name)?;
        let opened = File::options().read(true).write(true).open(&name).context("open", &name);
        let measured = opened.and_then(|file| {
            let len = file.metadata().context("look at", &name)?.len();
            let sums = checksums_of(&file, len).context("read", &name)?;
            Ok((file, len, sums))
        });
        match measured {
            Ok((file, len, sums)) => {
                let on_disk = OnDisk { path: name, file, durable: OnceLock::new() };
                Ok(Arc::new(Staged::on_disk_already(Arc::clone(self), on_disk, len, sums)))
            }
            Err(error) => {
                let _ = std::fs::remove_file(&name);
                Err(error)
            }
        }
    }
}
