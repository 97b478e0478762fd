//! Which HTTP proxy leads to a host, by the rules that Go programs follow: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`
//! and their lower-case forms. `ALL_PROXY` means nothing to them.

use std::{fmt, net::IpAddr};

use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::{Env, secret::Credentials};

/// The HTTP proxies of the environment. `Debug` shows none of it, because their URLs may hold passwords.
#[derive(Clone, Default)]
pub struct HttpProxies {
    http: Option<Url>,
    https: Option<Url>,
    bypass: Vec<Bypass>,
}

/// A proxy variable whose value names no proxy. The value is not repeated: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} names no proxy; write it like http://proxy.example.com:3128 (http, https, socks5 or socks5h)")]
pub struct BadHttpProxy(&'static str);

/// One entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bypass {
    Everything,
    Network {
        address: IpAddr,
        bits: u8,
    },
    Address {
        address: IpAddr,
        port: Option<u16>,
    },
    /// `suffix` begins with a dot; `itself` says whether the name without that dot counts too.
    Domain {
        suffix: String,
        itself: bool,
        port: Option<u16>,
    },
}

impl HttpProxies {
    /// Reads the variables. Fails where one names no proxy.
    pub fn from_env(env: &Env) -> Result<Self, BadHttpProxy> {
        // In a CGI program HTTP_PROXY comes from a request's `Proxy:` header.
        let http =
            if env.get("REQUEST_METHOD").is_some() { None } else { find(env, ["HTTP_PROXY", "http_proxy"])? };
        let https = find(env, ["HTTPS_PROXY", "https_proxy"])?;
        let list = env.text("NO_PROXY").or_else(|| env.text("no_proxy")).unwrap_or_default();
        Ok(HttpProxies { http, https, bypass: list.split(',').filter_map(Bypass::parse).collect() })
    }

    /// Whether no URL goes through a proxy.
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// The proxy for a URL, or none if it is reached directly. The machine itself never is behind a proxy.
    pub fn for_url(&self, url: &Url) -> Option<&Url> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        let port = url.port_or_known_default();
        let direct = match url.host()? {
            Host::Domain(name) => {
                name == "localhost" || self.bypass.iter().any(|b| b.covers_name(name, port))
            }
            Host::Ipv4(ip) => self.is_direct(ip.into(), port),
            Host::Ipv6(ip) => self.is_direct(ip.into(), port),
        };
        proxy.as_ref().filter(|_| !direct)
    }

    /// User names and passwords of the proxies.
    pub fn secrets(&self) -> impl Iterator<Item = String> + '_ {
        self.http.iter().chain(&self.https).flat_map(|url| {
            let words = [Some(url.username()), url.password()];
            words.into_iter().flatten().flat_map(|word| [word.to_owned(), decoded(word)])
        })
    }

    /// The user name and password that a proxy's URL holds.
    pub(crate) fn user(proxy: &Url) -> Option<(String, String)> {
        let password = proxy.password();
        if proxy.username().is_empty() && password.is_none() {
            return None;
        }
        Some((decoded(proxy.username()), decoded(password.unwrap_or_default())))
    }

    /// The value of `Proxy-Authorization` for an HTTP proxy; a SOCKS proxy takes none.
    pub fn authorization(proxy: &Url) -> Option<HeaderValue> {
        let (user, password) =
            HttpProxies::user(proxy).filter(|_| matches!(proxy.scheme(), "http" | "https"))?;
        Credentials::new(&user, &password).basic()
    }

    fn is_direct(&self, ip: IpAddr, port: Option<u16>) -> bool {
        ip.is_loopback() || self.bypass.iter().any(|b| b.covers_address(ip, port))
    }
}

impl fmt::Debug for HttpProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpProxies")
    }
}

impl Bypass {
    /// An entry that means nothing is skipped, as in Go.
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_lowercase();
        if entry == "*" {
            return Some(Bypass::Everything);
        }
        if let Some((address, bits)) = entry.split_once('/')
            && let (Ok(address), Ok(bits)) = (address.parse::<IpAddr>(), bits.parse::<u8>())
            && bits <= if address.is_ipv4() { 32 } else { 128 }
        {
            return Some(Bypass::Network { address, bits });
        }
        if let Ok(address) = entry.parse() {
            return Some(Bypass::Address { address, port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry.as_str(), None),
        };
        if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
            return Some(Bypass::Address { address, port });
        }
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let itself = !host.starts_with('.');
        let name = host.trim_start_matches('.');
        (!name.is_empty()).then(|| Bypass::Domain { suffix: format!(".{name}"), itself, port })
    }

    fn covers_name(&self, name: &str, at: Option<u16>) -> bool {
        match self {
            Bypass::Everything => true,
            Bypass::Domain { suffix, itself, port } => {
                let same = *itself && suffix.strip_prefix('.') == Some(name);
                (same || name.ends_with(suffix.as_str())) && (port.is_none() || *port == at)
            }
            Bypass::Network { .. } | Bypass::Address { .. } => false,
        }
    }

    fn covers_address(&self, ip: IpAddr, at: Option<u16>) -> bool {
        match self {
            Bypass::Everything => true,
            Bypass::Network { address, bits } => same_network(*address, ip, *bits),
            Bypass::Address { address, port } => *address == ip && (port.is_none() || *port == at),
            Bypass::Domain { .. } => false,
        }
    }
}

