//! Where a host is: every lookup of the program goes through here.
//!
//! Who waits for the resolver waits together, and within a time limit. A lookup that is late goes on behind: a
//! system whose first name server is dead needs longer than anybody waits, and its answer is good for the next one.
//! While the resolver is late or fails, the last good addresses are used. A host without TLS that had public
//! addresses is not followed into a private network while they answer: nothing else would tell it from an impostor.

use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt, Shared, select_ok};
use tokio::time::{Instant, timeout};

use crate::{
    Limits, Resolver,
    dns_memory::{Answer, Memory},
    dns_meters::DnsMeters,
    resolver::NoAddress,
};

/// The resolver of one door, with its memory.
pub(crate) struct Names {
    resolver: Arc<dyn Resolver>,
    limits: Limits,
    meters: DnsMeters,
    state: Mutex<State>,
}

struct State {
    memory: Memory,
    /// The lookups of each host that are under way, oldest first.
    flights: HashMap<String, Vec<Flight>>,
    started: u64,
}

/// One lookup, for all who wait for it.
#[derive(Clone)]
struct Flight {
    number: u64,
    started: Instant,
    answer: Waiting,
}

type Waiting = Shared<BoxFuture<'static, Result<Arc<Answer>, NoAddress>>>;

/// Whether the other side proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By a certificate, or the operator has named it (an HTTP proxy): any address is good.
    Given,
    /// Nothing but its address tells it from an impostor.
    None,
}

/// Where a host is, as far as it is known.
pub(crate) struct Found {
    /// Where it is tried.
    pub(crate) first: Vec<SocketAddr>,
    /// Where it is tried when none of `first` answers.
    held: Vec<SocketAddr>,
    /// The lookups that are still under way.
    flights: Vec<Flight>,
    proof: Proof,
}

impl Names {
    pub(crate) fn new(resolver: Arc<dyn Resolver>, limits: Limits, meters: DnsMeters) -> Self {
        let state = State { memory: Memory::new(limits.resolve_memory), flights: HashMap::new(), started: 0 };
        Names { resolver, limits, meters, state: Mutex::new(state) }
    }

