//! Lookups that were answered before anybody needed them. Nothing of them is proven; that is done when somebody does.

use std::sync::Arc;

use bytes::Bytes;
use gomod::{ModuleVersion, Request, SumdbPath};
use tokio::sync::OwnedSemaphorePermit;

use super::{prover::Prover, sources::Sources};
use crate::{Ask, Mirror, Refusal, flight::Pilot, policy::Database, relay::missing_checksum};

impl Mirror {
    /// Whether the answer to a lookup is here, and waits for somebody who needs it.
    pub(crate) fn is_looked_up(&self, database: &Database, version: &ModuleVersion) -> bool {
        self.logs.of(&database.name).early.contains_key(version)
    }

    /// Looks up a version whose record is not stored, and keeps the answer for who needs it next. The place is given back
    /// at the end.
    pub(crate) fn look_up(
        self: &Arc<Self>,
        ask: &Ask,
        database: &Arc<Database>,
        version: ModuleVersion,
        place: OwnedSemaphorePermit,
    ) {
        let key = (database.name.clone(), version.clone());
        self.logs.early.join(key, ask.priority, |pilot| {
            let what = Request::Sumdb(database.name.clone(), SumdbPath::Lookup(version.clone()));
            let ask = Ask { what, ..ask.clone() };
            let (mirror, database) = (Arc::clone(self), Arc::clone(database));
            async move {
                let _place = place;
                let found = fetch(&mirror, &ask, &database, &version, &pilot).await;
                found.inspect_err(|refusal| tracing::debug!(%version, "looked up ahead, in vain: {refusal}"))
            }
        });
    }
}

async fn fetch(
    mirror: &Arc<Mirror>,
    ask: &Ask,
    database: &Arc<Database>,
    version: &ModuleVersion,
    pilot: &Pilot<Bytes>,
) -> Result<Bytes, Refusal> {
    let mut prover = Prover::new(mirror, ask, database);
    let log = Arc::clone(&prover.log);
    mirror.trusted(&log).await?;
    prover.remember_head();
    let missing = missing_checksum(ask);
    if let Some(refusal) = mirror.remembered.get(&missing) {
        return Err(refusal);
    }
    let _place = mirror.logs.admission.admit(&pilot.urgency).await?;
    mirror.meters.ahead.inc();
    let path = SumdbPath::Lookup(version.clone());
    let sources = Sources { mirror, ask, database, log: &log, path, urgency: &pilot.urgency };
    let mut walk = sources.walk(None);
    let first = prover.first_head();
    match sources.next(&mut walk).await {
        Ok(Some((_, body))) => {
            walk.arrived(&mirror.meters);
            if let Some(first) = first {
                first.head().await;
            }
            log.early.insert(version.clone(), body.clone());
            Ok(body)
        }
        Ok(None) => Err(walk.refusal()),
        Err(refusal) => {
            if matches!(refusal, Refusal::Absent(_)) {
                mirror.remembered.remember(missing, &refusal);
            }
            Err(refusal)
        }
    }
}

impl Prover<'_> {
    /// The answer to a lookup that came early, or is under way. It is given once: if it proves nothing, its source is
    /// asked again, and then that one is known.
    pub(super) async fn early(&self, version: &ModuleVersion) -> Option<Bytes> {
        let key = (self.log.name.clone(), version.clone());
        let body = match self.log.early.remove(version) {
            Some(body) => body,
            None => {
                let body = self.mirror.logs.early.under_way(&key, self.ask.priority)?.done().await.ok()?;
                self.log.early.invalidate(version);
                body
            }
        };
        self.mirror.meters.ahead_used.inc();
        Some(body)
    }
}
