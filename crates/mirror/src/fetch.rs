//! One fetch of one artifact: the chain is walked until a source sends what was asked for.

use std::{fmt::Display, sync::Arc, time::Instant};

use futures_util::StreamExt;
use gomod::{H1, ModuleVersion, ZipCheck, ZipFault};
use jiff::Timestamp;
use storage::{Blob, Evidence, FileFact, Kind, Loaded, PublishError, Staged, StoreError};
use upstream::{Fault, FaultKind, Fetched, Incoming, Miss, SourceName, Want};

use crate::{
    Ask, Contradiction, Mirror, Reach, Refusal,
    artifact::Landed,
    collect::collect,
    flight::{Flowing, Pilot},
    judge,
    policy::{Route, SumdbUse},
    refusal::Absent,
    walk::Walk,
};

/// One fetch of one artifact.
pub(crate) struct Fetch {
    pub(crate) mirror: Arc<Mirror>,
    pub(crate) ask: Ask,
    pub(crate) version: ModuleVersion,
    pub(crate) kind: Kind,
    pub(crate) route: Arc<Route>,
    pub(crate) pilot: Pilot<Arc<Landed>>,
}

/// Why one source's answer is of no use.
enum Useless {
    Fault(Fault),
    Contradiction(Contradiction),
    Withdrawn(String),
    Disk(StoreError),
}

impl Fetch {
    pub(crate) async fn run(self) -> Result<Arc<Landed>, Refusal> {
        if let Some(landed) = self.stored().await? {
            return Ok(landed);
        }
        if self.ask.reach == Reach::Stored {
            return Err(Refusal::Absent(Absent::NotStored));
        }
        // Another process may be fetching the same; then it has stored it by the time the lease is free.
        let lease = self.mirror.lease(&self.ask.what).await;
        if lease.waited
            && let Some(landed) = self.stored().await?
        {
            return Ok(landed);
        }
        self.mirror.meters.fetches.inc();
        let want = Want::new(self.ask.what.clone(), Arc::clone(&self.pilot.urgency));
        let mut walk = Walk::new(&self.route.chain);
        while let Some(source) = walk.next() {
            let started = Instant::now();
            let taken = match source.fetch(&want).await {
                Ok(Fetched::Body(incoming)) => self.take(incoming).await,
                Ok(Fetched::NotModified) => Err(Useless::Fault(lie(source.name(), started, UNASKED))),
                Err(miss) => {
                    walk.miss(miss);
                    continue;
                }
            };
            let useless = match taken {
                Ok(landed) => {
                    walk.arrived(&self.mirror.meters);
                    return Ok(landed);
                }
                Err(useless) => useless,
            };
            self.pilot.asking();
            match useless {
                Useless::Fault(fault) => walk.miss(Miss::Failed(fault)),
                Useless::Contradiction(contradiction) => {
                    self.mirror.meters.contradictions.inc();
                    walk.contradicts(contradiction);
                }
                Useless::Withdrawn(why) => return Err(Refusal::Gone(why)),
                Useless::Disk(error) => return Err(Refusal::Storage(Arc::new(error))),
            }
        }
        Err(walk.refusal())
    }

    /// What another fetch or another process has stored meanwhile, and what lies there from elsewhere.
    async fn stored(&self) -> Result<Option<Arc<Landed>>, Refusal> {
        let landed = |blob: Blob| Some(Arc::new(Landed { blob: Arc::new(blob), staged: None }));
        Ok(match self.mirror.store.load(&self.version, self.kind).await {
            Ok(Loaded::Blob(blob)) => landed(blob),
            Ok(Loaded::Foreign(foreign)) => {
                self.mirror.adopt(&self.ask.what, &self.version, self.kind, foreign).await.and_then(landed)
            }
            Ok(Loaded::Withdrawn(why)) => return Err(Refusal::Gone(why)),
            Ok(Loaded::Absent | Loaded::Rot(_)) | Err(_) => None,
        })
    }

