//! Which hosts may be reached that somebody else names: a module path, a page, a redirect. Without it, whoever may ask
//! for a module could make Larder knock at the doors of the network it stands in.

use std::{fmt, net::IpAddr, sync::Arc};

use crate::addresses::Class;

/// Which hosts may be reached. It is asked for every name and, when a connection is made, for every address; what an
/// HTTP proxy resolves is judged by its name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard(Rule);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// Hosts that the operator names: all.
    Open,
    /// All but those that no repository is ever at.
    Inside,
    /// Those of the public network, and these.
    Outside(Arc<[Box<str>]>),
}

/// A host that may not be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Refused {
    host: String,
    at: Option<(IpAddr, Class)>,
}

impl Guard {
    /// Hosts of the public network only: nothing that is, or resolves to, an address of this machine, of its link, of
    /// a private network, or of a cloud's metadata service.
    pub fn public() -> Self {
        Guard::public_and(None::<&str>)
    }

    /// The same, and these hosts wherever they are.
    pub fn public_and<H: AsRef<str>>(hosts: impl IntoIterator<Item = H>) -> Self {
        Guard(Rule::Outside(hosts.into_iter().map(|host| plain(host.as_ref()).into()).collect()))
    }

    /// Hosts of private networks and of this machine as well. Metadata services are still refused.
    pub fn private() -> Self {
        Guard(Rule::Inside)
    }

    /// Everything.
    pub(crate) fn open() -> Self {
        Guard(Rule::Open)
    }

    /// Judges a name, or a literal address.
    pub(crate) fn admits_host(&self, host: &str) -> Result<(), Refused> {
        if let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse() {
            return self.admits(host, ip);
        }
        let name = plain(host);
        let fine = match &self.0 {
            Rule::Open => true,
            Rule::Inside => !is_metadata(&name),
            Rule::Outside(hosts) => {
                hosts.iter().any(|known| **known == *name) || !is_metadata(&name) && !is_local(&name)
            }
        };
        if fine { Ok(()) } else { Err(Refused { host: host.to_owned(), at: None }) }
    }

    /// Judges an address of a host.
    pub(crate) fn admits(&self, host: &str, ip: IpAddr) -> Result<(), Refused> {
        let class = Class::of(ip);
        let fine = match &self.0 {
            Rule::Open => true,
            Rule::Inside => !matches!(class, Class::Metadata | Class::Many),
            Rule::Outside(hosts) => {
                class == Class::Public || hosts.iter().any(|known| **known == *plain(host))
            }
        };
        if fine { Ok(()) } else { Err(Refused { host: host.to_owned(), at: Some((ip, class)) }) }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refused { host, at } = self;
        match at {
            None => write!(f, "the name {host} stands for this machine or its surroundings")?,
            Some((ip, class)) if ip.to_string() == *host => write!(f, "{ip} is {}", words(*class))?,
            Some((ip, class)) => write!(f, "{host} is at {ip}, {}", words(*class))?,
        }
        f.write_str("; code is fetched from there only where a route allows it (allow_private_hosts)")
    }
}

fn words(class: Class) -> &'static str {
    match class {
        Class::Public => "a public address",
        Class::Unspecified | Class::Loopback => "this machine itself",
        Class::Private | Class::UniqueLocal => "an address of a private network",
        Class::Shared => "an address that a provider's customers share",
        Class::LinkLocal => "an address of the local link",
        Class::Metadata => "the metadata service of a cloud",
        Class::Many => "no address of one host",
    }
}

/// Lower case, without the dot of the root.
fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Names that mean this machine in every network.
fn is_local(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    matches!(last, "localhost" | "localdomain" | "ip6-localhost" | "ip6-loopback")
}

/// Names by which clouds give machines their keys.
fn is_metadata(name: &str) -> bool {
    matches!(name, "metadata" | "instance-data" | "metadata.google.internal" | "metadata.goog")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_network_is_all_that_others_may_name() {
        let guard = Guard::public();
        for host in ["example.com", "203.0.113.7", "[2001:db8::1]", "2001:db8::1", "localhost.example.com"] {
            assert_eq!(guard.admits_host(host), Ok(()), "{host}");
        }
        for host in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "localhost.localdomain",
            "127.0.0.1",
            "[::1]",
            "10.0.0.1",
            "[::ffff:10.0.0.1]",
            "0.0.0.0",
            "169.254.169.254",
            "metadata.google.internal",
            "224.0.0.1",
        ] {
            assert!(guard.admits_host(host).is_err(), "{host}");
        }
        assert!(guard.admits("example.com", "192.168.0.1".parse().unwrap()).is_err());
        assert!(guard.admits("example.com", "203.0.113.7".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_route_opens_named_hosts_or_all_but_metadata() {
        let named = Guard::public_and(["Git.Corp.example.", "10.0.0.1", "localhost"]);
        let inside = "10.1.2.3".parse().unwrap();
        assert!(named.admits("git.corp.example", inside).is_ok());
        assert!(named.admits("GIT.corp.example.", inside).is_ok());
        assert!(named.admits("x.git.corp.example", inside).is_err());
        assert!(named.admits_host("10.0.0.1").is_ok() && named.admits_host("10.0.0.2").is_err());
        assert!(named.admits_host("localhost").is_ok());
        let private = Guard::private();
        assert!(
            private.admits("git.corp.example", inside).is_ok() && private.admits_host("localhost").is_ok()
        );
        assert!(private.admits_host("169.254.169.254").is_err() && private.admits_host("metadata").is_err());
        assert!(Guard::open().admits_host("169.254.169.254").is_ok());
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let refused = Guard::public().admits("git.example.com", "10.0.0.1".parse().unwrap()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "git.example.com is at 10.0.0.1, an address of a private network; code is fetched from there only where a route \
             allows it (allow_private_hosts)"
        );
        let refused = Guard::public().admits_host("127.0.0.1").unwrap_err();
        assert!(refused.to_string().starts_with("127.0.0.1 is this machine itself; "));
    }
}
