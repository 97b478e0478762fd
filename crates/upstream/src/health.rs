//! How one source is doing, as a whole and for each kind of request.

use std::{
    fmt,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use gomod::Request;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::{
    Fault, FaultKind, SourceName,
    breaker::{Admission, Need, Probe, State, Switch},
    meters::SourceMeters,
    stubborn::Breaker,
};

/// The breakers of one source: one for its connections, one for each kind of request, so that a source that fails
/// at zips is still asked for lists.
#[derive(Debug)]
pub(crate) struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: SourceName,
    config: Breaker,
    meters: SourceMeters,
    switches: Mutex<Switches>,
    /// A breaker tripped, or a probe ended.
    probed: Notify,
}

#[derive(Debug)]
struct Switches {
    all: [Switch; SCOPES.len()],
    /// When an answer began last.
    heard: Option<Instant>,
}

/// What a breaker is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Its connections, and whether it answers at all.
    Source,
    /// Lists, versions, go.mod files.
    Modules,
    Zips,
    Sumdb,
}

const SCOPES: [Scope; 4] = [Scope::Source, Scope::Modules, Scope::Zips, Scope::Sumdb];

/// The right to ask a source once. It is told how that went; dropped before that, it counts as nothing.
#[derive(Debug)]
pub(crate) struct Ticket {
    health: Arc<Inner>,
    kind: Scope,
    issued: Instant,
    /// If it is a probe of the source.
    probes_source: Option<Probe>,
    /// If it is a probe of its kind.
    probes_kind: Option<Probe>,
}

/// What a failure says about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blame {
    /// The way to the source.
    Source,
    /// The source, unless it answered somebody else meanwhile; then only this kind of request.
    Silence,
    /// This kind of request.
    Kind,
    /// Nothing bad: it answered, if only to refuse.
    Alive,
    /// Nothing at all.
    Nobody,
}

impl Scope {
    pub(crate) fn of(what: &Request) -> Self {
        match what {
            Request::List(_)
            | Request::Latest(_)
            | Request::Query(..)
            | Request::Info(_)
            | Request::Mod(_) => Scope::Modules,
            Request::Zip(_) => Scope::Zips,
            Request::Sumdb(..) => Scope::Sumdb,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Scope::Source => "source",
            Scope::Modules => "modules",
            Scope::Zips => "zips",
            Scope::Sumdb => "sumdb",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::Source => "everything",
            other => other.as_str(),
        })
    }
}

impl Blame {
    fn of(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Dns | FaultKind::Connect | FaultKind::Tls => Blame::Source,
            FaultKind::Timeout => Blame::Silence,
            FaultKind::Status(..400 | 408 | 425 | 429 | 500..)
            | FaultKind::Stall
            | FaultKind::Reset
            | FaultKind::Truncated
            | FaultKind::Protocol
            | FaultKind::TooLarge
            | FaultKind::Redirect
            | FaultKind::Encoding
            | FaultKind::Lie
            | FaultKind::Disk
            | FaultKind::Repository
            | FaultKind::Lacking => Blame::Kind,
            FaultKind::Status(_) | FaultKind::Denied(_) => Blame::Alive,
            FaultKind::Unaskable | FaultKind::Guarded | FaultKind::Tripped | FaultKind::Busy => Blame::Nobody,
        }
    }
}

impl Health {
    pub(crate) fn new(source: SourceName, config: Breaker, meters: SourceMeters) -> Self {
        for scope in SCOPES {
            meters.breaker(scope, State::Healthy);
        }
        let switches = Switches { all: SCOPES.map(|_| Switch::new(config)), heard: None };
        let inner = Inner { source, config, meters, switches: Mutex::new(switches), probed: Notify::new() };
        Health(Arc::new(inner))
    }

    /// Whether somebody who has another choice would be refused now.
    pub(crate) fn refuses(&self, kind: Scope) -> bool {
        self.0.switches().would(kind, Need::Optional, Instant::now()) == Admission::Refused
    }

    /// Waits until somebody who has another choice would be refused.
    pub(crate) async fn refusing(&self, kind: Scope) {
        loop {
            let mut probed = pin!(self.0.probed.notified());
            // From here on no change is missed.
            probed.as_mut().enable();
            if self.refuses(kind) {
                return;
            }
            probed.await;
        }
    }

    /// Why it is left alone with this kind of request, as far as it is.
    pub(crate) fn why(&self, kind: Scope) -> Option<String> {
        let mut switches = self.0.switches();
        [Scope::Source, kind].into_iter().find_map(|scope| {
            let switch = switches.of(scope);
            let why = switch.trouble().filter(|_| switch.state() != State::Healthy);
            why.map(str::to_owned)
        })
    }

