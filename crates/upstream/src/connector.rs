//! How a connection to a source is made: straight or through a proxy, over every address, with TLS where the URL
//! says so. Each step has its own limit and its own words.

use std::{
    fmt,
    future::ready,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{Uri, uri::Scheme};
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::Url;

use crate::{
    FaultKind, Guard, Limits,
    diagnose::tls_fault,
    http_proxy::HttpProxies,
    names::{Names, Proof},
    reach::{any_of, reach},
    transport::{Speaks, Stream, Transport},
    tunnel::{TunnelError, through},
    watch::Watch,
};

/// Makes the connections of one source. Clones are the same.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>, Option<Arc<Watch>>);

struct Inner {
    names: Arc<Names>,
    limits: Limits,
    guard: Guard,
    tls: TlsConnector,
    /// For HTTP proxies that are reached by https: without the source's own certificate.
    proxy_tls: TlsConnector,
    proxies: Arc<HttpProxies>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub(crate) struct NotReached {
    kind: FaultKind,
    words: String,
}

impl NotReached {
    pub(crate) fn new(kind: FaultKind, words: impl Into<String>) -> Self {
        NotReached { kind, words: words.into() }
    }

    pub(crate) fn connect(words: impl Into<String>) -> Self {
        NotReached::new(FaultKind::Connect, words)
    }

    pub(crate) fn kind(&self) -> FaultKind {
        self.kind
    }
}

impl Connector {
    pub(crate) fn new(
        names: Arc<Names>,
        limits: Limits,
        guard: Guard,
        tls: TlsConnector,
        proxy_tls: TlsConnector,
        proxies: Arc<HttpProxies>,
    ) -> Self {
        Connector(Arc::new(Inner { names, limits, guard, tls, proxy_tls, proxies }), None)
    }

    /// The same, with the steps of its first connection noted.
    pub(crate) fn watched(self, watch: Arc<Watch>) -> Self {
        Connector(self.0, Some(watch))
    }

    async fn connect(&self, to: &Uri) -> Result<Transport, NotReached> {
        let end = End::of(to).ok_or_else(|| NotReached::connect("the URL names no host"))?;
        let guard = &self.0.guard;
        guard.admits_host(&end.host).map_err(|e| NotReached::new(FaultKind::Guarded, e.to_string()))?;
        let watch = self.1.as_deref().filter(|watch| watch.begins());
        let stream = match self.proxy_for(to) {
            None => self.dial(&end, if end.tls { Proof::Given } else { Proof::None }, guard, watch).await?,
            Some(proxy) => {
                let way = End::of_proxy(proxy)
                    .ok_or_else(|| NotReached::connect("the proxy's URL names no host"))?;
                let stream = self.dial(&way, Proof::Given, &Guard::open(), watch).await?;
                watch.inspect(|watch| watch.leads_through_a_proxy());
                match proxy.scheme() {
                    "http" | "https" => {
                        let stream = if way.tls {
                            self.handshake(&self.0.proxy_tls, &way, stream).await?.into_stream()
                        } else {
                            stream
                        };
                        if !end.tls {
                            watch.inspect(|watch| watch.connected());
                            return Ok(Transport::new(stream, Speaks::Http1ToProxy));
                        }
                        self.in_time("no tunnel through the HTTP proxy", through(proxy, stream, to)).await?
                    }
                    _ => {
                        self.in_time("no tunnel through the SOCKS proxy", through(proxy, stream, to)).await?
                    }
                }
            }
        };
        watch.inspect(|watch| watch.connected());
        if end.tls {
            let transport = self.handshake(&self.0.tls, &end, stream).await?;
            watch.inspect(|watch| watch.secured());
            Ok(transport)
        } else {
            Ok(Transport::new(stream, Speaks::Http1))
        }
    }

    /// A connection to a host that no proxy for HTTP leads to.
    pub(crate) async fn plain(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, NotReached> {
        let guard = &self.0.guard;
        guard.admits_host(host).map_err(|e| NotReached::new(FaultKind::Guarded, e.to_string()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        self.dial(&End { host, port, tls: false }, Proof::None, guard, None).await
    }

    fn proxy_for(&self, to: &Uri) -> Option<&Url> {
        if self.0.proxies.is_empty() {
            return None;
        }
        self.0.proxies.for_url(&Url::parse(&to.to_string()).ok()?)
    }

    /// TCP to the first address that answers, of those that the guard admits.
    async fn dial(
        &self,
        end: &End,
        proof: Proof,
        guard: &Guard,
        watch: Option<&Watch>,
    ) -> Result<Box<dyn Stream>, NotReached> {
        let limit = self.0.limits.connect;
        let refused = OnceLock::new();
        let dial = |address: SocketAddr| {
            watch.inspect(|watch| watch.resolved());
            let admitted = guard.admits(&end.host, address.ip()).map_err(|e| {
                let words = refused.get_or_init(|| e.to_string()).clone();
                io::Error::new(io::ErrorKind::PermissionDenied, words)
            });
            async move {
                admitted?;
                tcp(SocketAddr::new(address.ip(), end.port)).await
            }
        };
        let reached = match end.host.parse::<IpAddr>() {
            Ok(ip) => any_of(&[SocketAddr::new(ip, end.port)], ready(Vec::new()), limit, dial).await,
            Err(_) => reach(&self.0.names, &end.host, proof, limit, dial).await,
        };
        match (reached, refused.into_inner()) {
            (Ok(stream), _) => {
                watch.inspect(|watch| watch.reached(&stream));
                Ok(Box::new(stream))
            }
            (Err(_), Some(words)) => Err(NotReached::new(FaultKind::Guarded, words)),
            (Err(failed), None) => Err(failed),
        }
    }

    async fn handshake(
        &self,
        tls: &TlsConnector,
        end: &End,
        stream: Box<dyn Stream>,
    ) -> Result<Transport, NotReached> {
        let name = ServerName::try_from(end.host.clone())
            .map_err(|_| NotReached::new(FaultKind::Tls, "the host's name cannot stand in a certificate"))?;
        let limit = self.0.limits.tls;
        match timeout(limit, tls.connect(name, stream)).await {
            Ok(Ok(stream)) => {
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                Ok(Transport::new(Box::new(stream), if http2 { Speaks::Http2 } else { Speaks::Http1 }))
            }
            Ok(Err(e)) => {
                let (kind, words) = tls_fault(&e);
                Err(NotReached::new(kind, words))
            }
            Err(_) => Err(NotReached::connect(format!("no TLS handshake within {limit:?}"))),
        }
    }

    /// What a proxy has to do, within the limit for connecting.
    async fn in_time<T>(
        &self,
        late: &str,
        work: impl Future<Output = Result<T, TunnelError>>,
    ) -> Result<T, NotReached> {
        let limit = self.0.limits.connect;
        match timeout(limit, work).await {
            Ok(end) => end.map_err(|e| NotReached::connect(e.to_string())),
            Err(_) => Err(NotReached::connect(format!("{late} within {limit:?}"))),
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl Service<Uri> for Connector {
    type Response = Transport;
    type Error = NotReached;
    type Future = BoxFuture<'static, Result<Transport, NotReached>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotReached>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&to).await })
    }
}

/// Where a connection ends: at a source or at a proxy.
struct End {
    /// A name, or an IP address without brackets.
    host: String,
    port: u16,
    tls: bool,
}

impl End {
    fn of(uri: &Uri) -> Option<Self> {
        let tls = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(End { host, port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }), tls })
    }

    fn of_proxy(url: &Url) -> Option<Self> {
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        // As in Go.
        let port = url.port_or_known_default().unwrap_or(1080);
        Some(End { host, port, tls: url.scheme() == "https" })
    }
}

async fn tcp(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let probes = TcpKeepalive::new().with_time(PROBE_EVERY).with_interval(PROBE_EVERY).with_retries(PROBES);
    if let Err(error) = SockRef::from(&stream).set_tcp_keepalive(&probes) {
        tracing::debug!(%error, "a connection is kept without TCP keep-alive");
    }
    Ok(stream)
}

/// An unused connection whose other end vanished is noticed after a minute.
const PROBE_EVERY: Duration = Duration::from_secs(15);
const PROBES: u32 = 3;
