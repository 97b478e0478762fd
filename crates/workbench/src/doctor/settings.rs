//! Looks at what `go` was told, and by whom.

mod chain;
mod env_file;
mod flags;
mod follows;
mod goauth;
mod installed;
mod patterns;
mod places;
mod scheme;
mod shadow;
mod single;
mod spelling;
mod sumdb;
mod told;
mod trace;
mod unknown;
mod web_proxy;

use super::{Check, Run};
use crate::diagnoses::{
    proxy,
    settings::{self, risk, value},
};
pub(super) use follows::FOLLOWS;

/// All of it.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "go",
        about: "the go in PATH, its GOROOT, and others beside it",
        finds: &[&value::NO_GO, &settings::GOROOT, &risk::SEVERAL_GO],
        run: Run::Blocking(installed::look),
    },
    Check {
        name: "env-file",
        about: "the file that go env -w writes",
        finds: &[&value::ENV_UNREADABLE, &value::ENV_LINE, &risk::ENV_OFF],
        run: Run::Blocking(env_file::look),
    },
    Check {
        name: "variables",
        about: "names and form of Go's variables",
        finds: &[&value::QUOTED, &value::LINE_END, &risk::UNKNOWN],
        run: Run::Blocking(unknown::look),
    },
    Check {
        name: "shadowing",
        about: "exported variables that hide what go env -w wrote",
        finds: &[&risk::SHADOWED],
        run: Run::Blocking(shadow::look),
    },
    Check {
        name: "goproxy",
        about: "the list of proxies",
        finds: &[
            &settings::PROXY_EMPTY,
            &settings::PROXY_URL,
            &settings::PROXY_OFF,
            &value::PLAIN_PASSWORD,
            &proxy::NO_DIRECTORY,
            &risk::DEAD_ENTRY,
        ],
        run: Run::Blocking(chain::look),
    },
    Check {
        name: "spelling",
        about: "slips in the list of proxies",
        finds: &[&value::MISSPELT],
        run: Run::Blocking(spelling::look),
    },
    Check {
        name: "scheme",
        about: "proxies without a scheme",
        finds: &[&value::SCHEME],
        run: Run::Waiting(scheme::look),
    },
    Check {
        name: "patterns",
        about: "what is private, unverified or insecure",
        finds: &[&value::PATTERN, &risk::NONE_VERIFIED, &risk::INSECURE],
        run: Run::Blocking(patterns::look),
    },
    Check {
        name: "gosumdb",
        about: "the name and the key of the checksum database",
        finds: &[&settings::GOSUMDB_SYNTAX, &value::SUMDB_KEY, &risk::UNVERIFIED],
        run: Run::Blocking(sumdb::look),
    },
    Check {
        name: "goflags",
        about: "flags for every command",
        finds: &[
            &settings::GOFLAGS,
            &value::FLAG_UNKNOWN,
            &value::FLAG_INSECURE,
            &value::FLAG_VENDOR,
            &value::FLAG_MODFILE,
        ],
        run: Run::Blocking(flags::look),
    },
    Check {
        name: "directories",
        about: "the directories that go works in",
        finds: &[&value::NOT_ABSOLUTE, &value::GOPATH_MODULE, &risk::GOPATH_INSIDE, &risk::BIN],
        run: Run::Blocking(places::look),
    },
    Check {
        name: "switches",
        about: "GO111MODULE, GOTOOLCHAIN, GOWORK, GOVCS and GOAUTH",
        finds: &[
            &settings::MODULES_OFF,
            &settings::TOOLCHAIN_SYNTAX,
            &settings::TOOLCHAIN_PATH,
            &settings::GOWORK,
            &settings::GOVCS_SYNTAX,
            &settings::GOAUTH,
        ],
        run: Run::Blocking(single::look),
    },
    Check {
        name: "proxy-variables",
        about: "HTTP_PROXY, HTTPS_PROXY, NO_PROXY and ALL_PROXY",
        finds: &[&value::WEB_PROXY, &risk::ALL_PROXY, &risk::NO_PROXY, &risk::PROXY_CASE],
        run: Run::Blocking(web_proxy::look),
    },
];
