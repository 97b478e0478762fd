//! Mercurial, Subversion, Fossil and Bazaar: read by the go command, where there is one and the system's own tool.
//!
//! Each question gets a go with a module cache of its own, so that nothing that was known before stands for what the
//! repository says now. The files of a version are made once for those who ask for all three of them.

mod download;
mod environment;
mod said;
mod scratch;

use std::{
    ffi::OsString,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::Mutex,
};

use gomod::{Info, ModulePath, ModuleVersion, Request, Version, VersionList};
use serde_json::Value;

use self::{download::Downloads, environment::Environment, scratch::Scratch};
use crate::{
    Cause, Root, Vcs, VcsError,
    git::{Limits, Progress, Running},
};

/// The go command as a reader of repositories.
#[derive(Debug)]
pub(crate) struct GoTool {
    dir: PathBuf,
    limits: Limits,
    user: Environment,
    downloads: Mutex<Downloads>,
}

/// What is asked about: a module, and where its code is.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) what: &'a Request,
    pub(crate) root: &'a Root,
    /// Whether ways count on which nothing proves who answers.
    pub(crate) insecure: bool,
    /// Whether a web server says itself that there is nothing at a URL.
    pub(crate) gone: &'a dyn Fn(&str) -> bool,
    /// What is made is told to this one.
    pub(crate) progress: &'a Progress,
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Given {
    Text(Vec<u8>),
    Zip(File),
}

impl GoTool {
    /// Works below this directory. A command may cost so much; what of the user's environment acts on it is chosen here.
    pub(crate) fn new(
        dir: PathBuf,
        limits: Limits,
        user: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        GoTool { dir, limits, user: Environment::new(user), downloads: Mutex::default() }
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, asked: Asked<'_>) -> Result<Given, VcsError> {
        let vcs = asked.root.vcs();
        for program in ["go", program(vcs)] {
            if self.user.find(program).is_none() {
                let why = format!(
                    "there is no `{program}` in PATH: code that is kept with {vcs} is read by `go` and `{}` together; \
                     install both, or give the module a route to a proxy that has it",
                    self::program(vcs)
                );
                return Err(VcsError::failed(Cause::Local, format!("read {}", asked.root.prefix()), why));
            }
        }
        match asked.what {
            Request::List(path) => self.list(asked, path).map(Given::Text),
            Request::Latest(path) => self.query(asked, path, "latest").map(Given::Text),
            Request::Query(path, rev) => self.query(asked, path, rev.as_str()).map(Given::Text),
            Request::Info(version) | Request::Mod(version) | Request::Zip(version) => {
                let made = Downloads::get(&self.downloads, version, || self.download(asked, version))?;
                made.give(asked.what)
            }
            Request::Sumdb(..) => {
                Err(VcsError::failed(Cause::Local, "direct", "a repository is no checksum database"))
            }
        }
    }

