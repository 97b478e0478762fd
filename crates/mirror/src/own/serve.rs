//! The log of one's own, towards clients: a superset of the public database.
//!
//! A client has one GOSUMDB, so the log records public modules too, once their own database vouches for them, and
//! private ones when they are first asked for. Which those are is decided by the routes: where the public database is
//! asked, its word is recorded; where the hash seen first counts, that one is; where nobody vouches for anything,
//! nothing is recorded, and the version is unknown.

use std::sync::Arc;

use bytes::Bytes;
use gomod::{ModuleVersion, Request, SumdbPath};
use storage::{FileFact, Key, Kind, State};
use sumdb::{Hashes, Lookup};

use super::{OwnError, OwnLog};
use crate::{
    Answer, Ask, Body, Contradiction, Known, Mirror, Reach, Refusal, Security, Unverified,
    answer::{CacheStatus, Keep},
    flight::Pilot,
    policy::SumdbUse,
    refusal::Absent,
    relay::{answer, missing_checksum, supported},
};

impl Mirror {
    /// The log of one's own, if there is one.
    pub fn own_log(&self) -> Option<&Arc<OwnLog>> {
        self.own.as_ref()
    }

    pub(crate) async fn answer_own(
        self: &Arc<Self>,
        ask: &Ask,
        own: &Arc<OwnLog>,
        path: &SumdbPath,
    ) -> Result<Answer, Refusal> {
        let name = || own.name().clone();
        match path {
            SumdbPath::Supported => Ok(supported()),
            SumdbPath::Latest => {
                let note = own.latest().await?;
                Ok(answer(&Key::Head(name()), note, CacheStatus::Hit, Keep::No))
            }
            SumdbPath::Tile(tile) => {
                let body = own.tile(*tile).await?;
                Ok(answer(&Key::Tile(name(), *tile), body, CacheStatus::Hit, Keep::Forever))
            }
            SumdbPath::Lookup(version) => {
                let key = Key::Lookup(name(), version.clone());
                if let Some(stored) = own.lookup(version).await? {
                    return Ok(answer(&key, stored, CacheStatus::Hit, Keep::Forever));
                }
                if ask.reach == Reach::Stored {
                    return Err(Refusal::Offline);
                }
                if let Some(refusal) = self.remembered.get(&missing_checksum(ask)) {
                    return Err(refusal);
                }
                let flight = self.recording.join(version.clone(), ask.priority, |pilot| {
                    record(Arc::clone(self), ask.clone(), Arc::clone(own), version.clone(), pilot)
                });
                Ok(answer(&key, flight.done().await?, CacheStatus::Miss, Keep::Forever))
            }
        }
    }

    /// What is to be recorded of a version that the log does not have.
    async fn to_record(self: &Arc<Self>, ask: &Ask, version: &ModuleVersion) -> Result<Hashes, Refusal> {
        if ask.policy.voucher(version.path()).is_some() {
            let vouched = self.vouch(ask, version).await.map_err(|refusal| match refusal {
                Refusal::Unverified(Unverified::Unknown { absence, .. }) => Refusal::Absent(absence),
                other => other,
            })?;
            return Ok(Hashes { zip: vouched.zip, gomod: vouched.gomod });
        }
        match ask.policy.route(version.path()).sumdb {
            SumdbUse::Ledger => self.first_sight(ask, version).await,
            SumdbUse::Public | SumdbUse::Off => Err(Refusal::Absent(Absent::NoDatabase)),
        }
    }

