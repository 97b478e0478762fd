//! The lines of go.sum without which the packages of a build cannot be taken: those of the zips that they come from, however
//! far behind other packages they are imported.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
};

use gomod::{ModuleVersion, SumFile};

use super::Subject;
use crate::{
    Finding, Seen,
    build_list::{From, Needed},
    diagnoses::proxy::SUM_MISSING,
    imports::{Imports, is_package},
};

/// Follows the imports from the project's own packages as far as the module cache has them.
pub(super) fn look(subject: &Subject, seen: &mut Seen) {
    let Some((project, list)) = &subject.project else { return };
    let sums = &subject.sums;
    if project.vendor().is_some()
        || project.is_updated_by_builds()
        || !sums.unread().is_empty()
        || sums.is_empty()
    {
        return;
    }
    let needed = list.needed().iter().map(|needed| (needed.path.as_str(), needed)).collect();
    let walk = Walk { subject, needed };
    let mut queue: VecDeque<(String, PathBuf)> = VecDeque::new();
    for main in project.mains() {
        queue.extend(always(&Imports::of_module(main.dir())));
    }
    let mut done = BTreeSet::new();
    let mut lacking: BTreeMap<&ModuleVersion, String> = BTreeMap::new();
    while let Some((package, by)) = queue.pop_front() {
        let is_of_a_module = package.split('/').next().is_some_and(|first| first.contains('.'));
        if !is_of_a_module || done.len() >= MOST || !done.insert(package.clone()) {
            continue;
        }
        let Some((from, dir)) = walk.find(&package) else { continue };
        if let From::Fetched(module) = from
            && sums.deciding(module, SumFile::Zip).is_none()
        {
            lacking.entry(module).or_insert_with(|| format!("{}: import {package:?}", by.display()));
        }
        queue.extend(always(&Imports::of_package(&dir)));
    }
    for (module, import) in lacking {
        let finding = Finding::new(&SUM_MISSING).name("module", &module.to_string());
        seen.found(finding.evidence(format!("go.sum: no line {module}")).evidence(import));
    }
}

/// What is imported in every build.
fn always(imports: &Imports) -> Vec<(String, PathBuf)> {
    let always = imports.packages().filter(|(_, import)| import.always);
    always.map(|(package, import)| (package.to_owned(), import.file.clone())).collect()
}

struct Walk<'a> {
    subject: &'a Subject,
    needed: BTreeMap<&'a str, &'a Needed>,
}

impl<'a> Walk<'a> {
    /// The module that has a package, the longest path first, and the directory; none where no module at hand has it.
    fn find(&self, package: &str) -> Option<(&'a From, PathBuf)> {
        let mut path = package;
        loop {
            if let Some(needed) = self.needed.get(path) {
                let root = match &needed.from {
                    From::Fetched(module) => Some(self.subject.cache.tree(module)),
                    From::Directory(dir) => Some(dir.clone()),
                    From::Nowhere => None,
                };
                let below = package.get(path.len()..).unwrap_or_default().trim_start_matches('/');
                let dir = root.map(|root| if below.is_empty() { root } else { root.join(below) });
                if let Some(dir) = dir.filter(|dir| is_package(dir)) {
                    return Some((&needed.from, dir));
                }
            }
            (path, _) = path.rsplit_once('/')?;
        }
    }
}

/// More packages than the largest known build has.
const MOST: usize = 100_000;
