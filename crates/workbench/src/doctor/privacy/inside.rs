//! Which hosts belong to a house, and which to everybody.

use std::{
    collections::BTreeMap,
    net::{IpAddr, ToSocketAddrs},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// The host of a proxy that strangers may run. `None`: nothing leaves the house, for it is a directory, lies inside, or
/// is one that wants to know who asks.
pub(super) fn public_server(url: &str, lies_inside: impl Fn(&str) -> bool) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = without_port(authority);
    let is_own =
        scheme == "file" || authority.contains('@') || is_name_inside(host) || lies_inside(authority);
    (!is_own).then(|| authority.to_owned())
}

/// Whether this is a name or an address of this machine.
pub(super) fn is_this_machine(authority: &str) -> bool {
    let host = without_port(authority);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether two hosts are of one domain that somebody registered.
pub(super) fn is_same_house(a: &str, b: &str) -> bool {
    let domain = |host: &str| -> Option<String> {
        let host = without_port(host);
        if host.parse::<IpAddr>().is_ok() {
            return None;
        }
        let labels: Vec<&str> = host.split('.').collect();
        let [.., second, top] = labels.as_slice() else { return None };
        // As in `co.uk`.
        let shared = top.len() == 2 && second.len() <= 3;
        let kept = if shared { 3 } else { 2 };
        Some(labels.get(labels.len().checked_sub(kept)?..)?.join("."))
    };
    domain(a).is_some_and(|a| Some(a) == domain(b))
}

/// Names that no public resolver may ever know, and addresses of private networks.
pub(super) fn is_name_inside(host: &str) -> bool {
    if let Ok(ip) = host.parse() {
        return is_address_inside(ip) && !is_this_machine(host);
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    host != "localhost"
        && (!host.contains('.')
            || host.ends_with(".home.arpa")
            || matches!(
                last,
                "internal" | "local" | "lan" | "corp" | "intranet" | "home" | "private" | "localdomain"
            ))
}

/// Whether an address means something in one network only.
pub(super) fn is_address_inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || a == 100 && (64..128).contains(&b)
        }
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_address_inside(IpAddr::V4(ip)),
            None => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        },
    }
}

pub(super) fn without_port(authority: &str) -> &str {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ip, _)) => ip,
        None => host.split(':').next().unwrap_or(host),
    }
}

/// What this machine's resolver says of hosts, all asked at once; one without an answer in time, or without any, is not
/// among them.
pub(super) fn addresses(
    hosts: impl IntoIterator<Item = String>,
    within: Duration,
) -> BTreeMap<String, IpAddr> {
    let (tell, told) = mpsc::channel();
    let mut asked = 0;
    for host in hosts {
        let tell = tell.clone();
        let ask = move || {
            let found = (host.as_str(), 443).to_socket_addrs().ok().and_then(|mut all| all.next());
            let _ = tell.send((host, found));
        };
        // A thread that waits for the resolver ends when that gives up.
        asked += usize::from(thread::Builder::new().name("resolve".to_owned()).spawn(ask).is_ok());
    }
    let until = Instant::now() + within;
    let mut all = BTreeMap::new();
    for _ in 0..asked {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((host, Some(found))) => drop(all.insert(host, found.ip())),
            Ok((_, None)) => {}
            Err(_) => break,
        }
    }
    all
}

/// How long a resolver is waited for: what lies inside is known at once.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_servers_are_told_from_those_of_strangers() {
        let public = |url: &str| public_server(url, |host| host == "resolves.example.org");
        for own in [
            "file:///srv/modules",
            "https://user:token@saas.example.org",
            "https://goproxy.corp.internal",
            "http://10.1.2.3:3000",
            "http://[fd00::1]:3000",
            "https://goproxy",
            "https://resolves.example.org/go",
        ] {
            assert_eq!(public(own), None, "{own}");
        }
        assert_eq!(public("https://proxy.example.org/go?x"), Some("proxy.example.org".to_owned()));
        assert_eq!(public("http://127.0.0.1:3000"), Some("127.0.0.1:3000".to_owned()));
    }

    #[test]
    fn a_house_is_a_registered_domain() {
        assert!(is_same_house("goproxy.acme.example.org:8443", "git.example.org"));
        assert!(!is_same_house("git.a.co.uk", "git.b.co.uk"));
        assert!(is_same_house("git.a.co.uk", "a.co.uk"));
        assert!(!is_same_house("10.0.0.1", "11.0.0.1"));
        assert!(!is_same_house("example.org", "example.net"));
    }

    #[test]
    fn addresses_of_one_network() {
        for (ip, inside) in [
            ("10.0.0.1", true),
            ("100.64.0.1", true),
            ("192.0.2.1", false),
            ("fd00::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_address_inside(ip.parse().unwrap()), inside, "{ip}");
        }
        let found = addresses(["localhost".to_owned()], Duration::from_mins(1));
        assert!(found.values().all(IpAddr::is_loopback));
    }
}
