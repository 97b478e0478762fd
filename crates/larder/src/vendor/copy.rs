//! Unpacked modules: verified, and copied.

use std::{fs, io, path::Path, path::PathBuf};

use anyhow::Context;
use gomod::{ModuleVersion, SumFile};
use workbench::{
    gosum::{SumLine, SumLines},
    modcache::{ModCache, read_tree},
};

/// The unpacked files of a version in the module cache, if they are those that go.sum records; else why not.
pub(super) fn verified(cache: &ModCache, module: &ModuleVersion, sums: &SumLines) -> Result<PathBuf, String> {
    let line = sums.deciding(module, SumFile::Zip).and_then(SumLine::h1);
    let recorded = line.ok_or("go.sum does not record its hash, so that no copy can be verified")?;
    let dir = cache.tree(module);
    if !dir.is_dir() {
        return Err(format!("it does not lie unpacked in {}", cache.root().display()));
    }
    let tree = read_tree(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    if tree.h1(&module.to_string()) != Some(recorded) {
        return Err(format!("{} is not what go.sum records", dir.display()));
    }
    Ok(dir)
}

/// Copies a module to where it stands in for itself. Go wants a go.mod there, which old modules lack.
pub(super) fn tree(from: &Path, to: &Path, module: &ModuleVersion) -> anyhow::Result<()> {
    plain(from, to)?;
    let go_mod = to.join("go.mod");
    if !go_mod.exists() {
        fs::write(&go_mod, format!("module {}\n", module.path()))
            .with_context(|| format!("cannot write {}", go_mod.display()))?;
    }
    Ok(())
}

/// Copies the files and directories below a directory, with ordinary modes. Links are not followed: modules have none.
pub(super) fn plain(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut open = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = open.pop() {
        let copied = (|| -> io::Result<()> {
            fs::create_dir_all(&to)?;
            for entry in fs::read_dir(&from)? {
                let entry = entry?;
                let (kind, below) = (entry.file_type()?, to.join(entry.file_name()));
                if kind.is_dir() {
                    open.push((entry.path(), below));
                } else if kind.is_file() {
                    fs::write(&below, fs::read(entry.path())?)?;
                }
            }
            Ok(())
        })();
        copied.with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    Ok(())
}
