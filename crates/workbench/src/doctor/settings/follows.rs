//! What follows from a setting.

use super::super::order::{Follows, Scope};
use crate::{
    Diagnosis,
    diagnoses::{
        network,
        settings::{self, risk, value},
        state,
    },
};

/// What follows from what was told to `go`.
pub(in crate::doctor) const FOLLOWS: &[Follows] = &[
    (&value::MISSPELT, &[&settings::PROXY_URL], Scope::Same("entry")),
    (&value::MISSPELT, &[&risk::SHADOWED], Scope::Same("variable")),
    (&value::QUOTED, OF_A_VALUE, Scope::Same("variable")),
    (&value::LINE_END, OF_A_VALUE, Scope::Same("variable")),
    (&risk::SHADOWED, OF_A_VALUE, Scope::Same("variable")),
    (&value::NOT_ABSOLUTE, &[&state::CACHE_RELATIVE], Scope::Same("variable")),
    (&settings::PROXY_OFF, &[&risk::DEAD_ENTRY], Scope::Machine),
    (&value::SCHEME, &[&network::TLS_PLAIN], Scope::Host),
    (&value::MISSPELT, WHO_IS_ASKED, Scope::Host),
    (&risk::SHADOWED, WHO_IS_ASKED, Scope::Host),
    (&risk::UNKNOWN, WHO_IS_ASKED, Scope::Host),
];

/// What is wrong with a value because of where it was taken from, or what stands around it.
const OF_A_VALUE: &[&Diagnosis] = &[
    &settings::PROXY_URL,
    &settings::PROXY_EMPTY,
    &settings::PROXY_OFF,
    &settings::MODULES_OFF,
    &settings::GOFLAGS,
    &settings::GOROOT,
    &settings::GOAUTH,
    &settings::GOVCS_SYNTAX,
    &settings::GOWORK,
    &settings::GOSUMDB_SYNTAX,
    &settings::TOOLCHAIN_SYNTAX,
    &settings::TOOLCHAIN_PATH,
    &value::PLAIN_PASSWORD,
    &value::SUMDB_KEY,
    &value::PATTERN,
    &value::FLAG_INSECURE,
    &value::FLAG_UNKNOWN,
    &value::FLAG_VENDOR,
    &value::FLAG_MODFILE,
    &value::NOT_ABSOLUTE,
    &value::GOPATH_MODULE,
    &value::WEB_PROXY,
    &state::CACHE_RELATIVE,
    &risk::DEAD_ENTRY,
    &risk::UNVERIFIED,
    &risk::NONE_VERIFIED,
    &risk::INSECURE,
    &risk::BIN,
    &risk::GOPATH_INSIDE,
];

/// What fails at a proxy that nobody meant to ask.
const WHO_IS_ASKED: &[&Diagnosis] = &[
    &network::DNS_NO_NAME,
    &network::DNS_FAILS,
    &network::REFUSED,
    &network::NO_ROUTE,
    &network::CONNECT_TIMEOUT,
    &network::NO_ANSWER,
    &network::TLS_PLAIN,
    &network::TLS_NAME,
    &network::NOT_HTTP,
];
