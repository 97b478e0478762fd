//! What several of these checks read first.

use gomod::{H1, ModuleVersion, SumFile};

use crate::{
    Patient, Seen,
    build_list::BuildList,
    modcache::{ModCache, ZipHash},
    project::{Project, ProjectError},
};
pub(super) use crate::{gosum::SumFiles as Sums, shell::word};

/// A project and where its modules lie.
pub(super) struct Case {
    pub(super) project: Project,
    pub(super) cache: ModCache,
    pub(super) list: BuildList,
}

impl Case {
    /// Reads it. Where it cannot be read, `seen` says that `what` was not looked at; why, is found by other checks.
    pub(super) fn read(patient: &Patient, what: &str, seen: &mut Seen) -> Option<Self> {
        let project = match Project::read(&patient.dir, patient.go()) {
            Ok(project) => project,
            Err(ProjectError::None(_)) => {
                seen.unchecked("no go.mod here: nothing of a project was looked at");
                return None;
            }
            Err(error) => {
                seen.unchecked(format!("{what}: {error}"));
                return None;
            }
        };
        let Some(cache) = cache(patient) else {
            seen.unchecked(format!("{what}: there is no place for a module cache"));
            return None;
        };
        let list = BuildList::read(&project, &cache);
        Some(Case { project, cache, list })
    }

    /// The hash of a version's file as `go` finds it in the cache, without reading more than small files.
    pub(super) fn kept(&self, module: &ModuleVersion, file: SumFile) -> Option<H1> {
        match file {
            SumFile::Zip => match self.cache.ziphash(module) {
                Ok(ZipHash::Says(h1)) => Some(h1),
                _ => None,
            },
            SumFile::GoMod => self.cache.gomod(module).ok().flatten().map(|bytes| H1::of_gomod(&bytes)),
        }
    }

    /// Its go.sum files.
    pub(super) fn sums(&self) -> Sums {
        Sums::read(&self.project)
    }
}

/// The module cache that `go` uses, if its place can be one.
pub(super) fn cache(patient: &Patient) -> Option<ModCache> {
    patient.go().mod_cache().filter(|path| path.is_absolute()).map(ModCache::new)
}
