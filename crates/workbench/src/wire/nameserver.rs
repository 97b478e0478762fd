//! The resolvers that this machine is told of, each asked by itself (RFC 1035).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    time::{Instant, timeout_at},
};

use super::{Failure, Problem, Step};

/// A resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nameserver(SocketAddr);

/// The resolvers that a text of the form of resolv.conf(5) names, in its order: at most three, as the system uses no more.
/// Without any, the system asks its own machine.
pub fn nameservers(resolv_conf: &str) -> Vec<Nameserver> {
    let named = resolv_conf.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and_then(|_| words.next())?;
        // `fe80::1%eth0` names a link; asking it takes more than its address.
        Some(Nameserver(SocketAddr::new(address.parse::<IpAddr>().ok()?, PORT)))
    });
    let mut found: Vec<_> = named.take(MOST_SERVERS).collect();
    if found.is_empty() {
        found.push(Nameserver(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT)));
    }
    found
}

impl Nameserver {
    /// The resolver at an address.
    pub fn at(address: SocketAddr) -> Self {
        Nameserver(address)
    }

    /// Where it is.
    pub fn address(self) -> IpAddr {
        self.0.ip()
    }

    /// The addresses of a name, IPv4 and IPv6. Each question is asked twice, as a packet may be lost.
    pub async fn resolve(self, name: &str, patience: Duration) -> Result<Vec<IpAddr>, Failure> {
        let step = || Step::Resolve(name.to_owned());
        let (v4, v6) = tokio::join!(self.ask(name, A, patience), self.ask(name, AAAA, patience));
        match (v4, v6) {
            (Ok(mut v4), Ok(v6)) => {
                v4.extend(v6);
                if v4.is_empty() {
                    return Err(Failure::new(step(), Problem::NoAddress, "the name has no address"));
                }
                Ok(v4)
            }
            // Who knows an address has answered, whatever becomes of the other question.
            (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => Ok(found),
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        }
    }

    async fn ask(self, name: &str, kind: u16, patience: Duration) -> Result<Vec<IpAddr>, Failure> {
        let step = || Step::Resolve(name.to_owned());
        let failed = |error: &io::Error| {
            let words = match error.kind() {
                io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
                _ => error.to_string(),
            };
            Failure::new(step(), Problem::Refused, words)
        };
        let here: SocketAddr = match self.0 {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(here).await.map_err(|error| failed(&error))?;
        socket.connect(self.0).await.map_err(|error| failed(&error))?;
        let id =
            u16::from_be_bytes(socket.local_addr().map_err(|error| failed(&error))?.port().to_le_bytes());
        let question = question(id, name, kind)
            .ok_or_else(|| Failure::new(step(), Problem::NoSuchName, "no name can be spelled so"))?;
        let begun = Instant::now();
        for part in 1..=TRIES {
            let until = begun + patience * part / TRIES;
            socket.send(&question).await.map_err(|error| failed(&error))?;
            let mut packet = [0; PACKET];
            while let Ok(read) = timeout_at(until, socket.recv(&mut packet)).await {
                let read = read.map_err(|error| failed(&error))?;
                let packet = packet.get(..read).unwrap_or_default();
                // Anything else was meant for somebody else, or is made up.
                let Some(answer) = Said::read(packet, &question) else { continue };
                return answer.addresses(step(), kind);
            }
        }
        Err(Failure::late(step(), patience))
    }
}

/// A question with recursion desired; `None`: the name cannot be asked for.
fn question(id: u16, name: &str, kind: u16) -> Option<Vec<u8>> {
    let mut packet = Vec::with_capacity(64);
    for word in [id, RECURSION, 1, 0, 0, 0] {
        packet.extend(word.to_be_bytes());
    }
    for label in name.trim_end_matches('.').split('.') {
        let len = u8::try_from(label.len()).ok().filter(|len| (1..=63).contains(len))?;
        packet.push(len);
        packet.extend(label.as_bytes());
    }
    packet.push(0);
    for word in [kind, INTERNET] {
        packet.extend(word.to_be_bytes());
    }
    (packet.len() <= PACKET).then_some(packet)
}

/// A packet that answers a question.
struct Said<'a> {
    packet: &'a [u8],
    /// Where the records begin.
    records: usize,
    code: u8,
    count: u16,
}

impl<'a> Said<'a> {
    fn read(packet: &'a [u8], question: &[u8]) -> Option<Self> {
        let body = question.get(HEADER..)?;
        let same = packet.get(..2)? == question.get(..2)?;
        let is_answer = packet.get(2)? & 0x80 != 0;
        // Some resolvers repeat the name in other letters.
        let repeated =
            packet.get(HEADER..question.len()).is_some_and(|again| again.eq_ignore_ascii_case(body));
        let count = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]);
        let code = packet.get(3)? & 0x0f;
        (same && is_answer && (repeated || code != 0)).then_some(Said {
            packet,
            records: question.len(),
            code,
            count,
        })
    }

    fn addresses(&self, step: Step, kind: u16) -> Result<Vec<IpAddr>, Failure> {
        match self.code {
            0 => {}
            3 => return Err(Failure::new(step, Problem::NoSuchName, "no such name (NXDOMAIN)")),
            2 => return Err(Failure::new(step, Problem::ResolverFailed, "it failed (SERVFAIL)")),
            5 => {
                return Err(Failure::new(step, Problem::ResolverFailed, "it refuses the question (REFUSED)"));
            }
            code => {
                return Err(Failure::new(step, Problem::ResolverFailed, format!("it failed (code {code})")));
            }
        }
        let mut at = self.records;
        let mut found = Vec::new();
        for _ in 0..self.count.min(MOST_RECORDS) {
            let Some((address, next)) = self.record(at, kind) else { break };
            found.extend(address);
            at = next;
        }
        Ok(found)
    }

    /// The address that a record holds, if it is one of that kind, and where the next record begins.
    fn record(&self, at: usize, kind: u16) -> Option<(Option<IpAddr>, usize)> {
        let at = self.past_name(at)?;
        let word = |at: usize| Some(u16::from_be_bytes([*self.packet.get(at)?, *self.packet.get(at + 1)?]));
        let (this, len) = (word(at)?, usize::from(word(at + 8)?));
        let data = self.packet.get(at + 10..at + 10 + len)?;
        let address = match this {
            A if this == kind => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
            AAAA if this == kind => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
            _ => None,
        };
        Some((address, at + 10 + len))
    }

    /// Where a name ends: at its empty label, or at a pointer to the rest of it.
    fn past_name(&self, mut at: usize) -> Option<usize> {
        loop {
            match *self.packet.get(at)? {
                0 => return Some(at + 1),
                len if len & 0xc0 == 0xc0 => return Some(at + 2),
                len => at += 1 + usize::from(len),
            }
        }
    }
}

const PORT: u16 = 53;
const A: u16 = 1;
const AAAA: u16 = 28;
const INTERNET: u16 = 1;
const RECURSION: u16 = 0x0100;
const HEADER: usize = 12;
const PACKET: usize = 1500;
const MOST_SERVERS: usize = 3;
const MOST_RECORDS: u16 = 64;
const TRIES: u32 = 2;
