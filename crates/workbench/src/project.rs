//! A project as `go` sees it: its main modules, what they require, and what is used instead.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use gomod::{GoMod, GoModError, GoVersion, GoWork, MAX_GOMOD, Replace, Replacement, Version};

use crate::{GoSettings, GoVariable, modcache::small_file};

/// A project.
#[derive(Clone, Debug)]
pub struct Project {
    /// The modules that are worked on: one, or those of the workspace. Never empty.
    mains: Vec<Main>,
    work: Option<Workspace>,
    /// The value of `-mod` in GOFLAGS.
    mode: Option<String>,
}

/// A module that is worked on.
#[derive(Clone, Debug)]
pub struct Main {
    dir: PathBuf,
    /// The go.mod, or what counts in its place.
    file: PathBuf,
    mods: GoMod,
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    file: PathBuf,
    work: GoWork,
}

/// Why a project cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// There is no go.mod at or above the directory, and no workspace.
    #[error("there is no go.mod at or above {}", .0.display())]
    None(PathBuf),
    /// A file cannot be read.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The go.mod or go.work.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// A file does not say what such a file says.
    #[error("{}: {why}", path.display())]
    Malformed {
        /// The go.mod or go.work.
        path: PathBuf,
        /// What is wrong.
        why: GoModError,
    },
    /// A directory of the workspace has no go.mod.
    #[error("{}: use {used}: there is no go.mod", work.display())]
    UseMissing {
        /// The go.work.
        work: PathBuf,
        /// The directory as it stands there.
        used: String,
    },
}

/// What is used instead of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Another version, or a version of another module.
    Module {
        /// Its path as it stands there.
        path: String,
        /// Its version.
        version: Version,
    },
    /// A directory, absolute.
    Directory(PathBuf),
}

impl Project {
    /// Reads the project of a directory: the workspace that it is part of, or the module.
    pub fn read(dir: &Path, go: &GoSettings) -> Result<Self, ProjectError> {
        let mode = go.flag("mod");
        match workspace_file(dir, go) {
            Some(file) => Self::of_workspace(file, mode),
            None => Ok(Project { mains: vec![Main::nearest(dir, go)?], work: None, mode }),
        }
    }

    fn of_workspace(file: PathBuf, mode: Option<String>) -> Result<Self, ProjectError> {
        let workspace = Workspace::read(file)?;
        let mut mains = Vec::new();
        for (used, dir) in workspace.uses() {
            mains.push(match Main::read(&dir) {
                Err(ProjectError::Unreadable { why, .. }) if is_absent(&why) => {
                    let work = workspace.file.clone();
                    return Err(ProjectError::UseMissing { work, used: used.to_owned() });
                }
                read => read?,
            });
        }
        if mains.is_empty() {
            return Err(ProjectError::None(workspace.dir().to_owned()));
        }
        Ok(Project { mains, work: Some(workspace), mode })
    }

    /// The modules that are worked on. Never empty.
    pub fn mains(&self) -> &[Main] {
        &self.mains
    }

    /// The workspace, if it is one.
    pub fn work(&self) -> Option<&Workspace> {
        self.work.as_ref()
    }

    /// The go.sum files, and the go.work.sum, whether they are there or not.
    pub fn sum_files(&self) -> impl Iterator<Item = PathBuf> {
        let of_mains = self.mains.iter().map(|main| main.file.with_extension("sum"));
        of_mains.chain(self.work.iter().map(|work| work.file.with_extension("work.sum")))
    }

    /// What is used instead of a version, if anything is: a line for the version goes before one for all, a line of the
    /// workspace before those of modules.
    pub fn instead(&self, path: &str, version: &Version) -> Option<Instead> {
        let of_work = self.work.iter().map(|work| (work.work.replace(), work.dir()));
        let of_mains = self.mains.iter().map(|main| (main.mods.replace(), main.dir.as_path()));
        of_work.chain(of_mains).find_map(|(lines, base)| {
            let fits = |exactly: bool| {
                // The last line of several counts.
                lines.iter().rev().find(|line| {
                    line.path() == path
                        && if exactly { line.version() == Some(version) } else { line.version().is_none() }
                })
            };
            fits(true).or_else(|| fits(false)).map(|line| Instead::of(line, base))
        })
    }

    /// Whether builds change go.mod and go.sum where something is missing there.
    pub fn is_updated_by_builds(&self) -> bool {
        self.mode.as_deref() == Some("mod")
    }

