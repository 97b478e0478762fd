//! `.info`, `.mod` and `.zip` of one version: immutable, each on its own, fetched once.

use std::sync::{Arc, Mutex};

use gomod::{ModuleVersion, Request};
use storage::{Blob, Kind, Loaded, Rot, Staged, State};

use crate::{
    Answer, Ask, Mirror, Reach, Refusal,
    answer::{AnswerMeta, Body, CacheStatus, Keep, Verified},
    carry::Lineage,
    fetch::Fetch,
    flight::Landing,
    follow::Follow,
};

/// What identifies the fetch of an artifact: routes and reaches never share one.
pub(crate) type ArtifactKey = (ModuleVersion, Kind, Arc<str>, Reach);

/// An artifact that was checked, and is stored unless the disk refused it.
#[derive(Debug)]
pub(crate) struct Landed {
    pub(crate) blob: Arc<Blob>,
    /// How it arrived; nothing for what was found stored.
    pub(crate) arrived: Option<Arrived>,
}

/// How an artifact arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// The staging file, for those who follow it.
    pub(crate) staged: Arc<Staged>,
    /// Who sent it. The receipt names the one who sent the same bytes first.
    pub(crate) source: Arc<str>,
    /// What broke off before it.
    pub(crate) lineage: Lineage,
}

impl Landed {
    async fn answer(&self, kind: Kind) -> Result<Answer, Rot> {
        let Some(arrived) = &self.arrived else {
            return answer(Arc::clone(&self.blob), kind, CacheStatus::Hit).await;
        };
        let mut answer = answer(Arc::clone(&self.blob), kind, CacheStatus::Miss).await?;
        answer.meta.source = Some(Arc::clone(&arrived.source));
        Ok(answer)
    }
}

impl Mirror {
    pub(crate) async fn artifact(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
        kind: Kind,
    ) -> Result<Answer, Refusal> {
        match self.store.load(version, kind).await {
            Ok(Loaded::Blob(blob)) => {
                if let Some(blob) = self.upheld(ask, version, kind, blob).await? {
                    match answer(Arc::new(blob), kind, CacheStatus::Hit).await {
                        Ok(answer) => {
                            self.store.used(version, kind, ask.now);
                            return Ok(answer);
                        }
                        Err(rot) => self.set_aside(version, kind, &rot).await,
                    }
                }
            }
            Ok(Loaded::Rot(rot)) => self.set_aside(version, kind, &rot).await,
            Ok(Loaded::Withdrawn(why)) => return Err(Refusal::Gone(why)),
            Ok(Loaded::Absent(_) | Loaded::Foreign(_)) => {}
            Err(error) => tracing::error!(%version, %kind, "cannot read what is stored: {error}"),
        }
        let route = ask.policy.route(version.path());
        if ask.reach == Reach::Anywhere
            && let Some(absent) = self.remembered.get(&(ask.what.path(), Arc::clone(&route.name)))
        {
            return Err(absent);
        }
        let key = (version.clone(), kind, Arc::clone(&route.name), ask.reach);
        let flight = self.artifacts.join(key, ask.priority, |pilot| {
            let (mirror, ask, version) = (Arc::clone(self), ask.clone(), version.clone());
            let (vouching, commit, place) = (None, None, Mutex::default());
            Fetch { mirror, ask, version, kind, route, vouching, commit, place, pilot }.run()
        });
        let landing = match kind {
            Kind::Zip => flight.done_or_flowing(self.config.patience).await,
            Kind::Info | Kind::Mod => flight.done().await.map(Landing::Done),
        };
        match landing {
            Ok(Landing::Done(landed)) => Ok(landed.answer(kind).await?),
            Ok(Landing::Flowing(flowing, progress)) => {
                let verified = flowing.verified;
                Ok(growing(Follow::new(flowing, progress), verified))
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// A stored file of this artifact turned out to be damaged while it was read: it is set aside, so that the
    /// next question fetches it anew.
    pub async fn rotten(&self, what: &Request, rot: &Rot) {
        let (version, kind) = match what {
            Request::Info(version) => (version, Kind::Info),
            Request::Mod(version) => (version, Kind::Mod),
            Request::Zip(version) => (version, Kind::Zip),
            Request::List(_) | Request::Latest(_) | Request::Query(..) | Request::Sumdb(..) => return,
        };
        self.set_aside(version, kind, rot).await;
        self.changed(what);
    }

    pub(crate) async fn set_aside(&self, version: &ModuleVersion, kind: Kind, rot: &Rot) {
        self.meters.rotten.inc();
        if let Err(error) = self.store.quarantine(version, kind, rot).await {
            tracing::error!(%version, %kind, "{rot}, and it cannot be set aside: {error}");
        }
    }
}

async fn answer(blob: Arc<Blob>, kind: Kind, cache: CacheStatus) -> Result<Answer, Rot> {
    let meta = AnswerMeta {
        cache,
        source: Some(Arc::clone(blob.fact().source())),
        verified: Some(match blob.state() {
            State::Pending => Verified::Pending,
            State::Verified | State::Withdrawn(_) | State::Tombstone(_) => {
                Verified::of(blob.fact().evidence())
            }
        }),
        age: None,
        etag: Some(blob.etag().into()),
        content_type: kind.content_type(),
    };
    let keep = match blob.state() {
        // One who keeps a zip that lies in memory, in the place of a full disk, keeps that memory from others.
        State::Verified if kind == Kind::Zip && !blob.is_stored() => Keep::No,
        State::Verified => Keep::Forever,
        State::Pending | State::Withdrawn(_) | State::Tombstone(_) => Keep::No,
    };
    let body = match kind {
        Kind::Zip => Body::Blob(blob),
        Kind::Info | Kind::Mod => Body::Bytes(blob.bytes().await?),
    };
    Ok(Answer { body, meta, keep })
}

fn growing(follow: Follow, verified: Verified) -> Answer {
    let meta = AnswerMeta {
        cache: CacheStatus::Miss,
        source: Some(Arc::clone(follow.source())),
        verified: Some(verified),
        age: None,
        etag: None,
        content_type: Kind::Zip.content_type(),
    };
    Answer { body: Body::Growing(follow), meta, keep: Keep::No }
}
