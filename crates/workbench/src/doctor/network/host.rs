//! The way to one host, looked at from several sides.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    time::{Duration, SystemTime},
};

use http::{Method, StatusCode};
use tokio::time::Instant;
use url::{Host, Url};

use super::{
    clock::dated,
    plan::{Source, label},
};
use crate::wire::{Ask, Dialled, Distrust, Failure, Nameserver, Offer, Problem, Step, TlsSeen, Wire};

/// What was seen of the way to one host.
pub(super) struct HostSeen {
    /// Host and port.
    pub(super) host: String,
    /// The name alone.
    pub(super) name: String,
    pub(super) url: Url,
    /// The proxy of this network that leads there, without its password.
    pub(super) behind: Option<String>,
    /// What the machine's resolver says; none where nobody is asked: an address, or a host behind a proxy.
    pub(super) system: Option<Result<Vec<IpAddr>, Failure>>,
    pub(super) resolved_after: Duration,
    /// What each resolver says that this machine is told of.
    pub(super) servers: Vec<ServerSaid>,
    pub(super) dialled: Vec<Dialled>,
    pub(super) steps: Vec<(Step, Duration)>,
    pub(super) tls: Option<TlsSeen>,
    /// Whether there was a connection, ready for requests.
    pub(super) end: Result<(), Failure>,
    /// What is at the addresses that only other resolvers give: whether there was a connection.
    pub(super) elsewhere: Option<(IpAddr, Result<(), Failure>)>,
    /// The handshake failed, and one that does not name the host came further.
    pub(super) broken_by_name: bool,
    /// The time that it says it has, whatever becomes of its certificate.
    pub(super) date: Option<SystemTime>,
    /// What answers in plain HTTP at that host, where TLS did not stand.
    pub(super) plain: Option<Plain>,
    /// There was no TLS handshake, and the same port answers in plain HTTP.
    pub(super) speaks_plainly: bool,
    /// The same way without the network's proxy, where that did not let it through.
    pub(super) straight: Option<Result<(), Failure>>,
    /// From here on nobody has to be asked for the name again.
    pub(super) wire: Wire,
}

/// What a resolver said.
pub(super) struct ServerSaid {
    pub(super) server: IpAddr,
    pub(super) answer: Result<Vec<IpAddr>, Failure>,
}

/// What answers in plain HTTP.
pub(super) struct Plain {
    pub(super) status: StatusCode,
    /// The host that it leads to, if that is another one.
    pub(super) to: Option<String>,
}

impl HostSeen {
    pub(super) async fn look(wire: &Wire, source: &Source, servers: &[Nameserver]) -> Self {
        let url = source.url.clone();
        let name = url.host_str().unwrap_or_default().to_owned();
        let behind = wire.proxy(&url).map(label);
        let mut seen = HostSeen {
            host: label(&url),
            name,
            behind,
            system: None,
            resolved_after: Duration::ZERO,
            servers: Vec::new(),
            dialled: Vec::new(),
            steps: Vec::new(),
            tls: None,
            end: Ok(()),
            elsewhere: None,
            broken_by_name: false,
            date: None,
            plain: None,
            speaks_plainly: false,
            straight: None,
            wire: wire.clone(),
            url,
        };
        let mut dials: Vec<SocketAddr> = Vec::new();
        if seen.behind.is_none() {
            seen.look_up(servers).await;
            if let Some(Err(failure)) = &seen.system {
                seen.end = Err(failure.clone());
                return seen;
            }
            let port = seen.url.port_or_known_default().unwrap_or_default();
            let addresses = seen.addresses().into_iter().map(|ip| SocketAddr::new(ip, port));
            dials.extend(addresses);
        }
        let (opened, dialled) =
            tokio::join!(seen.wire.open(&seen.url, Offer::Both), seen.wire.dial_each(&dials));
        seen.dialled = dialled;
        (seen.steps, seen.tls, seen.end) = (opened.steps, opened.tls, opened.line.map(drop));
        if let Err(failure) = seen.end.clone() {
            seen.look_closer(&failure).await;
        }
        let of_time = Problem::Distrust(Distrust::Expired);
        let of_time = [of_time, Problem::Distrust(Distrust::NotYet)];
        if seen.end.as_ref().err().is_none_or(|failure| of_time.contains(&failure.problem)) {
            seen.date = seen.ask_time().await;
        }
        seen
    }

