//! What kind of network an IP address belongs to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of network an IP address belongs to. IPv4 within IPv6 counts as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Anything that is not one of the others.
    Public,
    /// `0.0.0.0/8` and `::`: on most systems another name for the machine itself.
    Unspecified,
    /// The machine itself.
    Loopback,
    /// RFC 1918.
    Private,
    /// Shared by the customers of a provider (RFC 6598).
    Shared,
    /// The same wire.
    LinkLocal,
    /// RFC 4193.
    UniqueLocal,
    /// Where cloud machines ask for their own keys.
    Metadata,
    /// Multicast and broadcast: no server has such an address.
    Many,
}

impl Class {
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Class::of_v4(ip),
            IpAddr::V6(ip) => match embedded(ip) {
                Some(ip) => Class::of_v4(ip),
                None => Class::of_v6(ip),
            },
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        let [a, b, ..] = ip.octets();
        if METADATA_V4.contains(&ip) {
            Class::Metadata
        } else if a == 0 {
            Class::Unspecified
        } else if ip.is_loopback() {
            Class::Loopback
        } else if ip.is_private() {
            Class::Private
        } else if a == 100 && (64..128).contains(&b) {
            Class::Shared
        } else if ip.is_link_local() {
            Class::LinkLocal
        } else if ip.is_multicast() || ip.is_broadcast() {
            Class::Many
        } else {
            Class::Public
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        if METADATA_V6.contains(&ip) {
            Class::Metadata
        } else if ip.is_unspecified() {
            Class::Unspecified
        } else if ip.is_loopback() {
            Class::Loopback
        } else if ip.is_unicast_link_local() {
            Class::LinkLocal
        } else if ip.is_unique_local() {
            Class::UniqueLocal
        } else if ip.is_multicast() {
            Class::Many
        } else {
            Class::Public
        }
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped (RFC 4291), by NAT64 (RFC 6052) or 6to4 (RFC 3056).
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let mapped = ip.to_ipv4_mapped();
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => mapped,
    }
}

/// Those of the large clouds that lie in no network of their own.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_V6: [Ipv6Addr; 1] = [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_has_its_class() {
        for (text, class) in [
            ("8.8.8.8", Class::Public),
            ("203.0.113.7", Class::Public),
            ("2001:db8::1", Class::Public),
            ("0.0.0.0", Class::Unspecified),
            ("0.1.2.3", Class::Unspecified),
            ("::", Class::Unspecified),
            ("127.9.9.9", Class::Loopback),
            ("::1", Class::Loopback),
            ("10.1.2.3", Class::Private),
            ("172.16.0.1", Class::Private),
            ("172.32.0.1", Class::Public),
            ("192.168.0.1", Class::Private),
            ("100.64.0.1", Class::Shared),
            ("100.127.255.255", Class::Shared),
            ("100.128.0.1", Class::Public),
            ("169.254.1.1", Class::LinkLocal),
            ("fe80::1", Class::LinkLocal),
            ("fd12::1", Class::UniqueLocal),
            ("169.254.169.254", Class::Metadata),
            ("100.100.100.200", Class::Metadata),
            ("fd00:ec2::254", Class::Metadata),
            ("224.0.0.1", Class::Many),
            ("255.255.255.255", Class::Many),
            ("ff02::1", Class::Many),
            ("::ffff:127.0.0.1", Class::Loopback),
            ("::ffff:8.8.8.8", Class::Public),
            ("64:ff9b::10.0.0.1", Class::Private),
            ("2002:7f00:1::", Class::Loopback),
            ("2002:c0a8:1::1", Class::Private),
        ] {
            assert_eq!(Class::of(text.parse().unwrap()), class, "{text}");
        }
    }
}
