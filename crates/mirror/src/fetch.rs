//! One fetch of one artifact: the chain is walked until a source sends what was asked for.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use gomod::{H1, ModuleVersion};
use jiff::Timestamp;
use storage::{Blob, FileFact, Kind, Loaded, PublishError, Staged, StoreError};
use upstream::{Fault, FaultKind, Fetched, Incoming, Miss, SourceName, Want};

use crate::{
    Ask, Contradiction, Known, Mirror, Reach, Refusal,
    admission::Place,
    artifact::{Arrived, Landed},
    carry::Lineage,
    collect::collect,
    demand::{Demand, contradiction},
    flight::Pilot,
    judge,
    policy::Route,
    race::Worth,
    refusal::Absent,
    vouch,
    vouching::{Vouching, Word},
    walk::{Turn, Walk},
};

/// One fetch of one artifact.
pub(crate) struct Fetch {
    pub(crate) mirror: Arc<Mirror>,
    pub(crate) ask: Ask,
    pub(crate) version: ModuleVersion,
    pub(crate) kind: Kind,
    pub(crate) route: Arc<Route>,
    /// What its checksum database says, where one is asked and as soon as that is needed.
    pub(crate) vouching: Option<Vouching>,
    /// The commit of the version, as its stored `.info` has it.
    pub(crate) commit: Option<Arc<str>>,
    /// Its place among those who talk to sources. Nobody keeps one while he waits for a database.
    pub(crate) place: Mutex<Option<Place>>,
    pub(crate) pilot: Pilot<Arc<Landed>>,
}

/// Who sent a file.
pub(crate) struct Sent<'a> {
    /// Who sent the end of it.
    pub(crate) source: &'a SourceName,
    /// All who sent parts of it, for people.
    pub(crate) names: String,
}

impl<'a> Sent<'a> {
    fn by(source: &'a SourceName) -> Self {
        Sent { source, names: source.to_string() }
    }
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
    /// Nobody vouches for it who should.
    Unverified(Refusal),
}

/// A file is not stored; what its receipt says of it, if that is there.
struct Unstored(Option<Box<FileFact>>);

impl Fetch {
    pub(crate) async fn run(mut self) -> Result<Arc<Landed>, Refusal> {
        if self.ask.reach == Reach::Stored {
            return self.stored().await?.map_err(|_| Refusal::Absent(Absent::NotStored));
        }
        let _alone = self.mirror.lease(&self.ask.what).await;
        let known = match self.stored().await? {
            Ok(landed) => return Ok(landed),
            Err(Unstored(known)) => known,
        };
        let missing = (self.ask.what.path(), Arc::clone(&self.route.name));
        if let Some(absent) = self.mirror.remembered.get(&missing) {
            return Err(absent);
        }
        self.take_place().await?;
        self.mirror.meters.fetches.inc();
        self.commit = self.recorded_commit().await;
        match self.kind {
            Kind::Info => self.mirror.foresee(&self.ask, &self.version),
            Kind::Mod | Kind::Zip => self.mirror.foreseen(&self.ask, &self.version),
        }
        let vouching = self.mirror.vouching(&self.ask, &self.version, self.kind, known.as_deref());
        self.vouching = vouching.await;
        let walk = self.mirror.walk(&self.route, &self.ask, self.vouching.as_ref());
        let result = match self.kind {
            Kind::Zip => self.zip(walk).await,
            Kind::Info | Kind::Mod => self.small(walk).await,
        };
        if let Err(refusal) = &result {
            self.mirror.remembered.remember(missing, refusal);
            if let Refusal::Unverified(why) = refusal {
                self.mirror.hold_if_silent(&self.ask, why);
            }
        }
        result
    }

    async fn small(&self, mut walk: Walk) -> Result<Arc<Landed>, Refusal> {
        let judge = |turn, said| self.judged(turn, said);
        while let Some((turn, bytes)) = self.mirror.first_good(&mut walk, |_| self.want(), judge).await? {
            match self.land(turn.source.name(), bytes.clone()).await {
                Ok(landed) => {
                    walk.arrived(&self.mirror.meters);
                    if self.kind == Kind::Mod {
                        self.mirror.foresee_needs(&self.ask, &self.version, &bytes);
                    }
                    return Ok(landed);
                }
                Err(useless) => self.goes_on(&mut walk, &turn, useless)?,
            }
            self.take_place().await?;
        }
        Err(walk.refusal())
    }

    /// Lines up for a place, unless it has one.
    pub(crate) async fn take_place(&self) -> Result<(), Refusal> {
        if self.place().is_none() {
            let place = self.mirror.admission.admit(&self.pilot.urgency).await?;
            *self.place() = Some(place);
        }
        Ok(())
    }

