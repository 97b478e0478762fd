//! What is counted and logged about requests.
//!
//! Every handle is resolved once: a hit pays for a few atomic additions. A request is logged once, when its answer
//! has left or was given up.

use std::array;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use gomod::Request;
use http::{HeaderValue, StatusCode};
use mirror::CacheStatus;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// What is asked, for metrics: a closed set, whatever clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    List,
    Latest,
    Query,
    Info,
    Mod,
    Zip,
    Sumdb,
    Page,
    Write,
    Bad,
}

impl Kind {
    const COUNT: usize = Kind::Bad as usize + 1;

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::List => "list",
            Kind::Latest => "latest",
            Kind::Query => "query",
            Kind::Info => "info",
            Kind::Mod => "mod",
            Kind::Zip => "zip",
            Kind::Sumdb => "sumdb",
            Kind::Page => "page",
            Kind::Write => "write",
            Kind::Bad => "bad",
        }
    }
}

impl From<&Request> for Kind {
    fn from(request: &Request) -> Self {
        match request {
            Request::List(..) => Kind::List,
            Request::Latest(..) => Kind::Latest,
            Request::Query(..) => Kind::Query,
            Request::Info(..) => Kind::Info,
            Request::Mod(..) => Kind::Mod,
            Request::Zip(..) => Kind::Zip,
            Request::Sumdb(..) => Kind::Sumdb,
        }
    }
}

/// The metrics of the server. `Default` works unregistered; clones share their values.
#[derive(Clone, Debug)]
pub struct Meters(Arc<Handles>);

#[derive(Debug)]
struct Handles {
    requests: Family<Labels, Counter>,
    resolved: [OnceLock<Counter>; Kind::COUNT * CACHE.len() * CLASSES],
    seconds: Histogram,
    sent: Counter,
    cut: Counter,
    stalled: Counter,
    connections: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: Word,
    cache: Word,
    code: Word,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Word(&'static str);

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.encode(encoder)
    }
}

impl Default for Meters {
    fn default() -> Self {
        Self(Arc::new(Handles {
            requests: Family::default(),
            resolved: array::from_fn(|_| OnceLock::new()),
            seconds: Histogram::new(SECONDS),
            sent: Counter::default(),
            cut: Counter::default(),
            stalled: Counter::default(),
            connections: Gauge::default(),
        }))
    }
}

impl Meters {
    /// Makes the metrics visible in a registry, under `larder_http_…`.
    pub fn register(&self, registry: &mut Registry) {
        let http = registry.sub_registry_with_prefix("larder_http");
        let handles = &self.0;
        http.register(
            "requests",
            "Requests by kind, cache status and class of status",
            handles.requests.clone(),
        );
        http.register_with_unit(
            "time_to_head",
            "From a request's complete head to the head of its answer",
            Unit::Seconds,
            handles.seconds.clone(),
        );
        http.register_with_unit(
            "sent",
            "Bytes of bodies handed to connections",
            Unit::Bytes,
            handles.sent.clone(),
        );
        http.register("responses_cut", "Responses aborted before their end", handles.cut.clone());
        http.register(
            "stalled_clients",
            "Clients dropped because they took nothing",
            handles.stalled.clone(),
        );
        http.register("connections", "Open connections", handles.connections.clone());
    }

    /// Requests answered so far with this cache status.
    pub fn answered(&self, cache: CacheStatus) -> u64 {
        let column = column(Some(cache));
        let of_column = |(i, counter): (usize, &OnceLock<Counter>)| {
            counter.get().filter(|_| i / CLASSES % CACHE.len() == column).map(Counter::get)
        };
        self.0.resolved.iter().enumerate().filter_map(of_column).sum()
    }

    pub(crate) fn head(&self, kind: Kind, cache: Option<CacheStatus>, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(2, CLASSES + 1) - 2;
        let column = column(cache);
        let place = (kind as usize * CACHE.len() + column) * CLASSES + class;
        if let Some(counter) = self.0.resolved.get(place) {
            let labels =
                || Labels { kind: Word(kind.as_str()), cache: Word(CACHE[column]), code: Word(CODES[class]) };
            counter.get_or_init(|| self.0.requests.get_or_create_owned(&labels())).inc();
        }
        self.0.seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.0.sent.inc_by(bytes);
    }

    pub(crate) fn cut(&self) {
        self.0.cut.inc();
    }

    pub(crate) fn stalled(&self) {
        self.0.stalled.inc();
    }

    /// Counts a connection until the guard is dropped.
    pub(crate) fn connection(&self) -> Connection {
        self.0.connections.inc();
        Connection(self.0.connections.clone())
    }
}

/// One open connection in the gauge.
#[derive(Debug)]
pub(crate) struct Connection(Gauge);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Numbers requests, from a start that differs between processes, so that ids of two servers do not mix in one log.
#[derive(Debug)]
pub(crate) struct Ids(AtomicU64);

impl Ids {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(RandomState::new().hash_one(0)))
    }

    pub(crate) fn next(&self) -> RequestId {
        RequestId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// A request's id: 16 hexadecimal digits in `X-Request-Id` and in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(u64);

impl RequestId {
    pub(crate) fn header(self) -> HeaderValue {
        let digits: [u8; 16] = array::from_fn(|i| {
            let digit = (self.0 >> (60 - 4 * i)) & 0xf;
            HEX[usize::try_from(digit).unwrap_or_default()]
        });
        HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("0"))
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// One line of the access log, written when it is dropped: then the answer has left or never will.
#[derive(Debug)]
pub(crate) struct LogLine {
    pub(crate) id: RequestId,
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) cache: Option<&'static str>,
    pub(crate) source: Option<Arc<str>>,
    pub(crate) began: Instant,
    pub(crate) bytes: u64,
    /// What broke the body, or why there was no answer, in words for operators only.
    pub(crate) error: Option<String>,
    /// The body was handed over to its end.
    pub(crate) complete: bool,
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "larder::access",
            request = %self.id,
            path = ?self.path,
            status = self.status.as_u16(),
            cache = self.cache,
            source = self.source.as_deref(),
            bytes = self.bytes,
            complete = self.complete,
            error = self.error,
            duration_ms,
            "request"
        );
    }
}

fn column(cache: Option<CacheStatus>) -> usize {
    cache.map_or(0, |cache| CACHE.iter().position(|word| *word == cache.as_str()).unwrap_or(0))
}

const HEX: &[u8; 16] = b"0123456789abcdef";
const CACHE: [&str; 5] = ["none", "HIT", "MISS", "STALE", "REVALIDATED"];
const CLASSES: usize = 4;
const CODES: [&str; CLASSES] = ["2xx", "3xx", "4xx", "5xx"];
/// From a hit in memory to a large zip of a slow source.
const SECONDS: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
