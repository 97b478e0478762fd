//! What there is to look at.

use std::path::Path;

use crate::{
    GoSettings, Seen,
    build_list::BuildList,
    gosum::SumFiles,
    modcache::ModCache,
    project::{Project, ProjectError},
    verify::sums,
};

/// A project, and the module cache that it is built from.
#[derive(Debug)]
pub struct Subject {
    pub(super) project: Project,
    pub(super) list: BuildList,
    pub(super) sums: SumFiles,
}

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// The project cannot be read.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// No place for modules is known.
    #[error("there is no place for a module cache: set HOME, GOPATH or GOMODCACHE to an absolute path")]
    NoCache,
}

impl Subject {
    /// The project of a directory.
    pub fn project(dir: &Path, go: &GoSettings) -> Result<Self, SubjectError> {
        let project = Project::read(dir, go)?;
        let cache = go.mod_cache().filter(|path| path.is_absolute()).map(ModCache::new);
        let cache = cache.ok_or(SubjectError::NoCache)?;
        let list = BuildList::read(&project, &cache);
        let sums = SumFiles::read(&project);
        Ok(Subject { project, list, sums })
    }

    /// Looks at all of it.
    pub fn verify(&self) -> Seen {
        let mut seen = Seen::default();
        sums::look(self, &mut seen);
        seen
    }
}
