//! Why there is no connection to a host, or none that is ready for requests.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use http::StatusCode;

use super::host::HostSeen;
use crate::{
    Diagnosis, Environment, Finding,
    diagnoses::network,
    doctor::Seen,
    wire::{Certificate, Distrust, Failure, Problem, Step, Wire},
};

/// What is wrong on the way to a host whose name is known. `clock`: its certificate is refused because the clock is wrong.
pub(super) fn examine(host: &HostSeen, env: &Environment, wire: &Wire, clock: bool, seen: &mut Seen) {
    family(host, seen);
    let Err(failure) = &host.end else {
        let mut line = format!("a connection to {}: {}", host.host, way(host));
        if let Some(shown) = host.tls.as_ref().and_then(|tls| tls.chain.first()) {
            let _ = write!(line, "; its certificate is by {}", shown.issuer);
            if let Some(maker) = middlebox(&shown.issuer) {
                let _ = write!(line, " ({maker} reads along, and this machine trusts it)");
            }
        }
        seen.passed(line);
        return;
    };
    if matches!(failure.step, Step::Resolve(_)) {
        return;
    }
    if clock {
        seen.unchecked(format!("the certificate of {}: this machine's clock is wrong", host.host));
        return;
    }
    if let Some(to) = portal(host) {
        seen.found(about(&network::PORTAL, host).evidence(to));
    }
    let diagnosis = cause(host, failure, env, wire);
    let mut finding = about(diagnosis, host).evidence(failure.to_string()).evidence(way(host));
    if let Some(shown) = host.tls.as_ref().and_then(|tls| tls.chain.first()) {
        finding = finding.name("issuer", &shown.issuer).evidence(described(shown));
        if let Some(maker) = middlebox(&shown.issuer) {
            finding = finding.evidence(format!("{maker} signs what it reads along"));
        }
    }
    if let Some(Ok(())) = host.straight {
        finding = finding.evidence(format!("{} answers without the proxy", host.host));
    }
    seen.found(finding);
}

pub(super) fn about(diagnosis: &'static Diagnosis, host: &HostSeen) -> Finding {
    let proxy = host.behind.as_deref().unwrap_or_default();
    let url = host.url.origin().ascii_serialization();
    let finding = Finding::new(diagnosis).name("host", &host.host).name("url", &url);
    finding.name("name", &host.name).name("proxy", proxy)
}

fn cause(host: &HostSeen, failure: &Failure, env: &Environment, wire: &Wire) -> &'static Diagnosis {
    match (&failure.step, failure.problem) {
        _ if matches!(host.straight, Some(Ok(()))) => &network::NO_PROXY,
        (_, Problem::ProxySays(StatusCode::PROXY_AUTHENTICATION_REQUIRED)) => &network::HTTP_PROXY_AUTH,
        (Step::Tunnel(_), Problem::ProxySays(_)) => &network::HTTP_PROXY_DENIES,
        (Step::Proxy(_) | Step::Tunnel(_), _) => &network::HTTP_PROXY,
        (Step::Connect(_), _) if is_proxy_left_out(host, env) => &network::HTTP_PROXY_UNUSED,
        (Step::Connect(_), _)
            if host.dialled.iter().all(|dialled| dialled.address.is_ipv6()) && !host.dialled.is_empty() =>
        {
            &network::IPV6
        }
        (_, Problem::Refused) => &network::REFUSED,
        (_, Problem::NoRoute) => &network::NO_ROUTE,
        (Step::Tls(_), _) if host.broken_by_name => &network::TLS_SNI,
        (Step::Tls(_), _) if host.speaks_plainly => &network::TLS_PLAIN,
        (Step::Tls(_), Problem::Distrust(why)) => distrust(why, wire),
        (Step::Tls(_), Problem::NotTls) => &network::TLS_PLAIN,
        (Step::Tls(_), Problem::TlsRefused | Problem::Reset | Problem::Closed)
            if host.tls.as_ref().is_some_and(|tls| tls.wants_certificate) =>
        {
            &network::CLIENT_CERTIFICATE
        }
        (Step::Tls(_), Problem::TlsRefused) => &network::TLS_REFUSED,
        (Step::Tls(_), Problem::TimedOut) => &network::TLS_TIMEOUT,
        (Step::Connect(_), Problem::TimedOut) => &network::CONNECT_TIMEOUT,
        (_, problem) => broken(problem),
    }
}

/// What a problem means after there was a connection.
pub(super) fn broken(problem: Problem) -> &'static Diagnosis {
    match problem {
        Problem::TimedOut => &network::NO_ANSWER,
        Problem::Http2 => &network::HTTP2,
        Problem::NotHttp => &network::NOT_HTTP,
        Problem::Redirect => &network::REDIRECTS,
        Problem::Refused => &network::REFUSED,
        Problem::NoRoute => &network::NO_ROUTE,
        Problem::TlsRefused => &network::TLS_REFUSED,
        _ => &network::RESET,
    }
}

