//! Lists, `@latest`, branch and tag queries: answers that change, kept with the time they were given.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use gomod::Request;
use jiff::Timestamp;
use storage::{Question, StoredAnswer};
use upstream::{Fetched, Meta, Miss, Want};

use crate::{
    Answer, Ask, Mirror, Reach, Refusal,
    answer::{AnswerMeta, Body, CacheStatus, Keep},
    collect::collect,
    fetch::{body, lie},
    flight::Pilot,
    judge,
    policy::Route,
    race::Worth,
    walk::Turn,
};

impl Mirror {
    pub(crate) async fn question(
        self: &Arc<Self>,
        ask: &Ask,
        question: &Question,
    ) -> Result<Answer, Refusal> {
        let stored = self.stored_answer(question).await;
        let fresh = ask.policy.freshness().present;
        if ask.reach == Reach::Stored {
            return match stored {
                Some(stored) => Ok(answer(question, &stored, CacheStatus::Hit, ask.now, Keep::For(fresh))),
                None => self.derived(question, CacheStatus::Hit).await,
            };
        }
        if let Some(stored) = &stored
            && let Some(left) = fresh_for(stored, ask.now, fresh)
        {
            return Ok(answer(question, stored, CacheStatus::Hit, ask.now, Keep::For(left)));
        }
        match self.ask_again(ask, question).await {
            Ok(new) => {
                let status = if stored.is_some() { CacheStatus::Revalidated } else { CacheStatus::Miss };
                Ok(answer(question, &new, status, ask.now, Keep::For(fresh)))
            }
            // Absence does not erase what was there, and a failure says nothing: the last answer stands.
            Err(refusal @ (Refusal::Absent(_) | Refusal::Failed(_))) => match stored {
                Some(stored) => {
                    tracing::warn!(what = %ask.what.path(), "answering with what was known before: {refusal}");
                    Ok(answer(question, &stored, CacheStatus::Stale, ask.now, Keep::No))
                }
                None if matches!(refusal, Refusal::Failed(_)) => {
                    self.derived(question, CacheStatus::Stale).await.map_err(|_| refusal)
                }
                None => Err(refusal),
            },
            Err(refusal) => Err(refusal),
        }
    }

    async fn stored_answer(&self, question: &Question) -> Option<Arc<StoredAnswer>> {
        match self.store.answer(question).await {
            Ok(stored) => stored.map(Arc::new),
            Err(error) => {
                tracing::error!("cannot read a stored answer: {error}");
                None
            }
        }
    }

    async fn ask_again(
        self: &Arc<Self>,
        ask: &Ask,
        question: &Question,
    ) -> Result<Arc<StoredAnswer>, Refusal> {
        let route = ask.policy.route(question.module());
        let key = (question.clone(), Arc::clone(&route.name));
        let flight = self.questions.join(key, ask.priority, |pilot| {
            fetch(Arc::clone(self), ask.clone(), question.clone(), route, pilot)
        });
        flight.done().await
    }
}

async fn fetch(
    mirror: Arc<Mirror>,
    ask: Ask,
    question: Question,
    route: Arc<Route>,
    pilot: Pilot<Arc<StoredAnswer>>,
) -> Result<Arc<StoredAnswer>, Refusal> {
    // The flight before this one may just have ended.
    let stored = mirror.stored_answer(&question).await;
    if let Some(stored) = &stored
        && fresh_for(stored, ask.now, ask.policy.freshness().present).is_some()
    {
        return Ok(Arc::clone(stored));
    }
    let missing = (ask.what.path(), Arc::clone(&route.name));
    if let Some(absent) = mirror.absences.get(&missing) {
        return Err(absent);
    }
    let _place = mirror.admission.admit(&pilot.urgency).await?;
    let result = walk(&mirror, &ask, &question, &route, stored, &pilot).await;
    if let Err(refusal) = &result {
        mirror.absences.remember(missing, refusal);
    }
    result
}

/// Asks the sources of the chain until one has an answer.
async fn walk(
    mirror: &Mirror,
    ask: &Ask,
    question: &Question,
    route: &Route,
    stored: Option<Arc<StoredAnswer>>,
    pilot: &Pilot<Arc<StoredAnswer>>,
) -> Result<Arc<StoredAnswer>, Refusal> {
    let mut walk = mirror.walk(route, &ask.what, false);
    let before =
        |turn: &Turn| stored.as_ref().filter(|stored| *stored.source == *turn.source.name().as_str());
    let want = |turn: &Turn| Want {
        validator: before(turn).and_then(|stored| stored.validator.clone()).map(shown_to_source),
        via: ask.via.clone(),
        ..Want::new(ask.what.clone(), Arc::clone(&pilot.urgency))
    };
    let judge = |turn: Turn, said| {
        let before = before(&turn).cloned();
        async move { judged(&ask.what, &turn, said, before).await.map_or_else(Worth::Miss, Worth::Good) }
    };
    let Some((turn, (body, validator))) = mirror.first_good(&mut walk, want, judge).await? else {
        return Err(walk.refusal());
    };
    let source = turn.source.name().as_str().into();
    let new = StoredAnswer { at: Timestamp::now(), source, validator, body };
    if let Err(error) = mirror.store.put_answer(question, &new).await {
        tracing::warn!(what = %ask.what.path(), "answered, but not stored: {error}");
    }
    mirror.changed(&ask.what);
    walk.arrived(&mirror.meters);
    Ok(Arc::new(new))
}

/// What a source's answer says, and by what it can be recognised. `before` is what the same source said before.
async fn judged(
    what: &Request,
    turn: &Turn,
    said: Result<Fetched, Miss>,
    before: Option<Arc<StoredAnswer>>,
) -> Result<(Bytes, Option<storage::Validator>), Miss> {
    let started = Instant::now();
    match (said?, before) {
        (Fetched::NotModified, Some(stored)) => Ok((stored.body.clone(), stored.validator.clone())),
        (said, _) => {
            let incoming = body(turn, Ok(said))?;
            let validator = validator_of(&incoming.meta);
            let sent = collect(incoming).await?;
            let body = judge::small(what, &sent).map_err(|error| lie(turn.source.name(), started, &error))?;
            Ok((body, validator))
        }
    }
}

fn validator_of(meta: &Meta) -> Option<storage::Validator> {
    let Meta { etag, last_modified, .. } = meta;
    (etag.is_some() || last_modified.is_some())
        .then(|| storage::Validator { etag: etag.clone(), last_modified: last_modified.clone() })
}

fn shown_to_source(validator: storage::Validator) -> upstream::Validator {
    upstream::Validator { etag: validator.etag, last_modified: validator.last_modified }
}

/// For how long it still counts. One from the future, which a wrong clock has left, does not count for ever.
fn fresh_for(stored: &StoredAnswer, now: Timestamp, lasts: Duration) -> Option<Duration> {
    (stored.at.duration_since(now).unsigned_abs() <= lasts).then(|| lasts.saturating_sub(age(stored, now)))
}

fn age(stored: &StoredAnswer, now: Timestamp) -> Duration {
    now.duration_since(stored.at).try_into().unwrap_or_default()
}

fn answer(
    question: &Question,
    stored: &StoredAnswer,
    cache: CacheStatus,
    now: Timestamp,
    keep: Keep,
) -> Answer {
    Answer {
        body: Body::Bytes(stored.body.clone()),
        meta: AnswerMeta {
            cache,
            source: Some(Arc::clone(&stored.source)),
            verified: None,
            age: Some(age(stored, now)),
            etag: None,
            content_type: question.content_type(),
        },
        keep,
    }
}