    /// The directory of vendored packages, if builds take them from there: it is there and nothing says otherwise
    /// (cmd/go/internal/modload, `setDefaultBuildMod`).
    pub fn vendor(&self) -> Option<PathBuf> {
        let (dir, since) = match (&self.work, self.mains.first()) {
            (Some(work), _) => (work.dir().join("vendor"), (1, 22)),
            (None, Some(main)) => (main.dir.join("vendor"), (1, 14)),
            (None, None) => return None,
        };
        let by_default = self.language().is_some_and(|go| go.is_at_least(since.0, since.1));
        match self.mode.as_deref() {
            Some(mode) => mode == "vendor",
            None => by_default,
        }
        .then_some(dir)
        .filter(|dir| dir.is_dir())
    }

    /// The `go` line that decides how builds are done: that of the workspace, or of the module.
    pub fn language(&self) -> Option<&GoVersion> {
        match (&self.work, self.mains.first()) {
            (Some(work), _) => work.work.go(),
            (None, main) => main.and_then(|main| main.mods.go()),
        }
    }

    /// Whether the go.mod files name every module that packages come from, so that those of other modules need not be
    /// read: they do since Go 1.17.
    pub fn is_pruned(&self) -> bool {
        self.mains.iter().all(|main| main.mods.go().is_some_and(|go| go.is_at_least(1, 17)))
    }
}

impl From<Main> for Project {
    /// A module by itself, whatever GOFLAGS says of `-mod`.
    fn from(main: Main) -> Self {
        Project { mains: vec![main], work: None, mode: None }
    }
}

impl Main {
    /// Reads the go.mod of a directory.
    pub fn read(dir: &Path) -> Result<Self, ProjectError> {
        Self::with(dir, dir.join("go.mod"))
    }

    /// Reads the nearest go.mod at or above a directory, or the file that `-modfile` in GOFLAGS names in its place, as
    /// it does where no workspace counts (modload, `modFilePath`).
    pub fn nearest(dir: &Path, go: &GoSettings) -> Result<Self, ProjectError> {
        let found = dir.ancestors().find(|dir| dir.join("go.mod").is_file());
        let found = found.ok_or_else(|| ProjectError::None(dir.to_owned()))?;
        let named = go.flag("modfile").filter(|name| !name.is_empty() && workspace_file(dir, go).is_none());
        Self::with(found, named.map_or_else(|| found.join("go.mod"), |name| absolute(dir, &name)))
    }

    fn with(dir: &Path, path: PathBuf) -> Result<Self, ProjectError> {
        match GoMod::parse_main(&file(&path)?) {
            Ok(mods) => Ok(Main { dir: dir.to_owned(), file: path, mods }),
            Err(why) => Err(ProjectError::Malformed { path, why }),
        }
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its go.mod, or the file that counts in its place.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What its go.mod says.
    pub fn mods(&self) -> &GoMod {
        &self.mods
    }

    /// Its path; empty where the go.mod names none.
    pub fn path(&self) -> &str {
        self.mods.module().map_or("", |module| module.path())
    }
}

impl Workspace {
    /// Reads a go.work.
    pub fn read(path: PathBuf) -> Result<Self, ProjectError> {
        match GoWork::parse(&file(&path)?) {
            Ok(work) => Ok(Workspace { file: path, work }),
            Err(why) => Err(ProjectError::Malformed { path, why }),
        }
    }

    /// The go.work.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What it says.
    pub fn work(&self) -> &GoWork {
        &self.work
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("/"))
    }

    /// The directories of its modules: as they stand there, and absolute.
    pub fn uses(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        self.work.uses().iter().map(|used| (used.as_str(), absolute(self.dir(), used)))
    }
}

impl Instead {
    /// What a line says, whose directories are relative to `base`.
    pub fn of(line: &Replace, base: &Path) -> Self {
        match line.with() {
            Replacement::Module { path, version } => {
                Instead::Module { path: path.clone(), version: version.clone() }
            }
            Replacement::Directory(dir) => Instead::Directory(absolute(base, dir)),
        }
    }
}

/// The workspace that counts in a directory: the one that GOWORK names, or the nearest one at or above the directory
/// (modload, `FindGoWork`).
pub fn workspace_file(dir: &Path, go: &GoSettings) -> Option<PathBuf> {
    match go.value(GoVariable::Work).as_str() {
        "off" => None,
        "" | "auto" => {
            let mut above = dir.ancestors().take_while(|dir| go.goroot() != Some(*dir));
            above.find(|dir| dir.join("go.work").is_file()).map(|dir| dir.join("go.work"))
        }
        path => Some(PathBuf::from(path)),
    }
}

/// A path relative to a directory, made absolute without looking at the disk, as Go's filepath.Join does.
pub(crate) fn absolute(base: &Path, path: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    clean
}

fn file(path: &Path) -> Result<Vec<u8>, ProjectError> {
    let unreadable = |why| ProjectError::Unreadable { path: path.to_owned(), why };
    let bytes = small_file(path, MAX_GOMOD).map_err(unreadable)?;
    bytes.ok_or_else(|| unreadable(io::ErrorKind::NotFound.into()))
}

fn is_absent(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
