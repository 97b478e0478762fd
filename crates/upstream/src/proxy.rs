//! One GOPROXY, or one checksum database, over HTTP, asked stubbornly.

use std::{sync::Arc, time::Duration};

use futures_util::stream::{self, BoxStream, StreamExt};
use gomod::Request;
use tokio::time::Instant;

use crate::{
    Door, Fault, FaultKind, Fetched, Incoming, Miss, Piece, SafeUrl, SourceConfig, SourceError, SourceName,
    Want,
    endpoint::{Answer, Endpoint, Layout, Tried},
    flow::Flow,
    health::{Health, Scope, Ticket},
    latency::Latency,
};

/// One GOPROXY, or one checksum database, over HTTP, asked stubbornly: see [`Proxy::fetch`].
#[derive(Debug)]
pub struct Proxy {
    source: Arc<Source>,
}

#[derive(Debug)]
struct Source {
    endpoint: Endpoint,
    health: Health,
    latency: Latency,
}

impl Proxy {
    /// A GOPROXY. Reads the files that its settings name; connects to nothing yet.
    pub fn open(door: &Door, config: &SourceConfig) -> Result<Self, SourceError> {
        Proxy::with_layout(door, config, Layout::Goproxy)
    }

    /// A checksum database at its own URL, `https://NAME` unless GOSUMDB names another. It has no modules.
    pub fn database(door: &Door, config: &SourceConfig) -> Result<Self, SourceError> {
        Proxy::with_layout(door, config, Layout::Database)
    }

    fn with_layout(door: &Door, config: &SourceConfig, layout: Layout) -> Result<Self, SourceError> {
        let endpoint = Endpoint::open(door, config, layout)?;
        let name = endpoint.name().clone();
        let meters = door.meters().of(&name);
        let health = Health::new(name, door.stubborn().breaker, meters);
        Ok(Proxy { source: Arc::new(Source { endpoint, health, latency: Latency::default() }) })
    }

    /// Its name for logs, headers and metrics.
    pub fn name(&self) -> &SourceName {
        self.source.endpoint.name()
    }

    /// Its base URL.
    pub fn url(&self) -> &SafeUrl {
        self.source.endpoint.url()
    }

    /// Whether a request that another source can answer would be refused now, because this one failed too often.
    pub fn tripped(&self, what: &Request) -> bool {
        self.source.health.refuses(Scope::of(what))
    }

    /// After which time without an answer another source should be asked as well: 25 ms to 2 s.
    pub fn hedge_after(&self) -> Duration {
        self.source.latency.hedge_after()
    }

    /// How long it takes until an answer begins, as a moving average; nothing before the first one.
    pub fn latency(&self) -> Option<Duration> {
        self.source.latency.average()
    }

    /// A request was given up while this source was silent, because another one had answered: that counts as a failure.
    pub fn lost(&self, what: &Request) {
        self.source.latency.ailing();
        self.source.health.lost(Scope::of(what));
    }

    /// What this source sent whole turned out not to be what was asked for: that counts as a failure, too.
    pub fn lied(&self, what: &Request) {
        self.source.latency.ailing();
        self.source.health.lied(Scope::of(what));
    }

    /// Asks for one thing. It returns when the first bytes of the body are here and can be what was asked; the rest
    /// comes through [`Incoming::bytes`].
    ///
    /// Exactly 200 is a success; 304 only where a validator was sent. 404 and 410 are absences, everything else
    /// failures (PROTOCOL 1.4).
    pub async fn fetch(&self, want: &Want) -> Result<Fetched, Miss> {
        let started = Instant::now();
        let Some(mut ticket) = self.source.health.admit(Scope::of(&want.what), want.alone).await else {
            let why = "not asked: it failed too often";
            return Err(self.fault(FaultKind::Tripped, why, started).into());
        };
        let Tried { head, result } =
            self.source.endpoint.attempt(want, self.source.first_byte(want.alone)).await;
        if head.is_some() {
            ticket.heard();
        }
        match result {
            Ok(answer) => {
                self.source.latency.answered(head.unwrap_or_default());
                Ok(match answer {
                    Answer::NotModified => {
                        ticket.succeeded();
                        Fetched::NotModified
                    }
                    Answer::Body(meta, flow) => {
                        ticket.begun();
                        Fetched::Body(Incoming { meta, bytes: body(*flow, ticket) })
                    }
                })
            }
            Err(Miss::Absent(absence)) => {
                self.source.latency.answered(head.unwrap_or_default());
                ticket.succeeded();
                Err(Miss::Absent(absence))
            }
            Err(Miss::Failed(fault)) => {
                self.source.latency.ailing();
                ticket.failed(&fault);
                Err(Miss::Failed(fault))
            }
        }
    }

    fn fault(&self, kind: FaultKind, why: &str, started: Instant) -> Fault {
        Fault::new(self.name().clone(), kind, why, started.elapsed())
    }
}

impl Source {
    /// How long the head of an answer may take: where another source can answer, not much longer than it usually does.
    fn first_byte(&self, alone: bool) -> Duration {
        let limit = self.endpoint.first_byte();
        match self.latency.p95() {
            Some(p95) if !alone => limit.min(SHORTEST.max(p95 * 8)),
            _ => limit,
        }
    }
}

/// Below this, no measured latency shortens the wait for an answer.
const SHORTEST: Duration = Duration::from_secs(2);

/// The body as a stream; how it ends is counted.
fn body(flow: Flow, ticket: Ticket) -> BoxStream<'static, Result<Piece, Fault>> {
    stream::try_unfold((flow, ticket), |(mut flow, mut ticket)| async move {
        match flow.next().await {
            Ok(Some(piece)) => Ok(Some((Piece::Bytes(piece), (flow, ticket)))),
            Ok(None) => {
                ticket.succeeded();
                Ok(None)
            }
            Err(fault) => {
                ticket.failed(&fault);
                Err(fault)
            }
        }
    })
    .boxed()
}