    /// The hashes that are pinned for a version, once it was fetched if need be.
    async fn first_sight(self: &Arc<Self>, ask: &Ask, version: &ModuleVersion) -> Result<Hashes, Refusal> {
        if let Some(hashes) = self.pinned(version).await? {
            return Ok(hashes);
        }
        for kind in [Kind::Mod, Kind::Zip] {
            let what = match kind {
                Kind::Mod => Request::Mod(version.clone()),
                Kind::Zip | Kind::Info => Request::Zip(version.clone()),
            };
            let answered = self.artifact(&Ask { what, ..ask.clone() }, version, kind).await?;
            if let Body::Growing(mut follow) = answered.body {
                while follow.next().await?.is_some() {}
            }
        }
        // Only what is pinned may be recorded: later fetches are held to the same.
        self.pinned(version).await?.ok_or(Refusal::Internal("fetched, but not pinned; the log says why"))
    }

    async fn pinned(&self, version: &ModuleVersion) -> Result<Option<Hashes>, Refusal> {
        let Some(receipt) = self.store.receipt(version).await? else { return Ok(None) };
        if let Some(why) = receipt.withdrawn() {
            return Err(Refusal::Gone(why.to_owned()));
        }
        let h1 = |kind| receipt.fact(kind).and_then(FileFact::h1);
        let (zip, gomod) = (h1(Kind::Zip), h1(Kind::Mod));
        let whole = zip.is_some() && gomod.is_some() && *receipt.state() == State::Verified;
        Ok(whole.then_some(Hashes { zip, gomod }))
    }
}

/// Records a version for all who wait for it. The work goes on when they leave.
async fn record(
    mirror: Arc<Mirror>,
    ask: Ask,
    own: Arc<OwnLog>,
    version: ModuleVersion,
    pilot: Pilot<Bytes>,
) -> Result<Bytes, Refusal> {
    // The flight before this one may just have ended.
    if let Some(stored) = own.lookup(&version).await? {
        return Ok(stored);
    }
    let missing = missing_checksum(&ask);
    if let Some(refusal) = mirror.remembered.get(&missing) {
        return Err(refusal);
    }
    let ask = Ask { priority: pilot.urgency.get(), ..ask };
    let recorded = async {
        let hashes = mirror.to_record(&ask, &version).await?;
        own.append(&version, &hashes).await.map_err(|error| refusal(error, &own))
    };
    match recorded.await {
        Ok(appended) => {
            if appended.new {
                mirror.meters.recorded.inc();
            }
            Ok(appended.lookup)
        }
        Err(refusal) => {
            mirror.remembered.remember(missing, &refusal);
            Err(refusal)
        }
    }
}

impl From<OwnError> for Refusal {
    fn from(error: OwnError) -> Self {
        match error {
            OwnError::Beyond(_) => Refusal::Absent(Absent::Beyond),
            OwnError::Store(error) => Refusal::Storage(error),
            OwnError::Busy(_) | OwnError::Overtaken(_) | OwnError::NoLease { .. } | OwnError::Long(_) => {
                Refusal::OwnLog(Arc::new(error))
            }
            other => {
                // Clients are told less.
                tracing::error!("{other}");
                Refusal::OwnLog(Arc::new(other))
            }
        }
    }
}

/// Where a version was recorded with other hashes, that is the contradiction of two contents.
fn refusal(error: OwnError, own: &OwnLog) -> Refusal {
    let OwnError::Recorded { version, id, had, got } = &error else { return error.into() };
    let hashes = |text: &str| {
        let body = Lookup::compose(0, text, b"");
        Lookup::parse(&body).ok().and_then(|lookup| lookup.hashes(version).ok())
    };
    let (Some(had), Some(got)) = (hashes(had), hashes(got)) else { return error.into() };
    let pairs = [("", had.zip, got.zip), ("/go.mod", had.gomod, got.gomod)];
    let other =
        pairs.into_iter().find_map(|(ending, had, got)| Some((ending, had?, got?)).filter(|_| had != got));
    let Some((ending, pinned, got)) = other else { return error.into() };
    Refusal::Security(Security::Content(Contradiction {
        what: format!("{version}{ending}"),
        source_name: "its source today".to_owned(),
        pinned,
        got,
        known: Box::new(Known::Vouched { db: own.name().clone(), id: *id }),
    }))
}
