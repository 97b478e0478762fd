//! Code that is not kept with git, read through the go command.

use std::sync::Arc;

use gomod::Request;
use upstream::{Fault, FaultKind};

use super::{Way, answer::Answer, listed::host, problem::Problem, zip_file::ZipFile};
use crate::{
    Cause, Root, VcsError,
    go_tool::{Asked, Given},
};

impl Way {
    /// The answer to a request. go finds the repository once more and connects to it itself, so all that can be held
    /// against the rules are the addresses that its hosts have now.
    pub(super) async fn through_go(self, what: Request, root: Arc<Root>) -> Result<Answer, Problem> {
        self.admitted(&root).await.map_err(|fault| {
            let of = format!("read {}", root.prefix());
            Problem::repository(VcsError::failed(Cause::of(fault.kind()), of, fault.detail()))
        })?;
        let at = root.urls().first().map_or("", String::as_str);
        let Some(turn) = self.direct.turns.take(host(at)).await else { return Err(Problem::busy()) };
        let runtime = self.direct.runtime.clone();
        let answer = runtime.spawn_blocking(move || {
            let _turn = turn;
            let gone = |url: &str| self.is_gone(url);
            let insecure = what.module().is_some_and(|path| self.rules.insecure.matches(path.as_str()));
            let progress = self.direct.progress.of(root.urls());
            let asked = Asked { what: &what, root: &root, insecure, gone: &gone, progress: &progress };
            match self.direct.go.answer(asked).map_err(Problem::repository)? {
                Given::Text(text) => Ok(Answer::Text(text.into())),
                Given::Zip(file) => ZipFile::of(file).map(Answer::Zip).map_err(Problem::repository),
            }
        });
        answer.await.unwrap_or_else(|_| Err(Problem::broken_off()))
    }
    /// Whether go may look for it. It takes the first way that leads there, so none may lead where nobody is let go; but
    /// one that leads nowhere does no harm.
    async fn admitted(&self, root: &Root) -> Result<(), Fault> {
        let mut first = None;
        let mut open = false;
        for url in root.urls() {
            match self.web.admit(url).await {
                Ok(()) => open = true,
                Err(fault) if fault.kind() == FaultKind::Guarded => return Err(fault),
                Err(fault) => first = first.or(Some(fault)),
            }
        }
        first.filter(|_| !open).map_or(Ok(()), Err)
    }
}
