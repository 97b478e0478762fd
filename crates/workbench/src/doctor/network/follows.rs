//! What follows from what is wrong with the network.

use crate::{
    Diagnosis,
    diagnoses::{network, proxy},
    doctor::order::{Follows, Scope},
};

/// All of it, the nearest cause first.
pub(in crate::doctor) const FOLLOWS: &[Follows] = &[
    (
        &network::DNS_DEAD,
        &[&network::DNS_FAILS, &network::DNS_NO_NAME, &proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY],
        Scope::Machine,
    ),
    (&network::DNS_SLOW, &[&network::SLOW], Scope::Host),
    (&network::HOSTS_FILE, AT_HOST, Scope::Host),
    (&network::DNS_HIJACKED, AT_HOST, Scope::Host),
    (&network::DNS_DISAGREE, &[&proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY], Scope::Host),
    (&network::DNS_NO_NAME, &[&proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY], Scope::Host),
    (&network::DNS_FAILS, &[&proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY], Scope::Host),
    (
        &network::NO_ROUTE,
        &[&network::DNS_FAILS, &proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY],
        Scope::Machine,
    ),
    (&network::HTTP_PROXY, BEHIND, Scope::Machine),
    (&network::HTTP_PROXY_AUTH, BEHIND, Scope::Machine),
    (&network::HTTP_PROXY_DENIES, BEHIND, Scope::Host),
    (&network::HTTP_PROXY_UNUSED, BEHIND, Scope::Machine),
    (&network::NO_PROXY, BEHIND, Scope::Host),
    (
        &network::CLOCK,
        &[&network::TLS_EXPIRED, &network::CLOCK_DRIFTS, &proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY],
        Scope::Machine,
    ),
    (
        &network::NO_AUTHORITIES,
        &[&network::TLS_INTERCEPTED, &proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY],
        Scope::Machine,
    ),
    (
        &network::PORTAL,
        &[
            &network::TLS_NAME,
            &network::TLS_INTERCEPTED,
            &network::TLS_EXPIRED,
            &network::TLS_TIMEOUT,
            &network::TLS_PLAIN,
            &network::REFUSED,
            &network::CONNECT_TIMEOUT,
            &network::RESET,
            &network::REDIRECTS,
            &proxy::PROXY_LIES,
            &proxy::SUMDB_ANSWER,
            &proxy::SUMDB_UNREACHABLE,
            &proxy::SUMDB_AWAY,
        ],
        Scope::Machine,
    ),
    (
        &network::TLS_INTERCEPTED,
        &[&network::ENCODING, &network::PATHS, &proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY],
        Scope::Machine,
    ),
    (&network::REFUSED, BEHIND, Scope::Host),
    (&network::IPV6, BEHIND, Scope::Host),
    (&network::CONNECT_TIMEOUT, BEHIND, Scope::Host),
    (&network::TLS_SNI, BEHIND, Scope::Host),
    (&network::TLS_EXPIRED, BEHIND, Scope::Host),
    (&network::TLS_NAME, BEHIND, Scope::Host),
    (&network::TLS_PLAIN, BEHIND, Scope::Host),
    (&network::TLS_REFUSED, BEHIND, Scope::Host),
    (&network::TLS_TIMEOUT, BEHIND, Scope::Host),
    (&network::CLIENT_CERTIFICATE, BEHIND, Scope::Host),
    (&network::NO_ANSWER, BEHIND, Scope::Host),
    (&network::RESET, BEHIND, Scope::Host),
    (&network::NOT_HTTP, &[&proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY, &proxy::SUMDB_ANSWER], Scope::Host),
    (&network::HTTP2, BEHIND, Scope::Host),
    (&network::ENCODING, &[&proxy::SUMDB_ANSWER, &proxy::SUMDB_LIES], Scope::Host),
    (&network::SLOW, BEHIND, Scope::Host),
    (&proxy::PROXY_FAILS, BEHIND, Scope::Host),
    (&proxy::PROXY_BUSY, BEHIND, Scope::Host),
    (&proxy::PROXY_DENIES, BEHIND, Scope::Host),
    (&proxy::PROXY_BLOCKED, BEHIND, Scope::Host),
];

/// What happens at a host that is another one.
const AT_HOST: &[&Diagnosis] = &[
    &network::IPV6,
    &network::REFUSED,
    &network::NO_ROUTE,
    &network::CONNECT_TIMEOUT,
    &network::NO_ANSWER,
    &network::RESET,
    &network::TLS_TIMEOUT,
    &network::TLS_INTERCEPTED,
    &network::TLS_EXPIRED,
    &network::TLS_NAME,
    &network::TLS_PLAIN,
    &network::TLS_REFUSED,
    &network::TLS_SNI,
    &network::PORTAL,
    &network::NOT_HTTP,
    &proxy::SUMDB_UNREACHABLE,
    &proxy::SUMDB_AWAY,
];

/// What a host that cannot be asked keeps from `go`.
const BEHIND: &[&Diagnosis] = &[&proxy::SUMDB_UNREACHABLE, &proxy::SUMDB_AWAY];
