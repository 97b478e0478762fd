//! What those may do who publish here, and whose word is taken for where they are.

use std::{fmt, time::Duration};

use server::{Network, TrustedProxies};
use toml::Spanned;

use super::{
    file,
    origin::Valued,
    pick::Pick,
    span::{HOUR, LEAST, Span},
    wrong::Wrong,
};

/// The bounds of uploads, as [`server::Config`] has them.
#[derive(Clone, Debug)]
pub(crate) struct Publishing {
    pub(crate) at_once: Valued<usize>,
    pub(crate) time: Valued<Span>,
    pub(crate) trusted_proxies: Valued<Trusted>,
}

/// Proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trusted(Vec<Network>);

impl Trusted {
    pub(crate) fn proxies(&self) -> TrustedProxies {
        self.0.iter().copied().collect()
    }
}

impl fmt::Display for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let all: Vec<_> = self.0.iter().map(Network::to_string).collect();
        f.write_str(&all.join(", "))
    }
}

impl Publishing {
    /// The file's values; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &file::File, pick: &mut Pick<'_>) -> Self {
        let publish = &file.publish;
        let trusted = file.clients.trusted_proxies.as_ref().and_then(|list| trusted(list, pick));
        Publishing {
            at_once: pick.number("publish.at_once", publish.at_once.as_ref(), 1..=MOST, AT_ONCE),
            time: pick.span("publish.time", publish.time.as_ref(), LEAST..=HOUR, TIME),
            trusted_proxies: trusted.unwrap_or_else(|| Valued::default(Trusted::default())),
        }
    }
}

fn trusted(list: &Spanned<Vec<file::Text>>, pick: &mut Pick<'_>) -> Option<Valued<Trusted>> {
    let mut networks = Vec::new();
    for one in list.get_ref() {
        let network = pick.in_file("clients.trusted_proxies", Some(one), |text| {
            let wrong = |error: server::NoNetwork| Wrong::new(format!("{text:?} is not good: {error}"));
            let help = "write the addresses of your own proxies, like [\"10.0.0.0/8\", \"::1\"]";
            text.parse::<Network>().map_err(|error| wrong(error).help(help))
        });
        networks.push(network?.value);
    }
    Some(pick.at(list, Trusted(networks)))
}

const MOST: usize = 10_000;
const AT_ONCE: usize = 8;
const TIME: Duration = Duration::from_mins(10);
