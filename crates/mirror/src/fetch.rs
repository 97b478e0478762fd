//! One fetch of one artifact: the chain is walked until a source sends what was asked for.

use std::{fmt::Display, sync::Arc, time::Instant};

use bytes::Bytes;
use gomod::{H1, ModuleVersion};
use jiff::Timestamp;
use storage::{Blob, Evidence, FileFact, Kind, Loaded, PublishError, Staged, StoreError};
use upstream::{Fault, FaultKind, Fetched, Incoming, Miss, SourceName, Want};

use crate::{
    Ask, Contradiction, Known, Mirror, Reach, Refusal, Vouched,
    artifact::{Arrived, Landed},
    carry::Lineage,
    collect::collect,
    flight::Pilot,
    judge,
    policy::{Route, SumdbUse},
    race::Worth,
    refusal::Absent,
    vouch,
    walk::{Turn, Walk},
};

/// One fetch of one artifact.
pub(crate) struct Fetch {
    pub(crate) mirror: Arc<Mirror>,
    pub(crate) ask: Ask,
    pub(crate) version: ModuleVersion,
    pub(crate) kind: Kind,
    pub(crate) route: Arc<Route>,
    /// What its hashes must be, if that is known.
    pub(crate) vouched: Option<Vouched>,
    pub(crate) pilot: Pilot<Arc<Landed>>,
}

/// Why one source's answer is of no use.
#[derive(Debug)]
pub(crate) enum Useless {
    /// It broke off.
    Broken(Fault),
    /// It is not what was asked for.
    Lie(Fault),
    /// It is other content than is known to be right.
    Contradiction(Contradiction),
    /// An operator has taken the version out.
    Withdrawn(String),
    /// The disk and the memory in its place have no room for it.
    Disk(StoreError),
    /// Nobody has waited for it for a long time.
    Unwanted(Fault),
}

impl Fetch {
    pub(crate) async fn run(self) -> Result<Arc<Landed>, Refusal> {
        if self.ask.reach == Reach::Stored {
            return self.stored().await?.ok_or(Refusal::Absent(Absent::NotStored));
        }
        let _alone = self.mirror.lease(&self.ask.what).await;
        if let Some(landed) = self.stored().await? {
            return Ok(landed);
        }
        let missing = (self.ask.what.path(), Arc::clone(&self.route.name));
        if let Some(absent) = self.mirror.remembered.get(&missing) {
            return Err(absent);
        }
        let _place = self.mirror.admission.admit(&self.pilot.urgency).await?;
        self.mirror.meters.fetches.inc();
        let vouched = self.vouched.as_ref().is_some_and(|vouched| vouched.covers(&self.ask.what));
        let walk = self.mirror.walk(&self.route, &self.ask.what, vouched);
        let result = match self.kind {
            Kind::Zip => self.zip(walk).await,
            Kind::Info | Kind::Mod => self.small(walk).await,
        };
        if let Err(refusal) = &result {
            self.mirror.remembered.remember(missing, refusal);
        }
        result
    }

    async fn small(&self, mut walk: Walk) -> Result<Arc<Landed>, Refusal> {
        let judge = |turn, said| self.judged(turn, said);
        while let Some((turn, bytes)) = self.mirror.first_good(&mut walk, |_| self.want(), judge).await? {
            match self.land(turn.source.name(), bytes).await {
                Ok(landed) => {
                    walk.arrived(&self.mirror.meters);
                    return Ok(landed);
                }
                Err(useless) => self.goes_on(&mut walk, &turn, useless)?,
            }
        }
        Err(walk.refusal())
    }

    pub(crate) fn want(&self) -> Want {
        let want = Want::new(self.ask.what.clone(), Arc::clone(&self.pilot.urgency));
        Want { via: self.ask.via.clone(), ..want }
    }

    async fn judged(&self, turn: Turn, said: Result<Fetched, Miss>) -> Worth<Bytes> {
        let (started, name) = (Instant::now(), turn.source.name());
        let sent = match body(&turn, said) {
            Ok(incoming) => collect(incoming).await,
            Err(miss) => return Worth::Miss(miss),
        };
        let judged = sent.and_then(|sent| {
            let judged = judge::small(&self.ask.what, &sent).and_then(|bytes| {
                if self.vouched.is_some() && self.kind == Kind::Info {
                    vouch::is_given(&self.version, &bytes)?;
                }
                Ok(bytes)
            });
            judged.map_err(|error| lie(name, started, &error))
        });
        match judged {
            Ok(bytes) => match self.vouched_for(name, self.h1(&bytes)) {
                Ok(()) => Worth::Good(bytes),
                Err(contradiction) => Worth::Contradiction(contradiction),
            },
            Err(fault) => Worth::Miss(Miss::Failed(fault)),
        }
    }

    fn h1(&self, bytes: &[u8]) -> Option<H1> {
        (self.kind == Kind::Mod).then(|| H1::of_gomod(bytes))
    }

