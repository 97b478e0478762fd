//! The record of one module version: found, proven, stored.

use std::sync::Arc;

use bytes::Bytes;
use gomod::{ModuleVersion, Request, SumdbPath, TileId};
use storage::Key;
use sumdb::Lookup;

use super::{
    Log,
    anchor::{Moved, TRIES, contended},
    prover::{Prover, Trouble},
    sources::Sources,
};
use crate::{
    Ask, Mirror, Reach, Refusal, Unverified, Vouched,
    flight::{Passenger, Pilot},
    policy::Database,
    relay::missing_checksum,
};

/// A record that is proven.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) vouched: Vouched,
    /// The answer to a lookup: the record under the anchor's note.
    pub(crate) body: Bytes,
    /// Whether no source was asked for it.
    pub(crate) found: bool,
}

/// A lookup whose record is proven, under the anchor's note.
struct Proven {
    vouched: Vouched,
    body: Bytes,
    /// Tiles of its proof that are to be stored with it; `None` if it cannot be stored, as what it needs is not.
    tiles: Option<Vec<TileId>>,
}

impl Mirror {
    /// The record of a version. The work goes on when its caller leaves.
    pub(crate) fn record(
        self: &Arc<Self>,
        ask: &Ask,
        database: &Arc<Database>,
        version: &ModuleVersion,
    ) -> Passenger<Arc<Record>> {
        let key = (database.name.clone(), version.clone(), ask.reach);
        self.logs.records.join(key, ask.priority, |pilot| {
            let what = Request::Sumdb(database.name.clone(), SumdbPath::Lookup(version.clone()));
            let ask = Ask { what, ..ask.clone() };
            let (mirror, database, version) = (Arc::clone(self), Arc::clone(database), version.clone());
            async move { find(&mirror, &ask, &database, &version, &pilot).await.map(Arc::new) }
        })
    }
}