fn distrust(why: Distrust, wire: &Wire) -> &'static Diagnosis {
    match why {
        Distrust::Issuer | Distrust::Other if !wire.trusts_anybody() => &network::NO_AUTHORITIES,
        Distrust::Issuer | Distrust::Other => &network::TLS_INTERCEPTED,
        Distrust::Name => &network::TLS_NAME,
        Distrust::Expired | Distrust::NotYet => &network::TLS_EXPIRED,
    }
}

/// Whether this network has an HTTP proxy that the variables do not lead this host through.
fn is_proxy_left_out(host: &HostSeen, env: &Environment) -> bool {
    let set = |name: &str| env.get(name).is_some();
    let known = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    // This machine itself is behind no proxy.
    host.behind.is_none() && host.is_looked_up() && known.iter().any(|name| set(name))
}

/// A portal that answers everything, where it shows itself.
pub(super) fn portal(host: &HostSeen) -> Option<String> {
    let plain = host.plain.as_ref()?;
    let asks = plain.status == StatusCode::NETWORK_AUTHENTICATION_REQUIRED;
    let to = plain.to.as_deref().filter(|to| plain.status.is_redirection() && !is_related(to, &host.name));
    let said = to.map_or_else(|| format!("status {}", plain.status), |to| format!("it leads to {to}"));
    (asks || to.is_some()).then(|| format!("http://{}/ without TLS: {said}", host.name))
}

/// Whether a server of one name may well lead to the other one: both end alike, as `example.com` and `www.example.com`.
fn is_related(to: &str, name: &str) -> bool {
    let site = |host: &str| {
        let host = host.split(':').next().unwrap_or(host).trim_end_matches('.').to_ascii_lowercase();
        let mut labels = host.rsplit('.').map(str::to_owned);
        (labels.next(), labels.next())
    };
    site(to) == site(name)
}

/// One family of addresses that leads nowhere, where the other one does.
fn family(host: &HostSeen, seen: &mut Seen) {
    let (v6, v4): (Vec<_>, Vec<_>) = host.dialled.iter().partition(|dialled| dialled.address.is_ipv6());
    let works = |family: &[&crate::wire::Dialled]| family.iter().any(|dialled| dialled.end.is_ok());
    if works(&v4) && !v6.is_empty() && !works(&v6) {
        let lines = v6.iter().filter_map(|dialled| dialled.end.as_ref().err()).map(ToString::to_string);
        // Nobody waits for what is refused, or has no route.
        let late = |dialled: &&crate::wire::Dialled| {
            matches!(dialled.end.as_ref().map_err(|failure| failure.problem), Err(Problem::TimedOut))
        };
        if v6.iter().any(late) {
            seen.found(lines.fold(about(&network::IPV6_WAITS, host), Finding::evidence));
        }
    }
}

/// How far it went, and where it stopped.
fn way(host: &HostSeen) -> String {
    let steps: Vec<_> = host.steps.iter().map(|(step, took)| format!("{step} {}", short(*took))).collect();
    steps.join(", ")
}

pub(super) fn short(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

fn described(shown: &Certificate) -> String {
    let names = shown.names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { shown.subject.clone() } else { names };
    let until = |moment: SystemTime| {
        let seconds = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        date(seconds / 86_400)
    };
    format!(
        "the certificate shown is for {names}, signed by {}, from {} to {}",
        shown.issuer,
        until(shown.not_before),
        until(shown.not_after)
    )
}

/// A day as `2026-08-28`, from the number of days since the epoch.
fn date(days: u64) -> String {
    // Years that begin in March, in eras of 400.
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * of_year + 2) / 153;
    let day = of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Who is known to read along, by what its authority is called.
fn middlebox(issuer: &str) -> Option<&'static str> {
    const MAKERS: [&str; 18] = [
        "Zscaler",
        "Netskope",
        "Fortinet",
        "FortiGate",
        "Palo Alto",
        "Blue Coat",
        "Symantec Web",
        "Cisco Umbrella",
        "Sophos",
        "Check Point",
        "Forcepoint",
        "Barracuda",
        "WatchGuard",
        "SonicWall",
        "Kaspersky",
        "ESET",
        "Avast",
        "mitmproxy",
    ];
    let issuer = issuer.to_lowercase();
    MAKERS.into_iter().find(|maker| issuer.contains(&maker.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_in_the_calendar() {
        assert_eq!(
            [0, 59, 60, 11_016, 20_693].map(date),
            ["1970-01-01", "1970-03-01", "1970-03-02", "2000-02-29", "2026-08-28"]
        );
    }

    #[test]
    fn a_portal_is_of_another_site() {
        assert!(
            is_related("www.example.com", "proxy.example.com")
                && is_related("example.com:443", "example.com")
        );
        assert!(!is_related("login.hotel.example", "proxy.example.com"));
    }

    #[test]
    fn makers_of_middleboxes_are_known_by_their_authorities() {
        assert_eq!(middlebox("Zscaler Inc., Zscaler Intermediate Root CA"), Some("Zscaler"));
        assert_eq!(middlebox("Let's Encrypt, R11"), None);
    }
}
