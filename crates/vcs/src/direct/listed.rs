//! Repositories, opened and listed once for all modules and requests of a moment.

use std::{sync::Arc, time::Duration};

use upstream::FaultKind;

use super::{FAILURE, Way, problem::Problem, turns::Turn};
use crate::{
    Cause, Repo, Root, VcsError,
    git::{self, Progress, Remote, Transport},
};

/// A repository whose references are known.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) repo: Arc<dyn Repo>,
    /// Which of the root's URLs it is at.
    at: usize,
}

impl Way {
    /// The repository, with a list of references that is at most so old.
    pub(super) async fn listed(
        &self,
        root: &Arc<Root>,
        oldest: Duration,
    ) -> Result<(Listed, Duration), Problem> {
        let key = (Arc::clone(&self.rules), root.urls().to_vec());
        let flight = self.direct.repositories.join(
            &key,
            |known| known.age() <= if known.value.is_ok() { oldest } else { FAILURE },
            |last| {
                let at = last.and_then(Result::ok).map_or(0, |listed| listed.at);
                self.clone().list(Arc::clone(root), at)
            },
        );
        let known = flight.wait().await.ok_or_else(Problem::broken_off)?;
        let age = known.age();
        Ok((known.value?, age))
    }

    /// Lists it, again where that failed in passing.
    async fn list(self, root: Arc<Root>, first: usize) -> (Result<Listed, Problem>, Duration) {
        let config = &self.direct.config;
        let mut pause = config.pause;
        for tried in 1.. {
            match self.list_once(&root, first).await {
                Ok(listed) => return (Ok(listed), config.settled),
                Err(problem) if tried >= config.tries || !problem.may_pass() => {
                    return (Err(problem), FAILURE);
                }
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause *= 2;
        }
        (Err(Problem::broken_off()), FAILURE)
    }

    /// Tries one URL after the other, the one first that answered last time.
    async fn list_once(&self, root: &Root, first: usize) -> Result<Listed, Problem> {
        let urls = root.urls();
        let progress = self.direct.progress.of(urls);
        let order = std::iter::once(first).chain((0..urls.len()).filter(|at| *at != first));
        let mut errors = Vec::new();
        for at in order {
            let Some(url) = urls.get(at) else { continue };
            let Some(turn) = self.direct.turns.take(host(url)).await else { return Err(Problem::busy()) };
            match self.open(url, turn, progress.clone()).await {
                Ok(repo) => return Ok(Listed { repo, at }),
                Err(error) => errors.push(error),
            }
        }
        Err(Problem::repository(verdict(root, errors)))
    }

    async fn open(&self, url: &str, turn: Turn, progress: Progress) -> Result<Arc<dyn Repo>, VcsError> {
        let remote = Remote::new(url)?.watched(progress).resolved(self.direct.cache.git().config())?;
        if let Some(judged) = remote.judged()
            && let Err(fault) = self.web.admit(&judged).await
            // What `ssh` is told to reach may be a name of its own configuration's, and leads where that says.
            && (remote.transport() != Transport::Ssh || fault.kind() != FaultKind::Dns)
        {
            let what = format!("git ls-remote {remote}");
            return Err(VcsError::failed(Cause::of(fault.kind()), what, fault.detail()));
        }
        let way = self.clone();
        let opened = self.direct.runtime.spawn_blocking(move || {
            let _turn = turn;
            let repo = way.repository(remote)?;
            repo.refs()?;
            Ok(repo)
        });
        opened
            .await
            .unwrap_or_else(|_| Err(VcsError::failed(Cause::Local, "direct", "the work was broken off")))
    }

    /// Whether a page of that URL says so itself: 404 or 410. Blocking.
    pub(super) fn is_gone(&self, url: &str) -> bool {
        let page = self.direct.runtime.block_on(self.web.page(url, self.direct.config.page));
        page.is_ok_and(|page| matches!(page.status, 404 | 410))
    }

    fn repository(&self, remote: Remote) -> Result<Arc<dyn Repo>, VcsError> {
        let way = self.clone();
        let gone = move |url: &str| way.is_gone(url);
        let (web, runtime) = (Arc::clone(&self.web), self.direct.runtime.clone());
        git::open(&self.direct.cache, remote, web, runtime, Arc::new(gone))
    }
}

/// Thousands of references, and one for the repository itself.
pub(super) fn weight(listed: &Result<Listed, Problem>) -> usize {
    let refs = listed.as_ref().ok().and_then(|listed| listed.repo.refs().ok());
    1 + refs.map_or(0, |refs| (refs.heads.len() + refs.tags.len()) / 1000)
}

/// What it means that no URL leads to a repository.
///
/// A web server that says that there is none is believed, as go believes it, also where nobody answers in another way.
/// Where somebody there wants to know who asks, the repository may be for others.
fn verdict(root: &Root, errors: Vec<VcsError>) -> VcsError {
    let several = root.urls().len() > 1;
    let absent = errors.iter().any(|error| matches!(error, VcsError::Absent(_)));
    let open = |error: &VcsError| match error {
        VcsError::Absent(_) => false,
        VcsError::Failed { cause, .. } => !absent || matches!(cause, Cause::Auth | Cause::Limit),
    };
    match errors.iter().find(|error| open(error)) {
        Some(failed) => failed.clone(),
        None if several => VcsError::absent("no secure protocol found for repository"),
        None => errors.into_iter().next().unwrap_or_else(|| VcsError::absent("no repository")),
    }
}

/// The host of a URL, with its port.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