async fn find(
    mirror: &Arc<Mirror>,
    ask: &Ask,
    database: &Arc<Database>,
    version: &ModuleVersion,
    pilot: &Pilot<Arc<Record>>,
) -> Result<Record, Refusal> {
    let mut prover = Prover::new(mirror, ask, database);
    mirror.trusted(&prover.log).await?;
    let key = Key::Lookup(database.name.clone(), version.clone());
    let mut wrong = None;
    if let Some(body) = prover.read_with_head(&key).await {
        match prover.record(&body, version).await {
            Ok(proven) => {
                let vouched = proven.vouched.clone();
                mirror.vouches.remember(version.clone(), vouched.clone());
                let body = prover.put_right(&key, body, proven).await;
                return Ok(Record { vouched, body, found: true });
            }
            Err(Trouble::Lie(why)) => {
                tracing::error!("{key} is wrong: {why}");
                wrong = Some(why);
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    if ask.reach == Reach::Stored {
        let record = |why: String| Unverified::Record { db: database.name.clone(), why: why.into() };
        return Err(wrong.map_or(Refusal::Offline, |why| Refusal::Unverified(record(why))));
    }
    let missing = missing_checksum(ask);
    if let Some(refusal) = mirror.remembered.get(&missing) {
        return Err(refusal);
    }
    let _place = mirror.logs.admission.admit(&pilot.urgency).await?;
    match fetch(&mut prover, version, pilot).await {
        Ok(Proven { vouched, body, tiles }) => {
            mirror.vouches.remember(version.clone(), vouched.clone());
            if let Some(tiles) = tiles {
                prover.keep_record(&key, body.clone(), &tiles, wrong.is_some()).await;
            }
            Ok(Record { vouched, body, found: false })
        }
        Err(refusal) => {
            // A failure is over when the database is back: nobody's build waits for a memory of it.
            if matches!(refusal, Refusal::Absent(_)) {
                mirror.remembered.remember(missing, &refusal);
            }
            Err(refusal)
        }
    }
}

/// Asks the sources until one sends a record that is true.
async fn fetch(
    prover: &mut Prover<'_>,
    version: &ModuleVersion,
    pilot: &Pilot<Arc<Record>>,
) -> Result<Proven, Refusal> {
    let log = Arc::clone(&prover.log);
    let Prover { mirror, ask, database, .. } = *prover;
    let path = SumdbPath::Lookup(version.clone());
    let sources = Sources { mirror, ask, database, log: &log, path, urgency: &pilot.urgency };
    let mut walk = sources.walk(None);
    let mut first = prover.first_head();
    if let Some(body) = prover.early(version).await {
        if let Some(first) = first.take() {
            prover.first = first.head().await;
        }
        match prover.record(&body, version).await {
            Ok(proven) => {
                mirror.meters.vouched.inc();
                return Ok(proven);
            }
            Err(Trouble::Lie(why)) => tracing::error!("SECURITY: looked up ahead, and wrong: {why}"),
            Err(trouble) => return Err(trouble.into()),
        }
    }
    while let Some((turn, body)) = sources.next(&mut walk).await? {
        if let Some(first) = first.take() {
            prover.first = first.head().await;
        }
        match prover.record(&body, version).await {
            Ok(proven) => {
                walk.arrived(&mirror.meters);
                mirror.meters.vouched.inc();
                return Ok(proven);
            }
            Err(Trouble::Lie(why)) => {
                sources.was_a_lie(&mut walk, &turn, &format!("SECURITY: sent a wrong record: {why}"));
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Err(walk.refusal())
}

impl Prover<'_> {
    /// Stores a proven record with tiles of its proof, in the place of one that is wrong if there is one.
    async fn keep_record(&self, key: &Key, body: Bytes, tiles: &[TileId], in_place: bool) {
        if !in_place {
            self.keep_with(tiles, Some((key.clone(), body))).await;
        } else if self.keep(tiles).await
            && let Err(error) = self.mirror.store.replace_small(key, body).await
        {
            tracing::warn!("{key} is proven, but not stored: {error}");
        }
    }

    /// A stored record whose proof lacked something under the head that it bears: it gets the anchor's note, under which
    /// all of it is there now. The body that is stored.
    async fn put_right(&self, key: &Key, stored: Bytes, proven: Proven) -> Bytes {
        let Some(tiles) = proven.tiles else { return stored };
        let kept = self.keep(&tiles).await;
        if !kept || !self.asked_sources() || proven.body == stored {
            return stored;
        }
        match self.mirror.store.renew_small(key, proven.body.clone()).await {
            Ok(()) => proven.body,
            Err(error) => {
                tracing::warn!("{key} stays as it is: {error}");
                stored
            }
        }
    }

    /// Proves the record of a lookup under the anchor, which moves to the lookup's head if that is newer.
    async fn record(&mut self, body: &[u8], version: &ModuleVersion) -> Result<Proven, Trouble> {
        let lie = |error: &dyn std::fmt::Display| Trouble::Lie(error.to_string());
        let lookup = Lookup::parse(body).map_err(|error| lie(&error))?;
        let hashes = lookup.hashes(version).map_err(|error| lie(&error))?;
        let signed = self.log.open(lookup.note(), &self.database.key).map_err(|error| lie(&error))?;
        let note = Log::short(lookup.note(), &self.database.key);
        for _ in 0..TRIES {
            let at = self.anchor().await?;
            // The newest head that is known: the anchor, or what becomes the first one.
            let first =
                self.first.clone().filter(|first| at.anchor.is_none() && first.head.size > signed.size);
            let newest = at.anchor.as_ref().or(first.as_ref()).cloned();
            let known = newest.as_ref().map(|newest| newest.head);
            self.notes = newest.iter().map(|newest| newest.note.clone()).chain([note.clone()]).collect();
            let attempt = self.satisfied(|have| sumdb::prove(known.as_ref(), &signed, &lookup, have)).await;
            let proved = match attempt {
                // Nobody has its tiles: it proves nothing, and its like comes with some lookup.
                Err(Trouble::Refused(Refusal::Failed(_))) if first.is_some() => {
                    self.first = None;
                    continue;
                }
                attempt => attempt?,
            };
            let under =
                newest.filter(|_| !proved.newer).map_or_else(|| note.clone(), |newest| newest.note.clone());
            // The anchor needs the tiles before it moves; where it stays, they can come with the record.
            let (moved, tiles) = if !proved.newer && first.is_none() {
                (Moved::Done, proved.tiles)
            } else if self.keep(&proved.tiles).await {
                (self.move_to(&at, proved.head, under.clone()).await, Vec::new())
            } else {
                (Moved::Unstored, Vec::new())
            };
            match moved {
                Moved::Outrun => continue,
                Moved::Unstored => self.unstored(proved.head, &under).await?,
                Moved::Done => {}
            }
            return Ok(Proven {
                vouched: Vouched {
                    zip: hashes.zip,
                    gomod: hashes.gomod,
                    db: self.log.name.clone(),
                    id: lookup.id(),
                    size: proved.head.size,
                },
                body: Lookup::compose(lookup.id(), lookup.text(), &under).into(),
                tiles: (moved == Moved::Done).then_some(tiles),
            });
        }
        Err(contended())
    }
}
