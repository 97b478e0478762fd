//! From a directory to a module zip.

use std::{fs::File, io::Seek, path::Path};

use anyhow::{Context, bail};
use gomod::{H1, ModuleVersion, ModuleZip, ZipCheck};
use jiff::Timestamp;
use vcs::{Directory, PackError, pack as pack_tree};

use super::work_tree::WorkTree;

/// A zip that `go` takes, in a file without a name.
pub(super) struct Packed {
    pub(super) zip: File,
    pub(super) len: u64,
    pub(super) h1: H1,
    /// When it was committed, if it was.
    pub(super) time: Option<Timestamp>,
}

/// Packs what HEAD has of a directory in a git work tree; else, or with `dirty`, what lies there.
pub(super) fn pack(dir: &Path, version: &ModuleVersion, dirty: bool) -> anyhow::Result<Packed> {
    let file = tempfile::tempfile().context("cannot make a file for the zip")?;
    let (zip, time) = match WorkTree::of(dir)? {
        Some(tree) if !dirty => {
            let changes = tree.changes()?;
            if !changes.is_empty() {
                let shown: Vec<_> = changes.iter().take(SHOWN).map(|line| format!("\n  {line}")).collect();
                let more = changes.len().saturating_sub(SHOWN);
                let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
                bail!(
                    "{} has changes that are not committed:{}{more}\ncommit them, or publish them as they lie there \
                     with --allow-dirty",
                    dir.display(),
                    shown.concat()
                );
            }
            tree.zip(version, file)?
        }
        _ => (directory(dir, version, file)?, None),
    };
    let len = zip.metadata().context("cannot read what was packed")?.len();
    let facts = ZipCheck::new(version).finish(&zip, len);
    let facts = facts.with_context(|| format!("{} cannot be published", dir.display()))?;
    let mut zip = zip;
    zip.rewind().context("cannot read what was packed")?;
    Ok(Packed { zip, len, h1: facts.h1, time })
}

fn directory(dir: &Path, version: &ModuleVersion, file: File) -> anyhow::Result<File> {
    match pack_tree(&mut Directory::new(dir), ModuleZip::new(version, file)) {
        Ok(zip) => Ok(zip),
        Err(PackError::Refused(why)) => bail!("{} cannot be published: {why}", dir.display()),
        Err(PackError::Io(error)) => {
            Err(anyhow::Error::new(error).context(format!("cannot pack {}", dir.display())))
        }
    }
}

/// Changes that are named.
const SHOWN: usize = 5;
