//! Looks at resolvers, connections, certificates, and the proxies and databases behind them.
//!
//! All checks speak of one [`Survey`], which the first of them takes: so nobody is asked twice, and what a host does to one
//! check it has done to all.

mod answers;
mod clock;
mod database;
mod follows;
mod held;
mod host;
mod judged;
mod part;
mod plan;
mod reached;
mod resolver;
mod summed;
mod survey;

pub(super) use follows::FOLLOWS;
pub(super) use survey::Survey;

use self::host::HostSeen;
use super::{Check, Patient, Run, Seen};
use crate::{
    Diagnosis, Finding,
    diagnoses::{network, proxy},
};

/// All of it.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "names",
        about: "resolvers, and what they say of the proxies' names",
        finds: &[
            &network::DNS_NO_NAME,
            &network::DNS_FAILS,
            &network::DNS_DEAD,
            &network::DNS_HIJACKED,
            &network::DNS_DISAGREE,
            &network::DNS_SLOW,
            &network::HOSTS_FILE,
            &proxy::SUMDB_AWAY,
        ],
        run: Run::Waiting(|patient| Box::pin(look(patient, names))),
    },
    Check {
        name: "clock",
        about: "this machine's clock, beside those of others",
        finds: &[&network::CLOCK, &network::CLOCK_DRIFTS],
        run: Run::Waiting(|patient| Box::pin(look(patient, clock))),
    },
    Check {
        name: "connections",
        about: "connections, certificates, proxies of the network",
        finds: &[
            &network::REFUSED,
            &network::NO_ROUTE,
            &network::IPV6,
            &network::IPV6_WAITS,
            &network::CONNECT_TIMEOUT,
            &network::TLS_TIMEOUT,
            &network::TLS_INTERCEPTED,
            &network::NO_AUTHORITIES,
            &network::TLS_EXPIRED,
            &network::TLS_NAME,
            &network::TLS_PLAIN,
            &network::TLS_REFUSED,
            &network::CLIENT_CERTIFICATE,
            &network::TLS_SNI,
            &network::PORTAL,
            &network::HTTP_PROXY,
            &network::HTTP_PROXY_AUTH,
            &network::HTTP_PROXY_DENIES,
            &network::HTTP_PROXY_FORM,
            &network::HTTP_PROXY_UNUSED,
            &network::NO_PROXY,
            &network::RESET,
            &network::NO_ANSWER,
            &network::NOT_HTTP,
            &network::HTTP2,
            &network::REDIRECTS,
            &proxy::PROXY_SKIPPED,
            &proxy::SUMDB_AWAY,
        ],
        run: Run::Waiting(|patient| Box::pin(look(patient, connections))),
    },
    Check {
        name: "proxies",
        about: "what the proxies of GOPROXY answer",
        finds: &[
            &network::PORTAL,
            &network::ENCODING,
            &network::PATHS,
            &network::HTTP2,
            &network::HTTP_PROXY_AUTH,
            &network::NO_ANSWER,
            &network::REDIRECTS,
            &network::NOT_HTTP,
            &network::REFUSED,
            &network::NO_ROUTE,
            &network::TLS_REFUSED,
            &network::CLIENT_CERTIFICATE,
            &network::RESET,
            &network::BODY_STALLS,
            &network::BODY_HELD,
            &network::BODY_LIMIT,
            &network::CUT,
            &network::SLOW,
            &proxy::PROXY_FAILS,
            &proxy::PROXY_BUSY,
            &proxy::PROXY_DENIES,
            &proxy::PROXY_BLOCKED,
            &proxy::PROXY_LIES,
            &proxy::PROXY_EMPTY,
            &proxy::PROXY_SKIPPED,
            &proxy::NOT_FOUND,
            &proxy::ZIP_BAD,
        ],
        run: Run::Waiting(|patient| Box::pin(look(patient, proxies))),
    },
    Check {
        name: "checksum-database",
        about: "the checksum database, on the way on which go asks it",
        finds: &[&proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY, &proxy::SUMDB_LIES, &proxy::SUMDB_ANSWER],
        run: Run::Waiting(|patient| Box::pin(look(patient, database))),
    },
];

/// Tells what one check sees in the survey.
async fn look(patient: &Patient, tell: fn(&Patient, &Survey, &mut Seen)) -> Seen {
    let mut seen = Seen::default();
    if patient.offline {
        seen.unchecked("the network: nothing may leave this machine (--offline)");
        return seen;
    }
    let survey = patient.network.get_or_init(|| Survey::take(patient)).await;
    if survey.wire.is_err() {
        seen.unchecked("the network: the proxy that its variables name cannot be used");
    }
    for line in &survey.plan.unread {
        seen.unchecked(line.clone());
    }
    tell(patient, survey, &mut seen);
    seen
}

fn names(patient: &Patient, survey: &Survey, seen: &mut Seen) {
    for host in survey.all_hosts() {
        let mut of_host = Seen::default();
        resolver::examine(host, &survey.hosts_file, &mut of_host);
        add(spared(patient, survey, host, of_host), seen);
    }
}

