//! The work on one request at one source: attempts, the pauses between them, and what is held meanwhile.

use std::sync::Arc;

use gomod::Request;
use tokio::time::{Instant, sleep};

use crate::{
    Fault, FaultKind, Meta, Miss, Stubborn, Troubles, Want,
    endpoint::{Answer, Ask, Endpoint, Tried},
    fault::RetryAfter,
    flow::Flow,
    gate::{Gate, Permit},
    health::{Health, Scope, Ticket},
    jitter::Jitter,
    latency::Latency,
    meters::SourceMeters,
    resume::{Have, Part, Proof},
    retry::{Again, Budget},
    spelling::{Speller, Spelling},
};

/// A source over HTTP, and what is known of it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) endpoint: Endpoint,
    pub(crate) config: Stubborn,
    pub(crate) health: Health,
    pub(crate) latency: Latency,
    pub(crate) gate: Gate,
    pub(crate) budget: Budget,
    pub(crate) jitter: Jitter,
    pub(crate) speller: Speller,
    pub(crate) meters: SourceMeters,
}

/// The work on one request at one source. It ends when it is dropped: with the body.
#[derive(Debug)]
pub(crate) struct Effort {
    source: Arc<Source>,
    want: Want,
    since: Instant,
    /// Attempts since one brought the body on.
    tries: u32,
    all_tries: u32,
    /// Whether a connection broke before.
    broke: bool,
    /// Since when a body that was under way finds nobody to ask for its rest.
    away: Option<Instant>,
    /// How many further tries were paid for from the source's budget.
    paid: u32,
    /// Whether a body is under way.
    begun: bool,
    troubles: Troubles,
    ticket: Ticket,
    _permit: Permit,
}

/// A good answer.
pub(crate) enum Got {
    Whole(Meta, Box<Flow>),
    /// What follows the bytes that are there; what is said of the whole.
    Rest(Meta, Box<Flow>),
    NotModified,
}

impl Effort {
    /// Waits for its turn. It has none if the source is left alone, or too busy.
    pub(crate) async fn start(source: &Arc<Source>, want: &Want) -> Result<Self, Fault> {
        let since = Instant::now();
        let refused =
            |kind, why: &str| Fault::new(source.endpoint.name().clone(), kind, why, since.elapsed());
        let kind = Scope::of(&want.what);
        let tripped = || {
            let last = source.health.why(kind).unwrap_or_default();
            let why = format!("left alone for a while, it failed too often, last with {last}");
            let again = source.health.left_alone(kind).map(RetryAfter::In);
            refused(FaultKind::Tripped, &why).with_retry_after(again)
        };
        if !want.alone && source.health.refuses(kind) {
            return Err(tripped());
        }
        let permit = match source.gate.try_enter() {
            Some(permit) => permit,
            None => {
                source.meters.waits();
                let until = [want.begin_by, want.deadline].into_iter().flatten().min();
                let until = until.unwrap_or(since + source.config.wait);
                tokio::select! {
                    permit = source.gate.enter(&want.priority, until) => permit.ok_or_else(|| {
                        refused(FaultKind::Busy, "not asked, too many requests to it are under way")
                    })?,
                    () = source.health.refusing(kind), if !want.alone => return Err(tripped()),
                }
            }
        };
        let ticket = source.health.admit(kind, want.alone).await.ok_or_else(tripped)?;
        source.budget.deposit();
        Ok(Effort {
            source: Arc::clone(source),
            want: want.clone(),
            since: Instant::now(),
            tries: 0,
            all_tries: 0,
            broke: false,
            away: None,
            paid: 0,
            begun: false,
            troubles: Troubles::default(),
            ticket,
            _permit: permit,
        })
    }

    /// Whether the body may be continued by parts: nothing else is large enough.
    pub(crate) fn is_zip(&self) -> bool {
        matches!(self.want.what, Request::Zip(_))
    }

    /// Whether no other source can take over.
    pub(crate) fn is_alone(&self) -> bool {
        self.want.alone
    }

    /// One try: the rest, where something is there and an answer can be proven to continue it, else the whole.
    pub(crate) async fn get(&mut self, have: Option<&Have>) -> Result<Got, Miss> {
        if let Some((have, part)) = have.and_then(|have| Some((have, have.part()?))) {
            match self.attempt(Some(&part)).await? {
                Answer::Body(meta, flow) => return Ok(self.got(Got::Whole(meta, flow))),
                Answer::NotModified => return Ok(self.got(Got::NotModified)),
                Answer::NoPart => {}
                Answer::Part(range, meta, mut flow) => {
                    let continues = match have.proof(range, &meta) {
                        Proof::Other => false,
                        Proof::Repeats(0) => true,
                        Proof::Repeats(_) => flow.repeats(have.tail()).await?,
                    };
                    if continues {
                        self.source.meters.resumed(have.at());
                        return Ok(self.got(Got::Rest(meta, flow)));
                    }
                }
            }
            // That nothing can be continued is no failure.
            self.tries -= 1;
        }
        Ok(match self.attempt(None).await? {
            Answer::Body(meta, flow) => self.got(Got::Whole(meta, flow)),
            Answer::NotModified => self.got(Got::NotModified),
            Answer::Part(..) | Answer::NoPart => {
                let why = "a part where the whole was asked for";
                return Err(self.fault(FaultKind::Protocol, why).into());
            }
        })
    }

