//! The two sources of a row, and what breaks in each.

use std::sync::LazyLock;

use testkit::{Authority, BlackHole, Break, FaultProxy, H2Upstream, Link, Reply, ScriptedUpstream, Seen};

use super::{row::Ask, run::modules};

/// Signs the certificates of sources that speak TLS.
pub(super) static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);
/// An authority that Larder does not know.
static STRANGER: LazyLock<Authority> = LazyLock::new(Authority::new);

/// What a source does.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    Good,
    /// These answers to what the row asks for, then it is good.
    Once(Vec<Reply>),
    /// This answer to everything, after the answers before it.
    Always(Vec<Reply>, Reply),
    /// What its next connections go through, then it is good.
    Links(Vec<Link>),
    /// What every connection goes through.
    EveryLink(Link),
    /// It speaks TLS, and these are its next answers.
    Tls(Vec<Reply>),
    /// It speaks TLS with a certificate that nobody trusts.
    Stranger,
    /// It speaks HTTP/2, has nothing but [`Ask::Small`], and its next answers break like this.
    H2(Vec<Break>),
    /// It refuses connections.
    Down,
    /// It does not even refuse them.
    Hole,
}

pub(super) fn good() -> Plan {
    Plan::Good
}

pub(super) fn once(reply: Reply) -> Plan {
    Plan::Once(vec![reply])
}

pub(super) fn then<const N: usize>(replies: [Reply; N]) -> Plan {
    Plan::Once(replies.into())
}

pub(super) fn always(reply: Reply) -> Plan {
    Plan::Always(Vec::new(), reply)
}

/// This first, and then that for ever.
pub(super) fn first_then(first: Reply, ever: Reply) -> Plan {
    Plan::Always(vec![first], ever)
}

pub(super) fn h2<const N: usize>(breaks: [Break; N]) -> Plan {
    Plan::H2(breaks.into())
}

pub(super) fn link(link: Link) -> Plan {
    Plan::Links(vec![link])
}

pub(super) fn links(link: Link) -> Plan {
    Plan::EveryLink(link)
}

/// A source as it stands before Larder.
#[derive(Debug)]
pub(super) struct Side {
    plan: Plan,
    upstream: ScriptedUpstream,
    before: Before,
}

/// What stands in front of the upstream, or in its place.
#[derive(Debug)]
enum Before {
    Nothing,
    Relay(FaultProxy),
    Hole(BlackHole),
    H2(H2Upstream),
}

impl Side {
    /// A source that is good still.
    pub(super) fn new(plan: Plan) -> Self {
        let upstream = match &plan {
            Plan::Tls(_) => ScriptedUpstream::over_tls(modules(), &AUTHORITY),
            Plan::Stranger => ScriptedUpstream::over_tls(modules(), &STRANGER),
            _ => ScriptedUpstream::serving(modules()),
        };
        let before = match &plan {
            Plan::Links(_) | Plan::EveryLink(_) => Before::Relay(FaultProxy::before(&upstream.url())),
            Plan::Hole => Before::Hole(BlackHole::new()),
            Plan::H2(_) => {
                let zip = modules().module("example.com/small", "v1.0.0").zip.to_vec();
                Before::H2(H2Upstream::serving(zip, &AUTHORITY))
            }
            _ => Before::Nothing,
        };
        Self { plan, upstream, before }
    }

    pub(super) fn url(&self) -> String {
        match &self.before {
            Before::Nothing => self.upstream.url(),
            Before::Relay(relay) => relay.url(),
            Before::Hole(hole) => hole.url(),
            Before::H2(h2) => h2.url(),
        }
    }

    /// From now on it does as planned. What it was asked until now does not count.
    pub(super) fn begin(&mut self, ask: Ask) {
        let path = ask.path();
        match &self.plan {
            Plan::Once(replies) | Plan::Tls(replies) => self.upstream.script(path, replies.clone()),
            Plan::Always(before, reply) => {
                self.upstream.script(path, before.clone());
                self.upstream.always("*", reply.clone());
            }
            Plan::Down => self.upstream.take_down(),
            _ => {}
        }
        match (&self.before, &self.plan) {
            (Before::Relay(relay), Plan::Links(links)) => relay.script(links.clone()),
            (Before::Relay(relay), Plan::EveryLink(link)) => relay.always(link.clone()),
            (Before::H2(h2), Plan::H2(breaks)) => h2.script(breaks.clone()),
            _ => {}
        }
        if let Before::Relay(relay) = &self.before {
            relay.reset_all();
        }
        self.forget();
    }

    /// It is well again.
    pub(super) fn heal(&mut self) {
        self.upstream.natural();
        self.upstream.bring_up();
        if let Before::Relay(relay) = &self.before {
            relay.natural();
        }
    }

    pub(super) fn forget(&self) {
        self.upstream.forget();
        match &self.before {
            Before::Relay(relay) => relay.forget(),
            Before::H2(h2) => h2.forget(),
            Before::Nothing | Before::Hole(_) => {}
        }
    }

    /// How often it was asked: connections where they are what breaks, else requests for the path.
    pub(super) fn asked(&self, ask: Ask) -> usize {
        match &self.before {
            Before::Relay(relay) => relay.connections(),
            Before::H2(h2) => h2.asked(),
            Before::Nothing | Before::Hole(_) => self.upstream.asked(ask.path()),
        }
    }

    /// How many requests wanted a part only.
    pub(super) fn ranges(&self) -> usize {
        self.upstream.seen().iter().filter(|seen| seen.header("range").is_some()).count()
    }

    /// What it was asked, for people.
    pub(super) fn told(&self) -> String {
        let first = match &self.before {
            Before::Relay(relay) => Some(format!("{} connections", relay.connections())),
            Before::H2(h2) => Some(format!("{} requests", h2.asked())),
            Before::Nothing | Before::Hole(_) => None,
        };
        let requests = self.upstream.seen().into_iter().map(|Seen { method, target, headers, .. }| {
            let range = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("range"));
            range.map_or(format!("{method} {target}"), |(_, range)| format!("{method} {target} ({range})"))
        });
        first.into_iter().chain(requests).collect::<Vec<_>>().join(", ")
    }
}
