//! Which versions a project is built from, found without running `go` and without the network.

use std::collections::{BTreeMap, VecDeque};

use gomod::{GoMod, ModulePath, ModuleVersion, Version};

use crate::{
    modcache::ModCache,
    project::{Instead, Project},
};

/// The modules that a project is built from, as far as the go.mod files at hand tell.
#[derive(Clone, Debug, Default)]
pub struct BuildList {
    needed: Vec<Needed>,
    raised: Vec<Raised>,
    unread: Vec<ModuleVersion>,
}

/// A module that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The path by which it is required.
    pub path: String,
    /// The version that is used.
    pub version: Version,
    /// Whether the project's own packages import it, by what its go.mod says.
    pub direct: bool,
    /// Where it comes from.
    pub from: From,
}

/// Where a module comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// It is fetched.
    Fetched(ModuleVersion),
    /// A directory that is used instead.
    Directory(std::path::PathBuf),
    /// Nowhere: its path is none that can be fetched.
    Nowhere,
}

/// A version that the go.mod names too low.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The module.
    pub path: String,
    /// What the go.mod says.
    pub listed: Version,
    /// What another module needs.
    pub wanted: Version,
    /// That module.
    pub by: String,
}

impl BuildList {
    /// Reads what the main modules require and, where their go.mod files do not name all there is, what the modules in
    /// the cache require in turn: the highest version of each counts (minimal version selection).
    pub fn read(project: &Project, cache: &ModCache) -> Self {
        let mut list = BuildList::default();
        let mut selected: BTreeMap<String, (Version, bool)> = BTreeMap::new();
        let mut queue = VecDeque::new();
        for require in project.mains().iter().flat_map(|main| main.mods().require()) {
            let direct = !require.is_indirect();
            let version = require.version();
            let known = selected.entry(require.path().to_owned()).or_insert((version.clone(), direct));
            known.1 |= direct;
            if known.0.precedence(version).is_lt() {
                known.0 = version.clone();
            }
        }
        let listed = selected.clone();
        queue.extend(selected.iter().map(|(path, (version, _))| (path.clone(), version.clone())));
        let deep = !project.is_pruned();
        let mut seen = 0_usize;
        while let Some((path, version)) = queue.pop_front() {
            seen += 1;
            if seen > MOST {
                break;
            }
            let Some(mods) = list.gomod(project, cache, &path, &version) else { continue };
            for require in mods.require() {
                let wanted = require.version();
                match selected.get(require.path()) {
                    Some((known, _)) if known.precedence(wanted).is_ge() => continue,
                    None if !deep => continue,
                    _ => {}
                }
                if let Some((known, _)) = listed.get(require.path())
                    && !deep
                    && known.precedence(wanted).is_lt()
                {
                    list.raised.push(Raised {
                        path: require.path().to_owned(),
                        listed: known.clone(),
                        wanted: wanted.clone(),
                        by: format!("{path}@{version}"),
                    });
                    continue;
                }
                let direct = selected.get(require.path()).is_some_and(|(_, direct)| *direct);
                selected.insert(require.path().to_owned(), (wanted.clone(), direct));
                queue.push_back((require.path().to_owned(), wanted.clone()));
            }
        }
        let mains: Vec<_> = project.mains().iter().map(super::project::Main::path).collect();
        let needed = selected.into_iter().filter(|(path, _)| !mains.contains(&path.as_str()));
        list.needed = needed
            .map(|(path, (version, direct))| {
                let from = from(project, &path, &version);
                Needed { path, version, direct, from }
            })
            .collect();
        list
    }

    fn gomod(&mut self, project: &Project, cache: &ModCache, path: &str, version: &Version) -> Option<GoMod> {
        match from(project, path, version) {
            From::Fetched(module) => {
                let read = cache.gomod(&module).ok().flatten();
                if read.is_none() {
                    self.unread.push(module);
                }
                GoMod::parse(&read?).ok()
            }
            From::Directory(dir) => {
                let bytes = super::modcache::small_file(&dir.join("go.mod"), gomod::MAX_GOMOD).ok().flatten();
                GoMod::parse(&bytes?).ok()
            }
            From::Nowhere => None,
        }
    }

    /// The modules, in the order of their paths.
    pub fn needed(&self) -> &[Needed] {
        &self.needed
    }

    /// The versions that are fetched, each once.
    pub fn fetched(&self) -> impl Iterator<Item = &ModuleVersion> {
        self.needed.iter().filter_map(|needed| match &needed.from {
            From::Fetched(module) => Some(module),
            From::Directory(_) | From::Nowhere => None,
        })
    }

    /// Where the go.mod names too low a version.
    pub fn raised(&self) -> &[Raised] {
        &self.raised
    }

    /// Versions whose go.mod is not in the cache, so that what they require is not known.
    pub fn unread(&self) -> &[ModuleVersion] {
        &self.unread
    }
}

fn from(project: &Project, path: &str, version: &Version) -> From {
    let fetched = |path: &str, version: &Version| {
        let path = ModulePath::new(path).ok()?;
        ModuleVersion::new(path, version.clone()).ok()
    };
    match project.instead(path, version) {
        Some(Instead::Directory(dir)) => From::Directory(dir),
        Some(Instead::Module { path, version }) => {
            fetched(&path, &version).map_or(From::Nowhere, From::Fetched)
        }
        None => fetched(path, version).map_or(From::Nowhere, From::Fetched),
    }
}

/// How many go.mod files are read: more than the largest known build has.
const MOST: usize = 50_000;
