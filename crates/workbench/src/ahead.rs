//! Which versions a build is going to fetch, as its go.mod and go.sum files name them.

use std::collections::HashSet;

use gomod::{ModuleVersion, Require, SumFile};

use crate::{
    gosum::SumLines,
    modcache::{ModCache, Part},
    project::Project,
};

/// The versions of which a file may be fetched because the module cache has none, those that go.mod lists first. Files that
/// cannot be read name nothing.
pub fn to_fetch(project: &Project, cache: &ModCache) -> Vec<ModuleVersion> {
    let listed = project.mains().iter().flat_map(|main| main.mods().require());
    let listed = listed.filter_map(Require::module_version).map(|module| (module, SumFile::GoMod));
    let sums: Vec<_> = project.sum_files().filter_map(|file| SumLines::read(&file).ok().flatten()).collect();
    let summed = sums.iter().flat_map(SumLines::lines);
    let summed = summed.filter_map(|line| Some((line.module_version()?, line.file())));
    let mut named = HashSet::new();
    let absent = |(module, file): &(ModuleVersion, SumFile)| {
        let is_instead = project.instead(module.path().as_str(), module.version()).is_some();
        !is_instead
            && match file {
                SumFile::GoMod => !cache.file(module, Part::Mod).exists(),
                SumFile::Zip => !cache.file(module, Part::ZipHash).exists(),
            }
    };
    let missing = listed.chain(summed).filter(absent).map(|(module, _)| module);
    missing.filter(|module| named.insert(module.clone())).collect()
}
