//! Values that make `go` fail, or that say something else than was meant.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static NO_GO: Diagnosis = Diagnosis {
    code: "L1-NO-GO",
    layer: Layer::Toolchain,
    severity: Severity::Error,
    title: "There is no go in PATH",
    cause: "No directory of PATH holds a program go that can be run. Often a profile that adds it is not read by this kind of shell, or by an editor or a service.",
    cure: "Install Go, or add the bin directory of the one that is there to PATH, where this shell reads it.",
    commands: &["ls /usr/local/go/bin", "export PATH=\"$PATH:/usr/local/go/bin\"", "go version"],
};

pub(crate) static MISSPELT: Diagnosis = Diagnosis {
    code: "L1-GOPROXY-MISSPELT",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "{entry} in GOPROXY is nearly {meant}, and most likely a slip",
    cause: "An entry of GOPROXY differs in a letter or two from one that this machine's settings name elsewhere, or from a word that go knows.",
    cure: "Correct the entry to {meant}, where it is set.",
    commands: &["go env GOPROXY", "go env -changed"],
};

pub(crate) static SCHEME: Diagnosis = Diagnosis {
    code: "L1-GOPROXY-SCHEME",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "{entry} in GOPROXY lacks its scheme, and go takes https for it",
    cause: "An entry without a scheme counts as https. What answers at {entry} does not speak TLS but plain HTTP.",
    cure: "Write the scheme that it speaks in front of the entry.",
    commands: &["go env GOPROXY", "go env -w GOPROXY=http://{entry}"],
};

pub(crate) static PLAIN_PASSWORD: Diagnosis = Diagnosis {
    code: "L1-GOPROXY-PASSWORD",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "GOPROXY holds a password for {host}, to be sent without TLS",
    cause: "go refuses to send user and password of a URL over http, as everybody on the way could read them.",
    cure: "Use the https URL of the proxy, and better keep the password in netrc than in the URL.",
    commands: &["go env -w GOPROXY=https://{host}", "chmod 600 ~/.netrc"],
};

pub(crate) static QUOTED: Diagnosis = Diagnosis {
    code: "L1-QUOTED",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "{variable} holds quotes as part of its value",
    cause: "Settings files of go, --env-file of docker and some editors take quotes as they stand, where a shell would take them off.",
    cure: "Write the value without quotes, or let go write it.",
    commands: &["go env {variable}", "go env -u {variable}"],
};

pub(crate) static LINE_END: Diagnosis = Diagnosis {
    code: "L1-LINE-END",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "{variable} ends in an invisible carriage return",
    cause: "The value was read from a file with Windows line ends: a settings file, an env file or a script. go takes the carriage return as part of it.",
    cure: "Give the file Unix line ends, or write the value anew.",
    commands: &["printenv {variable} | od -c | tail -2", "go env -u {variable}"],
};

pub(crate) static PATTERN: Diagnosis = Diagnosis {
    code: "L1-PATTERN-DEAD",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "{variable} holds a pattern that matches nothing",
    cause: "The lists of patterns are split at commas and nothing is trimmed: a space behind a comma belongs to the next pattern. A pattern is the beginning of module paths, neither a URL nor a version, and `...` is no wildcard.",
    cure: "Write the patterns joined by commas alone: no spaces, no scheme, no port.",
    commands: &["go env {variable}", "go env -w {variable}={list}"],
};

pub(crate) static ENV_LINE: Diagnosis = Diagnosis {
    code: "L1-GOENV-LINE",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "A line of the go/env file sets nothing",
    cause: "The file was edited by hand. go takes NAME=value alone, from the first letter of a line on: no export, no spaces before the name or around the sign, and lower case is a comment.",
    cure: "Let go write the setting, and take the line out.",
    commands: &["cat \"$(go env GOENV)\"", "go env -w {variable}={value}"],
};

pub(crate) static ENV_UNREADABLE: Diagnosis = Diagnosis {
    code: "L1-GOENV-UNREADABLE",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "The user's settings file of go cannot be read",
    cause: "GOENV, or the configuration directory, leads to something that is no readable file. go says nothing of it and works with its defaults.",
    cure: "Make it a file of yours, or take GOENV away.",
    commands: &["ls -ld \"$(go env GOENV)\"", "unset GOENV"],
};

