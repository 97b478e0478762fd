//! What is written into a project, and the way back: a file beside go.mod says how it was, before anything is changed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use storage::replace_file;
use workbench::modcache::read_tree;

use super::trial::ModFiles;

/// The comment above what is written.
pub(super) const MARK: &str =
    "// Written by `larder vendor plan --apply`; `larder vendor plan --undo` takes it back.";

/// What is written, and what was there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Journal {
    before: Files,
    after: Files,
    /// What did not exist before, relative to the project.
    made: Vec<PathBuf>,
    /// The hash of the vendor directory, if that is what was made.
    vendor: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Files {
    go_mod: String,
    go_sum: Option<String>,
}

impl From<ModFiles> for Files {
    fn from(ModFiles { go_mod, go_sum }: ModFiles) -> Self {
        Files { go_mod, go_sum }
    }
}

impl Journal {
    /// Whether something was written.
    pub(super) fn is_there(root: &Path) -> bool {
        file(root).exists()
    }

    /// Notes what will be written, and what was there.
    pub(super) fn begin<'a>(
        root: &Path,
        before: ModFiles,
        after: ModFiles,
        made: impl IntoIterator<Item = &'a Path>,
        vendor: Option<&Path>,
    ) -> anyhow::Result<()> {
        let made = made.into_iter().map(|made| made.strip_prefix(root).unwrap_or(made).to_owned()).collect();
        let vendor = vendor.map(digest).transpose()?.flatten();
        let journal = Journal { before: before.into(), after: after.into(), made, vendor };
        let path = file(root);
        fs::create_dir_all(path.parent().unwrap_or(root))
            .and_then(|()| {
                replace_file(&path, &serde_json::to_vec_pretty(&journal).map_err(io::Error::other)?)
            })
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes go.mod and go.sum as they were noted.
    pub(super) fn write(root: &Path) -> anyhow::Result<()> {
        put(root, &Self::read(root)?.after)
    }

    /// Brings everything back as it was; says what was done.
    pub(super) fn take_back(root: &Path) -> anyhow::Result<Vec<String>> {
        let journal = Self::read(root)?;
        let now = Files::from(ModFiles::read(root)?);
        if now != journal.after && now != journal.before {
            bail!(
                "go.mod or go.sum was changed since; take out what stands below the line `{MARK}`, and delete {}, or bring \
                 back what was written and undo again",
                file(root).display()
            );
        }
        for made in &journal.made {
            let made = root.join(made);
            if made.is_dir() {
                if journal.vendor.is_some() && digest(&made)? != journal.vendor {
                    bail!("{} was changed since; delete it yourself, and undo again", made.display());
                }
                fs::remove_dir_all(&made).with_context(|| format!("cannot delete {}", made.display()))?;
            }
        }
        put(root, &journal.before)?;
        let path = file(root);
        let new = root.join(".larder/vendor.new");
        if new.is_dir() {
            fs::remove_dir_all(&new).with_context(|| format!("cannot delete {}", new.display()))?;
        }
        fs::remove_file(&path).with_context(|| format!("cannot delete {}", path.display()))?;
        remove_empty(&root.join(".larder"));
        Ok(vec!["go.mod and go.sum are as they were".to_owned()])
    }

    fn read(root: &Path) -> anyhow::Result<Self> {
        let path = file(root);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                bail!("there is nothing to take back: {} is not there", path.display())
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let journal: Journal =
            serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
        let below = |made: &PathBuf| made == Path::new("vendor") || is_below_larder(made);
        if !journal.made.iter().all(below) {
            bail!("{} names directories that are not its own", path.display());
        }
        Ok(journal)
    }
}

fn is_below_larder(made: &Path) -> bool {
    let plain = made.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    plain && made.starts_with(".larder") && made.components().count() > 1
}

fn file(root: &Path) -> PathBuf {
    root.join(".larder/vendor-plan.json")
}

fn put(root: &Path, files: &Files) -> anyhow::Result<()> {
    let write = |name: &str, text: &str| {
        replace_file(&root.join(name), text.as_bytes()).with_context(|| format!("cannot write {name}"))
    };
    match &files.go_sum {
        Some(sums) => write("go.sum", sums)?,
        None => match fs::remove_file(root.join("go.sum")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).context("cannot delete go.sum");
            }
            _ => {}
        },
    }
    write("go.mod", &files.go_mod)
}

/// What stands for all files of a directory.
fn digest(dir: &Path) -> anyhow::Result<Option<String>> {
    let tree = read_tree(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    Ok(tree.h1("vendor").map(|h1| h1.to_string()))
}

/// Removes directories without files.
fn remove_empty(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = fs::remove_dir(dir);
}
