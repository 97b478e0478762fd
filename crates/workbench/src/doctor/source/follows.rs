//! What follows from logins, names and hosts.

use crate::{
    Diagnosis,
    diagnoses::{
        network,
        privacy::{MISSES, NO_PROXY_SHADOWS, NO_SUMDB_SHADOWS, NO_WAY, TO_DATABASE, TO_PROXY},
        proxy::{PROXY_DENIES, SUM_ABSENT},
        settings::{self, value},
        source::{
            GIT_CERTIFICATE, GOAUTH_OFF, META_FAILS, NETRC_HTTP, NETRC_PORT, NETRC_SYNTAX, NETRC_UNREADABLE,
            NO_META, NO_PASSWORD, UNREACHABLE, WRONG_PASSWORD,
        },
    },
    doctor::order::{Follows, Scope},
};

/// All of it.
pub(in crate::doctor) const FOLLOWS: &[Follows] = &[
    // A login that is not read is not shown to anybody.
    (&NETRC_UNREADABLE, NO_LOGIN, Scope::Machine),
    (&NETRC_SYNTAX, NO_LOGIN, Scope::Machine),
    (&NETRC_PORT, NO_LOGIN, Scope::Host),
    (&NETRC_HTTP, &[&PROXY_DENIES], Scope::Host),
    (&GOAUTH_OFF, &[&PROXY_DENIES], Scope::Host),
    (&network::CLOCK, &[&GIT_CERTIFICATE], Scope::Machine),
    (&network::DNS_DEAD, &[&UNREACHABLE, &META_FAILS], Scope::Machine),
    (&network::DNS_HIJACKED, &[&UNREACHABLE, &META_FAILS], Scope::Machine),
    (&settings::PROXY_OFF, &[&NO_WAY], Scope::Machine),
    (&value::PATTERN, NOT_COVERED, Scope::Machine),
    (&MISSES, &[&TO_PROXY, &NO_WAY], Scope::Host),
    (&TO_DATABASE, &[&SUM_ABSENT], Scope::Host),
];

/// What becomes of a module that a list was meant to cover.
const NOT_COVERED: &[&Diagnosis] =
    &[&MISSES, &NO_SUMDB_SHADOWS, &TO_DATABASE, &NO_WAY, &TO_PROXY, &NO_PROXY_SHADOWS];

/// What is seen where a login is missing.
const NO_LOGIN: &[&Diagnosis] = &[&PROXY_DENIES, &NO_PASSWORD, &WRONG_PASSWORD, &NO_META];
