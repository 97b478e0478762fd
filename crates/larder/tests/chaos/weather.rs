//! Two upstreams that come and go, behind links that break.

use std::{fmt, time::Instant};

use testkit::{Act, At, FaultProxy, Gate, Link, ModuleTree, Reply, ScriptedUpstream};

use crate::random::Random;

/// What one upstream is like for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sky {
    /// All is well.
    Clear,
    /// Connections break in the middle of what they carry, some with a reset, some cleanly; others come late.
    Lossy,
    /// Responses stop in their middle and go on when the moment is over.
    Halting,
    /// Connections are reset before anything is said.
    Refusing,
    /// Connections are taken and nothing is said on them.
    Silent,
    /// Everything is answered with 503.
    Failing,
    /// HTML where files were asked for, and zips with another byte in their middle.
    Lying,
}

/// While one upstream is one of these, the other is not: a source that answers is what the promise needs.
const DARK: [Sky; 4] = [Sky::Refusing, Sky::Silent, Sky::Failing, Sky::Lying];
const FAIR: [Sky; 3] = [Sky::Clear, Sky::Lossy, Sky::Halting];

/// One of the two.
struct Place {
    upstream: ScriptedUpstream,
    link: FaultProxy,
    sky: Sky,
    /// What halts waits for this.
    gate: Gate,
    changes: Instant,
}

pub(crate) struct Weather {
    places: [Place; 2],
    random: Random,
    seen: Vec<(Sky, usize)>,
}

impl Weather {
    pub(crate) fn over(tree: &ModuleTree, random: Random) -> Self {
        let place = || {
            let upstream = ScriptedUpstream::serving(tree.clone());
            let link = FaultProxy::before(&upstream.url());
            Place { upstream, link, sky: Sky::Clear, gate: Gate::new(), changes: Instant::now() }
        };
        Self { places: [place(), place()], random, seen: Vec::new() }
    }

    /// Both, where one stands in for the other after any failure.
    pub(crate) fn chain(&self) -> String {
        self.places.each_ref().map(|place| place.link.url()).join("|")
    }

    /// When it changes next.
    pub(crate) fn changes(&self) -> Instant {
        self.places.iter().map(|place| place.changes).min().unwrap()
    }

    /// Changes what is due.
    pub(crate) fn change(&mut self) {
        let now = Instant::now();
        for at in 0..self.places.len() {
            if self.places[at].changes > now {
                continue;
            }
            let dark = DARK.contains(&self.places[1 - at].sky);
            let skies = if dark || self.random.below(3) == 0 { &FAIR[..] } else { &DARK[..] };
            let sky = skies[self.random.below(skies.len())];
            self.count(sky);
            let lasts = self.random.millis(300, 1500);
            let place = &mut self.places[at];
            place.changes = now + lasts;
            place.become_(sky, &mut self.random);
        }
    }

    /// All is well from now on, everywhere.
    pub(crate) fn clear_up(&mut self) {
        for place in &mut self.places {
            place.become_(Sky::Clear, &mut self.random);
        }
    }

    fn count(&mut self, sky: Sky) {
        match self.seen.iter_mut().find(|(known, _)| *known == sky) {
            Some((_, times)) => *times += 1,
            None => self.seen.push((sky, 1)),
        }
    }
}

impl Place {
    fn become_(&mut self, sky: Sky, random: &mut Random) {
        self.sky = sky;
        self.gate.open();
        self.link.natural();
        self.upstream.natural();
        match sky {
            Sky::Clear => {}
            Sky::Lossy => {
                let bytes = 2_000 + random.below(200_000) as u64;
                let act = if random.below(2) == 0 { Act::Reset } else { Act::Cut };
                self.link.each(3, Link::good().response(At::Byte(bytes), act));
                self.link.always(Link::good().delay(random.millis(1, 20)));
                self.link.reset_all();
            }
            Sky::Halting => {
                self.gate = Gate::new();
                let stall = Act::Stall(self.gate.clone());
                self.link.always(Link::good().response(At::Byte(random.below(100_000) as u64), stall));
                self.link.reset_all();
            }
            Sky::Refusing => {
                self.link.always(Link::reset());
                self.link.reset_all();
            }
            Sky::Silent => {
                self.link.always(Link::silent());
                self.link.reset_all();
            }
            Sky::Failing => self.upstream.always("*", Reply::status(503)),
            Sky::Lying => {
                self.upstream.always("*", Reply::html());
                // Only a zip says by itself that a byte is another one.
                self.upstream.always(
                    "*.zip",
                    Reply::natural().edit(|zip| {
                        let middle = zip.len() / 2;
                        zip[middle] ^= 1;
                    }),
                );
            }
        }
    }
}

/// How often each came.
impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seen = self.seen.clone();
        seen.sort_unstable();
        for (sky, times) in seen {
            write!(f, "{sky:?} {times}, ")?;
        }
        let [one, other] = self.places.each_ref().map(|place| place.link.connections());
        write!(f, "{one} and {other} connections")
    }
}