    fn place(&self) -> MutexGuard<'_, Option<Place>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn want(&self) -> Want {
        let want = Want::new(self.ask.what.clone(), Arc::clone(&self.pilot.urgency));
        Want { via: self.ask.via.clone(), commit: self.commit.clone(), ..want }
    }

    /// Of use to repositories alone, and only once the `.info` is here.
    async fn recorded_commit(&self) -> Option<Arc<str>> {
        let direct = self.route.chain.links.iter().any(|link| link.source.is_direct());
        match self.kind {
            Kind::Mod | Kind::Zip if direct => self.mirror.recorded_commit(&self.version).await,
            Kind::Info | Kind::Mod | Kind::Zip => None,
        }
    }

    async fn judged(&self, turn: Turn, said: Result<Fetched, Miss>) -> Worth<Bytes> {
        let (started, name) = (Instant::now(), turn.source.name());
        let sent = match body(&turn, said) {
            Ok(incoming) => collect(incoming).await,
            Err(miss) => return Worth::Miss(miss),
        };
        let judged = sent.and_then(|sent| {
            let judged = judge::small(&self.ask.what, &sent).and_then(|bytes| {
                if self.kind == Kind::Info && self.is_vouched_for() {
                    vouch::is_given(&self.version, &bytes)?;
                }
                Ok(bytes)
            });
            judged.map_err(|error| lie(name, started, &error))
        });
        judged.map_or_else(|fault| Worth::Miss(Miss::Failed(fault)), Worth::Good)
    }

    /// Whether its database is known to vouch for it. Asks nobody.
    fn is_vouched_for(&self) -> bool {
        self.vouching.as_ref().and_then(Vouching::heard).is_some_and(Result::is_ok)
    }

    /// What its content has to be; waits for the word of its database.
    pub(crate) async fn demand(&self) -> Result<Demand, Useless> {
        match self.vouching.as_ref().filter(|_| self.kind != Kind::Info) {
            Some(vouching) => {
                if vouching.heard().is_none() {
                    drop(self.place().take());
                }
                self.demanded(Some(vouching.word().await))
            }
            None => self.demanded(None),
        }
    }

    /// The same for a word that has come.
    pub(crate) fn demanded(&self, word: Option<Word>) -> Result<Demand, Useless> {
        Demand::of(&self.ask.policy, &self.version, self.kind, word).map_err(Useless::Unverified)
    }

    fn h1(&self, bytes: &[u8]) -> Option<H1> {
        (self.kind == Kind::Mod).then(|| H1::of_gomod(bytes))
    }

    async fn land(&self, source: &SourceName, bytes: Bytes) -> Result<Arc<Landed>, Useless> {
        let h1 = self.h1(&bytes);
        let mut staging = self.mirror.store.stage();
        staging.append(bytes).await.map_err(Useless::Disk)?;
        self.publish(staging.finish(), h1, Sent::by(source), Lineage::default()).await
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
            Useless::Unverified(refusal) => return Err(refusal),
        }
        Ok(())
    }

    /// What another fetch or another process has stored meanwhile, and what lies there from elsewhere.
    async fn stored(&self) -> Result<Result<Arc<Landed>, Unstored>, Refusal> {
        let (mirror, version, kind) = (&self.mirror, &self.version, self.kind);
        let mut known = None;
        let blob = match mirror.load_for_fetch(&self.ask, version, kind).await {
            Ok(Loaded::Blob(blob)) => mirror.upheld(&self.ask, version, kind, blob).await?,
            Ok(Loaded::Foreign(foreign)) => {
                let word = mirror.word(&self.ask, version, kind).await;
                mirror.adopt(&self.ask, version, kind, foreign, word).await?
            }
            Ok(Loaded::Withdrawn(why)) => return Err(Refusal::Gone(why)),
            // Not being able to look is no absence.
            Err(error) if self.ask.reach == Reach::Stored => return Err(error.into()),
            Ok(Loaded::Absent(fact)) => {
                known = fact;
                None
            }
            Ok(Loaded::Rot(_)) | Err(_) => None,
        };
        let landed = blob.map(|blob| Arc::new(Landed { blob: Arc::new(blob), arrived: None }));
        Ok(landed.ok_or(Unstored(known)))
    }

    /// Stores what passed its check, if it is what it has to be. A disk that refuses costs the store a file, not the
    /// client an answer.
    pub(crate) async fn publish(
        &self,
        staged: Arc<Staged>,
        h1: Option<H1>,
        sent: Sent<'_>,
        lineage: Lineage,
    ) -> Result<Arc<Landed>, Useless> {
        let (store, version, kind) = (&self.mirror.store, &self.version, self.kind);
        let Sent { source, names } = sent;
        let demand = self.demand().await?;
        if let Err(contradiction) = demand.check(version, kind, &names, h1) {
            return Err(self.contradicted(&staged, contradiction).await);
        }
        let fact = FileFact::new(&staged, h1, source.clone(), Timestamp::now(), demand.evidence());
        let pending = matches!(demand, Demand::Pending);
        let published = if pending {
            store.publish_pending(version, kind, &staged, fact.clone()).await
        } else {
            store.publish(version, kind, &staged, fact.clone()).await
        };
        let blob = match published {
            Ok(blob) => blob,
            Err(PublishError::Pinned { had, got, known }) => {
                let known = Known::by(&known);
                let contradiction = contradiction(version, kind, &names, had, got, known);
                return Err(self.contradicted(&staged, contradiction).await);
            }
            Err(PublishError::Withdrawn(why)) => return Err(Useless::Withdrawn(why)),
            Err(error @ (PublishError::Store(_) | PublishError::Unhashed)) => {
                tracing::warn!(%version, %kind, "served, but not stored: {error}");
                let blob = Blob::unstored(version, kind, Arc::clone(&staged), fact);
                if pending { blob.doubted() } else { blob }
            }
        };
        if pending {
            self.mirror.hold(&self.ask);
        }
        let arrived = Some(Arrived { staged, source: source.clone().into(), lineage });
        Ok(Arc::new(Landed { blob: Arc::new(blob), arrived }))
    }

    async fn contradicted(&self, staged: &Arc<Staged>, contradiction: Contradiction) -> Useless {
        self.mirror.keep_evidence(&self.version, self.kind, staged, &contradiction).await;
        Useless::Contradiction(contradiction)
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
