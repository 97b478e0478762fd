//! Lists, `@latest`, branch and tag queries: answers that change, kept with the time they were given.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use gomod::Request;
use jiff::Timestamp;
use storage::{Question, StoredAnswer};
use upstream::{Fault, FaultKind, Fetched, Meta, Miss, Priority, Want};

use crate::{
    Answer, Ask, Mirror, Reach, Refusal,
    answer::{AnswerMeta, Body, CacheStatus, Keep},
    collect::collect,
    fetch::{body, lie},
    flight::{Passenger, Pilot},
    judge,
    policy::Route,
    race::Worth,
    refusal::Absent,
    remembered::Missing,
    renew::{Renewal, Standing, age, all_tripped, fresh_for, is_strict},
    walk::Turn,
};

impl Mirror {
    pub(crate) async fn question(
        self: &Arc<Self>,
        ask: &Ask,
        question: &Question,
    ) -> Result<Answer, Refusal> {
        let stored = self.stored_answer(question).await;
        match stored {
            Some(stored) if ask.reach == Reach::Stored => {
                let keep = Keep::For(ask.policy.freshness().present);
                Ok(answer(question, &stored, CacheStatus::Hit, ask.now, keep))
            }
            None if ask.reach == Reach::Stored => self.derived(question, CacheStatus::Hit).await,
            Some(stored) => self.asked_before(ask, question, &stored).await,
            None => self.never_asked(ask, question).await,
        }
    }

    /// There is an answer. It is replaced by a newer one or stands, whatever sources say: absence does not erase what
    /// was there, and a failure says nothing.
    async fn asked_before(
        self: &Arc<Self>,
        ask: &Ask,
        question: &Question,
        stored: &StoredAnswer,
    ) -> Result<Answer, Refusal> {
        let standing = Standing::of(Some(stored.at), ask);
        if let Standing::Fresh(left) = standing {
            return Ok(answer(question, stored, CacheStatus::Hit, ask.now, Keep::For(left)));
        }
        let route = ask.policy.route(question.module());
        let missing = (ask.what.path(), Arc::clone(&route.name));
        let tripped = all_tripped(&route.chain.links, is_strict(&route), ask);
        let join = |priority| self.ask_again(ask, question, &route, Some(stored.at), priority);
        let keep = match self.renew(ask, standing, &missing, tripped, join).await {
            Renewal::New(new) => {
                let keep = Keep::For(ask.policy.freshness().present);
                return Ok(answer(question, &new, CacheStatus::Revalidated, ask.now, keep));
            }
            Renewal::UnderWay(keep) | Renewal::Refused(keep) => keep,
        };
        self.meters.stale.inc();
        Ok(answer(question, stored, CacheStatus::Stale, ask.now, keep))
    }

    /// There is no answer, but there may be stored versions, which make one when sources do not.
    async fn never_asked(self: &Arc<Self>, ask: &Ask, question: &Question) -> Result<Answer, Refusal> {
        let route = ask.policy.route(question.module());
        let missing = (ask.what.path(), Arc::clone(&route.name));
        let refusal = match self.remembered.get(&missing) {
            Some(refusal) => refusal,
            None => {
                let flight = self.ask_again(ask, question, &route, None, ask.priority);
                if all_tripped(&route.chain.links, is_strict(&route), ask) {
                    if let Ok(answer) = self.derived(question, CacheStatus::Stale).await {
                        return Ok(answer);
                    }
                    if let Some(absent) = self.absent_before(question, &route, &missing) {
                        return Err(absent);
                    }
                }
                match flight.done().await {
                    Ok(new) => {
                        let keep = Keep::For(ask.policy.freshness().present);
                        return Ok(answer(question, &new, CacheStatus::Miss, ask.now, keep));
                    }
                    Err(refusal) => refusal,
                }
            }
        };
        match refusal {
            Refusal::Failed(_) | Refusal::Overloaded(_) | Refusal::Absent(Absent::Everywhere { .. }) => {
                let derived = self.derived(question, CacheStatus::Stale).await;
                derived.map_err(|_| match refusal {
                    Refusal::Failed(_) => self.absent_before(question, &route, &missing).unwrap_or(refusal),
                    refusal => refusal,
                })
            }
            refusal => Err(refusal),
        }
    }

