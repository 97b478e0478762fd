//! Every version of which something lies in a module cache.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use gomod::{ModulePath, ModuleVersion, Version};

use crate::modcache::ModCache;

/// The versions of which a file or a tree is there, in their order. What has another name than `go` gives is left out.
///
/// # Errors
/// Those of the system about the directory itself. One that is not there holds nothing.
pub(super) fn versions(cache: &ModCache) -> io::Result<Vec<ModuleVersion>> {
    let mut found = BTreeSet::new();
    let root = cache.root();
    match fs::read_dir(root) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    }
    downloads(&root.join("cache/download"), &mut found);
    trees(root, &mut found);
    Ok(found.into_iter().collect())
}

/// `PATH/@v/VERSION.ENDING`.
fn downloads(root: &Path, found: &mut BTreeSet<ModuleVersion>) {
    walk(root, &mut |dir, name, path| {
        if name == "@v" {
            let module = path.strip_suffix("/@v").and_then(|path| ModulePath::from_escaped(path).ok());
            if let Some(module) = module {
                files(dir, &module, found);
            }
            return false;
        }
        // The answers of checksum databases.
        path != "sumdb"
    });
}

fn files(dir: &Path, module: &ModulePath, found: &mut BTreeSet<ModuleVersion>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some((stem, ending)) = name.to_str().and_then(|name| name.rsplit_once('.')) else { continue };
        if matches!(ending, "info" | "mod" | "zip" | "ziphash") {
            found.extend(version(module, stem));
        }
    }
}

/// `PATH@VERSION`.
fn trees(root: &Path, found: &mut BTreeSet<ModuleVersion>) {
    walk(root, &mut |_, name, path| {
        if path == "cache" {
            return false;
        }
        let Some((_, _)) = name.split_once('@') else { return true };
        let module = path.rsplit_once('@').and_then(|(module, stem)| {
            let module = ModulePath::from_escaped(module).ok()?;
            version(&module, stem)
        });
        found.extend(module);
        false
    });
}

fn version(module: &ModulePath, escaped: &str) -> Option<ModuleVersion> {
    let version = Version::from_escaped(escaped).ok()?;
    ModuleVersion::new(module.clone(), version).ok()
}

/// Goes through all directories; `into` says whether to go into one, by its place, its name and its path below `root`.
fn walk(root: &Path, into: &mut dyn FnMut(&Path, &str, &str) -> bool) {
    let mut open: Vec<(PathBuf, String)> = vec![(root.to_owned(), String::new())];
    while let Some((dir, prefix)) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) || prefix.len() > LONGEST {
                continue;
            }
            let path = format!("{prefix}{name}");
            let at = entry.path();
            if into(&at, name, &path) {
                open.push((at, format!("{path}/")));
            }
        }
    }
}

/// More bytes than the path of a module has.
const LONGEST: usize = 4096;
