//! What several of these checks read first.

use std::{
    io,
    path::{Path, PathBuf},
};

use gomod::{H1, ModuleVersion, SumFile};

use crate::{
    Patient, Seen,
    build_list::BuildList,
    gosum::{SumLine, SumLines},
    modcache::{ModCache, ZipHash},
    project::{Project, ProjectError},
};

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

    /// The go.sum files that are there, and what could not be read.
    pub(super) fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for path in self.project.sum_files() {
            match SumLines::read(&path) {
                Ok(Some(lines)) => sums.files.push((path, lines)),
                Ok(None) => sums.absent.push(path),
                Err(error) => sums.unread.push((path, error)),
            }
        }
        sums
    }
}

/// The go.sum files of a project.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) files: Vec<(PathBuf, SumLines)>,
    pub(super) absent: Vec<PathBuf>,
    pub(super) unread: Vec<(PathBuf, io::Error)>,
}

impl Sums {
    /// The line that decides about a file of a version, and where it stands.
    pub(super) fn deciding(&self, module: &ModuleVersion, file: SumFile) -> Option<(&Path, &SumLine)> {
        self.files.iter().find_map(|(path, lines)| Some((path.as_path(), lines.deciding(module, file)?)))
    }
}

/// The module cache that `go` uses, if its place can be one.
pub(super) fn cache(patient: &Patient) -> Option<ModCache> {
    patient.go().mod_cache().filter(|path| path.is_absolute()).map(ModCache::new)
}

/// A path as a word of a shell command.
pub(super) fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./!-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell() {
        assert_eq!(word(Path::new("/a/b@v1.0.0")), "/a/b@v1.0.0");
        assert_eq!(word(Path::new("/a b/$(x)'s")), r"'/a b/$(x)'\''s'");
    }
}
