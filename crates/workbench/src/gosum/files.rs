//! The go.sum files of a project together.

use std::{
    io,
    path::{Path, PathBuf},
};

use gomod::{ModuleVersion, SumFile};

use super::{SumLine, SumLines};
use crate::project::Project;

/// The go.sum files of a project, and its go.work.sum.
#[derive(Debug, Default)]
pub struct SumFiles {
    files: Vec<(PathBuf, SumLines)>,
    absent: Vec<PathBuf>,
    unread: Vec<(PathBuf, io::Error)>,
}

impl SumFiles {
    /// Reads them.
    pub fn read(project: &Project) -> Self {
        let mut sums = Self::default();
        for path in project.sum_files() {
            match SumLines::read(&path) {
                Ok(Some(lines)) => sums.files.push((path, lines)),
                Ok(None) => sums.absent.push(path),
                Err(error) => sums.unread.push((path, error)),
            }
        }
        sums
    }

    /// Those that are there.
    pub fn files(&self) -> &[(PathBuf, SumLines)] {
        &self.files
    }

    /// Those that are not there.
    pub fn absent(&self) -> &[PathBuf] {
        &self.absent
    }

    /// Those that could not be read, and why.
    pub fn unread(&self) -> &[(PathBuf, io::Error)] {
        &self.unread
    }

    /// Whether none of them records anything, and none has a faulty line that may have meant to.
    pub fn is_empty(&self) -> bool {
        self.files.iter().all(|(_, lines)| lines.is_empty() && lines.faults().is_empty())
    }

    /// All lines that `go` takes, and where each stands.
    pub fn lines(&self) -> impl Iterator<Item = (&Path, &SumLine)> {
        self.files
            .iter()
            .flat_map(|(path, lines)| lines.lines().iter().map(move |line| (path.as_path(), line)))
    }

    /// The line that decides about a file of a version, and where it stands.
    pub fn deciding(&self, module: &ModuleVersion, file: SumFile) -> Option<(&Path, &SumLine)> {
        self.files.iter().find_map(|(path, lines)| Some((path.as_path(), lines.deciding(module, file)?)))
    }
}
