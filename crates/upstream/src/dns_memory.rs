//! What names stood for before, so that a resolver may fail for a while, and so that an answer that moves a public
//! host to a private network is noticed.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use tokio::time::Instant;

use crate::addresses::Class;

/// The last good answers, of a bounded number of hosts, for a bounded time.
#[derive(Debug)]
pub(crate) struct Memory {
    hosts: HashMap<String, Host>,
    keep: Duration,
}

#[derive(Debug)]
struct Host {
    /// The last answer.
    last: Vec<SocketAddr>,
    heard: Instant,
    /// The last answer without what was suspicious in it; older than the last one where all of that was.
    trusted: Vec<SocketAddr>,
    trusted_at: Instant,
    /// Whether the last lookup failed.
    troubled: bool,
    /// The address that answered when those before it did not, and when that was.
    detour: Option<(SocketAddr, Instant)>,
    /// Whether the move that the last answer makes was reported.
    reported: bool,
}

/// An answer of the resolver, and what was known of the host before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// All of it, best first.
    pub(crate) all: Vec<SocketAddr>,
    /// What a connection without TLS uses: the answer's unsuspicious addresses, or, where it has none, those that
    /// were trusted before.
    pub(crate) trusted: Vec<SocketAddr>,
    /// Private addresses of a host that had public ones before.
    pub(crate) suspicious: Vec<SocketAddr>,
}

/// What is remembered of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// The last answer.
    pub(crate) last: Vec<SocketAddr>,
    /// What of it, or of one before it, a connection without TLS uses.
    pub(crate) trusted: Vec<SocketAddr>,
    /// Whether the last lookup failed.
    pub(crate) troubled: bool,
}

impl Memory {
    /// `keep`: how long an answer is good.
    pub(crate) fn new(keep: Duration) -> Self {
        Memory { hosts: HashMap::new(), keep }
    }

    pub(crate) fn get(&self, host: &str, now: Instant) -> Option<Remembered> {
        let known = self.hosts.get(host).filter(|known| now - known.heard < self.keep)?;
        let trusted =
            if now - known.trusted_at < self.keep { known.trusted.clone() } else { known.last.clone() };
        Some(Remembered { last: known.last.clone(), trusted, troubled: known.troubled })
    }

    /// The resolver has answered.
    pub(crate) fn learn(&mut self, host: &str, all: Vec<SocketAddr>, now: Instant) -> Answer {
        let keep = self.keep;
        let before = self.hosts.get(host).filter(|known| now - known.trusted_at < keep);
        let before_trusted = before.map(|known| known.trusted.as_slice()).unwrap_or_default();
        let was_public = before_trusted.iter().any(is_public);
        let (suspicious, fine): (Vec<_>, Vec<_>) = all
            .iter()
            .copied()
            .partition(|address| was_public && !is_public(address) && !before_trusted.contains(address));
        let (trusted, trusted_at) = match before {
            Some(known) if fine.is_empty() => (known.trusted.clone(), known.trusted_at),
            _ => (fine, now),
        };
        let detour = self.hosts.get(host).and_then(|known| known.detour);
        let reported = !suspicious.is_empty() && before.is_some_and(|known| known.reported);
        if !self.hosts.contains_key(host) {
            self.make_room(now);
        }
        let known = Host {
            last: all.clone(),
            heard: now,
            trusted: trusted.clone(),
            trusted_at,
            troubled: false,
            detour,
            reported,
        };
        self.hosts.insert(host.to_owned(), known);
        Answer { all, trusted, suspicious }
    }

    /// The resolver has failed.
    pub(crate) fn troubled(&mut self, host: &str) {
        if let Some(known) = self.hosts.get_mut(host) {
            known.troubled = true;
        }
    }

    /// `address` has answered, and those before it had not.
    pub(crate) fn detour(&mut self, host: &str, address: SocketAddr, now: Instant) {
        if let Some(known) = self.hosts.get_mut(host) {
            known.detour = Some((address, now));
        }
    }

    /// Puts the address of a recent detour first, so that not every connection waits for a dead one.
    pub(crate) fn arrange(&self, host: &str, addresses: &mut [SocketAddr], now: Instant) {
        let detour = self.hosts.get(host).and_then(|known| known.detour);
        let Some((address, _)) = detour.filter(|&(_, at)| now - at < DETOUR) else { return };
        if let Some(way) = addresses.iter().position(|&a| a == address).and_then(|i| addresses.get_mut(..=i))
        {
            way.rotate_right(1);
        }
    }

    /// What was trusted before no longer answers, but the last answer does.
    pub(crate) fn trust_last(&mut self, host: &str, now: Instant) {
        if let Some(known) = self.hosts.get_mut(host) {
            known.trusted.clone_from(&known.last);
            known.trusted_at = now;
        }
    }

    /// Whether a move is reported for the first time.
    pub(crate) fn report(&mut self, host: &str) -> bool {
        self.hosts.get_mut(host).is_some_and(|known| !std::mem::replace(&mut known.reported, true))
    }

