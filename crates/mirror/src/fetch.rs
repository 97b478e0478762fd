//! One fetch of one artifact: the chain is walked until a source sends what was asked for.

use std::{
    fmt::Display,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::StreamExt;
use gomod::{H1, ModuleVersion, ZipCheck, ZipFault};
use jiff::Timestamp;
use storage::{Blob, Evidence, FileFact, Kind, Loaded, PublishError, Staged, StoreError};
use upstream::{Fault, FaultKind, Fetched, Incoming, Miss, Piece, SourceName, Want};

use crate::{
    Ask, Contradiction, Mirror, Reach, Refusal,
    artifact::{Arrived, Landed},
    collect::collect,
    flight::{Flowing, Pilot},
    judge,
    policy::{Route, SumdbUse},
    race::Worth,
    refusal::Absent,
    walk::{Rules, Turn, Walk},
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
        if let Some(absent) = self.mirror.absences.get(&missing) {
            return Err(absent);
        }
        let _place = self.mirror.admission.admit(&self.pilot.urgency).await?;
        self.mirror.meters.fetches.inc();
        let result = self.walk().await;
        if let Err(refusal) = &result {
            self.mirror.absences.remember(missing, refusal);
        }
        result
    }

    /// Asks the sources of the chain until one sends what was asked for.
    async fn walk(&self) -> Result<Arc<Landed>, Refusal> {
        let chain = &self.route.chain;
        let rules = Rules::of(&self.route, &self.ask.what, false);
        let mut walk = Walk::over(self.ask.what.clone(), &chain.links, chain.end, rules);
        let begin_by = self.pilot.since + self.mirror.config.begin;
        let want = |_: &Turn| Want {
            via: self.ask.via.clone(),
            ..Want::new(self.ask.what.clone(), Arc::clone(&self.pilot.urgency))
        };
        loop {
            let taken = match self.kind {
                Kind::Info | Kind::Mod => {
                    let judge = |turn, said| self.judged(turn, said);
                    let Some((turn, bytes)) =
                        self.mirror.first_good(&mut walk, begin_by, want, judge).await?
                    else {
                        break;
                    };
                    let landed = self.take_small(turn.source.name(), bytes).await;
                    (turn, landed)
                }
                Kind::Zip => {
                    let judge =
                        async |turn: Turn, said| body(&turn, said).map_or_else(Worth::Miss, Worth::Good);
                    let Some((turn, incoming)) =
                        self.mirror.first_good(&mut walk, begin_by, want, judge).await?
                    else {
                        break;
                    };
                    let landed = self.take_zip(incoming).await;
                    (turn, landed)
                }
            };
            let (turn, useless) = match taken {
                (_, Ok(landed)) => {
                    walk.arrived(&self.mirror.meters);
                    return Ok(landed);
                }
                (turn, Err(useless)) => (turn, useless),
            };
            match useless {
                Useless::Fault(fault) => {
                    self.pilot.broke_off(&Refusal::Failed(vec![fault.clone()]));
                    walk.miss(&turn, Miss::Failed(fault));
                }
                Useless::Contradiction(contradiction) => {
                    self.pilot.broke_off(&Refusal::Security(contradiction.clone()));
                    self.mirror.meters.contradictions.inc();
                    walk.contradicts(&turn, contradiction);
                }
                Useless::Withdrawn(why) => return Err(Refusal::Gone(why)),
                Useless::Disk(error) => return Err(Refusal::Storage(Arc::new(error))),
                Useless::Unwanted(fault) => return Err(Refusal::Failed(vec![fault])),
            }
        }
        Err(walk.refusal())
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

    async fn judged(&self, turn: Turn, said: Result<Fetched, Miss>) -> Worth<Bytes> {
        let started = Instant::now();
        let name = turn.source.name();
        let sent = match body(&turn, said) {
            Ok(incoming) => collect(incoming).await,
            Err(miss) => return Worth::Miss(miss),
        };
        let judged = sent
            .and_then(|sent| judge::small(&self.ask.what, &sent).map_err(|error| lie(name, started, &error)));
        judged.map_or_else(|fault| Worth::Miss(Miss::Failed(fault)), Worth::Good)
    }

    async fn take_small(&self, source: &SourceName, bytes: Bytes) -> Result<Arc<Landed>, Useless> {
        let h1 = (self.kind == Kind::Mod).then(|| H1::of_gomod(&bytes));
        let mut staging = self.mirror.store.stage();
        staging.append(bytes).await.map_err(Useless::Disk)?;
        self.publish(staging.finish(), h1, source).await
    }

    async fn take_zip(&self, mut incoming: Incoming) -> Result<Arc<Landed>, Useless> {
        let (source, started) = (incoming.meta.source.clone(), Instant::now());
        let bad = |fault: ZipFault| Useless::Fault(lie(&source, started, &fault));
        let mut staging = self.mirror.store.stage();
        self.pilot.flowing(Flowing {
            staged: staging.staged(),
            len: incoming.meta.len,
            source: source.clone().into(),
            broken: Arc::default(),
        });
        let mut unwanted = Unwanted::default();
        let mut check = ZipCheck::new(&self.version);
        while let Some(piece) = incoming.bytes.next().await {
            let piece = match piece.map_err(Useless::Fault)? {
                Piece::Bytes(bytes) => bytes,
                Piece::Anew(_) => {
                    return Err(Useless::Fault(lie(&source, started, "the body begins anew")));
                }
            };
            check.feed(&piece).map_err(bad)?;
            staging.append(piece).await.map_err(Useless::Disk)?;
            if unwanted.since(self.pilot.alone(), Instant::now()) > self.mirror.config.linger {
                let why = "too slow for a zip that nobody waits for";
                let fault = Fault::new(source, FaultKind::Timeout, why, started.elapsed());
                return Err(Useless::Unwanted(fault));
            }
        }
        let staged = staging.finish();
        let len = staged.written();
        let facts = judge::zip(check, Arc::clone(&staged), len).await.map_err(bad)?;
        self.publish(staged, Some(facts.h1), &source).await
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
        let arrived = Some(Arrived { staged, source: source.clone().into() });
        Ok(Arc::new(Landed { blob: Arc::new(blob), arrived }))
    }
}

/// How long nobody has waited for what arrives.
#[derive(Debug, Default)]
struct Unwanted(Option<Instant>);

impl Unwanted {
    fn since(&mut self, alone: bool, now: Instant) -> Duration {
        if !alone {
            self.0 = None;
            return Duration::ZERO;
        }
        now.duration_since(*self.0.get_or_insert(now))
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
mod tests {
    use super::*;

    #[test]
    fn the_time_in_which_nobody_waits_begins_anew_with_each_who_joins() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut unwanted = Unwanted::default();
        for (now, alone, since) in
            [(100, false, 0), (200, true, 0), (203, true, 3), (204, false, 0), (300, true, 0), (301, true, 1)]
        {
            assert_eq!(unwanted.since(alone, at(now)), Duration::from_secs(since), "at {now}");
        }
    }
}
