//! What was measured of one proxy.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use super::{Quantiles, Trouble};

/// One proxy, measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its URL without secrets.
    pub url: String,
    /// What named it: `GOPROXY`, `LARDER_UPSTREAM`, `the command line`.
    pub named_by: String,
    /// Whose address answered.
    pub place: Option<Place>,
    /// Whether HTTP/2 was spoken.
    pub http2: bool,
    /// Whether it passes on what `go` asks the checksum database; nothing where that was not asked, or not answered.
    pub relays: Option<bool>,
    /// Requests that were sent, redirects included.
    pub sent: u32,
    /// The steps of connections that nobody else used.
    pub connecting: Connecting,
    /// Every small file once, each over a connection of its own.
    pub cold: Series,
    /// Small files one after another, over a connection that is kept.
    pub warm: Series,
    /// The same, so many at once.
    pub levels: Vec<Level>,
    /// Zips over connections of their own, for the first time.
    pub zip_cold: Throughput,
    /// The same zips once more.
    pub zip_warm: Throughput,
    /// What failed, and how often.
    pub errors: BTreeMap<Trouble, u32>,
    /// The first failure of each kind, in words.
    pub evidence: BTreeMap<Trouble, String>,
    /// Files that it has not, and others have.
    pub absent: Vec<String>,
}

/// Where an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// On this machine.
    Loopback,
    /// In a private network.
    Private,
    /// Anywhere.
    Public,
}

/// The steps of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connecting {
    /// Looking up the name.
    pub dns: Option<Quantiles>,
    /// TCP, and the tunnel through an HTTP proxy.
    pub tcp: Option<Quantiles>,
    /// The TLS handshake.
    pub tls: Option<Quantiles>,
    /// All of that and the head of the first answer.
    pub first_byte: Option<Quantiles>,
}

/// Requests for small files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// How many were asked.
    pub asked: u32,
    /// How many were answered, and rightly.
    pub good: u32,
    /// How long those took.
    pub times: Option<Quantiles>,
}

/// Requests at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// How many at once.
    pub at_once: u32,
    /// What became of them.
    pub series: Series,
    /// Good answers a second.
    pub per_second: f64,
}

/// Zips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throughput {
    /// How many were asked.
    pub asked: u32,
    /// How many came, and were what they have to be.
    pub good: u32,
    /// Bytes of those.
    pub bytes: u64,
    /// How long those took, one after another.
    pub time: Duration,
}

/// What may be expected of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// At least 99 of 100 requests were answered rightly.
    Works,
    /// Fewer were.
    Unreliable,
    /// It gave something else than was asked for.
    Wrong,
    /// No answer was right.
    Fails,
}

impl Place {
    pub(super) fn of(address: IpAddr) -> Self {
        let private = match address {
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
        };
        match (address.is_loopback(), private) {
            (true, _) => Place::Loopback,
            (false, true) => Place::Private,
            (false, false) => Place::Public,
        }
    }

    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Place::Loopback => "loopback",
            Place::Private => "private",
            Place::Public => "public",
        }
    }
}

impl Standing {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Works => "works",
            Standing::Unreliable => "unreliable",
            Standing::Wrong => "wrong",
            Standing::Fails => "fails",
        }
    }
}

impl Throughput {
    /// Bytes a second, where anything came.
    pub fn per_second(&self) -> Option<f64> {
        // Below 2^53 every number of bytes has its own f64.
        #[expect(clippy::cast_precision_loss, reason = "zips have less than 2^53 bytes")]
        let bytes = self.bytes as f64;
        (self.good > 0 && !self.time.is_zero()).then(|| bytes / self.time.as_secs_f64())
    }

    /// How long one took.
    pub(super) fn each(&self) -> Option<Duration> {
        self.time.checked_div(self.good)
    }
}

impl Measured {
    /// Requests whose answers were counted, and how many were right.
    pub fn answered(&self) -> (u32, u32) {
        let small = [self.cold, self.warm].into_iter().chain(self.levels.iter().map(|level| level.series));
        let small = small.map(|series| (series.asked, series.good));
        let zips = [self.zip_cold, self.zip_warm].map(|zips| (zips.asked, zips.good));
        small.chain(zips).fold((0, 0), |(asked, good), (a, g)| (asked + a, good + g))
    }

    /// The share of right answers, from 0 to 1; nothing where nothing was asked.
    pub fn share(&self) -> Option<f64> {
        let (asked, good) = self.answered();
        (asked > 0).then(|| f64::from(good) / f64::from(asked))
    }

    /// What may be expected of it.
    pub fn standing(&self) -> Standing {
        let (asked, good) = self.answered();
        match () {
            () if self.errors.contains_key(&Trouble::Wrong) => Standing::Wrong,
            () if good == 0 => Standing::Fails,
            () if u64::from(good) * 100 < u64::from(asked) * 99 => Standing::Unreliable,
            () => Standing::Works,
        }
    }

    /// What a module costs, as far as it can be said: a small answer of the middle, one of the slow, and a zip.
    pub fn cost(&self) -> Option<Duration> {
        let Quantiles { p50, p95, .. } = self.warm.times.or(self.cold.times)?;
        let zip = self.zip_warm.each().or(self.zip_cold.each()).unwrap_or_default();
        Some(p50 + p95 + zip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_their_place() {
        for (address, place) in [
            ("127.0.0.1", Place::Loopback),
            ("::1", Place::Loopback),
            ("10.1.2.3", Place::Private),
            ("192.168.0.1", Place::Private),
            ("fd00::1", Place::Private),
            ("203.0.113.7", Place::Public),
            ("2001:db8::1", Place::Public),
        ] {
            assert_eq!(Place::of(address.parse().unwrap()), place, "{address}");
        }
    }
}
