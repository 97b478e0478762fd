//! Which address a request comes from: that of the connection, or what a trusted proxy says.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use http::HeaderMap;

/// Addresses of proxies whose `X-Forwarded-For` is believed; nobody else's is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

/// An address, or a range of them: `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no address and no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no address like 10.1.2.3, and no range like 10.0.0.0/8")]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) if bits.bytes().all(|b| b.is_ascii_digit()) => bits.parse().map_err(|_| NoNetwork)?,
            Some(_) => return Err(NoNetwork),
        };
        if bits > most { Err(NoNetwork) } else { Ok(Network { address, bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        let own_bits = u32::from(self.bits);
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = Ipv4Addr::to_bits(own) ^ Ipv4Addr::to_bits(other);
                differ.leading_zeros() >= own_bits
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = Ipv6Addr::to_bits(own) ^ Ipv6Addr::to_bits(other);
                differ.leading_zeros() >= own_bits
            }
            _ => false,
        }
    }
}

impl FromIterator<Network> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl TrustedProxies {
    /// The address of who asks, for people: the connection's own, unless that is a trusted proxy's; then the last
    /// address in `X-Forwarded-For` that is not one either. What stands before that, anybody can have written.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let said: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for one in said.into_iter().rev() {
            if !self.0.iter().any(|network| network.holds(client)) {
                break;
            }
            let Ok(address) = one.trim().parse::<IpAddr>() else { break };
            client = address.to_canonical();
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_and_ranges() {
        for (text, shown) in [
            ("10.1.2.3", "10.1.2.3/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::1", "::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), shown);
        }
        for bad in ["", "10", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "proxy.example.com"] {
            assert_eq!(bad.parse::<Network>(), Err(NoNetwork), "{bad}");
        }
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().holds(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "192.0.2.1") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: TrustedProxies =
            ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().unwrap()).collect();
        let client = |proxies: &TrustedProxies, peer: &str, said: &[&str]| {
            let headers =
                said.iter().map(|value| ("x-forwarded-for".parse().unwrap(), value.parse().unwrap()));
            proxies.client(peer.parse().unwrap(), &headers.collect()).to_string()
        };
        let nobody = TrustedProxies::default();
        assert_eq!(client(&nobody, "127.0.0.1", &["192.0.2.1"]), "127.0.0.1");
        assert_eq!(client(&trusted, "192.0.2.9", &["192.0.2.1"]), "192.0.2.9");
        assert_eq!(client(&trusted, "10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client(&trusted, "::ffff:10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client(&trusted, "10.0.0.1", &["192.0.2.7, 192.0.2.1, 10.0.0.2"]), "192.0.2.1");
        assert_eq!(client(&trusted, "10.0.0.1", &["192.0.2.7", "10.0.0.2"]), "192.0.2.7");
        assert_eq!(client(&trusted, "10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(client(&trusted, "10.0.0.1", &[]), "10.0.0.1");
    }
}