fn clock(_: &Patient, survey: &Survey, seen: &mut Seen) {
    let hosts: Vec<_> = survey.all_hosts().collect();
    clock::examine(&hosts, survey.taken, seen);
}

fn connections(patient: &Patient, survey: &Survey, seen: &mut Seen) {
    let wire = match &survey.wire {
        Ok(wire) => wire,
        Err(error) => {
            seen.found(Finding::new(&network::HTTP_PROXY_FORM).evidence(error.to_string()));
            return;
        }
    };
    let all: Vec<_> = survey.all_hosts().collect();
    for host in &all {
        let mut of_host = Seen::default();
        let clock = clock::is_wrong(&all, survey.taken) && clock::is_for_the_clock(host, survey.taken);
        reached::examine(host, &patient.env, wire, clock, &mut of_host);
        let source = survey.plan.proxies.iter().find(|source| source.host() == host.host);
        let of_host = skipped(survey, source.is_some_and(|source| source.spare), &host.host, of_host);
        add(spared(patient, survey, host, of_host), seen);
    }
}

fn proxies(_: &Patient, survey: &Survey, seen: &mut Seen) {
    for host in survey.hosts.iter().filter(|host| host.end.is_err()) {
        seen.unchecked(format!("the answers of {}: there is no connection", host.host));
    }
    if survey.plan.modules.is_empty() && !survey.hosts.is_empty() {
        seen.unchecked("the answers of proxies: the project requires no module that they may be asked for");
    }
    for proxy in &survey.proxies {
        let mut of_proxy = Seen::default();
        judged::examine(proxy, &mut of_proxy);
        seen.add(skipped(survey, proxy.spare, &proxy.host, of_proxy));
    }
}

fn database(patient: &Patient, survey: &Survey, seen: &mut Seen) {
    if let Some(database) = &survey.database {
        database.examine(|| summed::is_summed(patient), seen);
    }
}

/// Adds what was seen of a host. What is wrong with the machine or its network, and not with the host, is one finding, named
/// after the first host at which it showed.
fn add(mut of_host: Seen, seen: &mut Seen) {
    for finding in of_host.findings.iter_mut().filter(|finding| everywhere(finding.diagnosis)) {
        let same = |known: &&Finding| {
            known.diagnosis == finding.diagnosis && known.names.get("issuer") == finding.names.get("issuer")
        };
        if let Some(known) = seen.findings.iter().find(same) {
            finding.names = known.names.clone();
        }
    }
    seen.add(of_host);
}

/// What is wrong with an entry of GOPROXY behind which another one is asked after every failure: `go` works then, if the
/// fault is that of this host alone.
fn skipped(survey: &Survey, spare: bool, host: &str, of_host: Seen) -> Seen {
    let another = survey.hosts.iter().any(|other| other.host != host && other.end.is_ok());
    if !spare || !another {
        return of_host;
    }
    let mut seen = Seen { findings: Vec::new(), ..of_host };
    for finding in of_host.findings {
        let ends_go = finding.diagnosis.severity == crate::Severity::Error && !everywhere(finding.diagnosis);
        seen.found(if ends_go {
            let title = finding.names.fill(finding.diagnosis.title);
            let skipped = Finding::new(&proxy::PROXY_SKIPPED).name("host", host).evidence(title);
            finding.evidence.into_iter().fold(skipped, Finding::evidence)
        } else {
            finding
        });
    }
    seen
}

/// What is wrong with the way to the database itself, where nothing is asked of it before the project changes: `go` works
/// until then, if the fault is that of this host alone.
fn spared(patient: &Patient, survey: &Survey, host: &HostSeen, of_host: Seen) -> Seen {
    let ends_go = |finding: &Finding| {
        finding.diagnosis.severity == crate::Severity::Error && !everywhere(finding.diagnosis)
    };
    let direct = survey.database.as_ref().filter(|database| {
        database.direct.as_ref().is_some_and(|direct| std::ptr::eq(direct, host))
            && !survey.hosts.iter().any(|proxy| proxy.host == host.host)
    });
    let Some(database) = direct.filter(|_| of_host.findings.iter().any(ends_go)) else { return of_host };
    if !summed::is_summed(patient) {
        return of_host;
    }
    let mut seen = Seen { findings: Vec::new(), ..of_host };
    for finding in of_host.findings {
        seen.found(if ends_go(&finding) {
            let title = finding.names.fill(finding.diagnosis.title);
            let away = database.about(&proxy::SUMDB_AWAY).evidence(title);
            finding.evidence.into_iter().fold(away, Finding::evidence)
        } else {
            finding
        });
    }
    seen
}

/// What other hosts suffer from as well, whether it was seen there or not.
fn everywhere(diagnosis: &Diagnosis) -> bool {
    [
        &network::DNS_DEAD,
        &network::DNS_FAILS,
        &network::NO_ROUTE,
        &network::CLOCK,
        &network::TLS_INTERCEPTED,
        &network::NO_AUTHORITIES,
        &network::PORTAL,
        &network::HTTP_PROXY,
        &network::HTTP_PROXY_AUTH,
        &network::HTTP_PROXY_UNUSED,
    ]
    .contains(&diagnosis)
}
