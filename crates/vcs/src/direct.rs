//! The repositories themselves as a source: from a request to its answer, as `GOPROXY=direct` gives it.
//!
//! What blocks runs on threads of the runtime that are kept for it, a bounded number at once. Whatever is under way goes
//! on when the one who asked leaves; who asks for the same meanwhile joins it.

mod answer;
mod config;
mod listed;
mod locate;
mod origin;
mod pages;
mod patience;
mod problem;
mod proxies;
mod rules;
mod shared;
mod through_go;
mod turns;
mod zip_file;

use std::{fmt, sync::Arc, time::Duration};

use futures_util::stream::{self, StreamExt};
use gomod::{ModulePath, Request};
use tokio::{runtime::Handle, time::Instant};
use upstream::{
    Door, Fault, FaultKind, Fetched, Incoming, Meta, Miss, Piece, SourceName, Troubles, Want, Web,
};

use self::{
    answer::Answer,
    listed::Listed,
    pages::Shelf,
    patience::{Progresses, Stage},
    problem::Problem,
    proxies::Proxies,
    shared::Shared,
    turns::Turns,
};
pub use self::{
    config::DirectConfig,
    rules::{PrivateHosts, Rules},
};
use crate::{
    Cause, Oid, Place, Root, Vcs, VcsError,
    git::{Cache, Git},
    go_tool::GoTool,
};

/// What the repositories of all routes share: places, what is remembered, and what is kept on disk.
pub struct Direct {
    config: DirectConfig,
    door: Door,
    runtime: Handle,
    cache: Arc<Cache>,
    /// For what is not kept with git.
    go: GoTool,
    /// Of those who look for the code.
    lookups: Turns,
    /// Of those who read it.
    turns: Turns,
    pages: Shelf,
    roots: Shared<(Arc<Rules>, ModulePath), Result<Arc<Root>, Problem>>,
    repositories: Shared<(Arc<Rules>, Vec<String>), Result<Listed, Problem>>,
    answers: Shared<Asked, Result<Answer, Problem>>,
    proxies: Proxies,
    progress: Progresses,
}

/// What answers are known by: the rules, the request, and the commit that is on record.
type Asked = (Arc<Rules>, Request, Option<Oid>);

/// The repositories, by the rules of a route. Clones are the same.
#[derive(Clone)]
pub struct Way {
    direct: Arc<Direct>,
    rules: Arc<Rules>,
    web: Arc<Web>,
    name: SourceName,
}

impl Direct {
    /// Asks nobody, and writes nothing yet; that there is no `git`, or that the disk takes nothing, shows when it is needed.
    pub fn open(config: DirectConfig, door: &Door, runtime: Handle) -> Result<Arc<Self>, VcsError> {
        let environment = config.environment.clone().unwrap_or_else(|| std::env::vars_os().collect());
        let of_go = environment.iter().chain(&config.go).cloned();
        let go = GoTool::new(config.dir.join("go"), config.limits, of_go);
        let mut git = Git::with_environment(environment, config.limits).with_logins(door.logins());
        if let Some(program) = &config.git {
            git = git.at(program.clone());
        }
        let cache = Arc::new(Cache::open(&config.dir, git, config.cache)?);
        let (places, patience, most) = (config.at_once, config.patience, config.repositories.max(1));
        Ok(Arc::new(Direct {
            door: door.clone(),
            cache,
            go,
            lookups: Turns::new(places, patience),
            turns: Turns::new(places, patience),
            pages: Shared::new(runtime.clone(), PAGES, pages::weight),
            roots: Shared::new(runtime.clone(), most.saturating_mul(ROOTS), |_| 1),
            repositories: Shared::new(runtime.clone(), most, listed::weight),
            answers: Shared::new(runtime.clone(), ANSWERS, answer::weight),
            proxies: Proxies::default(),
            progress: Progresses::default(),
            runtime,
            config,
        }))
    }

    /// The repositories, by these rules.
    pub fn for_route(self: &Arc<Self>, rules: Rules) -> Result<Way, VcsError> {
        let web = Web::open(&self.door, rules.guard())
            .map_err(|error| VcsError::failed(Cause::Local, "direct", error))?;
        Ok(Way {
            direct: Arc::clone(self),
            rules: Arc::new(rules),
            web: Arc::new(web),
            name: SourceName::direct(),
        })
    }
}

impl Way {
    /// Its name for logs, headers and metrics: `direct`, whatever repository it is.
    pub fn name(&self) -> &SourceName {
        &self.name
    }