    /// What is wrong at the moment, one sentence for each kind of request.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let mut switches = self.0.switches();
        let trouble = |scope| {
            let switch = switches.of(scope);
            let left_alone = switch.state() != State::Healthy;
            let how = if left_alone { "is left alone for a while" } else { "failed when it was asked last" };
            let why = switch.trouble()?;
            Some(format!("the source {} {how} ({scope}): {why}", self.0.source))
        };
        SCOPES.into_iter().filter_map(trouble).collect()
    }

    /// Asks to be let through; `alone` says that there is no other choice. Nothing: the source is left alone.
    pub(crate) async fn admit(&self, kind: Scope, alone: bool) -> Option<Ticket> {
        let until = Instant::now() + self.0.config.probe_wait;
        let mut need = if alone { Need::Alone } else { Need::Optional };
        loop {
            let mut probed = pin!(self.0.probed.notified());
            // From here on no end of a probe is missed.
            probed.as_mut().enable();
            match self.enter(kind, need) {
                Ok(ticket) => return Some(ticket),
                Err(Admission::Wait) if timeout_at(until, probed).await.is_err() => {
                    return self.enter(kind, Need::Overdue).ok();
                }
                Err(Admission::Wait) => {}
                Err(_) => return None,
            }
            // If that probe failed, nobody needs to find out again what is known by now.
            need = Need::Waited;
        }
    }

    fn enter(&self, kind: Scope, need: Need) -> Result<Ticket, Admission> {
        let now = Instant::now();
        let mut switches = self.0.switches();
        let told = switches.would(kind, need, now);
        if matches!(told, Admission::Wait | Admission::Refused) {
            return Err(told);
        }
        let [probes_source, probes_kind] = [Scope::Source, kind].map(|scope| {
            let probe = switches.of(scope).would(need, now) == Admission::Probe;
            probe.then(|| {
                self.0.meters.breaker(scope, State::Probing(now));
                switches.of(scope).probing(now)
            })
        });
        drop(switches);
        Ok(Ticket { health: Arc::clone(&self.0), kind, issued: now, probes_source, probes_kind })
    }

    /// How long it will still be left alone by those who have another choice.
    pub(crate) fn left_alone(&self, kind: Scope) -> Option<Duration> {
        let now = Instant::now();
        let mut switches = self.0.switches();
        let left = [Scope::Source, kind].map(|scope| match switches.of(scope).state() {
            State::Healthy => None,
            State::Tripped(until) => Some(until.saturating_duration_since(now)),
            State::Probing(_) => Some(self.0.config.probe_wait),
        });
        left.into_iter().flatten().max()
    }

    /// A request was given up in silence, because another source had answered. If it was the probe, that has failed.
    pub(crate) fn lost(&self, kind: Scope) {
        let now = Instant::now();
        let mut switches = self.0.switches();
        let heard = switches.heard.is_some_and(|heard| now.duration_since(heard) < LATELY);
        let blamed = if heard { kind } else { Scope::Source };
        let failed = [Scope::Source, kind].map(|scope| {
            let probe = switches.of(scope).running();
            (scope == blamed || probe.is_some()).then_some((scope, probe))
        });
        drop(switches);
        for (scope, probe) in failed.into_iter().flatten() {
            self.0.fail(scope, probe, &"no answer where another source had one");
        }
    }

    /// What had come to a good end turned out to be a lie.
    pub(crate) fn lied(&self, kind: Scope) {
        let why = "what it sent is not what was asked for";
        let mut switches = self.0.switches();
        let switch = switches.of(kind);
        switch.blame(why.to_owned());
        let was = switch.state();
        let tripped = switch.retracted(Instant::now());
        drop(switches);
        self.0.report(kind, was, tripped, &why);
    }
}

impl Ticket {
    /// The head of an answer is here, whatever it says.
    pub(crate) fn heard(&mut self) {
        let now = Instant::now();
        let mut switches = self.health.switches();
        switches.heard = Some(now);
        let source = switches.of(Scope::Source);
        let was = source.state();
        source.succeeded(self.probes_source, now);
        let is = source.state();
        drop(switches);
        self.probes_source = None;
        self.health.healed(Scope::Source, was, is);
    }

    /// A good answer begins.
    pub(crate) fn begun(&mut self) {
        let mut switches = self.health.switches();
        let kind = switches.of(self.kind);
        let was = kind.state();
        kind.begun(self.probes_kind);
        let is = kind.state();
        drop(switches);
        self.probes_kind = None;
        self.health.healed(self.kind, was, is);
    }

    /// The request came to a good end.
    pub(crate) fn succeeded(&mut self) {
        let mut switches = self.health.switches();
        let kind = switches.of(self.kind);
        let was = kind.state();
        kind.succeeded(self.probes_kind, Instant::now());
        let is = kind.state();
        drop(switches);
        self.probes_kind = None;
        self.health.healed(self.kind, was, is);
    }

