//! The variables of the network's proxy: what go takes otherwise than other programs, or not at all.

use std::net::IpAddr;

use super::{
    super::{Patient, Seen},
    told,
};
use crate::{
    Finding, GoVariable,
    diagnoses::settings::{risk, value},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    for variable in [GoVariable::HttpsProxy, GoVariable::HttpProxy] {
        let Some(found) = patient.go().get(variable) else { continue };
        if let Some(fault) = fault(&found.value) {
            seen.found(told::finding(patient, &value::WEB_PROXY, &found).evidence(fault));
        }
    }
    for variable in [GoVariable::HttpsProxy, GoVariable::HttpProxy, GoVariable::Bypass] {
        twice(patient, variable, &mut seen);
    }
    if let Some(found) = patient.go().get(GoVariable::Bypass) {
        let odd: Vec<_> =
            found.value.split(',').map(str::trim).filter_map(|entry| Some((entry, odd(entry)?))).collect();
        if !odd.is_empty() {
            let finding = told::finding(patient, &risk::NO_PROXY, &found);
            let lines = odd.into_iter().map(|(entry, why)| format!("{:?} {why}", told::shown(entry)));
            seen.found(lines.fold(finding, Finding::evidence));
        }
    }
    all_proxy(patient, &mut seen);
    if seen.is_clean() {
        seen.passed("go understands the variables of the network's proxy as other programs do");
    }
    seen
}

/// Why go does not take a value as a proxy (golang.org/x/net/http/httpproxy, parseProxy).
fn fault(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    if !["http", "https", "socks5", "socks5h"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Some(format!("{:?} is no scheme of a proxy that go knows", told::shown(scheme)));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let behind = host.rsplit(']').next().unwrap_or(host);
    let port = behind.rsplit_once(':').map(|(_, port)| port);
    if host.is_empty() || host.starts_with(':') {
        return Some("it names no host".to_owned());
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err() && !port.is_empty()) {
        return Some("its port is no number of a port".to_owned());
    }
    host.contains(char::is_whitespace).then(|| "its host holds a space".to_owned())
}

/// Both spellings, and not to the same value.
fn twice(patient: &Patient, variable: GoVariable, seen: &mut Seen) {
    let upper = variable.name();
    let Some(lower) = variable.lower_case() else { return };
    if let (Some(one), Some(other)) = (patient.env.text(upper), patient.env.text(lower))
        && one != other
    {
        let mut finding = Finding::new(&risk::PROXY_CASE).name("variable", upper).name("lower", lower);
        for (name, value) in [(upper, one), (lower, other)] {
            finding = finding.evidence(format!("{name}={}", told::shown(value)));
            finding = told::exported(patient, name, value).into_iter().fold(finding, Finding::evidence);
        }
        seen.found(finding);
    }
}

/// Why an entry of NO_PROXY matches nothing (golang.org/x/net/http/httpproxy, init).
fn odd(entry: &str) -> Option<&'static str> {
    let (address, bits) = entry.split_once('/').unwrap_or((entry, ""));
    let range = address.parse::<IpAddr>().is_ok() && bits.parse::<u8>().is_ok();
    if entry.contains("://") {
        Some("is a URL")
    } else if entry.contains('/') && !range {
        Some("holds a path")
    } else if entry.len() > 1 && entry.strip_prefix("*.").unwrap_or(entry).contains('*') {
        Some("holds a star inside, which matches nothing")
    } else if entry.contains(char::is_whitespace) {
        Some("holds a space")
    } else {
        None
    }
}

fn all_proxy(patient: &Patient, seen: &mut Seen) {
    let set = |name| patient.env.text(name).map(|value| (name, value));
    let Some((name, value)) = set("ALL_PROXY").or_else(|| set("all_proxy")) else { return };
    if patient.go().get(GoVariable::HttpsProxy).is_none() {
        let finding = Finding::new(&risk::ALL_PROXY)
            .name("variable", name)
            .evidence(format!("{name}={}", told::shown(value)));
        seen.found(told::exported(patient, name, value).into_iter().fold(finding, Finding::evidence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_that_go_takes() {
        for (value, good) in [
            ("http://proxy.example:3128", true),
            ("proxy.example:3128", true),
            ("https://u:p@proxy.example", true),
            ("socks5h://[::1]:9", true),
            ("http://[::1]", true),
            ("socks4://proxy.example", false),
            ("http://proxy.example:abc", false),
            ("http://", false),
            ("htp://proxy.example", false),
        ] {
            assert_eq!(fault(value).is_none(), good, "{value}");
        }
    }

    #[test]
    fn entries_that_match_something() {
        for (entry, good) in [
            ("localhost", true),
            (".example.com", true),
            ("*.example.com", true),
            ("*", true),
            ("10.0.0.0/8", true),
            ("host:8080", true),
            ("https://a.example", false),
            ("192.168.*", false),
            ("a.example/path", false),
        ] {
            assert_eq!(odd(entry).is_none(), good, "{entry}");
        }
    }
}