    /// The last word of the sources about a path that is no module. It stands while they fail, as a stored answer does. A
    /// branch or a tag may have come into being since; and where a private module may have, its name must not go on to
    /// whom `go` asks after a 404.
    fn absent_before(&self, question: &Question, route: &Route, missing: &Missing) -> Option<Refusal> {
        match question {
            Question::List(_) | Question::Latest(_) if !route.is_private() => {
                self.remembered.absent_before(missing)
            }
            Question::List(_) | Question::Latest(_) | Question::Query(..) => None,
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

    /// `seen` is when the stored answer was given that is to be replaced.
    fn ask_again(
        self: &Arc<Self>,
        ask: &Ask,
        question: &Question,
        route: &Arc<Route>,
        seen: Option<Timestamp>,
        priority: Priority,
    ) -> Passenger<Arc<StoredAnswer>> {
        let key = (question.clone(), Arc::clone(&route.name));
        self.questions.join(key, priority, |pilot| {
            if priority == Priority::Background {
                self.meters.behind.inc();
            }
            fetch(Arc::clone(self), ask.clone(), question.clone(), Arc::clone(route), seen, pilot)
        })
    }
}

async fn fetch(
    mirror: Arc<Mirror>,
    ask: Ask,
    question: Question,
    route: Arc<Route>,
    seen: Option<Timestamp>,
    pilot: Pilot<Arc<StoredAnswer>>,
) -> Result<Arc<StoredAnswer>, Refusal> {
    // The flight before this one may just have ended.
    let stored = mirror.stored_answer(&question).await;
    if let Some(stored) = &stored
        && seen != Some(stored.at)
        && fresh_for(stored.at, &ask).is_some()
    {
        return Ok(Arc::clone(stored));
    }
    let missing = (ask.what.path(), Arc::clone(&route.name));
    if let Some(refusal) = mirror.remembered.get(&missing) {
        return Err(refusal);
    }
    let _place = mirror.admission.admit(&pilot.urgency).await?;
    let was_stored = stored.is_some();
    let mut new = match walk(&mirror, &ask, &route, stored, &pilot).await {
        Ok(new) => new,
        Err(refusal) => {
            let stands = was_stored || mirror.derived(&question, CacheStatus::Stale).await.is_ok();
            match &refusal {
                Refusal::Absent(Absent::Everywhere { .. }) if stands => {
                    mirror.withdrawn(question.module(), &format!("no source has {question} any more"));
                }
                // Clients get what is stored, and notice nothing.
                Refusal::Failed(faults) if stands => {
                    mirror.meters.absorbed.inc_by(asked(faults));
                }
                _ => {}
            }
            mirror.remembered.remember(missing, &refusal);
            return Err(refusal);
        }
    };
    new.body = match &question {
        Question::List(module) => mirror.with_stored_versions(module, new.body).await,
        Question::Latest(module) | Question::Query(module, _) => {
            mirror.as_recorded(&new.source, module, new.body).await
        }
    };
    if let Err(error) = mirror.store.put_answer(&question, &new).await {
        tracing::warn!(what = %ask.what.path(), "answered, but not stored: {error}");
    }
    mirror.changed(&ask.what);
    Ok(Arc::new(new))
}

/// How many of these are faults of this time, and not of those that led to a source being left alone.
fn asked(faults: &[Fault]) -> u64 {
    faults.iter().filter(|fault| fault.kind() != FaultKind::Tripped).count() as u64
}

/// Asks the sources of the chain until one has an answer.
async fn walk(
    mirror: &Mirror,
    ask: &Ask,
    route: &Route,
    stored: Option<Arc<StoredAnswer>>,
    pilot: &Pilot<Arc<StoredAnswer>>,
) -> Result<StoredAnswer, Refusal> {
    let mut walk = mirror.walk(route, ask, None);
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
    walk.arrived(&mirror.meters);
    Ok(StoredAnswer { at: Timestamp::now(), source, validator, body })
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
            age: Some(age(stored.at, now)),
            etag: None,
            content_type: question.content_type(),
        },
        keep,
    }
}
