//! What is counted about sources.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use crate::{SourceName, breaker::State, dns_meters::DnsMeters, health::Scope};

/// The metric families of all sources. Clones share their values; the default works without a registry.
#[derive(Clone, Debug)]
pub struct Meters {
    requests: Family<Outcome, Counter>,
    bytes: Family<Source, Counter>,
    first_byte: Family<Source, Histogram>,
    dns: DnsMeters,
    breaker: Family<Breaker, Gauge>,
    trips: Family<Source, Counter>,
    retries: Family<Source, Counter>,
    resumes: Family<Source, Counter>,
    saved: Family<Source, Counter>,
    waits: Family<Source, Counter>,
    totals: Arc<Totals>,
}

/// Sums over all sources.
#[derive(Debug, Default)]
struct Totals {
    retries: AtomicU64,
    resumes: AtomicU64,
}

/// What a breaker is for, as label `what`: `source` (connections, silence), `modules`, `zips` or `sumdb`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Breaker {
    source: String,
    what: &'static str,
}

/// How an attempt ended, as label `outcome`: `ok`, `not-modified`, `absent`, `abandoned` (nobody waited for the
/// rest of the body), or the name of a [`FaultKind`](crate::FaultKind).
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    source: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: String,
}

impl Default for Meters {
    fn default() -> Self {
        Meters {
            requests: Family::default(),
            bytes: Family::default(),
            first_byte: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.005, 2.0, 12))),
            dns: DnsMeters::default(),
            breaker: Family::default(),
            trips: Family::default(),
            retries: Family::default(),
            resumes: Family::default(),
            saved: Family::default(),
            waits: Family::default(),
            totals: Arc::default(),
        }
    }
}

impl Meters {
    /// Puts the families into a registry.
    pub fn register(&self, registry: &mut Registry) {
        self.dns.register(registry);
        registry.register("upstream_requests", "Attempts at sources by outcome", self.requests.clone());
        registry.register_with_unit(
            "upstream_received",
            "Bytes of bodies received from sources, before decompression",
            Unit::Bytes,
            self.bytes.clone(),
        );
        registry.register_with_unit(
            "upstream_first_byte",
            "Time from the start of an attempt to the head of the answer",
            Unit::Seconds,
            self.first_byte.clone(),
        );
        registry.register(
            "upstream_breaker",
            "Whether a source is asked: 0 healthy, 1 a probe is under way, 2 left alone",
            self.breaker.clone(),
        );
        registry.register(
            "upstream_trips",
            "Times a source was left alone after failures",
            self.trips.clone(),
        );
        registry.register("upstream_retries", "Further tries of a request at a source", self.retries.clone());
        registry.register(
            "upstream_resumes",
            "Bodies that broke off and were continued",
            self.resumes.clone(),
        );
        registry.register_with_unit(
            "upstream_resume_saved",
            "Bytes that did not have to come again, because a body was continued",
            Unit::Bytes,
            self.saved.clone(),
        );
        registry.register(
            "upstream_waits",
            "Requests that had to wait because too many others were under way at a source",
            self.waits.clone(),
        );
    }

    /// How many lookups failed or were late without harm, because the last good addresses were known.
    pub fn dns_bridged(&self) -> u64 {
        self.dns.bridged()
    }

    /// How many lookups moved a host without TLS from public addresses to private ones, which were held back.
    pub fn dns_held_back(&self) -> u64 {
        self.dns.held_back()
    }

    /// What is counted about names.
    pub(crate) fn dns(&self) -> &DnsMeters {
        &self.dns
    }

    /// How many attempts at `source` ended with `outcome`.
    pub fn requests(&self, source: &SourceName, outcome: &'static str) -> u64 {
        self.requests.get(&Outcome { source: source.to_string(), outcome }).map_or(0, |counter| counter.get())
    }

    /// Counts an attempt at `source` that ended with `outcome`, for sources that are asked in another way than through
    /// this crate.
    pub fn count(&self, source: &SourceName, outcome: &'static str) {
        self.requests.get_or_create(&Outcome { source: source.to_string(), outcome }).inc();
    }

    /// How many attempts were further tries of the same request, at all sources together.
    pub fn all_retries(&self) -> u64 {
        self.totals.retries.load(Ordering::Relaxed)
    }

    /// How many bodies broke and were continued, at all sources together.
    pub fn all_resumes(&self) -> u64 {
        self.totals.resumes.load(Ordering::Relaxed)
    }

    /// How many attempts at `source` were further tries of the same request.
    pub fn retries(&self, source: &SourceName) -> u64 {
        self.retries.get(&Source { source: source.to_string() }).map_or(0, |counter| counter.get())
    }

