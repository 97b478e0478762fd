//! One host, looked at step by step: names, connections, tunnels, TLS, HTTP. Every step is timed and has an end.
//!
//! Unlike [`upstream`], which does everything to get what is wanted, nothing is tried twice here and nothing that goes wrong
//! is made up for: what a single `go` would meet is what is told. [`Wire::open`] leads to a [`Line`], on which many requests
//! can be made; [`Wire::fetch`] makes one, follows its redirects, and keeps the lines for the next.

mod certificate;
mod failure;
mod fetch;
mod handshake;
mod line;
mod nameserver;

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::Uri;
use rustls::RootCertStore;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout},
};
use upstream::{BadHttpProxy, Env, HttpProxies, Stream, race};
use url::{Host, Url};

pub use certificate::Certificate;
pub use failure::{Distrust, Failure, Problem, Step};
pub use fetch::Fetched;
pub use handshake::{Offer, TlsSeen};
pub use line::{Answer, Ask, Line, Pause};
pub use nameserver::{Nameserver, nameservers};

/// Whom this machine trusts and through which proxies it goes. Clones are the same.
#[derive(Clone)]
pub struct Wire {
    roots: Arc<RootCertStore>,
    proxies: Arc<HttpProxies>,
    patience: Duration,
    known: Arc<BTreeMap<String, Vec<IpAddr>>>,
    any_time: bool,
}

/// The way to a server, as far as it was gone.
#[derive(Debug)]
pub struct Opened {
    /// Each step with what it took, in their order. The last one is the one that failed, if one did.
    pub steps: Vec<(Step, Duration)>,
    /// What was shown in the TLS handshake, also where it failed; of the server, not of a proxy before it.
    pub tls: Option<TlsSeen>,
    /// The connection, ready for requests.
    pub line: Result<Line, Failure>,
}

/// One address of a host, tried by itself.
#[derive(Clone, Debug)]
pub struct Dialled {
    /// The address.
    pub address: SocketAddr,
    /// How long it took.
    pub took: Duration,
    /// Whether there was a connection.
    pub end: Result<(), Failure>,
}

impl Wire {
    /// Reads certificate authorities and proxy variables as all of Larder does. Blocks on the disk for a moment.
    /// `patience` bounds every single step.
    pub fn new(env: &Env, patience: Duration) -> Result<Self, BadHttpProxy> {
        let proxies = Arc::new(HttpProxies::from_env(env)?);
        Ok(Wire {
            roots: Arc::new(upstream::roots(env)),
            proxies,
            patience,
            known: Arc::default(),
            any_time: false,
        })
    }

    /// The same, with another bound for every single step.
    #[must_use]
    pub fn patient(&self, patience: Duration) -> Self {
        Wire { patience, ..self.clone() }
    }

    /// The same, without asking for these names again.
    #[must_use]
    pub fn knowing(&self, known: BTreeMap<String, Vec<IpAddr>>) -> Self {
        Wire { known: Arc::new(known), ..self.clone() }
    }

    /// The same for asking what time it is elsewhere: a certificate that would be trusted at another time is taken. Nothing that is
    /// secret may be said to such a server, and nothing else believed of what it says.
    #[must_use]
    pub fn at_any_time(&self) -> Self {
        Wire { any_time: true, ..self.clone() }
    }

    /// Whether any certificate authority is known.
    pub fn trusts_anybody(&self) -> bool {
        !self.roots.is_empty()
    }

    /// How long a single step may take.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The proxy that leads to a URL. It may hold a password: it is not for showing.
    pub fn proxy(&self, url: &Url) -> Option<&Url> {
        self.proxies.for_url(url)
    }

    /// The same without proxies.
    #[must_use]
    pub fn straight(&self) -> Self {
        Wire { proxies: Arc::default(), ..self.clone() }
    }

    /// The addresses of a name, from the machine's resolver, or the address that the text is. At most 16.
    pub async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Failure> {
        let host = bare(host);
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if let Some(known) = self.known.get(host) {
            return Ok(known.clone());
        }
        let step = || Step::Resolve(host.to_owned());
        let mut found: Vec<IpAddr> = Vec::new();
        match timeout(self.patience, lookup_host((host, 0))).await {
            Err(_) => return Err(Failure::late(step(), self.patience)),
            Ok(Err(error)) => return Err(Failure::resolver(step(), &error)),
            Ok(Ok(addresses)) => {
                for address in addresses.map(|address| address.ip()) {
                    if !found.contains(&address) && found.len() < MOST_ADDRESSES {
                        found.push(address);
                    }
                }
            }
        }
        if found.is_empty() {
            return Err(Failure::new(step(), Problem::NoAddress, "the name has no address"));
        }
        Ok(found)
    }

    /// Tries each address by itself, all at once.
    pub async fn dial_each(&self, addresses: &[SocketAddr]) -> Vec<Dialled> {
        let each = addresses.iter().map(|address| async {
            let begun = Instant::now();
            let end = self.tcp(*address).await.map(drop);
            Dialled { address: *address, took: begun.elapsed(), end }
        });
        futures_util::future::join_all(each).await
    }

    /// Goes the whole way to the server of a URL, over the first of its addresses that answers, and through its proxy.
    pub async fn open(&self, url: &Url, offer: Offer) -> Opened {
        let mut opened = Opened { steps: Vec::new(), tls: None, line: Err(nowhere()) };
        opened.line = self.go(url, offer, &mut opened.steps, &mut opened.tls).await;
        opened
    }