    fn got(&mut self, got: Got) -> Got {
        match &got {
            Got::NotModified => self.succeeded(),
            Got::Whole(..) | Got::Rest(..) => self.ticket.begun(),
        }
        self.begun = true;
        got
    }

    /// One attempt, and a second one in another spelling where something in between may dislike the usual one.
    async fn attempt(&mut self, part: Option<&Part>) -> Result<Answer, Miss> {
        self.tries += 1;
        let kept = self.source.speller.kept();
        let spelled = self.attempt_spelled(part, kept).await;
        if !self.want.what.path().contains('@') {
            return spelled;
        }
        let Some(other) = self.source.speller.other(&spelled) else { return spelled };
        let again = self.attempt_spelled(part, other).await;
        // A 404 to an unusual spelling may mean the spelling.
        if again.is_err() {
            return spelled;
        }
        self.source.speller.keep(other);
        self.troubles.add();
        tracing::info!(source = %self.source.endpoint.name(), "understands paths only with another spelling of @");
        again
    }

    async fn attempt_spelled(&mut self, part: Option<&Part>, spelling: Spelling) -> Result<Answer, Miss> {
        self.all_tries += 1;
        let source = &self.source;
        let limit = source.endpoint.limits().first_byte;
        let ask = Ask {
            want: &self.want,
            part,
            spelling,
            since: self.since,
            first_byte: source.latency.patience(limit, self.want.alone, self.begun),
            begin_by: self.want.begin_by.filter(|_| !self.begun),
        };
        let Tried { head, result } = source.endpoint.attempt(&ask).await;
        if head.is_some() {
            self.ticket.heard();
        }
        match (&result, head) {
            (Ok(_) | Err(Miss::Absent(_)), Some(after)) => source.latency.answered(after),
            (Ok(_) | Err(_), _) => source.latency.ailing(),
        }
        result
    }

    /// How often one body may be continued.
    pub(crate) fn most_resumes(&self) -> u32 {
        self.source.config.retry.resumes
    }

    /// The body went on before it broke.
    pub(crate) fn progressed(&mut self) {
        self.tries = 0;
        self.away = None;
    }

    /// Whether a source that is the only one went away within a large body, and may come back: it is awaited as
    /// long as a first byte is. That costs it nothing, and the client loses much.
    fn may_return(&mut self, fault: &Fault) -> bool {
        let gone = matches!(fault.kind(), FaultKind::Dns | FaultKind::Connect);
        if !gone || !self.begun || !self.want.alone || !self.is_zip() {
            return false;
        }
        let since = *self.away.get_or_insert_with(Instant::now);
        since.elapsed() < self.source.endpoint.limits().first_byte
    }

    /// Whether to try again after a failure; returns when it is time to.
    pub(crate) async fn another(&mut self, fault: &Fault) -> bool {
        let awaited = self.may_return(fault);
        let Effort { source, want, tries, begun, .. } = self;
        let retry = &source.config.retry;
        let most = retry.tries(fault.kind(), want.alone, *begun);
        if *tries >= most && !awaited {
            return false;
        }
        let Some(pause) = retry.pause(fault, *tries, *begun, &source.jitter) else { return false };
        if self.ends().is_some_and(|end| end <= Instant::now() + pause) {
            return false;
        }
        // What goes on after it was brought on asks for nothing twice.
        if self.tries > 0 {
            // All requests that share a connection break with it, and a source that lost it is not overloaded.
            let first = Again::of(fault.kind()) == Again::Broken && !std::mem::replace(&mut self.broke, true);
            if !first && !awaited {
                if !self.source.budget.take() {
                    return false;
                }
                self.paid += 1;
            }
            self.source.meters.retried();
        }
        tracing::debug!(?pause, "tried again: {fault}");
        sleep(pause).await;
        self.troubles.add();
        true
    }

    pub(crate) fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// When there is no use in another try.
    fn ends(&self) -> Option<Instant> {
        let small = (!self.is_zip()).then(|| self.since + self.source.endpoint.limits().small);
        let begin_by = self.want.begin_by.filter(|_| !self.begun);
        [small, begin_by, self.want.deadline].into_iter().flatten().min()
    }

    /// The whole body is here.
    pub(crate) fn succeeded(&mut self) {
        self.ticket.succeeded();
        self.source.budget.give_back(std::mem::take(&mut self.paid));
    }

    /// The source does not give it.
    pub(crate) fn absent(&mut self) {
        self.succeeded();
    }

    /// No further try: the last failure, and how much went before it.
    pub(crate) fn failed(&mut self, fault: Fault) -> Fault {
        self.ticket.failed(&fault);
        if self.all_tries > 1 { fault.after(self.all_tries, self.since.elapsed()) } else { fault }
    }

    fn fault(&self, kind: FaultKind, why: &str) -> Fault {
        Fault::new(self.source.endpoint.name().clone(), kind, why, self.since.elapsed())
    }
}
