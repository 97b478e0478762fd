//! What is counted about sources.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use crate::SourceName;

/// The metric families of all sources. Clones share their values; the default works without a registry.
#[derive(Clone, Debug)]
pub struct Meters {
    requests: Family<Outcome, Counter>,
    bytes: Family<Source, Counter>,
    first_byte: Family<Source, Histogram>,
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
        }
    }
}

impl Meters {
    /// Puts the families into a registry.
    pub fn register(&self, registry: &mut Registry) {
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
    }

    /// How many attempts at `source` ended with `outcome`.
    pub fn requests(&self, source: &SourceName, outcome: &'static str) -> u64 {
        self.requests.get_or_create(&Outcome { source: source.to_string(), outcome }).get()
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

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes.inc_by(bytes as u64);
    }
}