    /// A TLS handshake with one address that does not name the host, and what was shown; whom it is for does not count. Empty:
    /// it did not come so far.
    pub async fn shown_without_name(&self, address: SocketAddr) -> Vec<Certificate> {
        let Ok(stream) = self.tcp(address).await else { return Vec::new() };
        // An address is no name that could be sent (RFC 6066, 3).
        let (seen, _) = self.handshake(&address.ip().to_string(), Offer::Both, Box::new(stream)).await;
        seen.chain
    }

    async fn go(
        &self,
        url: &Url,
        offer: Offer,
        steps: &mut Vec<(Step, Duration)>,
        tls: &mut Option<TlsSeen>,
    ) -> Result<Line, Failure> {
        let host = url.host_str().map(bare).filter(|host| !host.is_empty()).ok_or_else(nowhere)?;
        let port = url.port_or_known_default().ok_or_else(nowhere)?;
        let secure = url.scheme() == "https";
        let proxy = self.proxies.for_url(url);
        let mut stream = match proxy {
            None => self.dial(host, port, steps).await?,
            Some(proxy) => self.through(proxy, url, steps).await?,
        };
        let mut http2 = false;
        if secure {
            let step = Step::Tls(host.to_owned());
            let (seen, end) = timed(steps, step, self.handshake(host, offer, stream)).await;
            *tls = Some(seen);
            (stream, http2) = end?;
        }
        let absolute = proxy.filter(|proxy| !secure && matches!(proxy.scheme(), "http" | "https"));
        Line::new(stream, http2, url, absolute, self.patience).await
    }

    async fn dial(
        &self,
        host: &str,
        port: u16,
        steps: &mut Vec<(Step, Duration)>,
    ) -> Result<Box<dyn Stream>, Failure> {
        let addresses = timed(steps, Step::Resolve(host.to_owned()), self.resolve(host)).await?;
        let addresses: Vec<_> = addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        let step = Step::Connect(format!("{}:{port}", bracketed(host)));
        let failed = step.clone();
        let dialled = timed(steps, step, async {
            let dial = race(&addresses, std::future::ready(Vec::new()), NEXT_ADDRESS, TcpStream::connect);
            timeout(self.patience, dial).await
        });
        let stream = match dialled.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Failure::io(failed, &error)),
            Err(_) => return Err(Failure::late(failed, self.patience)),
        };
        stream.set_nodelay(true).map_err(|error| Failure::io(failed, &error))?;
        Ok(Box::new(stream))
    }

    async fn through(
        &self,
        proxy: &Url,
        to: &Url,
        steps: &mut Vec<(Step, Duration)>,
    ) -> Result<Box<dyn Stream>, Failure> {
        let host = proxy.host_str().map(bare).ok_or_else(nowhere)?;
        let port = proxy.port_or_known_default().unwrap_or(SOCKS_PORT);
        let way = format!("{}:{port}", bracketed(host));
        let step = Step::Proxy(way.clone());
        let behind = |failure: Failure| Failure { step: step.clone(), ..failure };
        let mut stream = self.dial(host, port, steps).await.map_err(behind)?;
        if proxy.scheme() == "https" {
            let (_, end) = timed(steps, step.clone(), self.handshake(host, Offer::Http1, stream)).await;
            stream = end.map_err(behind)?.0;
        }
        let absolute = to.scheme() != "https" && matches!(proxy.scheme(), "http" | "https");
        if absolute {
            return Ok(stream);
        }
        let to: Uri = to[..url::Position::BeforePath].parse().map_err(|_| nowhere())?;
        let tunnel = Step::Tunnel(way);
        let asked = timeout(self.patience, upstream::through(proxy, stream, &to));
        match timed(steps, tunnel.clone(), asked).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Failure::tunnel(tunnel, &error)),
            Err(_) => Err(Failure::late(tunnel, self.patience)),
        }
    }

    async fn tcp(&self, to: SocketAddr) -> Result<TcpStream, Failure> {
        let step = || Step::Connect(to.to_string());
        match timeout(self.patience, TcpStream::connect(to)).await {
            Ok(stream) => stream.map_err(|error| Failure::io(step(), &error)),
            Err(_) => Err(Failure::late(step(), self.patience)),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Opened {
    /// All steps together.
    pub fn took(&self) -> Duration {
        self.steps.iter().map(|(_, took)| *took).sum()
    }
}

/// Does a step and notes what it took, whatever came of it.
async fn timed<T>(steps: &mut Vec<(Step, Duration)>, step: Step, work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let end = work.await;
    steps.push((step, begun.elapsed()));
    end
}

/// A host as resolvers and certificates want it: IPv6 without brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn bracketed(host: &str) -> String {
    match Host::parse(host) {
        Err(_) if host.contains(':') => format!("[{host}]"),
        _ => host.to_owned(),
    }
}

fn nowhere() -> Failure {
    Failure::new(Step::Resolve(String::new()), Problem::Other, "the URL names no host")
}

/// Enough for every real host.
const MOST_ADDRESSES: usize = 16;
/// As Go's dialler (net.Dialer.FallbackDelay).
const NEXT_ADDRESS: Duration = Duration::from_millis(300);
/// As in Go.
const SOCKS_PORT: u16 = 1080;
