//! What stands here of a private module, merged into what its chain says: versions that were published or fetched are
//! listed whatever becomes of the chain, and those that were withdrawn are not, whatever the chain says.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use gomod::{Info, ModulePath, ModuleVersion, Version, VersionList};
use storage::Question;

use crate::{
    Answer, Ask, Mirror, Refusal,
    answer::{AnswerMeta, Body, CacheStatus, Keep},
    derived::rank,
    policy::Route,
};

impl Mirror {
    /// `.info`, `.mod` or `.zip`. Another process may withdraw one of a private module at any moment.
    pub(crate) async fn file(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
        kind: storage::Kind,
    ) -> Result<Answer, Refusal> {
        let mut answer = self.artifact(ask, version, kind).await?;
        if answer.keep == Keep::Forever && ask.policy.route(version.path()).is_private() {
            answer.keep = Keep::Reread;
        }
        Ok(answer)
    }

    /// `@v/list`.
    pub(crate) async fn list(self: &Arc<Self>, ask: &Ask, module: &ModulePath) -> Result<Answer, Refusal> {
        let question = Question::List(module.clone());
        let answered = self.question(ask, &question).await;
        let route = ask.policy.route(module);
        if !route.is_private() {
            return answered;
        }
        let (stored, withdrawn) = self.here(module).await?;
        let listed = match &answered {
            Ok(Answer { body: Body::Bytes(body), .. }) => Bytes::clone(body),
            Ok(_) => Bytes::new(),
            // A module of which everything was withdrawn is known all the same: after a 404 its name would go on to whom
            // `go` asks next.
            Err(refusal) if gives_way(refusal) && !(stored.is_empty() && withdrawn.is_empty()) => {
                Bytes::new()
            }
            Err(_) => return answered,
        };
        let listed = VersionList::parse(module, &String::from_utf8_lossy(&listed));
        let all = listed.iter().chain(stored).filter(|version| !withdrawn.contains(version));
        let body = VersionList::of(all).to_bytes().into();
        Ok(merged(answered.ok(), &route, &question, body))
    }

    /// `@latest`.
    pub(crate) async fn latest(self: &Arc<Self>, ask: &Ask, module: &ModulePath) -> Result<Answer, Refusal> {
        let question = Question::Latest(module.clone());
        let answered = self.question(ask, &question).await;
        let route = ask.policy.route(module);
        if !route.is_private() {
            return answered;
        }
        let (_, withdrawn) = self.here(module).await?;
        let said = match &answered {
            Ok(Answer { body: Body::Bytes(body), .. }) => Info::parse(body).ok(),
            Ok(_) => None,
            Err(refusal) if gives_way(refusal) => None,
            Err(_) => return answered,
        };
        let said = said.map(|info| info.version().clone());
        let gone = said.as_ref().is_some_and(|version| withdrawn.contains(version));
        let newest = self.latest_stored(module).await.ok();
        let ours = newest.as_ref().and_then(|info| Some(Info::parse(info).ok()?.version().clone()));
        match (newest, ours, said) {
            (Some(info), Some(ours), Some(said)) if gone || rank(&ours) > rank(&said) => {
                Ok(merged(answered.ok(), &route, &question, info))
            }
            (Some(info), Some(_), None) => Ok(merged(answered.ok(), &route, &question, info)),
            (_, _, Some(said)) if gone => Err(self.why_gone(module, said).await),
            _ => answered.map(|answer| Answer { keep: Keep::No, ..answer }),
        }
    }

    /// The versions that are stored, pseudo-versions aside, and those that were withdrawn.
    async fn here(&self, module: &ModulePath) -> Result<(Vec<Version>, HashSet<Version>), Refusal> {
        let mut stored = self.store.versions(module).await?;
        stored.retain(|version| !version.is_pseudo());
        let withdrawn = self.store.withdrawn_versions(module).await?;
        Ok((stored, withdrawn.into_iter().collect()))
    }

    /// The only version that there would be is withdrawn.
    async fn why_gone(&self, module: &ModulePath, version: Version) -> Refusal {
        let Ok(version) = ModuleVersion::new(module.clone(), version) else {
            return Refusal::Gone(String::new());
        };
        match self.store.receipt(&version).await {
            Ok(receipt) => {
                let why = receipt.as_ref().and_then(storage::Receipt::withdrawn).unwrap_or_default();
                Refusal::Gone(format!("{}: {why}", version.version()))
            }
            Err(error) => error.into(),
        }
    }
}

/// Whether what stands here is a better answer. What contradicts something is not hidden.
fn gives_way(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Absent(_) | Refusal::Failed(_) | Refusal::Overloaded(_) | Refusal::Internal(_))
}

/// The answer with another body. Nobody keeps it: another process may publish or withdraw at any moment.
fn merged(answered: Option<Answer>, route: &Route, question: &Question, body: Bytes) -> Answer {
    // Where nobody is to be asked, what stands here is not old.
    let answered = answered.filter(|_| !route.chain.links.is_empty());
    let meta = answered.map_or_else(
        || AnswerMeta {
            cache: CacheStatus::Hit,
            source: None,
            verified: None,
            age: None,
            etag: None,
            content_type: question.content_type(),
        },
        |answer| answer.meta,
    );
    Answer { body: Body::Bytes(body), meta, keep: Keep::No }
}