fn decoded(word: &str) -> String {
    percent_decode_str(word).decode_utf8_lossy().into_owned()
}

fn find(env: &Env, names: [&'static str; 2]) -> Result<Option<Url>, BadHttpProxy> {
    let Some((name, value)) = names.into_iter().find_map(|name| Some((name, env.get(name)?))) else {
        return Ok(None);
    };
    let value = value.to_str().ok_or(BadHttpProxy(name))?.trim();
    let usable = |url: &Url| {
        matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
            && url.host_str().is_some_and(|h| !h.is_empty())
    };
    // `proxy.example.com:3128` parses as a URL with the scheme `proxy.example.com`.
    let as_written = Url::parse(value).ok().filter(usable);
    let proxy = match as_written {
        None if !value.contains("://") => Url::parse(&format!("http://{value}")).ok().filter(usable),
        found => found,
    };
    proxy.map(Some).ok_or(BadHttpProxy(name))
}

fn same_network(network: IpAddr, ip: IpAddr, bits: u8) -> bool {
    match (network, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(128 - u32::from(bits)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(vars: &[(&str, &str)]) -> HttpProxies {
        HttpProxies::from_env(&Env::new(vars.iter().copied())).unwrap()
    }

    fn leads(proxies: &HttpProxies, url: &str) -> Option<String> {
        proxies.for_url(&Url::parse(url).unwrap()).map(Url::to_string)
    }

    #[test]
    fn each_scheme_has_its_variable_and_upper_case_wins() {
        let p = proxies(&[
            ("HTTPS_PROXY", "http://s.example:1"),
            ("https_proxy", "http://wrong.example"),
            ("http_proxy", "h.example:2"),
        ]);
        assert_eq!(leads(&p, "https://a.example/").as_deref(), Some("http://s.example:1/"));
        assert_eq!(leads(&p, "http://a.example/").as_deref(), Some("http://h.example:2/"));
        assert!(proxies(&[]).is_empty());
        assert!(proxies(&[("HTTP_PROXY", "http://evil.example"), ("REQUEST_METHOD", "GET")]).is_empty());
    }

    #[test]
    fn the_machine_itself_is_never_behind_a_proxy() {
        let p = proxies(&[("HTTPS_PROXY", "http://s.example:1")]);
        for url in
            ["https://localhost:8443/", "https://127.0.0.1/", "https://127.8.9.10/", "https://[::1]:1/"]
        {
            assert_eq!(leads(&p, url), None, "{url}");
        }
    }

    #[test]
    fn no_proxy_knows_names_ports_addresses_and_networks() {
        for (list, url, direct) in [
            ("a.example", "https://a.example", true),
            ("a.example", "https://b.a.example", true),
            ("a.example", "https://ba.example", false),
            ("A.Example ", "https://a.example", true),
            (".a.example", "https://a.example", false),
            (".a.example", "https://b.a.example", true),
            ("*.a.example", "https://a.example", false),
            ("*.a.example", "https://b.a.example", true),
            ("a.example:8443", "https://a.example:8443", true),
            ("a.example:8443", "https://a.example", false),
            ("a.example:443", "https://a.example", true),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("0.0.0.0/0", "https://11.1.2.3", true),
            ("fd00::/8", "https://[fd12::1]", true),
            ("fd00::/8", "https://[fe80::1]", false),
            ("fd00::/8", "https://10.1.2.3", false),
            ("192.0.2.1", "https://192.0.2.1:9", true),
            ("192.0.2.1:9", "https://192.0.2.1", false),
            ("[2001:db8::1]:9", "https://[2001:db8::1]:9", true),
            ("2001:db8::1", "https://[2001:db8::1]:9", true),
            ("x, ,*", "https://a.example", true),
            ("10.0.0.0/99,:80,*.,a b", "https://a.example", false),
        ] {
            let p = proxies(&[("HTTPS_PROXY", "http://s.example:1"), ("NO_PROXY", list)]);
            assert_eq!(leads(&p, url).is_none(), direct, "NO_PROXY={list} {url}");
        }
    }

    #[test]
    fn a_value_that_names_no_proxy_is_refused_without_repeating_it() {
        for value in ["ftp://u:hunter2@p.example", "http://", "http://u:hunter2@p.example:port", "\u{1}"] {
            let error = HttpProxies::from_env(&Env::new([("HTTPS_PROXY", value)])).unwrap_err();
            assert_eq!(error, BadHttpProxy("HTTPS_PROXY"), "{value}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
