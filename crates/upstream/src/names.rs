//! Where a host is: every lookup of the program goes through here.
//!
//! One lookup at a time per host, within a time limit. While the resolver is late or fails, the last good addresses
//! are used, and the lookup goes on behind. A host without TLS that had public addresses is not followed into a
//! private network while they answer: nothing else would tell it from an impostor.

use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{BoxFuture, FutureExt, Shared};
use tokio::time::{Instant, timeout, timeout_at};

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
    /// The lookups that are under way.
    flights: HashMap<String, Flight>,
}

/// One lookup, for all who wait for it.
#[derive(Clone)]
struct Flight {
    started: Instant,
    answer: Shared<BoxFuture<'static, Result<Arc<Answer>, NoAddress>>>,
}

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
    /// A lookup that is still under way.
    flight: Option<Flight>,
    proof: Proof,
}

impl Names {
    pub(crate) fn new(resolver: Arc<dyn Resolver>, limits: Limits, meters: DnsMeters) -> Self {
        let state = State { memory: Memory::new(limits.resolve_memory), flights: HashMap::new() };
        Names { resolver, limits, meters, state: Mutex::new(state) }
    }

    /// The addresses of a host, which is no IP address itself. Their ports mean nothing.
    pub(crate) async fn find(self: &Arc<Self>, host: &str, proof: Proof) -> Result<Found, NoAddress> {
        let (known, flight) = {
            let mut state = self.state();
            (state.memory.get(host, Instant::now()), self.flight(&mut state, host))
        };
        let Some(known) = known else {
            return flight.answer.await.map(|answer| self.judged(host, &answer, proof));
        };
        // After a failure nobody waits for the resolver again until it has answered behind.
        let patience =
            if known.troubled { flight.started } else { flight.started + self.limits.resolve_patience };
        let flight = match timeout_at(patience, flight.answer.clone()).await {
            Ok(Ok(answer)) => return Ok(self.judged(host, &answer, proof)),
            Ok(Err(error)) => {
                tracing::debug!(host, %error, "the resolver failed; the last good addresses are used");
                None
            }
            Err(_) => {
                tracing::debug!(host, "the resolver is late; the last good addresses are used");
                Some(flight)
            }
        };
        self.meters.bridge();
        let first = match proof {
            Proof::Given => known.last,
            Proof::None => known.trusted,
        };
        Ok(Found { first, held: Vec::new(), flight, proof })
    }

    /// The addresses that were held back have answered, and those before them had not.
    pub(crate) fn believe(&self, host: &str) {
        self.state().memory.trust_last(host, Instant::now());
    }

    fn judged(&self, host: &str, answer: &Answer, proof: Proof) -> Found {
        let (first, held) = match proof {
            Proof::Given => (answer.all.clone(), Vec::new()),
            Proof::None => (answer.trusted.clone(), answer.suspicious.clone()),
        };
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
        Found { first, held, flight: None, proof }
    }

    /// Joins the lookup of a host, or starts it. It goes on when nobody waits any more.
    fn flight(self: &Arc<Self>, state: &mut State, host: &str) -> Flight {
        if let Some(flight) = state.flights.get(host) {
            return flight.clone();
        }
        let names = Arc::clone(self);
        let name = host.to_owned();
        let task = tokio::spawn(async move { names.look_up(&name).await });
        let answer = async move { task.await.unwrap_or_else(|e| Err(NoAddress::Failed(e.to_string()))) };
        let flight = Flight { started: Instant::now(), answer: answer.boxed().shared() };
        state.flights.insert(host.to_owned(), flight.clone());
        flight
    }

    async fn look_up(&self, host: &str) -> Result<Arc<Answer>, NoAddress> {
        let limit = self.limits.resolve;
        let answer = match timeout(limit, self.resolver.resolve(host)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(NoAddress::None),
            Ok(Ok(addresses)) => Ok(distinct(addresses)),
            Ok(Err(e)) => Err(NoAddress::Failed(e.to_string())),
            Err(_) => Err(NoAddress::Late(limit)),
        };
        let mut state = self.state();
        state.flights.remove(host);
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
    /// The addresses that a lookup under way brings. Waits for its end; gives none where nothing is under way.
    pub(crate) async fn later(&self) -> Vec<SocketAddr> {
        match &self.flight {
            Some(flight) => match (flight.answer.clone().await, self.proof) {
                (Ok(answer), Proof::Given) => answer.all.clone(),
                (Ok(answer), Proof::None) => answer.trusted.clone(),
                (Err(_), _) => Vec::new(),
            },
            None => Vec::new(),
        }
    }

    /// The addresses that are used only when all others failed.
    pub(crate) fn held(&self) -> Vec<SocketAddr> {
        match self.flight.as_ref().and_then(|flight| flight.answer.peek()) {
            Some(Ok(answer)) if self.proof == Proof::None => answer.suspicious.clone(),
            _ => self.held.clone(),
        }
    }
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
