//! What a repository means for one module: its versions, and what lies at each (cmd/go `modfetch/coderepo.go`).

mod canonical;
mod dir;
mod latest;
mod made_up;
mod retracted;
mod revision;
mod tags;
mod zip;

use gomod::{MAX_GOMOD, ModulePath, ModuleVersion, Rev, Semver, Version, auto_quote};

pub use self::{revision::Found, zip::zip_of};
use crate::{Cause, Oid, Repo, VcsError};

/// One module in a repository.
#[derive(Clone, Copy, Debug)]
pub struct Code<'a> {
    repo: &'a dyn Repo,
    place: &'a Place,
}

/// Where in a repository a module lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    path: ModulePath,
    /// The import path that stands for the repository's root.
    root: String,
    /// The module's directory, but for the one of its major version; `""` is the root.
    dir: String,
    /// The path without its major version, or all of it where that is the repository's own name.
    prefix: String,
    /// `/v2`, `.v1`, or nothing.
    major: String,
    /// The commit that is on record for the version that is asked for, wherever its tag points today.
    recorded: Option<Oid>,
}

impl Place {
    /// The place of `path` in the repository that stands at the import path `root`. `subdir` is the directory that the
    /// fourth field of a go-import tag names; it comes behind the rest of the path.
    pub fn new(path: ModulePath, root: &str, subdir: &str) -> Result<Self, VcsError> {
        let outside =
            || VcsError::absent(format!("repository rooted at {root} cannot contain module {path}"));
        let (prefix, rest) = if root == path.as_str() {
            (path.as_str(), "")
        } else {
            let prefix = path.prefix();
            let rest = prefix.strip_prefix(root).ok_or_else(outside)?;
            if !rest.is_empty() && !rest.starts_with('/') {
                return Err(outside());
            }
            (prefix, rest.trim_matches('/'))
        };
        let dir = [rest, subdir.trim_matches('/')].into_iter().filter(|part| !part.is_empty());
        Ok(Self {
            root: root.to_owned(),
            dir: dir.collect::<Vec<_>>().join("/"),
            prefix: prefix.to_owned(),
            major: path.major().to_owned(),
            recorded: None,
            path,
        })
    }

    /// The same for a version that is on record as of this commit.
    #[must_use]
    pub fn as_recorded(self, recorded: Option<Oid>) -> Self {
        Self { recorded, ..self }
    }

    /// The module.
    pub fn path(&self) -> &ModulePath {
        &self.path
    }

    /// Its directory in the repository, as `Origin` names it: without the one of its major version.
    pub fn dir(&self) -> &str {
        &self.dir
    }

    /// What stands before the version in the names of its tags: nothing, or the directory and `/`.
    pub fn tag_prefix(&self) -> String {
        if self.dir.is_empty() { String::new() } else { format!("{}/", self.dir) }
    }

    /// The major version that its versions must have, with its `v`; nothing for a path without one.
    fn wanted_major(&self) -> &str {
        let major = self.major.strip_suffix("-unstable").unwrap_or(&self.major);
        major.strip_prefix(['/', '.']).unwrap_or_default()
    }

    /// Whether a canonical version may be one of this module.
    fn fits(&self, canonical: &str) -> bool {
        Version::new(canonical).is_ok_and(|version| version.fits_major(&self.major))
    }

    /// The file of that name in its directory.
    fn file(&self, name: &str) -> String {
        format!("{}{name}", self.tag_prefix())
    }
}

impl<'a> Code<'a> {
    /// The module at this place of a repository.
    pub fn new(repo: &'a dyn Repo, place: &'a Place) -> Self {
        Self { repo, place }
    }

    /// What a branch, tag, commit or version stands for.
    pub fn stat(&self, rev: &Rev) -> Result<Found, VcsError> {
        self.stat_text(rev.as_str())
    }

    /// The go.mod of a version, as it is stored in the repository; a made-up one where there is none.
    pub fn go_mod(&self, version: &ModuleVersion) -> Result<Vec<u8>, VcsError> {
        let (_, at) = self.locate(version.version())?;
        Ok(at.go_mod.unwrap_or_else(|| legacy_go_mod(&self.place.path)))
    }

    /// The commit and the directory of a version that exists. A pseudo-version is checked as a whole: it might be a
    /// lie about a commit that exists.
    fn locate(&self, version: &Version) -> Result<(Oid, dir::At), VcsError> {
        let found = self.stat_text(version.as_str())?.commit.id;
        let commit = match self.place.recorded {
            Some(recorded) if recorded != found => self.recorded(version, recorded, found)?,
            Some(_) | None => found,
        };
        Ok((commit, self.find_dir(commit, version.as_str())?))
    }

    /// The commit on record of a version whose tag was moved. What is at the tag now is never given in its place.
    fn recorded(&self, version: &Version, recorded: Oid, now: Oid) -> Result<Oid, VcsError> {
        let what = format!("{}@{version}", self.place.path);
        let moved = format!("its tag was moved from commit {recorded} to {now}");
        match self.repo.commit(recorded) {
            Ok(commit) => {
                tracing::warn!("SECURITY: {what}: {moved}; what was recorded first is served");
                Ok(commit.id)
            }
            Err(VcsError::Absent(_)) => {
                let why =
                    format!("SECURITY: {moved}, and the first one is gone; nothing is served in its place");
                Err(VcsError::failed(Cause::Server, what, why))
            }
            Err(failed) => Err(failed),
        }
    }

    fn stat_text(&self, asked: &str) -> Result<Found, VcsError> {
        let revision = self.look_up(&self.revision_of(asked)).map_err(|error| {
            error.about(|text| format!("{}@{asked}: invalid version: {text}", self.place.path))
        })?;
        let version = self.version_of(&revision, asked)?;
        Ok(Found { version, commit: revision.commit, reference: revision.reference })
    }

    /// Whether a commit has a file of this name in the repository's root, or below.
    fn has_file(&self, commit: Oid, path: &str) -> Result<bool, VcsError> {
        Ok(self.repo.blob(commit, path, MAX_GOMOD)?.is_some())
    }
}

/// The go.mod of a module without one.
fn legacy_go_mod(path: &ModulePath) -> Vec<u8> {
    format!("module {}\n", auto_quote(path.as_str())).into_bytes()
}

/// Whether a text is a pseudo-version.
fn is_pseudo(text: &str) -> bool {
    Semver::parse(text).is_some_and(|semver| semver.pseudo().is_some())
}