    async fn land(&self, source: &SourceName, bytes: Bytes) -> Result<Arc<Landed>, Useless> {
        let h1 = self.h1(&bytes);
        let mut staging = self.mirror.store.stage();
        staging.append(bytes).await.map_err(Useless::Disk)?;
        self.publish(staging.finish(), h1, source, Lineage::default()).await
    }

    /// What a useless answer means for the walk. An error ends it.
    pub(crate) fn goes_on(&self, walk: &mut Walk, turn: &Turn, useless: Useless) -> Result<(), Refusal> {
        match useless {
            Useless::Broken(fault) => walk.miss(turn, Miss::Failed(fault)),
            Useless::Lie(fault) => {
                turn.source.lied(&self.ask.what);
                walk.miss(turn, Miss::Failed(fault));
            }
            Useless::Contradiction(contradiction) => {
                turn.source.lied(&self.ask.what);
                self.mirror.meters.contradictions.inc();
                walk.contradicts(turn, contradiction);
            }
            Useless::Withdrawn(why) => return Err(Refusal::Gone(why)),
            Useless::Disk(error) => return Err(Refusal::Storage(Arc::new(error))),
            Useless::Unwanted(fault) => return Err(Refusal::Failed(vec![fault])),
        }
        Ok(())
    }

    /// What another fetch or another process has stored meanwhile, and what lies there from elsewhere.
    async fn stored(&self) -> Result<Option<Arc<Landed>>, Refusal> {
        let landed = |blob: Blob| Some(Arc::new(Landed { blob: Arc::new(blob), arrived: None }));
        Ok(match self.mirror.store.load(&self.version, self.kind).await {
            Ok(Loaded::Blob(blob)) => landed(blob),
            Ok(Loaded::Foreign(foreign)) => {
                self.mirror.adopt(&self.ask.what, &self.version, self.kind, foreign).await.and_then(landed)
            }
            Ok(Loaded::Withdrawn(why)) => return Err(Refusal::Gone(why)),
            // Not being able to look is no absence.
            Err(error) if self.ask.reach == Reach::Stored => return Err(error.into()),
            Ok(Loaded::Absent | Loaded::Rot(_)) | Err(_) => None,
        })
    }

    /// Whether the content is what it is known to be.
    pub(crate) fn vouched_for(&self, source: &SourceName, got: Option<H1>) -> Result<(), Contradiction> {
        match (self.vouched.as_ref().and_then(|vouched| vouched.h1(self.kind)), got) {
            (Some(pinned), Some(got)) if pinned != got => {
                Err(self.contradiction(source, pinned, got, Known::Vouched))
            }
            _ => Ok(()),
        }
    }

    fn contradiction(&self, source: &SourceName, pinned: H1, got: H1, known: Known) -> Contradiction {
        let suffix = if self.kind == Kind::Mod { "/go.mod" } else { "" };
        let what = format!("{}{suffix}", self.version);
        Contradiction { what, source_name: source.to_string(), pinned, got, known }
    }

    /// Stores what was found good. A disk that refuses costs the store a file, not the client an answer.
    pub(crate) async fn publish(
        &self,
        staged: Arc<Staged>,
        h1: Option<H1>,
        source: &SourceName,
        lineage: Lineage,
    ) -> Result<Arc<Landed>, Useless> {
        let evidence = match self.route.sumdb {
            SumdbUse::Public | SumdbUse::Ledger => Evidence::FirstSight,
            SumdbUse::Off => Evidence::Off,
        };
        let fact = FileFact::new(&staged, h1, source.clone(), Timestamp::now(), evidence);
        let blob = match self.mirror.store.publish(&self.version, self.kind, &staged, fact.clone()).await {
            Ok(blob) => blob,
            Err(PublishError::Pinned { had, got }) => {
                return Err(Useless::Contradiction(self.contradiction(source, had, got, Known::FirstSight)));
            }
            Err(PublishError::Withdrawn(why)) => return Err(Useless::Withdrawn(why)),
            Err(error @ (PublishError::Store(_) | PublishError::Unhashed)) => {
                tracing::warn!(version = %self.version, kind = %self.kind, "served, but not stored: {error}");
                Blob::unstored(&self.version, self.kind, Arc::clone(&staged), fact)
            }
        };
        let arrived = Some(Arrived { staged, source: source.clone().into(), lineage });
        Ok(Arc::new(Landed { blob: Arc::new(blob), arrived }))
    }
}

/// The body of an answer; a 304 is none, as nothing was named to compare with.
pub(crate) fn body(turn: &Turn, said: Result<Fetched, Miss>) -> Result<Incoming, Miss> {
    match said? {
        Fetched::Body(incoming) => Ok(incoming),
        Fetched::NotModified => Err(Miss::Failed(lie(turn.source.name(), Instant::now(), UNASKED))),
    }
}

/// An answer that cannot be what was asked for is a failure of its source.
pub(crate) fn lie(source: &SourceName, started: Instant, what: &(impl Display + ?Sized)) -> Fault {
    Fault::new(source.clone(), FaultKind::Lie, &what.to_string(), started.elapsed())
}

/// What a 304 is to a request that named nothing to compare with.
pub(crate) const UNASKED: &str = "answered 304, although nothing was known before";

#[cfg(test)]
mod tests;