    async fn take(&self, incoming: Incoming) -> Result<Arc<Landed>, Useless> {
        let source = incoming.meta.source.clone();
        let (staged, h1) = match self.kind {
            Kind::Zip => self.take_zip(incoming).await?,
            Kind::Info | Kind::Mod => self.take_small(incoming).await?,
        };
        self.publish(staged, h1, &source).await
    }

    async fn take_small(&self, incoming: Incoming) -> Result<(Arc<Staged>, Option<H1>), Useless> {
        let (source, started) = (incoming.meta.source.clone(), Instant::now());
        let sent = collect(incoming).await.map_err(Useless::Fault)?;
        let bytes = judge::small(&self.ask.what, &sent)
            .map_err(|error| Useless::Fault(lie(&source, started, &error)))?;
        let h1 = (self.kind == Kind::Mod).then(|| H1::of_gomod(&bytes));
        let mut staging = self.mirror.store.stage();
        staging.append(bytes).await.map_err(Useless::Disk)?;
        Ok((staging.finish(), h1))
    }

    async fn take_zip(&self, mut incoming: Incoming) -> Result<(Arc<Staged>, Option<H1>), Useless> {
        let (source, started) = (incoming.meta.source.clone(), Instant::now());
        let bad = |fault: ZipFault| Useless::Fault(lie(&source, started, &fault));
        let mut staging = self.mirror.store.stage();
        self.pilot.flowing(Flowing {
            staged: staging.staged(),
            len: incoming.meta.len,
            source: source.clone().into(),
        });
        let mut check = ZipCheck::new(&self.version);
        while let Some(piece) = incoming.bytes.next().await {
            let piece = piece.map_err(Useless::Fault)?;
            check.feed(&piece).map_err(bad)?;
            staging.append(piece).await.map_err(Useless::Disk)?;
            if self.pilot.alone() && started.elapsed() > self.mirror.config.linger {
                let unwanted = "too slow for a zip that nobody waits for";
                return Err(Useless::Fault(Fault::new(
                    source,
                    FaultKind::Timeout,
                    unwanted,
                    started.elapsed(),
                )));
            }
        }
        let staged = staging.finish();
        let len = staged.written();
        let facts = judge::zip(check, Arc::clone(&staged), len).await.map_err(bad)?;
        Ok((staged, Some(facts.h1)))
    }

    /// Stores what was found good. A disk that refuses costs the store a file, not the client an answer.
    async fn publish(
        &self,
        staged: Arc<Staged>,
        h1: Option<H1>,
        source: &SourceName,
    ) -> Result<Arc<Landed>, Useless> {
        let evidence = match self.route.sumdb {
            SumdbUse::Public | SumdbUse::Ledger => Evidence::FirstSight,
            SumdbUse::Off => Evidence::Off,
        };
        let fact = FileFact::new(&staged, h1, source.clone(), Timestamp::now(), evidence);
        let blob = match self.mirror.store.publish(&self.version, self.kind, &staged, fact.clone()).await {
            Ok(blob) => blob,
            Err(PublishError::Pinned { had, got }) => {
                let suffix = if self.kind == Kind::Mod { "/go.mod" } else { "" };
                return Err(Useless::Contradiction(Contradiction {
                    what: format!("{}{suffix}", self.version),
                    source_name: source.to_string(),
                    pinned: had,
                    got,
                }));
            }
            Err(PublishError::Withdrawn(why)) => return Err(Useless::Withdrawn(why)),
            Err(error @ (PublishError::Store(_) | PublishError::Unhashed)) => {
                tracing::warn!(version = %self.version, kind = %self.kind, "served, but not stored: {error}");
                Blob::unstored(&self.version, self.kind, Arc::clone(&staged), fact)
            }
        };
        Ok(Arc::new(Landed { blob: Arc::new(blob), staged: Some(staged) }))
    }
}

/// An answer that cannot be what was asked for is a failure of its source.
pub(crate) fn lie(source: &SourceName, started: Instant, what: &(impl Display + ?Sized)) -> Fault {
    Fault::new(source.clone(), FaultKind::Lie, &what.to_string(), started.elapsed())
}

/// What a 304 is to a request that named nothing to compare with.
pub(crate) const UNASKED: &str = "answered 304, although nothing was known before";
