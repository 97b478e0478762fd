//! What resolvers say, and whether it is true.

use std::net::IpAddr;

use super::{
    host::HostSeen,
    reached::{about, portal},
};
use crate::{
    Diagnosis, Finding,
    diagnoses::network,
    doctor::Seen,
    wire::{Distrust, Problem, Step},
};

/// What is wrong with the answers about a host.
pub(super) fn examine(host: &HostSeen, hosts_file: &str, seen: &mut Seen) {
    let Some(system) = &host.system else { return };
    if !host.is_looked_up() {
        return;
    }
    let listed = listed(hosts_file, &host.name);
    let report = |diagnosis, seen: &mut Seen| {
        let finding = about(diagnosis, host);
        let finding = match system {
            Ok(addresses) => finding.evidence(format!("this machine: {} is {}", host.name, words(addresses))),
            Err(failure) => finding.evidence(format!("this machine: {failure}")),
        };
        seen.found(evidence_of_servers(host).fold(finding, Finding::evidence));
    };
    match system {
        Err(failure) => {
            report(unanswered(host, failure.problem), seen);
        }
        Ok(addresses) => {
            let dead =
                host.servers.iter().any(|said| is_silent(said.answer.as_ref().err().map(|f| f.problem)));
            if host.resolved_after >= SLOW {
                let line = format!("{} was found after {:.1?}", host.name, host.resolved_after);
                let dead = if dead { "; one of its resolvers does not answer" } else { "" };
                let finding = about(&network::DNS_SLOW, host);
                let finding = finding.evidence(format!("{line}{dead}"));
                seen.found(evidence_of_servers(host).fold(finding, Finding::evidence));
            }
            if !listed.is_empty() && leads_astray(host) {
                let finding = about(&network::HOSTS_FILE, host);
                seen.found(listed.into_iter().fold(finding, Finding::evidence));
                return;
            }
            if leads_astray(host) && is_hijacked(host, addresses) {
                report(&network::DNS_HIJACKED, seen);
                return;
            }
            if host.end.is_ok() {
                seen.passed(format!("the name {}: {}", host.name, words(addresses)));
            }
        }
    }
}

/// Why there is no answer.
fn unanswered(host: &HostSeen, problem: Problem) -> &'static Diagnosis {
    let servers =
        || host.servers.iter().map(|said| said.answer.as_ref().err().map(|failure| failure.problem));
    let another_knows = host.servers.iter().any(|said| said.answer.is_ok());
    let all_silent = !host.servers.is_empty() && servers().all(is_silent);
    match problem {
        _ if all_silent => &network::DNS_DEAD,
        Problem::NoSuchName | Problem::NoAddress if another_knows => &network::DNS_DISAGREE,
        Problem::NoSuchName | Problem::NoAddress => &network::DNS_NO_NAME,
        Problem::TimedOut => &network::DNS_DEAD,
        _ if servers().any(|said| matches!(said, Some(Problem::NoSuchName))) => &network::DNS_NO_NAME,
        _ => &network::DNS_FAILS,
    }
}

fn is_silent(problem: Option<Problem>) -> bool {
    matches!(problem, Some(Problem::TimedOut | Problem::Refused | Problem::NoRoute))
}

/// Whether the addresses, at which the host is not, are those of somebody else.
fn is_hijacked(host: &HostSeen, addresses: &[IpAddr]) -> bool {
    let bogus = addresses.iter().all(|address| is_bogus(*address));
    let agree = |said: &[IpAddr]| said.iter().any(|address| addresses.contains(address));
    let others: Vec<_> = host.servers.iter().filter_map(|said| said.answer.as_ref().ok()).collect();
    let disagree = !others.is_empty() && others.iter().any(|said| !agree(said));
    let right_elsewhere = host.elsewhere.as_ref().is_some_and(|(_, end)| end.is_ok());
    let inside = addresses.iter().all(|address| is_private(*address));
    let outside = others.iter().flat_map(|said| said.iter()).any(|address| !is_private(*address));
    // A portal that shows itself gives its own address to every name until somebody logs in.
    (bogus && portal(host).is_none()) || (disagree && (right_elsewhere || (inside && outside)))
}