    fn make_room(&mut self, now: Instant) {
        if self.hosts.len() < MAX_HOSTS {
            return;
        }
        self.hosts.retain(|_, known| now - known.heard < self.keep);
        if self.hosts.len() >= MAX_HOSTS
            && let Some(oldest) =
                self.hosts.iter().min_by_key(|(_, known)| known.heard).map(|(host, _)| host.clone())
        {
            self.hosts.remove(&oldest);
        }
    }
}

fn is_public(address: &SocketAddr) -> bool {
    Class::of(address.ip()) == Class::Public
}

const MAX_HOSTS: usize = 256;

/// How long an address that did not answer is not the first to be tried.
const DETOUR: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const HOST: &str = "proxy.example.com";

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect()
    }

    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_host_that_leaves_the_public_networks_is_suspicious() {
        let mut memory = Memory::new(HOUR);
        let start = now();
        let public = addresses(&["203.0.113.7", "2001:db8::7"]);
        let answer = memory.learn(HOST, public.clone(), start);
        assert_eq!(answer, Answer { all: public.clone(), trusted: public.clone(), suspicious: vec![] });
        let inside = addresses(&["127.0.0.1", "10.0.0.1"]);
        let moved = Answer { all: inside.clone(), trusted: public.clone(), suspicious: inside.clone() };
        for _ in 0..3 {
            assert_eq!(memory.learn(HOST, inside.clone(), start), moved);
        }
        let other = addresses(&["203.0.113.8"]);
        let answer = memory.learn(HOST, other.clone(), start);
        assert_eq!(answer, Answer { all: other.clone(), trusted: other, suspicious: vec![] });
    }

    #[test]
    fn private_addresses_that_hide_behind_a_public_one_are_suspicious_too() {
        let mut memory = Memory::new(HOUR);
        memory.learn(HOST, addresses(&["203.0.113.7"]), now());
        let mixed = addresses(&["127.0.0.1", "203.0.113.8"]);
        for _ in 0..2 {
            let answer = memory.learn(HOST, mixed.clone(), now());
            assert_eq!(answer.trusted, addresses(&["203.0.113.8"]));
            assert_eq!(answer.suspicious, addresses(&["127.0.0.1"]));
        }
    }

    #[test]
    fn a_host_that_always_was_private_may_move() {
        let mut memory = Memory::new(HOUR);
        for at in ["10.0.0.1", "192.168.0.1", "203.0.113.7"] {
            let answer = memory.learn(HOST, addresses(&[at]), now());
            assert_eq!((answer.trusted, answer.suspicious), (addresses(&[at]), vec![]), "{at}");
        }
        let both = addresses(&["10.0.0.1", "203.0.113.7"]);
        memory.learn("split.example.com", both.clone(), now());
        assert_eq!(memory.learn("split.example.com", both, now()).suspicious, []);
    }

    #[test]
    fn a_move_is_believed_in_the_end() {
        let mut memory = Memory::new(HOUR);
        let start = now();
        let inside = addresses(&["10.0.0.1"]);
        memory.learn(HOST, addresses(&["203.0.113.7"]), start);
        memory.learn(HOST, inside.clone(), start + HOUR / 2);
        let answer = memory.learn(HOST, inside.clone(), start + HOUR);
        assert_eq!((answer.trusted, answer.suspicious), (inside.clone(), vec![]));

        let mut memory = Memory::new(HOUR);
        memory.learn(HOST, addresses(&["203.0.113.7"]), start);
        memory.learn(HOST, inside.clone(), start);
        memory.trust_last(HOST, start);
        assert_eq!(memory.learn(HOST, inside, start).suspicious, []);
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let mut memory = Memory::new(HOUR);
        let start = now();
        let at = addresses(&["203.0.113.7"]);
        memory.learn(HOST, at.clone(), start);
        memory.troubled(HOST);
        let almost = start + HOUR - Duration::from_secs(1);
        assert_eq!(
            memory.get(HOST, almost),
            Some(Remembered { last: at.clone(), trusted: at, troubled: true })
        );
        assert_eq!(memory.get(HOST, start + HOUR), None);
    }

    #[test]
    fn the_hosts_are_so_many_and_no_more() {
        let mut memory = Memory::new(HOUR);
        let start = now();
        for n in 0..300_u32 {
            let host = format!("h{n}.example.com");
            memory.learn(&host, addresses(&["203.0.113.7"]), start + Duration::from_secs(n.into()));
        }
        assert_eq!(memory.hosts.len(), MAX_HOSTS);
        assert!(memory.get("h0.example.com", start).is_none());
        assert!(memory.get("h299.example.com", start + Duration::from_secs(299)).is_some());
    }

    #[test]
    fn a_move_is_reported_once() {
        let mut memory = Memory::new(HOUR);
        memory.learn(HOST, addresses(&["203.0.113.7"]), now());
        memory.learn(HOST, addresses(&["10.0.0.1"]), now());
        assert!(memory.report(HOST));
        memory.learn(HOST, addresses(&["10.0.0.1"]), now());
        assert!(!memory.report(HOST));
        memory.learn(HOST, addresses(&["203.0.113.7"]), now());
        memory.learn(HOST, addresses(&["10.0.0.1"]), now());
        assert!(memory.report(HOST));
    }
}
