//! The checksum database for clients: what is proven, kept and given again.
//!
//! `supported` is always yes for a configured database, so that `go` never goes past the mirror. Only a
//! database's own word makes a 404; what cannot be answered is a failure (PROTOCOL 4.8).

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use gomod::{DbName, ModuleVersion, SumdbPath, TileId};
use storage::Key;
use upstream::Priority;

use crate::{
    Answer, Ask, Mirror, Reach, Refusal,
    answer::{AnswerMeta, Body, CacheStatus, Keep},
    log,
    policy::{Database, SumdbUse},
    refusal::Absent,
    remembered::Missing,
};

impl Mirror {
    pub(crate) async fn relay(
        self: &Arc<Self>,
        ask: &Ask,
        name: &DbName,
        path: &SumdbPath,
    ) -> Result<Answer, Refusal> {
        let Some(database) = ask.policy.database(name) else {
            return Err(Refusal::Absent(Absent::UnknownDatabase));
        };
        match path {
            SumdbPath::Supported => Ok(supported()),
            SumdbPath::Latest => self.relay_head(ask, database).await,
            SumdbPath::Tile(id) => self.relay_tile(ask, database, *id).await,
            SumdbPath::Lookup(version) => self.relay_record(ask, database, version).await,
        }
    }

    async fn relay_record(
        self: &Arc<Self>,
        ask: &Ask,
        database: &Arc<Database>,
        version: &ModuleVersion,
    ) -> Result<Answer, Refusal> {
        let vouched_for =
            ask.policy.voucher(version.path()).is_some_and(|voucher| voucher.name == database.name);
        if !vouched_for && ask.policy.route(version.path()).sumdb != SumdbUse::Public {
            return Err(Refusal::Absent(Absent::NoDatabase));
        }
        let key = Key::Lookup(database.name.clone(), version.clone());
        self.trusted(&self.logs.of(&database.name)).await?;
        if self.known(database, version).await.is_some()
            && let Some(bytes) = self.stored_small(&key).await
        {
            return Ok(answer(&key, bytes, CacheStatus::Hit, Keep::Forever));
        }
        let record = self.record(ask, database, version).done().await?;
        let cache = if record.found { CacheStatus::Hit } else { CacheStatus::Miss };
        Ok(answer(&key, record.body.clone(), cache, Keep::Forever))
    }

    async fn relay_tile(
        self: &Arc<Self>,
        ask: &Ask,
        database: &Arc<Database>,
        id: TileId,
    ) -> Result<Answer, Refusal> {
        let key = Key::Tile(database.name.clone(), id);
        let flight = self.checksums.join((key.clone(), ask.reach), ask.priority, |pilot| {
            let (mirror, ask, database) = (Arc::clone(self), ask.clone(), Arc::clone(database));
            async move { log::tile(&mirror, &ask, &database, id, &pilot).await }
        });
        let (bytes, asked) = flight.done().await?;
        let cache = if asked { CacheStatus::Miss } else { CacheStatus::Hit };
        Ok(answer(&key, bytes, cache, Keep::Forever))
    }

    async fn relay_head(self: &Arc<Self>, ask: &Ask, database: &Arc<Database>) -> Result<Answer, Refusal> {
        let (name, log) = (&database.name, self.logs.of(&database.name));
        self.trusted(&log).await?;
        let key = Key::Head(name.clone());
        let stored = self.stored_small(&key).await.filter(|note| log.is_signed(note, &database.key));
        let join = |priority| {
            self.checksums.join((key.clone(), ask.reach), priority, |pilot| {
                if priority == Priority::Background {
                    self.meters.behind.inc();
                }
                let (mirror, ask, database) = (Arc::clone(self), ask.clone(), Arc::clone(database));
                async move { log::latest(&mirror, &ask, &database, &pilot).await }
            })
        };
        let head = match stored {
            Some(bytes) if ask.reach == Reach::Stored => Ok(answer(&key, bytes, CacheStatus::Hit, Keep::No)),
            Some(bytes) => self.stored_head(ask, name, bytes, join).await,
            None if ask.reach == Reach::Stored => Err(Refusal::Offline),
            None => {
                let (bytes, _) = join(ask.priority).done().await?;
                Ok(self.new_head(ask, name, bytes, CacheStatus::Miss))
            }
        };
        // The newest head may have shown that none of them is to be believed.
        self.trusted(&log).await?;
        head
    }

    /// Objects of a database as they are stored: as many as there are keys.
    pub(crate) async fn stored_each(&self, keys: &[Key]) -> Vec<Option<Bytes>> {
        match self.store.small_each(keys).await {
            Ok(stored) => stored,
            // One that cannot be read says nothing about the others.
            Err(_) => join_all(keys.iter().map(|key| self.stored_small(key))).await,
        }
    }

    /// An object of a database as it is stored.
    pub(crate) async fn stored_small(&self, key: &Key) -> Option<Bytes> {
        self.store.small(key).await.unwrap_or_else(|error| {
            tracing::error!("cannot read a stored checksum answer: {error}");
            None
        })
    }
}

/// Under what is remembered that a database could not give something. No route is named like this.
pub(crate) fn missing_checksum(ask: &Ask) -> Missing {
    (ask.what.path(), Arc::from("sumdb"))
}

pub(crate) fn supported() -> Answer {
    Answer {
        body: Body::Bytes(Bytes::new()),
        meta: AnswerMeta {
            cache: CacheStatus::Hit,
            source: None,
            verified: None,
            age: None,
            etag: None,
            content_type: "text/plain; charset=utf-8",
        },
        keep: Keep::Forever,
    }
}

pub(crate) fn answer(key: &Key, bytes: Bytes, cache: CacheStatus, keep: Keep) -> Answer {
    Answer {
        body: Body::Bytes(bytes),
        meta: AnswerMeta {
            cache,
            source: None,
            verified: None,
            age: None,
            etag: None,
            content_type: key.content_type(),
        },
        keep,
    }
}