    /// The request failed for good.
    pub(crate) fn failed(&mut self, fault: &Fault) {
        let heard_since = self.health.switches().heard.is_some_and(|heard| heard > self.issued);
        match Blame::of(fault.kind()) {
            Blame::Nobody => {}
            Blame::Alive => self.succeeded(),
            Blame::Silence if heard_since => self.fail_kind(fault),
            Blame::Source | Blame::Silence => {
                let probe = std::mem::take(&mut self.probes_source);
                self.health.fail(Scope::Source, probe, &in_short(fault));
            }
            Blame::Kind => self.fail_kind(fault),
        }
    }

    fn fail_kind(&mut self, fault: &Fault) {
        let probe = std::mem::take(&mut self.probes_kind);
        self.health.fail(self.kind, probe, &in_short(fault));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let now = Instant::now();
        for (scope, probe) in [(Scope::Source, self.probes_source), (self.kind, self.probes_kind)] {
            if let Some(probe) = probe {
                let mut switches = self.health.switches();
                switches.of(scope).unprobed(probe, now);
                self.health.meters.breaker(scope, switches.of(scope).state());
            }
        }
        self.health.probed.notify_waiters();
    }
}

impl Inner {
    fn switches(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, scope: Scope, probe: Option<Probe>, why: &dyn fmt::Display) {
        let mut switches = self.switches();
        let switch = switches.of(scope);
        switch.blame(why.to_string());
        let was = switch.state();
        let tripped = switch.failed(probe, Instant::now());
        drop(switches);
        self.report(scope, was, tripped, why);
    }

    fn report(&self, scope: Scope, was: State, tripped: bool, why: &dyn fmt::Display) {
        if !tripped {
            return;
        }
        self.meters.breaker(scope, State::Tripped(Instant::now()));
        self.probed.notify_waiters();
        // A probe that failed changes nothing that anybody has not read already.
        if was == State::Healthy {
            self.meters.tripped();
            tracing::warn!(source = %self.source, what = %scope, "left alone for a while, it fails: {why}");
        } else {
            tracing::debug!(source = %self.source, what = %scope, "still left alone, it fails: {why}");
        }
    }

    fn healed(&self, scope: Scope, was: State, is: State) {
        if was != is {
            self.meters.breaker(scope, is);
            self.probed.notify_waiters();
            tracing::info!(source = %self.source, what = %scope, "answers again");
        }
    }
}

impl Switches {
    fn of(&mut self, scope: Scope) -> &mut Switch {
        let [source, modules, zips, sumdb] = &mut self.all;
        match scope {
            Scope::Source => source,
            Scope::Modules => modules,
            Scope::Zips => zips,
            Scope::Sumdb => sumdb,
        }
    }

    /// The stricter word of the two breakers that a request has to pass.
    fn would(&mut self, kind: Scope, need: Need, now: Instant) -> Admission {
        let told = [Scope::Source, kind].map(|scope| self.of(scope).would(need, now));
        let strict = [Admission::Refused, Admission::Wait, Admission::Probe];
        strict.into_iter().find(|one| told.contains(one)).unwrap_or(Admission::Free)
    }
}

/// A failure without the name of the source.
fn in_short(fault: &Fault) -> String {
    format!("{}: {}", fault.kind().as_str(), fault.detail())
}

/// How long ago an answer may have begun for its source to count as alive.
const LATELY: std::time::Duration = std::time::Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Meters, SafeUrl};

    fn health() -> Health {
        let source = SafeUrl::parse("https://proxy.example.com").unwrap().source_name();
        let meters = Meters::default().of(&source);
        Health::new(source, Breaker::default(), meters)
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_for_a_faster_source_has_failed() {
        let health = health();
        for _ in 0..5 {
            assert!(!health.refuses(Scope::Modules));
            health.lost(Scope::Modules);
        }
        // It was never heard of, so it is left alone with everything.
        assert!(health.refuses(Scope::Modules) && health.refuses(Scope::Zips));
        assert_eq!(health.left_alone(Scope::Zips), Some(Duration::from_secs(30)));
        tokio::time::advance(Duration::from_secs(31)).await;
        let probe = health.admit(Scope::Modules, false).await.unwrap();
        health.lost(Scope::Modules);
        drop(probe);
        assert!(health.refuses(Scope::Modules));
        assert_eq!(health.left_alone(Scope::Modules), Some(Duration::from_mins(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_hangs_hides_for_a_second_that_the_source_is_well() {
        let health = health();
        for _ in 0..5 {
            health.lost(Scope::Modules);
        }
        let hangs = health.admit(Scope::Modules, true).await.unwrap();
        let came = Instant::now();
        let [one, other] = [(); 2].map(|()| health.admit(Scope::Modules, true));
        let (one, other) = tokio::join!(one, other);
        assert_eq!(came.elapsed(), Duration::from_secs(1));
        assert!(one.is_some() != other.is_some(), "one more");
        one.or(other).unwrap().heard();
        assert!(!health.refuses(Scope::Modules));
        drop(hangs);
        assert!(!health.refuses(Scope::Modules));
    }
}