pub(crate) static SUMDB_KEY: Diagnosis = Diagnosis {
    code: "L1-GOSUMDB-KEY",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "The key in GOSUMDB is damaged: its hash does not match",
    cause: "The eight digits in the middle of a key are the hash of its name and its last part, and here they are not: a letter was changed or lost when it was copied, or the name was replaced.",
    cure: "Copy the whole key again from the place that publishes it; nothing else can tell which part is wrong.",
    commands: &["go env GOSUMDB", "go env -u GOSUMDB"],
};

pub(crate) static FLAG_UNKNOWN: Diagnosis = Diagnosis {
    code: "L1-GOFLAGS-UNKNOWN",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOFLAGS holds a flag that this go does not know",
    cause: "Every flag of GOFLAGS must be one of some command of this version of go: it is misspelled, newer, or was taken out.",
    cure: "Correct GOFLAGS where it is set, or take the flag out.",
    commands: &["go env GOFLAGS", "go version", "go env -u GOFLAGS"],
};

pub(crate) static FLAG_INSECURE: Diagnosis = Diagnosis {
    code: "L1-GOFLAGS-INSECURE",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOFLAGS holds a flag that go get refuses since Go 1.17",
    cause: "The flag that once let go get fetch without proof of who answers is no longer supported, and go get fails with it.",
    cure: "Take the flag out. A host inside that has no valid certificate gets one, or is asked through a mirror.",
    commands: &["go env GOFLAGS", "go env -u GOFLAGS"],
};

pub(crate) static FLAG_VENDOR: Diagnosis = Diagnosis {
    code: "L1-GOFLAGS-VENDOR",
    layer: Layer::Vendor,
    severity: Severity::Error,
    title: "GOFLAGS wants a vendor directory, and this project has none",
    cause: "-mod=vendor in GOFLAGS holds for every project. This one requires modules and has no vendor directory, so go neither finds nor fetches them.",
    cure: "Take the flag out: go uses a vendor directory by itself where there is one.",
    commands: &["go env GOFLAGS", "go env -u GOFLAGS"],
};

pub(crate) static FLAG_MODFILE: Diagnosis = Diagnosis {
    code: "L1-GOFLAGS-MODFILE",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOFLAGS names a go.mod that cannot be used here",
    cause: "-modfile in GOFLAGS holds for every project. go takes that file in the place of go.mod if it is there, seen from the directory that go runs in, if its name ends in .mod, and if no go.work counts.",
    cure: "Take the flag out, and write it where it is meant: go build -modfile=FILE.",
    commands: &["go env GOFLAGS", "go env -u GOFLAGS"],
};

pub(crate) static NOT_ABSOLUTE: Diagnosis = Diagnosis {
    code: "L1-PATH-RELATIVE",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "{variable} is no absolute path",
    cause: "A directory begins with a slash. A tilde is only replaced by a shell, and not where it is quoted, in a settings file or in a Dockerfile.",
    cure: "Write the path in full, or take the setting away so that the default counts.",
    commands: &["go env {variable}", "go env -u {variable}"],
};

pub(crate) static GOPATH_MODULE: Diagnosis = Diagnosis {
    code: "L1-GOPATH-IS-MODULE",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "The project lies at GOPATH itself, so go ignores its go.mod",
    cause: "GOPATH is the directory for what go fetches. A go.mod directly in it is ignored, so this directory counts as no module.",
    cure: "Do not point GOPATH at a project; without the setting it is go in the home directory.",
    commands: &["go env GOPATH", "go env -u GOPATH"],
};

pub(crate) static WEB_PROXY: Diagnosis = Diagnosis {
    code: "L1-PROXY-VARIABLE",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "{variable} holds something that go cannot use as a proxy",
    cause: "go knows proxies with http, https, socks5 and socks5h URLs, or HOST:PORT for http. Whatever else stands there is taken for a host of that name.",
    cure: "Write the URL of the proxy with one of these schemes and a number as its port.",
    commands: &["printenv {variable}", "export {variable}=http://proxy.example.com:3128"],
};

pub(crate) static ALL: &[&Diagnosis] = &[
    &NO_GO,
    &ENV_UNREADABLE,
    &ENV_LINE,
    &QUOTED,
    &LINE_END,
    &MISSPELT,
    &SCHEME,
    &PLAIN_PASSWORD,
    &SUMDB_KEY,
    &PATTERN,
    &FLAG_INSECURE,
    &FLAG_UNKNOWN,
    &FLAG_VENDOR,
    &FLAG_MODFILE,
    &NOT_ABSOLUTE,
    &GOPATH_MODULE,
    &WEB_PROXY,
];