    /// The addresses that the machine's resolver gives, or the one that the URL names.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        match &self.system {
            Some(Ok(addresses)) => addresses.clone(),
            Some(Err(_)) => Vec::new(),
            None => match self.url.host() {
                Some(Host::Ipv4(ip)) => vec![ip.into()],
                Some(Host::Ipv6(ip)) => vec![ip.into()],
                _ => Vec::new(),
            },
        }
    }

    /// Whether its name is looked up by resolvers: it is no address, and not this machine.
    pub(super) fn is_looked_up(&self) -> bool {
        matches!(self.url.host(), Some(Host::Domain(name)) if name != "localhost" && !name.ends_with(".localhost"))
    }

    async fn look_up(&mut self, servers: &[Nameserver]) {
        if !matches!(self.url.host(), Some(Host::Domain(_))) {
            return;
        }
        let begun = Instant::now();
        let patience = self.wire.patience();
        // The system waits for a dead server as long as it likes, and then asks the next.
        let slow = self.wire.patient(patience * 2);
        let system = async {
            let answer = slow.resolve(&self.name).await;
            (answer, begun.elapsed())
        };
        let asked = self.is_looked_up() && self.name.contains('.');
        let each = servers.iter().filter(|_| asked).map(|server| async {
            let answer = server.resolve(&self.name, patience / 2).await;
            ServerSaid { server: server.address(), answer }
        });
        let ((answer, took), said) = tokio::join!(system, futures_util::future::join_all(each));
        (self.resolved_after, self.servers) = (took, said);
        if let Ok(addresses) = &answer {
            let known = BTreeMap::from([(self.name.clone(), addresses.clone())]);
            self.wire = self.wire.knowing(known);
        }
        self.system = Some(answer);
    }

    /// An address that only other resolvers give.
    fn another_address(&self) -> Option<IpAddr> {
        let system = self.addresses();
        let others = self.servers.iter().filter_map(|said| said.answer.as_ref().ok()).flatten();
        others.copied().find(|address| !system.contains(address))
    }

    /// What may tell one cause of a failure from another.
    async fn look_closer(&mut self, failure: &Failure) {
        let other = self.another_address();
        if let Some(other) = other {
            let known = BTreeMap::from([(self.name.clone(), vec![other])]);
            let opened = self.wire.knowing(known).open(&self.url, Offer::Both).await;
            self.elsewhere = Some((other, opened.line.map(drop)));
        }
        if matches!(failure.step, Step::Tls(_)) && self.behind.is_none() {
            let broke = matches!(
                failure.problem,
                Problem::Reset | Problem::Closed | Problem::TimedOut | Problem::TlsRefused
            );
            let reached = self.dialled.iter().find(|dialled| dialled.end.is_ok());
            if let Some(reached) = reached.filter(|_| broke && self.is_looked_up()) {
                self.broken_by_name = !self.wire.shown_without_name(reached.address).await.is_empty();
            }
        }
        let no_handshake = matches!(failure.problem, Problem::Reset | Problem::Closed | Problem::TimedOut);
        if matches!(failure.step, Step::Tls(_)) && no_handshake && !self.broken_by_name {
            let port = self.url.port_or_known_default();
            self.speaks_plainly = self.ask_plainly(port).await.is_some();
        }
        if self.behind.is_some() {
            self.straight = Some(self.wire.straight().open(&self.url, Offer::Both).await.line.map(drop));
        } else if self.url.scheme() == "https" && self.url.port().is_none() {
            // A portal cannot answer over TLS in the name of another host: it shows its own certificate, or lets nobody through.
            self.plain = self.ask_plainly(None).await;
        }
    }

    /// Asks the same host without TLS, at this port or the usual one: a portal answers everything.
    async fn ask_plainly(&self, port: Option<u16>) -> Option<Plain> {
        let mut url = self.url.clone();
        url.set_scheme("http").ok()?;
        url.set_port(port).ok()?;
        url.set_path("/");
        let mut line = self.wire.open(&url, Offer::Http1).await.line.ok()?;
        let answer = line.ask(&Ask { method: Method::HEAD, ..Ask::get(url.clone()) }).await.ok()?;
        let to = answer.headers.get(http::header::LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
        let to = to.map(|to| label(&to)).filter(|to| *to != label(&url));
        Some(Plain { status: answer.status, to })
    }

    /// Asks what time it is there. Nothing else is believed of who has a certificate of another time.
    async fn ask_time(&self) -> Option<SystemTime> {
        let mut url = self.url.clone();
        url.set_path("/");
        let mut line = self.wire.at_any_time().open(&url, Offer::Both).await.line.ok()?;
        let answer = line.ask(&Ask { method: Method::HEAD, ..Ask::get(url) }).await.ok()?;
        dated(&answer.headers)
    }
}
