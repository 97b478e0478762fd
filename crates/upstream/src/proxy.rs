//! One GOPROXY, or one checksum database, over HTTP, asked stubbornly.

use std::{sync::Arc, time::Duration};

use gomod::Request;

use crate::{
    Door, Fetched, Guard, Incoming, Meters, Miss, SafeUrl, SourceConfig, SourceError, SourceName, Want,
    download::Download,
    effort::{Effort, Got, Source},
    endpoint::{Endpoint, Layout},
    gate::Gate,
    health::{Health, Scope},
    jitter::Jitter,
    latency::Latency,
    meters::SourceMeters,
    resume::Have,
    retry::Budget,
    spelling::Speller,
};

/// One GOPROXY, or one checksum database, over HTTP, asked stubbornly: see [`Proxy::fetch`].
#[derive(Debug)]
pub struct Proxy {
    source: Arc<Source>,
}

impl Proxy {
    /// A GOPROXY. Reads the files that its settings name; connects to nothing yet.
    pub fn open(door: &Door, config: &SourceConfig) -> Result<Self, SourceError> {
        Proxy::with_layout(door, config, Layout::Goproxy)
    }

    /// A GOPROXY that somebody else names: a page that says where a module's code is. It is reached where the guard lets
    /// it be, goes by the name that all of them share, and is not counted, for its name may be private.
    pub fn stranger(door: &Door, url: SafeUrl, guard: Guard) -> Result<Self, SourceError> {
        let endpoint = Endpoint::stranger(door, url, guard)?;
        let meters = Meters::default().of(endpoint.name());
        Ok(Proxy::of(door, endpoint, meters))
    }

    /// A checksum database at its own URL, `https://NAME` unless GOSUMDB names another. It has no modules.
    pub fn database(door: &Door, config: &SourceConfig) -> Result<Self, SourceError> {
        Proxy::with_layout(door, config, Layout::Database)
    }

    fn with_layout(door: &Door, config: &SourceConfig, layout: Layout) -> Result<Self, SourceError> {
        let endpoint = Endpoint::open(door, config, layout)?;
        let meters = door.meters().of(endpoint.name());
        Ok(Proxy::of(door, endpoint, meters))
    }

    fn of(door: &Door, endpoint: Endpoint, meters: SourceMeters) -> Self {
        let name = endpoint.name().clone();
        let config = *door.stubborn();
        let source = Source {
            endpoint,
            health: Health::new(name, config.breaker, meters.clone()),
            latency: Latency::default(),
            gate: Gate::new(config.concurrent, config.waiting),
            budget: Budget::new(config.retry),
            jitter: Jitter::new(config.seed),
            speller: Speller::default(),
            config,
            meters,
        };
        Proxy { source: Arc::new(source) }
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
        self.source.latency.hedge_after(self.source.config.hedge_after)
    }

    /// How long it takes until an answer begins, as a moving average; nothing before the first one.
    pub fn latency(&self) -> Option<Duration> {
        self.source.latency.average()
    }

    /// What is wrong with it at the moment, one sentence for each kind of request; nothing when all is well.
    pub fn troubles(&self) -> Vec<String> {
        self.source.health.troubles()
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
    /// failures (PROTOCOL 1.4). What may pass is tried again, within the bounds of [`Stubborn`](crate::Stubborn); a
    /// zip that breaks is continued, anything else begun anew ([`Piece::Anew`](crate::Piece::Anew)). A source that
    /// fails for everybody is left alone, [`FaultKind::Tripped`](crate::FaultKind::Tripped), and one that has enough to
    /// do is spared, [`FaultKind::Busy`](crate::FaultKind::Busy).
    pub async fn fetch(&self, want: &Want) -> Result<Fetched, Miss> {
        let mut effort = Effort::start(&self.source, want).await?;
        let have = want.resume.as_ref().filter(|_| effort.is_zip()).map(Have::elsewhere);
        loop {
            match effort.get(have.as_ref()).await {
                Ok(Got::NotModified) => return Ok(Fetched::NotModified),
                Ok(Got::Whole(meta, flow)) => return Ok(body(Download::new(effort, meta, flow, &[]))),
                Ok(Got::Rest(mut meta, flow)) => {
                    let (at, tail) = have.as_ref().map_or((0, &[][..]), |have| (have.at(), have.tail()));
                    meta.start = at;
                    return Ok(body(Download::new(effort, meta, flow, tail)));
                }
                Err(Miss::Absent(absence)) => {
                    effort.absent();
                    return Err(Miss::Absent(absence));
                }
                Err(Miss::Failed(fault)) => {
                    if !effort.another(&fault).await {
                        return Err(effort.failed(fault).into());
                    }
                }
            }
        }
    }
}

fn body(download: Download) -> Fetched {
    let (meta, troubles) = (download.meta().clone(), download.troubles().clone());
    Fetched::Body(Incoming { meta, troubles, bytes: download.into_stream() })
}
