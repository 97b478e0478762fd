//! The newest head of a database of which nothing is stored yet.
//!
//! Lookups come with heads of all ages. Each one that is newer than all before it takes the tiles along its own edge, each older
//! one does not. So the newest is asked for beside the first lookups; whoever has it makes it the anchor. Without it the
//! first lookup's own head becomes that.

use std::{sync::Arc, time::Duration};

use gomod::SumdbPath;
use tokio::time::{Instant, timeout};

use super::{
    Anchor, Log, locked,
    prover::{Prover, StoredHead},
    sources::Sources,
};
use crate::flight::Passenger;

/// The newest head, asked for.
pub(super) struct First {
    asked: Passenger<Arc<Anchor>>,
    since: Instant,
}

impl Prover<'_> {
    /// Asks for the newest head, unless there is an anchor already. The work goes on when its caller leaves.
    pub(super) fn first_head(&self) -> Option<First> {
        let stored = matches!(self.stored_head, StoredHead::Read(Some(_)));
        if stored || locked(&self.log.anchor).is_some() {
            return None;
        }
        let key = (self.log.name.clone(), self.ask.reach);
        let asked = self.mirror.logs.firsts.join(key, self.ask.priority, |pilot| {
            let (mirror, ask) = (Arc::clone(self.mirror), self.ask.clone());
            let (database, log) = (Arc::clone(self.database), Arc::clone(&self.log));
            async move {
                if let Some(first) = locked(&log.first).clone() {
                    return Ok(first);
                }
                let urgency = &pilot.urgency;
                let (database, log) = (&*database, &*log);
                let sources =
                    Sources { mirror: &mirror, ask: &ask, database, log, path: SumdbPath::Latest, urgency };
                let mut walk = sources.walk(None);
                while let Some((_, note)) = sources.next(&mut walk).await? {
                    // Its form was judged already, and its signature is a part of that.
                    let Ok(head) = log.open(&note, &database.key) else { continue };
                    walk.arrived(&mirror.meters);
                    let first = Arc::new(Anchor { head, note: Log::short(&note, &database.key) });
                    *locked(&log.first) = Some(Arc::clone(&first));
                    return Ok(first);
                }
                Err(walk.refusal())
            }
        });
        Some(First { asked, since: Instant::now() })
    }
}

impl First {
    /// Waits for it, but not much longer than the lookup took that it was asked for with.
    pub(super) async fn head(self) -> Option<Arc<Anchor>> {
        timeout(self.since.elapsed().max(SHORTEST), self.asked.done()).await.ok()?.ok()
    }
}

/// How long it is waited for in any case.
const SHORTEST: Duration = Duration::from_millis(100);
