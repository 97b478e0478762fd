//! The newest signed head of a checksum database: the one thing of it that changes.
//!
//! It is stored as the database signed it, so when it was given is known only to the process that asked. To one that
//! has just started, a stored head is old.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use gomod::DbName;
use jiff::Timestamp;
use storage::Key;
use upstream::Priority;

use crate::{
    Answer, Ask, Mirror, Refusal,
    answer::{AnswerMeta, Body, CacheStatus, Keep},
    flight::Passenger,
    relay::missing_checksum,
    renew::{Renewal, Standing, age, all_tripped},
};

/// When each configured database last gave its head.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    given: Mutex<HashMap<DbName, Timestamp>>,
}

impl Heads {
    pub(crate) fn given_now(&self, name: &DbName) {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), Timestamp::now());
    }

    fn given(&self, name: &DbName) -> Option<Timestamp> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }
}

impl Mirror {
    /// The head that is stored, or a newer one. `join` asks for that.
    pub(crate) async fn stored_head(
        self: &Arc<Self>,
        ask: &Ask,
        name: &DbName,
        stored: Bytes,
        join: impl FnOnce(Priority) -> Passenger<(Bytes, bool)>,
    ) -> Result<Answer, Refusal> {
        let given = self.heads.given(name);
        let standing = Standing::of(given, ask);
        if let Standing::Fresh(left) = standing {
            return Ok(head(name, stored, CacheStatus::Hit, given, ask.now, Keep::For(left)));
        }
        let missing = missing_checksum(ask);
        let tripped =
            ask.policy.database(name).is_some_and(|database| all_tripped(&database.links, true, ask));
        let keep = match self.renew(ask, standing, &missing, tripped, join).await {
            Renewal::New((new, _)) => return Ok(self.new_head(ask, name, new, CacheStatus::Revalidated)),
            Renewal::UnderWay(keep) | Renewal::Refused(keep) => keep,
        };
        // What has no known age cannot be told from what never changes, where it is kept.
        let keep = if given.is_some() { keep } else { Keep::No };
        self.meters.stale.inc();
        Ok(head(name, stored, CacheStatus::Stale, given, ask.now, keep))
    }

    /// A head that was just given.
    pub(crate) fn new_head(&self, ask: &Ask, name: &DbName, new: Bytes, cache: CacheStatus) -> Answer {
        head(name, new, cache, self.heads.given(name), ask.now, Keep::For(ask.policy.freshness().present))
    }
}

fn head(
    name: &DbName,
    bytes: Bytes,
    cache: CacheStatus,
    given: Option<Timestamp>,
    now: Timestamp,
    keep: Keep,
) -> Answer {
    Answer {
        body: Body::Bytes(bytes),
        meta: AnswerMeta {
            cache,
            source: None,
            verified: None,
            age: given.map(|given| age(given, now)),
            etag: None,
            content_type: Key::Head(name.clone()).content_type(),
        },
        keep,
    }
}
