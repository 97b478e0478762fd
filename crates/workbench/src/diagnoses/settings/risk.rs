//! Settings that work and should not stay so.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static SHADOWED: Diagnosis = Diagnosis {
    code: "L1-SHADOWED",
    layer: Layer::Settings,
    severity: Severity::Risk,
    title: "An exported {variable} hides the one that was set with go env -w",
    cause: "The environment comes before the user's go/env file, and go does not say so. What go env -w {variable} wrote has no effect while something exports the variable.",
    cure: "Decide for one of them: take the export away where it is set, or the line out of the file.",
    commands: &["unset {variable}", "go env {variable}"],
};

pub(crate) static UNKNOWN: Diagnosis = Diagnosis {
    code: "L1-VARIABLE-UNKNOWN",
    layer: Layer::Settings,
    severity: Severity::Risk,
    title: "{variable} is no variable of go; {meant} is meant, most likely",
    cause: "go reads no variable of the name {variable}, so what it says has no effect. It differs in a letter or two from {meant}.",
    cure: "Correct the name where it is set.",
    commands: &["unset {variable}", "go env {meant}", "go help environment"],
};

pub(crate) static DEAD_ENTRY: Diagnosis = Diagnosis {
    code: "L1-GOPROXY-DEAD-ENTRY",
    layer: Layer::Settings,
    severity: Severity::Risk,
    title: "GOPROXY goes on behind {entry}, and nothing there is ever asked",
    cause: "{entry} ends the list whatever comes of it, so the entries behind it are there for nothing, though somebody counts on them.",
    cure: "Put {entry} last, or take the entries behind it out.",
    commands: &["go env GOPROXY", "go env -w GOPROXY=https://proxy.example.com,direct"],
};

pub(crate) static ENV_OFF: Diagnosis = Diagnosis {
    code: "L1-GOENV-OFF",
    layer: Layer::Settings,
    severity: Severity::Risk,
    title: "GOENV keeps go from reading the settings that go env -w wrote",
    cause: "GOENV is off or names another file, so the settings in the user's own go/env file have no effect.",
    cure: "Take GOENV away where it is set, or remove the file that is no longer meant.",
    commands: &["unset GOENV", "go env -changed"],
};

pub(crate) static UNVERIFIED: Diagnosis = Diagnosis {
    code: "L1-SUMDB-OFF",
    layer: Layer::Checksum,
    severity: Severity::Risk,
    title: "GOSUMDB=off: nobody vouches for new modules",
    cause: "Without the checksum database, whatever a proxy or a repository says at the first time is written into go.sum and believed from then on.",
    cure: "Let the default count again. For private modules set GOPRIVATE or GONOSUMDB to their paths alone; where the database cannot be reached, a Larder answers for it.",
    commands: &["go env -u GOSUMDB", "larder run -- go mod download"],
};

pub(crate) static NONE_VERIFIED: Diagnosis = Diagnosis {
    code: "L1-NO-SUMDB-FOR-ALL",
    layer: Layer::Checksum,
    severity: Severity::Risk,
    title: "{variable} takes every module out of the checksum database",
    cause: "The pattern in {variable} matches all modules, so none that is new is verified; with GOPRIVATE none comes through a proxy either.",
    cure: "Name the paths of your private modules alone.",
    commands: &["go env {variable}", "go env -u {variable}", "go env -w {variable}=git.example.com/team"],
};

pub(crate) static INSECURE: Diagnosis = Diagnosis {
    code: "L1-INSECURE-FOR-ALL",
    layer: Layer::Settings,
    severity: Severity::Risk,
    title: "Every module may be fetched without proof of who answers",
    cause: "GOINSECURE matches all module paths, so certificates are not checked and plain http is taken wherever go asks a repository.",
    cure: "Take the setting away. A host inside without a valid certificate gets one of a company CA that this machine trusts.",
    commands: &["go env -changed", "go env -u GOINSECURE"],
};

pub(crate) static SEVERAL_GO: Diagnosis = Diagnosis {
    code: "L1-SEVERAL-GO",
    layer: Layer::Toolchain,
    severity: Severity::Risk,
    title: "Several versions of Go are in PATH, and the first one counts",
    cause: "Which Go runs depends on the order of PATH, which differs between shells, editors and services: each brings its own defaults in go.env.",
    cure: "Remove those that are not meant, or put the one that is in front everywhere.",
    commands: &["which -a go", "go version", "go env GOROOT"],
};

pub(crate) static BIN: Diagnosis = Diagnosis {
    code: "L1-GOBIN-NOT-IN-PATH",
    layer: Layer::Settings,
    severity: Severity::Risk,
    title: "GOBIN is not in PATH",
    cause: "go install puts programs into GOBIN, and no shell finds them there, or finds an older one elsewhere.",
    cure: "Add the directory to PATH, in the profile of the shell.",
    commands: &["export PATH=\"$PATH:$(go env GOBIN)\""],
};

pub(crate) static GOPATH_INSIDE: Diagnosis = Diagnosis {
    code: "L1-GOPATH-INSIDE",
    layer: Layer::Settings,
    severity: Severity::Risk,
    title: "GOPATH lies inside the project, and with it the module cache",
    cause: "Patterns like ./... and go mod tidy walk into the module cache, and stumble over what was fetched before there were modules.",
    cure: "Move it out of the project. If it has to stay there, give its directory a name that begins with a dot or an underscore, which go passes over.",
    commands: &["go env GOPATH GOMODCACHE", "go env -u GOPATH"],
};

pub(crate) static ALL_PROXY: Diagnosis = Diagnosis {
    code: "L1-ALL-PROXY",
    layer: Layer::Network,
    severity: Severity::Risk,
    title: "ALL_PROXY is set, which go does not read",
    cause: "curl and git take ALL_PROXY, so they get out where go does not: it reads HTTPS_PROXY and HTTP_PROXY alone.",
    cure: "Set HTTPS_PROXY to the same proxy.",
    commands: &["export HTTPS_PROXY=\"$ALL_PROXY\""],
};

pub(crate) static NO_PROXY: Diagnosis = Diagnosis {
    code: "L1-NO-PROXY-ENTRY",
    layer: Layer::Network,
    severity: Severity::Risk,
    title: "NO_PROXY holds an entry that go does not understand",
    cause: "An entry is a host, a domain, an address or a range like 10.0.0.0/8. A URL or a star inside a name matches nothing, so these hosts are asked through the proxy.",
    cure: "Write the host or the domain alone.",
    commands: &["printenv NO_PROXY no_proxy", "export NO_PROXY=localhost,.example.com,10.0.0.0/8"],
};

pub(crate) static PROXY_CASE: Diagnosis = Diagnosis {
    code: "L1-PROXY-TWICE",
    layer: Layer::Network,
    severity: Severity::Risk,
    title: "{variable} is set twice, in capitals and in small letters, to different values",
    cause: "go takes the one in capitals where curl and git take the other one, so that they go different ways.",
    cure: "Set both to the same value.",
    commands: &["env | grep -i _proxy", "unset {lower}"],
};

pub(crate) static ALL: &[&Diagnosis] = &[
    &SHADOWED,
    &UNKNOWN,
    &ENV_OFF,
    &DEAD_ENTRY,
    &UNVERIFIED,
    &NONE_VERIFIED,
    &INSECURE,
    &SEVERAL_GO,
    &BIN,
    &GOPATH_INSIDE,
    &ALL_PROXY,
    &NO_PROXY,
    &PROXY_CASE,
];
