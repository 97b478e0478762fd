//! The address that Larder answers at.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use super::wrong::Wrong;

/// `HOST:PORT`. The host is a name or an address; it is looked up when Larder binds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    /// As a resolver takes it: an IPv6 address stands here without brackets.
    pub(crate) host: String,
    /// 0 is any free one.
    pub(crate) port: u16,
}

impl Default for Listen {
    fn default() -> Self {
        Listen { host: "127.0.0.1".to_owned(), port: 4873 }
    }
}

impl FromStr for Listen {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = |why: &str| {
            Err(Wrong::new(format!("{text:?} {why}"))
                .help("write HOST:PORT, like 127.0.0.1:4873, 0.0.0.0:4873 for every address, or [::1]:4873"))
        };
        if text.contains("://") {
            return wrong("is a URL");
        }
        let Some((host, port)) = text.rsplit_once(':') else { return wrong("has no port") };
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(v6) if v6.parse::<Ipv6Addr>().is_ok() => v6,
            Some(_) => return wrong("has no IPv6 address between its brackets"),
            None if host.is_empty() => return wrong("has no host"),
            None if host.contains(':') => return wrong("has an IPv6 address without brackets"),
            None => host,
        };
        if !host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b)) {
            return wrong("has a host that is neither a name nor an address");
        }
        match port.parse::<u16>() {
            Ok(number) if port.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Listen { host: host.to_owned(), port: number })
            }
            _ => wrong("has a port that is not a number from 0 to 65535"),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_both_needed() {
        for good in
            ["127.0.0.1:4873", "0.0.0.0:0", "localhost:80", "[::1]:65535", "build-1.corp.example:4873"]
        {
            assert_eq!(good.parse::<Listen>().unwrap().to_string(), good);
        }
        for (bad, why) in [
            ("", "has no port"),
            ("localhost", "has no port"),
            (":4873", "has no host"),
            ("::1:4873", "has an IPv6 address without brackets"),
            ("[::g]:1", "has no IPv6 address between its brackets"),
            ("localhost:", "has a port that is not a number from 0 to 65535"),
            ("localhost:+1", "has a port that is not a number from 0 to 65535"),
            ("localhost:65536", "has a port that is not a number from 0 to 65535"),
            ("http://localhost:80", "is a URL"),
            ("local host:80", "has a host that is neither a name nor an address"),
        ] {
            assert_eq!(bad.parse::<Listen>().unwrap_err().what, format!("{bad:?} {why}"));
        }
    }
}
