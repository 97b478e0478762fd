//! From a request to its answer, made of a repository.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use gomod::{Request, Rev};

use super::{FAILURE, Way, listed::host, origin, problem::Problem, zip_file::ZipFile};
use crate::{Code, Oid, Place, Repo, Root, VcsError, git::Progress};

/// An answer, ready to be sent any number of times.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Text(Bytes),
    Zip(ZipFile),
}

impl Way {
    /// The answer to a request, of a commit that is on record where there is one, made once for all who ask at the same time. A zip that was made when nobody waited any
    /// more is kept for a while: they ask again.
    pub(super) async fn answered<F>(
        &self,
        what: &Request,
        recorded: Option<Oid>,
        make: impl FnOnce(Way) -> F,
    ) -> Result<Answer, Problem>
    where
        F: Future<Output = Result<Answer, Problem>> + Send + 'static,
    {
        let key = (Arc::clone(&self.rules), what.clone(), recorded);
        let is_zip = matches!(what, Request::Zip(_));
        let flight = self.direct.answers.join(
            &key,
            |known| if known.value.is_ok() { is_zip } else { known.age() < FAILURE },
            |_| {
                let work = make(self.clone());
                async move {
                    let answer = work.await;
                    let keep = match &answer {
                        Ok(Answer::Zip(_)) => KEPT,
                        Ok(Answer::Text(_)) => Duration::ZERO,
                        Err(_) => FAILURE,
                    };
                    (answer, keep)
                }
            },
        );
        let answer = flight.wait().await.ok_or_else(Problem::broken_off)?.value;
        if is_zip && answer.is_ok() {
            self.direct.answers.forget(&key);
        }
        answer
    }

    /// Makes it, again where that failed in passing, or where the list of references may be too old to know it.
    pub(super) async fn make(
        self,
        what: Request,
        root: Arc<Root>,
        place: Arc<Place>,
    ) -> Result<Answer, Problem> {
        let config = &self.direct.config;
        let changes = matches!(what, Request::List(_) | Request::Latest(_) | Request::Query(..));
        let mut oldest = if changes { config.fresh } else { config.settled };
        let mut pause = config.pause;
        let progress = self.direct.progress.of(root.urls());
        for tried in 1.. {
            let (listed, age) = self.listed(&root, oldest).await.inspect_err(|problem| {
                // The pages may lead to another one by now.
                what.module()
                    .filter(|_| problem.is_absence())
                    .into_iter()
                    .for_each(|path| self.unlearn(path));
            })?;
            let problem = match self.read(&what, listed.repo, &place, &progress).await {
                Ok(answer) => return Ok(answer),
                Err(problem) => problem,
            };
            if problem.is_absence() && age > config.fresh && oldest > config.fresh {
                oldest = config.fresh;
                continue;
            }
            if tried >= config.tries || !problem.may_pass() {
                return Err(problem);
            }
            tokio::time::sleep(pause).await;
            // Whatever the repository knows of itself may be what was wrong.
            oldest = Duration::ZERO;
            pause *= 2;
        }
        Err(Problem::broken_off())
    }

    async fn read(
        &self,
        what: &Request,
        repo: Arc<dyn Repo>,
        place: &Arc<Place>,
        progress: &Progress,
    ) -> Result<Answer, Problem> {
        let Some(turn) = self.direct.turns.take(host(repo.url())).await else { return Err(Problem::busy()) };
        let (what, place, scratch) = (what.clone(), Arc::clone(place), self.direct.config.dir.clone());
        let progress = progress.clone();
        let answer = self.direct.runtime.spawn_blocking(move || {
            let _turn = turn;
            answer(&what, &*repo, &place, &scratch, &progress)
        });
        answer.await.map_or_else(|_| Err(Problem::broken_off()), |answer| answer.map_err(Problem::repository))
    }
}

/// MiB.
pub(super) fn weight(answer: &Result<Answer, Problem>) -> usize {
    match answer {
        Ok(Answer::Zip(zip)) => usize::try_from(zip.len() >> 20).unwrap_or(usize::MAX),
        _ => 1,
    }
}

/// What a repository answers.
fn answer(
    what: &Request,
    repo: &dyn Repo,
    place: &Place,
    scratch: &Path,
    progress: &Progress,
) -> Result<Answer, VcsError> {
    let code = Code::new(repo, place);
    let stat = |asked: &str| {
        let rev = Rev::new(asked).map_err(|error| VcsError::absent(error.to_string()))?;
        code.stat(&rev)
    };
    let text = match what {
        Request::List(_) => code.versions()?.to_bytes(),
        Request::Latest(_) => origin::of_query(repo, place, code.latest()?)?.to_bytes(),
        Request::Query(_, rev) => origin::of_query(repo, place, code.stat(rev)?)?.to_bytes(),
        Request::Info(asked) => origin::of_version(repo, place, stat(asked.version().as_str())?).to_bytes(),
        Request::Mod(asked) => code.go_mod(asked)?,
        Request::Zip(asked) => {
            let zip = ZipFile::make(scratch, progress, |out| code.zip(asked, out))?;
            return Ok(Answer::Zip(zip));
        }
        Request::Sumdb(..) => {
            return Err(VcsError::absent("a repository is no checksum database"));
        }
    };
    Ok(Answer::Text(text.into()))
}

/// How long a zip is kept that nobody has taken.
const KEPT: Duration = Duration::from_mins(1);
