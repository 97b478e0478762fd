//! The checksum database, relayed: the bytes that a configured database sent, kept and given again.
//!
//! `supported` is always yes for a configured database, so that `go` never goes past the mirror. Only a
//! database's own word makes a 404; what cannot be answered is a failure (PROTOCOL 4.8).

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use gomod::{DbName, ModuleVersion, Request, SumdbPath};
use storage::{Key, Mutability};
use upstream::{Fetched, Miss, Priority, Want};

use crate::{
    Answer, Ask, Mirror, Reach, Refusal,
    answer::{AnswerMeta, Body, CacheStatus, Keep},
    collect::collect,
    fetch::{body, lie},
    flight::Pilot,
    judge,
    policy::{ChainEnd, Database, SumdbUse},
    race::Worth,
    refusal::Absent,
    remembered::Missing,
    source::Source,
    walk::{Rules, Turn, Walk},
};

impl Mirror {
    pub(crate) async fn relay(
        self: &Arc<Self>,
        ask: &Ask,
        name: &DbName,
        path: &SumdbPath,
    ) -> Result<Answer, Refusal> {
        if ask.policy.database(name).is_none() {
            return Err(Refusal::Absent(Absent::UnknownDatabase));
        }
        let key = match path {
            SumdbPath::Supported => return Ok(supported()),
            SumdbPath::Latest => Key::Head(name.clone()),
            SumdbPath::Tile(tile) => Key::Tile(name.clone(), *tile),
            SumdbPath::Lookup(version) => {
                if ask.policy.route(version.path()).sumdb != SumdbUse::Public {
                    return Err(Refusal::Absent(Absent::NoDatabase));
                }
                Key::Lookup(name.clone(), version.clone())
            }
        };
        let stored = self.stored_checksum(&key).await;
        let latest = matches!(path, SumdbPath::Latest);
        let join = |priority| {
            self.checksums.join(key.clone(), priority, |pilot| {
                if priority == Priority::Background {
                    self.meters.behind.inc();
                }
                fetch(Arc::clone(self), ask.clone(), name.clone(), path.clone(), key.clone(), pilot)
            })
        };
        match stored {
            Some(bytes) if ask.reach == Reach::Stored && latest => {
                Ok(answer(&key, bytes, CacheStatus::Hit, Keep::No))
            }
            Some(bytes) if latest => self.stored_head(ask, name, bytes, join).await,
            Some(bytes) => Ok(answer(&key, bytes, CacheStatus::Hit, Keep::Forever)),
            None if ask.reach == Reach::Stored => Err(Refusal::Offline),
            None => {
                if let Some(refusal) = self.remembered.get(&missing_checksum(ask)) {
                    return Err(refusal);
                }
                let bytes = join(ask.priority).done().await?;
                Ok(if latest {
                    self.new_head(ask, name, bytes, CacheStatus::Miss)
                } else {
                    answer(&key, bytes, CacheStatus::Miss, Keep::Forever)
                })
            }
        }
    }

    /// The answer to a lookup, stored or relayed.
    pub(crate) async fn lookup(
        self: &Arc<Self>,
        ask: &Ask,
        database: &Database,
        version: &ModuleVersion,
    ) -> Result<Bytes, Refusal> {
        let (name, path) = (database.name.clone(), SumdbPath::Lookup(version.clone()));
        let key = Key::Lookup(name.clone(), version.clone());
        if let Some(bytes) = self.stored_checksum(&key).await {
            return Ok(bytes);
        }
        if ask.reach == Reach::Stored {
            return Err(Refusal::Offline);
        }
        let flight = self.checksums.join(key.clone(), ask.priority, |pilot| {
            fetch(Arc::clone(self), ask.clone(), name, path, key, pilot)
        });
        flight.done().await
    }

    async fn stored_checksum(&self, key: &Key) -> Option<Bytes> {
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

async fn fetch(
    mirror: Arc<Mirror>,
    ask: Ask,
    name: DbName,
    path: SumdbPath,
    key: Key,
    pilot: Pilot<Bytes>,
) -> Result<Bytes, Refusal> {
    // The flight before this one may just have ended.
    if key.mutability() != Mutability::Mutable
        && let Some(bytes) = mirror.stored_checksum(&key).await
    {
        return Ok(bytes);
    }
    let missing = missing_checksum(&ask);
    if let Some(refusal) = mirror.remembered.get(&missing) {
        return Err(refusal);
    }
    let _place = mirror.admission.admit(&pilot.urgency).await?;
    let result = walk(&mirror, &ask, &name, &path, &key, &pilot).await;
    match &result {
        Ok(_) if key.mutability() == Mutability::Mutable => {
            mirror.heads.given_now(&name);
            mirror.changed(&ask.what);
        }
        Ok(_) => {}
        Err(refusal) => mirror.remembered.remember(missing, refusal),
    }
    result
}

/// Asks the sources of the database until one has the answer.
async fn walk(
    mirror: &Mirror,
    ask: &Ask,
    name: &DbName,
    path: &SumdbPath,
    key: &Key,
    pilot: &Pilot<Bytes>,
) -> Result<Bytes, Refusal> {
    let database = ask.policy.database(name).ok_or(Refusal::Absent(Absent::UnknownDatabase))?;
    let rules = Rules::of_database();
    let mut walk = Walk::over(ask.what.clone(), &database.links, ChainEnd::Exhausted, rules);
    let want =
        |_: &Turn| Want { via: ask.via.clone(), ..Want::new(ask.what.clone(), Arc::clone(&pilot.urgency)) };
    let judge = |turn: Turn, said| async move {
        match judged(database, path, &turn, said).await {
            Ok(bytes) => Worth::Good(bytes),
            // The last link is the database itself: its word is final, whatever failed on the way to it.
            Err(Miss::Absent(unknown)) if turn.last || relays(&turn.source, database, ask, pilot).await => {
                let said = vec![unknown];
                Worth::Final(Refusal::Absent(Absent::Everywhere { said, direct_left_out: false }))
            }
            Err(miss) => Worth::Miss(miss),
        }
    };
    let Some((_, bytes)) = mirror.first_good(&mut walk, want, judge).await? else {
        return Err(walk.refusal());
    };
    walk.arrived(&mirror.meters);
    if let Err(error) = mirror.store.put_small(key, bytes.clone()).await {
        tracing::warn!(what = %ask.what.path(), "relayed, but not stored: {error}");
    }
    Ok(bytes)
}

/// What a source's answer says, in the form that was asked for.
async fn judged(
    database: &Database,
    path: &SumdbPath,
    turn: &Turn,
    said: Result<Fetched, Miss>,
) -> Result<Bytes, Miss> {
    let started = Instant::now();
    let sent = collect(body(turn, said)?).await?;
    judge::checksum(database, path, &sent).map_err(|error| lie(turn.source.name(), started, &error))?;
    Ok(sent)
}

/// Whether a proxy says that it relays the database. Then its "unknown" is the database's, as it is for `go`
/// (PROTOCOL 4.8); of one that does not, it only means that there is nothing at this path.
async fn relays(source: &Source, database: &Database, ask: &Ask, pilot: &Pilot<Bytes>) -> bool {
    let supported = Request::Sumdb(database.name.clone(), SumdbPath::Supported);
    let want = Want { via: ask.via.clone(), ..Want::new(supported, Arc::clone(&pilot.urgency)) };
    matches!(source.fetch(&want).await, Ok(Fetched::Body(_)))
}

fn supported() -> Answer {
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

fn answer(key: &Key, bytes: Bytes, cache: CacheStatus, keep: Keep) -> Answer {
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
