//! The packages that a build takes from other modules, and those that these take from others still.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::{Path, PathBuf},
    time::Instant,
};

use super::case::Case;
use crate::{
    build_list::{From, Needed},
    imports::{self, Imports},
};

/// Modules by the path that they are required by.
pub(super) type Modules<'a> = BTreeMap<&'a str, &'a Needed>;

/// What packages of other modules import.
#[derive(Default)]
pub(super) struct Reached {
    /// Each package, with a file that imports it.
    pub(super) packages: BTreeMap<String, PathBuf>,
    /// Whether there was no time or room to read all.
    pub(super) truncated: bool,
}

impl Reached {
    /// Reads what these packages import in every build, as far as their modules are unpacked here.
    pub(super) fn from<'a>(
        case: &Case,
        modules: &Modules<'_>,
        packages: impl Iterator<Item = &'a str>,
        until: Instant,
    ) -> Self {
        let mut reached = Reached::default();
        let mut known: BTreeSet<String> = packages.map(str::to_owned).collect();
        let mut queue: VecDeque<String> = known.iter().cloned().collect();
        while let Some(package) = queue.pop_front() {
            if known.len() > MOST || Instant::now() >= until {
                reached.truncated = true;
                break;
            }
            let Some(dir) = directory(case, modules, &package) else { continue };
            for (import, from) in Imports::of_package(&dir).packages() {
                if from.always && is_of_a_module(import) && known.insert(import.to_owned()) {
                    queue.push_back(import.to_owned());
                    reached.packages.insert(import.to_owned(), from.file.clone());
                }
            }
        }
        reached
    }
}

/// Where a package lies, if a module that is unpacked here has it.
fn directory(case: &Case, modules: &Modules<'_>, package: &str) -> Option<PathBuf> {
    candidates(modules, package).into_iter().find_map(|needed| {
        let dir = root(case, needed)?.join(below(needed, package));
        imports::is_package(&dir).then_some(dir)
    })
}

/// The modules that could have a package, the one with the longest path first.
pub(super) fn candidates<'a>(modules: &Modules<'a>, package: &str) -> Vec<&'a Needed> {
    prefixes(package).filter_map(|prefix| modules.get(prefix).copied()).collect()
}

/// Whether a module has a package. Nothing: it is not here.
pub(super) fn has(case: &Case, needed: &Needed, package: &str) -> Option<bool> {
    Some(imports::is_package(&root(case, needed)?.join(below(needed, package))))
}

/// Where the files of a module lie, if they are here.
fn root(case: &Case, needed: &Needed) -> Option<PathBuf> {
    match &needed.from {
        From::Fetched(module) if case.cache.is_unpacked(module) => Some(case.cache.tree(module)),
        From::Directory(dir) if dir.is_dir() => Some(dir.clone()),
        From::Fetched(_) | From::Directory(_) | From::Nowhere => None,
    }
}

fn below<'a>(needed: &Needed, package: &'a str) -> &'a Path {
    Path::new(package.strip_prefix(&needed.path).unwrap_or_default().trim_start_matches('/'))
}

/// Whether a package is of a module that can be fetched, and not of Go itself: its first element has a dot.
pub(super) fn is_of_a_module(package: &str) -> bool {
    package.split('/').next().is_some_and(|first| first.contains('.')) && !package.starts_with('.')
}

/// Whether a package lies in a module, by its path.
pub(super) fn is_in(package: &str, module: &str) -> bool {
    package.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The package's path and all that it lies in, the longest first.
fn prefixes(package: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(package), |path| path.rsplit_once('/').map(|(above, _)| above))
}

/// Packages that are followed: more than the largest known build has.
const MOST: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_they_lie_in() {
        assert_eq!(
            prefixes("a.example/b/c").collect::<Vec<_>>(),
            ["a.example/b/c", "a.example/b", "a.example"]
        );
        assert!(is_in("a.example/b", "a.example/b") && !is_in("a.example/bc", "a.example/b"));
        assert!(is_of_a_module("a.example/b") && !is_of_a_module("net/http") && !is_of_a_module("./x"));
    }
}