    /// How many bodies of `source` broke and were continued.
    pub fn resumes(&self, source: &SourceName) -> u64 {
        self.resumes.get(&Source { source: source.to_string() }).map_or(0, |counter| counter.get())
    }

    /// The handles of one source, looked up once.
    pub(crate) fn of(&self, source: &SourceName) -> SourceMeters {
        let label = Source { source: source.to_string() };
        SourceMeters {
            source: label.source.clone(),
            requests: self.requests.clone(),
            ok: self.requests.get_or_create_owned(&Outcome { source: label.source.clone(), outcome: "ok" }),
            bytes: self.bytes.get_or_create_owned(&label),
            first_byte: self.first_byte.get_or_create_owned(&label),
            breaker: self.breaker.clone(),
            trips: self.trips.get_or_create_owned(&label),
            retries: self.retries.get_or_create_owned(&label),
            resumes: self.resumes.get_or_create_owned(&label),
            saved: self.saved.get_or_create_owned(&label),
            waits: self.waits.get_or_create_owned(&label),
            totals: Arc::clone(&self.totals),
        }
    }
}

/// The handles of one source.
#[derive(Clone, Debug)]
pub(crate) struct SourceMeters {
    source: String,
    requests: Family<Outcome, Counter>,
    ok: Counter,
    bytes: Counter,
    first_byte: Histogram,
    breaker: Family<Breaker, Gauge>,
    trips: Counter,
    retries: Counter,
    resumes: Counter,
    saved: Counter,
    waits: Counter,
    totals: Arc<Totals>,
}

impl SourceMeters {
    pub(crate) fn ended(&self, outcome: &'static str) {
        if outcome == "ok" {
            self.ok.inc();
        } else {
            self.requests.get_or_create(&Outcome { source: self.source.clone(), outcome }).inc();
        }
    }

    pub(crate) fn first_byte(&self, after: Duration) {
        self.first_byte.observe(after.as_secs_f64());
    }

    /// A breaker is in a new state.
    pub(crate) fn breaker(&self, scope: Scope, state: State) {
        let label = Breaker { source: self.source.clone(), what: scope.as_str() };
        self.breaker.get_or_create(&label).set(match state {
            State::Healthy => 0,
            State::Probing(_) => 1,
            State::Tripped(_) => 2,
        });
    }

    /// A source is left alone from now on.
    pub(crate) fn tripped(&self) {
        self.trips.inc();
    }

    /// The same source is tried once more.
    pub(crate) fn retried(&self) {
        self.retries.inc();
        self.totals.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// A body was continued after `bytes`.
    pub(crate) fn resumed(&self, bytes: u64) {
        self.resumes.inc();
        self.totals.resumes.fetch_add(1, Ordering::Relaxed);
        self.saved.inc_by(bytes);
    }

    /// A request has to wait for its turn.
    pub(crate) fn waits(&self) {
        self.waits.inc();
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes.inc_by(bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;
    use crate::SafeUrl;

    #[test]
    fn a_registry_shows_what_the_handles_of_a_source_count() {
        let meters = Meters::default();
        let mut registry = Registry::default();
        meters.register(&mut registry);
        let source = SafeUrl::parse("https://u:p@proxy.example.com/go?t=x").unwrap().source_name();
        let handles = meters.of(&source);
        handles.first_byte(Duration::from_millis(30));
        handles.received(1000);
        handles.ended("ok");
        handles.ended("reset");
        handles.ended("reset");
        handles.retried();
        handles.resumed(500);
        handles.tripped();
        handles.waits();
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            r#"upstream_requests_total{source="proxy.example.com/go",outcome="ok"} 1"#,
            r#"upstream_requests_total{source="proxy.example.com/go",outcome="reset"} 2"#,
            r#"upstream_received_bytes_total{source="proxy.example.com/go"} 1000"#,
            r#"upstream_first_byte_seconds_count{source="proxy.example.com/go"} 1"#,
            r#"upstream_retries_total{source="proxy.example.com/go"} 1"#,
            r#"upstream_resumes_total{source="proxy.example.com/go"} 1"#,
            r#"upstream_resume_saved_bytes_total{source="proxy.example.com/go"} 500"#,
            r#"upstream_trips_total{source="proxy.example.com/go"} 1"#,
            r#"upstream_waits_total{source="proxy.example.com/go"} 1"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
        }
        assert_eq!(meters.requests(&source, "reset"), 2);
        assert_eq!(meters.requests(&source, "stall"), 0);
        assert_eq!((meters.all_retries(), meters.all_resumes()), (1, 1));
    }
}