/// Whether what is at these addresses cannot be the host, or is not it.
fn leads_astray(host: &HostSeen) -> bool {
    let right_elsewhere = host.elsewhere.as_ref().is_some_and(|(_, end)| end.is_ok());
    let other = host.end.as_ref().err().is_some_and(|failure| {
        matches!(&failure.step, Step::Connect(_))
            || matches!(
                failure.problem,
                Problem::Distrust(Distrust::Name | Distrust::Issuer) | Problem::NotTls
            )
    });
    other || right_elsewhere
}

/// An address at which no server of the internet can be.
fn is_bogus(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => {
            ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_broadcast()
                || ip.is_multicast()
                || ip.octets()[0] == 0
        }
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_loopback() || ip.is_multicast(),
    }
}

/// An address inside of some network.
fn is_private(address: IpAddr) -> bool {
    is_bogus(address)
        || match address {
            // RFC 1918, 3927, 6598.
            IpAddr::V4(ip) => {
                let [first, second, ..] = ip.octets();
                ip.is_private() || ip.is_link_local() || (first == 100 && second & 0xc0 == 64)
            }
            // RFC 4193, 4291.
            IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
        }
}

/// The lines of a hosts(5) file that name a host, as evidence.
fn listed(hosts_file: &str, name: &str) -> Vec<String> {
    let lines = hosts_file.lines().enumerate().filter(|(_, line)| {
        let line = line.split('#').next().unwrap_or_default();
        line.split_whitespace().skip(1).any(|word| word.eq_ignore_ascii_case(name))
    });
    lines.take(4).map(|(n, line)| format!("/etc/hosts:{}: {}", n + 1, line.trim())).collect()
}

fn evidence_of_servers(host: &HostSeen) -> impl Iterator<Item = String> + '_ {
    let answers = host.servers.iter().map(|said| {
        let answer = match &said.answer {
            Ok(addresses) => words(addresses),
            Err(failure) => failure.words.clone(),
        };
        format!("the resolver {}: {answer}", said.server)
    });
    let elsewhere = host.elsewhere.iter().map(|(address, end)| match end {
        Ok(()) => format!("at {address} the host itself answers"),
        Err(failure) => format!("at {address}: {}", failure.words),
    });
    answers.chain(elsewhere)
}

fn words(addresses: &[IpAddr]) -> String {
    let shown: Vec<_> = addresses.iter().take(4).map(ToString::to_string).collect();
    let more = if addresses.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// Every lookup of a name takes so long again.
const SLOW: std::time::Duration = std::time::Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_nobody_and_of_somebody_inside_are_told_apart() {
        for (address, bogus, private) in [
            ("0.0.0.0", true, true),
            ("127.0.0.53", true, true),
            ("::1", true, true),
            ("10.1.2.3", false, true),
            ("100.64.0.1", false, true),
            ("100.128.0.1", false, false),
            ("fd00::1", false, true),
            ("192.0.2.1", false, false),
            ("2001:db8::1", false, false),
        ] {
            let ip = address.parse().unwrap();
            assert_eq!((is_bogus(ip), is_private(ip)), (bogus, private), "{address}");
        }
    }

    #[test]
    fn lines_of_the_hosts_file_are_found() {
        let file =
            "127.0.0.1 localhost\n10.0.0.1\tproxy.example.com other # proxy\n#1.2.3.4 sum.example.com\n";
        assert_eq!(
            listed(file, "Proxy.example.com"),
            ["/etc/hosts:2: 10.0.0.1\tproxy.example.com other # proxy"]
        );
        assert!(listed(file, "sum.example.com").is_empty());
    }
}