    /// The tagged versions. go says that there are none where its tool failed; so it is asked for the newest as well, which
    /// tells.
    fn list(&self, asked: Asked<'_>, path: &ModulePath) -> Result<Vec<u8>, VcsError> {
        let scratch = Scratch::new(&self.dir)?;
        let newest = format!("{path}@latest");
        let args = ["list", "-m", "-e", "-json", "-versions", "-retracted", "--", path.as_str(), &newest];
        let objects = self.run(asked, &scratch, path, &args)?;
        let [listed, newest] = objects.as_slice() else { return Err(odd(path, "not two answers")) };
        if let Some(text) = listed["Error"]["Err"].as_str() {
            return Err(self.verdict(asked, path, text));
        }
        if let Some(text) = newest["Error"]["Err"].as_str()
            && let failed @ VcsError::Failed { .. } = self.verdict(asked, path, text)
        {
            return Err(failed);
        }
        let versions = listed["Versions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let versions = versions.iter().filter_map(|version| version.as_str()?.parse::<Version>().ok());
        let fitting = versions.filter(|version| version.fits_major(path.major()));
        Ok(VersionList::of(fitting).to_bytes())
    }

    /// The version that something stands for.
    fn query(&self, asked: Asked<'_>, path: &ModulePath, query: &str) -> Result<Vec<u8>, VcsError> {
        let scratch = Scratch::new(&self.dir)?;
        let arg = format!("{path}@{query}");
        let objects = self.run(asked, &scratch, path, &["list", "-m", "-e", "-json", "--", &arg])?;
        let [found] = objects.as_slice() else { return Err(odd(path, "not one answer")) };
        if let Some(text) = found["Error"]["Err"].as_str() {
            return Err(self.verdict(asked, path, text));
        }
        let version = found["Version"].as_str().and_then(|version| version.parse::<Version>().ok());
        let version = version.and_then(|version| ModuleVersion::new(path.clone(), version).ok());
        let version = version.ok_or_else(|| odd(path, "no version"))?;
        let info = small(&scratch.cached(&version, "info"))?;
        let info = Info::parse(&info).map_err(|error| odd(path, &error.to_string()))?;
        Ok(info.to_bytes())
    }

    /// The files of a version, and why some are missing.
    fn download(&self, asked: Asked<'_>, version: &ModuleVersion) -> Result<download::Made, VcsError> {
        let scratch = Scratch::new(&self.dir)?;
        let (path, arg) = (version.path(), version.to_string());
        let objects = self.run(asked, &scratch, path, &["mod", "download", "-json", "--", &arg])?;
        let [made] = objects.as_slice() else { return Err(odd(path, "not one answer")) };
        let missing = made["Error"].as_str().map(|text| self.verdict(asked, path, text));
        download::Made::new(version, made, scratch, missing, asked.root.vcs())
    }

    /// What an error of go's means.
    fn verdict(&self, asked: Asked<'_>, path: &ModulePath, text: &str) -> VcsError {
        let error = said::verdict(path, text);
        if said::finds_no_way(text) {
            // Of a repository that is nowhere, and of one that cannot be reached, go says the same.
            let web: Vec<_> = asked.root.urls().iter().filter(|url| url.starts_with("http")).collect();
            if !web.is_empty() && web.into_iter().all(|url| (asked.gone)(url)) {
                return VcsError::absent("no secure protocol found for repository");
            }
        }
        // Its tool fails in the same way when the server does; the newest revision is always there.
        if matches!(error, VcsError::Absent(_)) && asked.root.vcs() == Vcs::Svn {
            return match self.query(asked, path, "latest") {
                Ok(_) => error,
                Err(_) => VcsError::failed(Cause::Server, format!("go list {path}"), said::shown(text)),
            };
        }
        error
    }

    /// Runs go, and gives the JSON objects that it writes.
    fn run(
        &self,
        asked: Asked<'_>,
        scratch: &Scratch,
        path: &ModulePath,
        args: &[&str],
    ) -> Result<Vec<Value>, VcsError> {
        let command = args.iter().take_while(|arg| !arg.starts_with('-')).copied();
        let what = format!("go {} {path}", command.collect::<Vec<_>>().join(" "));
        let failed = |cause, why: &str| VcsError::failed(cause, what.clone(), why);
        let program = self.user.find("go").ok_or_else(|| failed(Cause::Local, "there is no go in PATH"))?;
        let mut command = self.user.command(&program, scratch, asked.insecure.then_some(path));
        command.args(args);
        let mut running =
            Running::start(command, &what, &self.limits, Some((scratch.dir(), asked.progress)))?;
        let most = self.limits.output;
        let mut output = Vec::new();
        let read = running.stdout().take(most.saturating_add(1)).read_to_end(&mut output);
        if output.len() as u64 > most {
            return Err(failed(Cause::Limit, "it writes too much"));
        }
        let ended = running.finish()?;
        read.map_err(|error| failed(Cause::Local, &error.to_string()))?;
        let objects =
            serde_json::Deserializer::from_slice(&output).into_iter().collect::<Result<Vec<_>, _>>();
        match objects {
            Ok(objects) if !objects.is_empty() => Ok(objects),
            _ => Err(failed(Cause::Local, &said::shown(&ended.stderr))),
        }
    }
}

/// The tool of a system.
fn program(vcs: Vcs) -> &'static str {
    match vcs {
        // Never asked for here.
        Vcs::Git | Vcs::Mod => "git",
        Vcs::Hg => "hg",
        Vcs::Svn => "svn",
        Vcs::Fossil => "fossil",
        Vcs::Bzr => "bzr",
    }
}

fn odd(path: &ModulePath, why: &str) -> VcsError {
    VcsError::failed(Cause::Local, format!("go list {path}"), format!("its answer is of no use: {why}"))
}

/// A small file that go made.
fn small(path: &Path) -> Result<Vec<u8>, VcsError> {
    let what = || format!("read {}", path.display());
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SMALL + 1).read_to_end(&mut bytes));
    read.map_err(|error| VcsError::failed(Cause::Local, what(), error))?;
    if bytes.len() as u64 > SMALL {
        return Err(VcsError::failed(Cause::Limit, what(), "it is too large"));
    }
    Ok(bytes)
}

/// Whether that is a regular file.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.is_file())
}

/// Bytes of an `.info` or a go.mod.
const SMALL: u64 = 16 << 20;