    pub(crate) fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::clone(&self.resolver)
    }

    /// The addresses of a host, which is no IP address itself. Their ports mean nothing.
    pub(crate) async fn find(self: &Arc<Self>, host: &str, proof: Proof) -> Result<Found, NoAddress> {
        let (known, flights) = {
            let mut state = self.state();
            (state.memory.get(host, Instant::now()), self.flights(&mut state, host))
        };
        let answer = any(&flights);
        let limit = self.limits.resolve;
        let Some(known) = known else {
            let answer = timeout(limit, answer).await.unwrap_or(Err(NoAddress::Late(limit)))?;
            return Ok(self.judged(host, &answer, proof));
        };
        // After a failure nobody waits for the resolver again until it has answered behind.
        let patience = if known.troubled { Duration::ZERO } else { self.limits.resolve_patience };
        let flights = match timeout(patience, answer).await {
            Ok(Ok(answer)) => return Ok(self.judged(host, &answer, proof)),
            Ok(Err(error)) => {
                tracing::debug!(host, %error, "the resolver failed; the last good addresses are used");
                Vec::new()
            }
            Err(_) => {
                tracing::debug!(host, "the resolver is late; the last good addresses are used");
                self.state().memory.troubled(host);
                flights
            }
        };
        self.meters.bridge();
        let mut first = match proof {
            Proof::Given => known.last,
            Proof::None => known.trusted,
        };
        self.state().memory.arrange(host, &mut first, Instant::now());
        Ok(Found { first, held: Vec::new(), flights, proof })
    }

    /// `address` has answered, and those before it had not.
    pub(crate) fn detour(&self, host: &str, address: SocketAddr) {
        self.state().memory.detour(host, address, Instant::now());
    }

    /// The addresses that were held back have answered, and those before them had not.
    pub(crate) fn believe(&self, host: &str) {
        self.state().memory.trust_last(host, Instant::now());
    }

    fn judged(&self, host: &str, answer: &Answer, proof: Proof) -> Found {
        let (mut first, held) = match proof {
            Proof::Given => (answer.all.clone(), Vec::new()),
            Proof::None => (answer.trusted.clone(), answer.suspicious.clone()),
        };
        self.state().memory.arrange(host, &mut first, Instant::now());
        if !held.is_empty() {
            self.meters.hold_back();
            if self.state().memory.report(host) {
                tracing::warn!(
                    host,
                    addresses = ?held,
                    "this source had public addresses and now has private ones, which are not used while the old ones \
                     answer; use https for it, if the move is right"
                );
            }
        }
        Found { first, held, flights: Vec::new(), proof }
    }

    /// The lookups of a host that are under way, with a new one where the newest is late already: the resolver may be
    /// well again, and the system would not ask it before its own time is over.
    fn flights(self: &Arc<Self>, state: &mut State, host: &str) -> Vec<Flight> {
        let State { flights, started, .. } = state;
        let running = flights.entry(host.to_owned()).or_default();
        let newest = running.last().map(|flight| flight.started.elapsed());
        if newest.is_none_or(|age| age >= self.limits.resolve) && running.len() < MAX_FLIGHTS {
            *started += 1;
            let (names, name, number) = (Arc::clone(self), host.to_owned(), *started);
            let task = tokio::spawn(async move { names.look_up(&name, number).await });
            let answer = async { task.await.unwrap_or_else(|e| Err(NoAddress::Failed(e.to_string()))) };
            running.push(Flight { number, started: Instant::now(), answer: answer.boxed().shared() });
        }
        running.clone()
    }

    async fn look_up(&self, host: &str, number: u64) -> Result<Arc<Answer>, NoAddress> {
        let answer = match timeout(LONGEST, self.resolver.resolve(host)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(NoAddress::None),
            Ok(Ok(addresses)) => Ok(distinct(addresses)),
            Ok(Err(e)) => Err(NoAddress::Failed(e.to_string())),
            Err(_) => Err(NoAddress::Late(LONGEST)),
        };
        let mut state = self.state();
        if let Some(running) = state.flights.get_mut(host) {
            running.retain(|flight| flight.number != number);
            if running.is_empty() {
                state.flights.remove(host);
            }
        }
        match answer {
            Ok(addresses) => Ok(Arc::new(state.memory.learn(host, addresses, Instant::now()))),
            Err(e) => {
                state.memory.troubled(host);
                Err(e)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done in it where something could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

impl Found {
    /// The addresses that the lookups under way bring. Waits for their end; gives none where nothing is under way.
    pub(crate) async fn later(&self) -> Vec<SocketAddr> {
        if self.flights.is_empty() {
            return Vec::new();
        }
        match (any(&self.flights).await, self.proof) {
            (Ok(answer), Proof::Given) => answer.all.clone(),
            (Ok(answer), Proof::None) => answer.trusted.clone(),
            (Err(_), _) => Vec::new(),
        }
    }

    /// The addresses that are used only when all others failed.
    pub(crate) fn held(&self) -> Vec<SocketAddr> {
        let late = self.flights.iter().rev().find_map(|flight| flight.answer.peek()?.as_ref().ok());
        match late {
            Some(answer) if self.proof == Proof::None => answer.suspicious.clone(),
            _ => self.held.clone(),
        }
    }
}

/// The first answer of some lookups, of which there is at least one.
async fn any(flights: &[Flight]) -> Result<Arc<Answer>, NoAddress> {
    select_ok(flights.iter().map(|flight| flight.answer.clone())).await.map(|(answer, _)| answer)
}

/// Each address once, and no more than a host can need.
fn distinct(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut distinct = Vec::new();
    for address in addresses {
        if distinct.len() < MAX_ADDRESSES && !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    distinct
}

const MAX_ADDRESSES: usize = 32;

/// A system asks several name servers, one after the other, for as long as this and longer.
const LONGEST: Duration = Duration::from_secs(30);

/// Each may keep a thread busy.
const MAX_FLIGHTS: usize = 4;
