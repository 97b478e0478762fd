//! Finding what is stored by looking into the directory.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use gomod::{ModulePath, ModuleVersion, Version};
use tokio::sync::mpsc::Sender;

use crate::{Key, Kind, Listing, Prefix, StoreError};

/// Looks for objects on a thread of its own, which waits for the one who reads the listing.
pub(super) fn list(data: &Path, prefix: Prefix) -> Listing {
    let (found, listing) = Listing::new();
    let modules = data.join("modules");
    let owned = data.to_owned();
    let walk = Walk { found: found.clone() };
    let spawned = std::thread::Builder::new().name("list".into()).spawn(move || {
        // Unwanted or done: there is nobody to tell.
        let _ = match prefix {
            Prefix::Versions(module) => {
                let dir = modules.join(&*module.escaped()).join("@v");
                walk.versions(&dir, &module, ".info", |mv| Key::File(mv, Kind::Info))
            }
            Prefix::Receipts => walk.receipts(&modules),
            Prefix::ReceiptsOf(module) => {
                let dir = modules.join(&*module.escaped()).join("@v");
                walk.versions(&dir, &module, ".receipt", Key::Receipt)
            }
            Prefix::Sumdb => {
                walk.sumdb(&owned, "modules/sumdb").and_then(|()| walk.sumdb(&owned, "answers/sumdb"))
            }
        };
    });
    if let Err(error) = spawned {
        let _ = found.try_send(Err(StoreError::io("start a thread to list", data, error)));
    }
    listing
}

struct Walk {
    found: Sender<Result<Key, StoreError>>,
}

/// Nobody reads the listing any more.
struct Unwanted;

impl Walk {
    fn receipts(&self, modules: &Path) -> Result<(), Unwanted> {
        let mut todo = vec![modules.to_owned()];
        while let Some(dir) = todo.pop() {
            let module = dir.ends_with("@v").then(|| module_of(modules, &dir)).flatten();
            match module {
                Some(module) => self.versions(&dir, &module, ".receipt", Key::Receipt)?,
                None => self.directories(modules, &dir, &mut todo)?,
            }
        }
        Ok(())
    }

    /// Links are not followed, so that the walk ends.
    fn directories(&self, modules: &Path, dir: &Path, todo: &mut Vec<PathBuf>) -> Result<(), Unwanted> {
        self.entries(dir, |entry| {
            let is_sumdb = dir == modules && entry.file_name() == "sumdb";
            if !is_sumdb && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                todo.push(entry.path());
            }
            None
        })
    }

    /// Directories of databases lie in one another, as their names do.
    fn sumdb(&self, data: &Path, root: &str) -> Result<(), Unwanted> {
        let mut todo = vec![data.join(root)];
        while let Some(dir) = todo.pop() {
            self.entries(&dir, |entry| {
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    todo.push(path);
                    return None;
                }
                Key::at(path.strip_prefix(data).ok()?)
            })?;
        }
        Ok(())
    }

    fn versions(
        &self,
        dir: &Path,
        module: &ModulePath,
        ending: &str,
        key: impl Fn(ModuleVersion) -> Key,
    ) -> Result<(), Unwanted> {
        self.entries(dir, |entry| {
            let name = entry.file_name();
            let version = Version::from_escaped(name.to_str()?.strip_suffix(ending)?).ok()?;
            Some(key(ModuleVersion::new(module.clone(), version).ok()?))
        })
    }

    fn entries(&self, dir: &Path, mut key: impl FnMut(&fs::DirEntry) -> Option<Key>) -> Result<(), Unwanted> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if super::means_absent(&error) => return Ok(()),
            Err(error) => return self.send(Err(failed(dir, error))),
        };
        for entry in entries {
            match entry {
                Ok(entry) => {
                    if let Some(key) = key(&entry) {
                        self.send(Ok(key))?;
                    }
                }
                Err(error) => self.send(Err(failed(dir, error)))?,
            }
        }
        Ok(())
    }

    fn send(&self, found: Result<Key, StoreError>) -> Result<(), Unwanted> {
        self.found.blocking_send(found).map_err(|_| Unwanted)
    }
}

fn failed(dir: &Path, error: io::Error) -> StoreError {
    StoreError::io("read", dir, error)
}

fn module_of(modules: &Path, versions: &Path) -> Option<ModulePath> {
    let escaped = versions.parent()?.strip_prefix(modules).ok()?.to_str()?;
    ModulePath::from_escaped(escaped).ok()
}
