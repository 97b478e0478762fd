//! A stock, written: as a snapshot, or as a plain GOPROXY for those who have no Larder.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::Path,
};

use gomod::{ModulePath, Version, VersionList};
use storage::{Key, Kind, Question};
use sumdb::Signer;

use crate::{MANIFEST, SEAL, Seal, Short, Stock, digest::Digesting, manifest::Entry, pack::Packer};

impl Stock {
    /// Writes the snapshot. The same stock, signed by the same key, gives the same bytes. `wrote` is told of bytes of
    /// its files.
    pub async fn pack<W: Write>(
        &self,
        out: W,
        signer: Option<&Signer>,
        wrote: &(dyn Fn(u64) + Sync),
    ) -> Result<W, Short> {
        let json = self.manifest.to_json();
        let seal = Seal::new(crate::Digest::of(&json), signer)?;
        let mut packer = Packer::new(out)?;
        packer.entry(SEAL, seal.as_bytes())?;
        packer.entry(MANIFEST, &json)?;
        drop(json);
        for entry in self.manifest.files() {
            let name = entry.key.to_string();
            if matches!(entry.key, Key::File(_, Kind::Zip)) {
                packer.begin(&name, entry.size)?;
                self.zip(entry, |piece| packer.write(piece)).await?;
            } else {
                packer.entry(&name, &self.small(entry).await?)?;
            }
            wrote(entry.size);
        }
        Ok(packer.finish()?)
    }

    /// Lays the files out in an empty directory as a GOPROXY that `go` reads with `file://`, checksum databases and all.
    /// Lists name exactly the versions that are there.
    pub async fn lay_out(&self, dir: &Path, wrote: &(dyn Fn(u64) + Sync)) -> Result<(), Short> {
        let mut versions: BTreeMap<&ModulePath, Vec<Version>> = BTreeMap::new();
        for entry in self.manifest.files() {
            let name = entry.key.to_string();
            let Some(name) = name.strip_prefix("modules/") else { continue };
            let path = dir.join(name);
            if let Some(above) = path.parent() {
                fs::create_dir_all(above)?;
            }
            let mut file = File::create(&path)?;
            if matches!(entry.key, Key::File(_, Kind::Zip)) {
                self.zip(entry, |piece| file.write_all(piece)).await?;
            } else {
                file.write_all(&self.small(entry).await?)?;
            }
            match &entry.key {
                Key::File(version, Kind::Info) => {
                    versions.entry(version.path()).or_default().push(version.version().clone());
                }
                Key::Head(db) => {
                    let supported =
                        dir.join(Key::Supported(db.clone()).path().strip_prefix("modules").unwrap_or(&path));
                    File::create(supported)?;
                }
                _ => {}
            }
            wrote(entry.size);
        }
        for (module, versions) in versions {
            self.list(dir, module, versions).await?;
        }
        Ok(())
    }

    /// What changes with time of a module: its list, and for one without tagged versions its latest.
    async fn list(&self, dir: &Path, module: &ModulePath, versions: Vec<Version>) -> Result<(), Short> {
        let newest = versions.iter().max().cloned();
        let list = VersionList::of(versions);
        fs::write(dir.join(Question::List(module.clone()).to_string()), list.to_bytes())?;
        let Some(newest) = newest else { return Ok(()) };
        let Ok(newest) = gomod::ModuleVersion::new(module.clone(), newest) else { return Ok(()) };
        let info = self.blob(&newest, Kind::Info).await?;
        let info = info.bytes().await.map_err(|rot| Short::Rot {
            version: newest,
            kind: Kind::Info,
            why: rot.damage().to_string(),
        })?;
        fs::write(dir.join(Question::Latest(module.clone()).to_string()), info)?;
        Ok(())
    }

    /// A zip, piece by piece; an error if it is not the one that was looked at.
    async fn zip(
        &self,
        entry: &Entry,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), Short> {
        let Key::File(version, kind) = &entry.key else { return Ok(()) };
        let changed = || Short::Changed(entry.key.to_string());
        let blob = self.blob(version, *kind).await?;
        if blob.len() != entry.size {
            return Err(changed());
        }
        let mut digest = Digesting::default();
        for index in 0..blob.blocks() {
            let block = blob.block(index).await.map_err(|rot| Short::Rot {
                version: version.clone(),
                kind: *kind,
                why: rot.damage().to_string(),
            })?;
            digest.update(&block);
            take(&block)?;
        }
        if digest.finish() == entry.sha256 { Ok(()) } else { Err(changed()) }
    }
}
