//! `P,direct` where the internet is out of reach.
//!
//! `go` asks for every prefix of a package's path. P says that the longer ones are no modules, and `direct` looks whether
//! a page says otherwise. Where that page cannot be had, and a shorter path is a module that P or the store knows, the word
//! of P stands: else nothing could be fetched behind a firewall. Where a page led to a repository, or nothing shorter is
//! known, a failure is one.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::{
    StreamExt,
    future::{Either, select},
    stream::FuturesUnordered,
};
use gomod::{ModulePath, Request};
use storage::Question;
use tokio::time::timeout;
use upstream::{Absence, Fetched, Miss, Want};

use crate::{Mirror, collect::collect, judge, policy::Policy, source::Source};

/// A module that every source before `direct` has called absent.
#[derive(Debug)]
pub(crate) struct Shorter {
    module: ModulePath,
    /// The paths that are prefixes of it, the longest first.
    prefixes: Vec<Prefix>,
}

#[derive(Debug)]
struct Prefix {
    path: ModulePath,
    /// Who may be asked about it: the sources that know the longer path, if its route is the same.
    proxies: Vec<Arc<Source>>,
}

impl Shorter {
    /// `route` is the name of the module's route, `proxies` are those of its sources that were asked.
    pub(crate) fn of(module: &ModulePath, policy: &Policy, route: &str, proxies: &[Arc<Source>]) -> Self {
        let mut prefixes = Vec::new();
        let mut rest = module.as_str();
        while let Some((before, _)) = rest.rsplit_once('/') {
            rest = before;
            let Ok(path) = ModulePath::new(before) else { continue };
            let same = *policy.route(&path).name == *route;
            prefixes.push(Prefix { path, proxies: if same { proxies.to_vec() } else { Vec::new() } });
            if prefixes.len() == PREFIXES {
                break;
            }
        }
        Shorter { module: module.clone(), prefixes }
    }

    /// Asks `direct`, unless only the page of the path cannot be had and a shorter one is known.
    pub(crate) async fn ask(&self, mirror: &Mirror, source: &Source, want: &Want) -> Result<Fetched, Miss> {
        let Source::Direct(way) = source else { return source.fetch(want).await };
        let known = pin!(timeout(PATIENCE, self.known(mirror, want)));
        let found = pin!(timeout(PATIENCE, way.discover(&self.module)));
        let (found, known) = match select(found, known).await {
            Either::Left((found, known)) => (found, Either::Left(known)),
            Either::Right((known, found)) => (found.await, Either::Right(known)),
        };
        let failed = match found {
            Ok(Err(miss @ Miss::Failed(_))) => Some(miss),
            Ok(Ok(()) | Err(Miss::Absent(_))) => return source.fetch(want).await,
            Err(_) => None,
        };
        let known = match known {
            Either::Left(known) => known.await,
            Either::Right(known) => known,
        };
        if let Ok(Some(module)) = known {
            let text = format!(
                "{module} is a module; whether {} is one too cannot be found out from here, as its page cannot be had",
                self.module
            );
            return Err(Miss::Absent(Absence::new(source.name().clone(), &text)));
        }
        match failed {
            Some(miss) => Err(miss),
            None => source.fetch(want).await,
        }
    }

    /// The first prefix that turns out to be a module.
    async fn known(&self, mirror: &Mirror, want: &Want) -> Option<ModulePath> {
        let looks = self.prefixes.iter().map(|prefix| async move {
            let known = prefix.is_stored(mirror).await || prefix.is_told(want).await;
            known.then(|| prefix.path.clone())
        });
        let mut looks: FuturesUnordered<_> = looks.collect();
        while let Some(known) = looks.next().await {
            if known.is_some() {
                return known;
            }
        }
        None
    }
}

impl Prefix {
    async fn is_stored(&self, mirror: &Mirror) -> bool {
        let store = &mirror.store;
        if store.versions(&self.path).await.is_ok_and(|versions| !versions.is_empty()) {
            return true;
        }
        for question in [Question::List(self.path.clone()), Question::Latest(self.path.clone())] {
            if store.answer(&question).await.ok().flatten().is_some_and(|answer| !answer.body.is_empty()) {
                return true;
            }
        }
        false
    }

    /// Whether a source lists versions of it, or has a latest one.
    async fn is_told(&self, want: &Want) -> bool {
        for source in &self.proxies {
            for what in [Request::List(self.path.clone()), Request::Latest(self.path.clone())] {
                let want = Want {
                    via: want.via.clone(),
                    begin_by: want.begin_by,
                    ..Want::new(what, Arc::clone(&want.priority))
                };
                let Ok(Fetched::Body(incoming)) = source.fetch(&want).await else { break };
                let Ok(body) = collect(incoming).await else { break };
                if judge::small(&want.what, &body).is_ok_and(|body| !body.is_empty()) {
                    return true;
                }
            }
        }
        false
    }
}

/// How long it may take to find the page, and whether a shorter path is a module. With the time of the sources before,
/// the answer is to be there within two seconds.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How many prefixes are looked at.
const PREFIXES: usize = 8;
