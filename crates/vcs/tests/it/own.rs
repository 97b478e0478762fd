//! Repositories that are fetched and read in process.

mod content;
mod servers;

use std::{fs, path::PathBuf, sync::Arc};

use testkit::{Authority, GitFixture, ScriptedUpstream};
use tokio::runtime::Runtime;
use upstream::{Door, DoorConfig, Env, Guard, Web};
use vcs::{
    Cause, Repo, VcsError,
    git::{Cache, CacheConfig, Git, Gix, Limits, Remote},
};

/// The repositories of a fixture behind a web server that only this machine's authority vouches for.
pub(crate) struct World {
    pub(crate) server: ScriptedUpstream,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) cache: Arc<Cache>,
    web: Arc<Web>,
    runtime: Runtime,
}

impl World {
    pub(crate) fn of(fixture: &GitFixture) -> Self {
        Self::with(fixture, Limits::default())
    }

    /// With a Git that is not there.
    pub(crate) fn with(fixture: &GitFixture, limits: Limits) -> Self {
        let authority = Authority::new();
        let server = ScriptedUpstream::of_git(fixture, &authority);
        let dir = tempfile::tempdir().unwrap();
        let ca = dir.path().join("ca.pem");
        fs::write(&ca, authority.ca()).unwrap();
        let env = Env::new([("SSL_CERT_FILE", ca.to_str().unwrap())]);
        let door = Door::new(DoorConfig::new("test", env)).unwrap();
        let web = Arc::new(Web::open(&door, Guard::private()).unwrap());
        let git = Git::with_environment([], limits);
        assert!(!git.is_there());
        let cache = Arc::new(Cache::open(dir.path().join("cache"), git, CacheConfig::default()).unwrap());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { server, dir, cache, web, runtime }
    }

    pub(crate) fn repo(&self, name: &str) -> Gix {
        self.at(&format!("{}/{name}", self.server.url()))
    }

    pub(crate) fn at(&self, url: &str) -> Gix {
        let remote = Remote::new(url).unwrap();
        Gix::new(Arc::clone(&self.cache), remote, Arc::clone(&self.web), self.runtime.handle().clone())
    }

    /// As it is opened where both ways are there.
    pub(crate) fn far(&self, name: &str) -> Arc<dyn Repo> {
        let remote = Remote::new(&format!("{}/{name}", self.server.url())).unwrap();
        let (web, runtime) = (Arc::clone(&self.web), self.runtime.handle().clone());
        vcs::git::open(&self.cache, remote, web, runtime, Arc::new(|_| false)).unwrap()
    }

    /// The repositories that the cache has, of this sort.
    pub(crate) fn kept(&self, suffix: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path().join("cache")).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir() && path.to_str().unwrap().ends_with(suffix)).collect()
    }
}

fn cause(error: &VcsError) -> Option<Cause> {
    match error {
        VcsError::Failed { cause, .. } => Some(*cause),
        VcsError::Absent(_) => None,
    }
}