    /// Asks for one thing. It returns when the whole answer is here; a zip is then read from disk as its stream is.
    ///
    /// Absent is what the repository, or the page that should lead to it, says not to exist. Everything else is a
    /// failure; [`Fault::is_discovery`] tells whether it was not even found out where the code is. What may pass is
    /// tried again. The moments of the [`Want`] limit how long this waits, and the work itself goes on; where no other
    /// source can take over, this waits for work that visibly goes on, up to the want's deadline.
    pub async fn fetch(&self, want: &Want) -> Result<Fetched, Miss> {
        let mut count = Count { direct: &self.direct, outcome: "abandoned" };
        let started = Instant::now();
        let stage = Stage::default();
        let fetched = stage.wait(want, self.answer(want, started, &stage)).await.unwrap_or_else(|| {
            let why = "no answer in time; what was begun goes on";
            let fault = Fault::new(self.name.clone(), FaultKind::Timeout, why, started.elapsed());
            Err(if stage.is_located() { fault } else { fault.in_discovery() }.into())
        });
        count.outcome = match &fetched {
            Ok(Fetched::Body(_)) => "ok",
            Ok(Fetched::NotModified) => "not-modified",
            Err(Miss::Absent(_)) => "absent",
            Err(Miss::Failed(fault)) => fault.kind().as_str(),
        };
        fetched
    }

    /// Finds out where the code of a module is, and nothing more; [`fetch`](Way::fetch) knows it then. It has no limit of
    /// time but that of a page.
    pub async fn discover(&self, module: &ModulePath) -> Result<(), Miss> {
        let started = Instant::now();
        self.locate(module).await.map(drop).map_err(|problem| problem.into_miss(started))
    }

    async fn answer(&self, want: &Want, started: Instant, stage: &Stage) -> Result<Fetched, Miss> {
        let miss = |problem: Problem| problem.into_miss(started);
        let Some(path) = want.what.module().filter(|_| !matches!(want.what, Request::Sumdb(..))) else {
            let why = "a repository is no checksum database";
            return Err(Fault::new(self.name.clone(), FaultKind::Unaskable, why, Duration::ZERO).into());
        };
        let root = self.locate(path).await.map_err(miss)?;
        stage.located(self.direct.progress.of(root.urls()));
        let answer = match root.vcs() {
            Vcs::Git => {
                let place = Place::new(path.clone(), root.prefix(), root.subdir());
                let recorded = want.commit.as_deref().and_then(|commit| commit.parse().ok());
                let place = place.map_err(|error| miss(Problem::repository(error)))?.as_recorded(recorded);
                let make = |way: Way| way.make(want.what.clone(), root, Arc::new(place));
                self.answered(&want.what, recorded, make).await
            }
            Vcs::Mod => {
                let url = root.urls().first().map_or("", String::as_str);
                let proxy = self.direct.proxies.get(&self.direct.door, &self.rules, url);
                return proxy.map_err(|error| miss(Problem::repository(error)))?.fetch(want).await;
            }
            Vcs::Hg | Vcs::Svn | Vcs::Fossil | Vcs::Bzr => {
                self.answered(&want.what, None, |way| way.through_go(want.what.clone(), root)).await
            }
        };
        Ok(self.send(answer.map_err(miss)?))
    }

    fn send(&self, answer: Answer) -> Fetched {
        let (len, bytes) = match answer {
            Answer::Text(text) => {
                let len = text.len() as u64;
                (len, stream::iter([Ok(Piece::Bytes(text))]).boxed())
            }
            Answer::Zip(zip) => (zip.len(), zip.stream()),
        };
        let meta = Meta {
            len: Some(len),
            start: 0,
            etag: None,
            last_modified: None,
            content_type: None,
            source: self.name.clone(),
        };
        Fetched::Body(Incoming { meta, bytes, troubles: Troubles::default() })
    }
}

/// One request, counted when it ends.
struct Count<'a> {
    direct: &'a Direct,
    outcome: &'static str,
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.direct.door.meters().count(&SourceName::direct(), self.outcome);
    }
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct").field("config", &self.config).finish_non_exhaustive()
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// How long a failure is remembered.
const FAILURE: Duration = Duration::from_secs(1);
/// Module paths that are known, for each repository.
const ROOTS: usize = 16;
/// KiB of pages.
const PAGES: usize = 8 << 10;
/// MiB of zips that nobody has taken yet.
const ANSWERS: usize = 1 << 10;
