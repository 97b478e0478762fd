//! Settings of Go and of the machine, and which Go runs.

pub(crate) mod risk;
pub(crate) mod value;

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static PROXY_EMPTY: Diagnosis = Diagnosis {
    code: "L1-GOPROXY-EMPTY",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOPROXY names no proxy",
    cause: "GOPROXY is set to separators without an entry between them, so go has nobody to ask.",
    cure: "Take the setting away, so that the default counts again, or name a proxy.",
    commands: &["go env -u GOPROXY", "go env GOPROXY"],
};

pub(crate) static PROXY_URL: Diagnosis = Diagnosis {
    code: "L1-GOPROXY-URL",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOPROXY holds something that is no URL",
    cause: "An entry of GOPROXY has no scheme, or one that go does not speak: https, http and file are the ones it does.",
    cure: "Write the entry as a whole URL. A local directory is file:// and an absolute path.",
    commands: &["go env GOPROXY", "go env -w GOPROXY=https://proxy.example.com,direct"],
};

pub(crate) static PROXY_OFF: Diagnosis = Diagnosis {
    code: "L1-GOPROXY-OFF",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOPROXY=off forbids every fetch",
    cause: "GOPROXY is off, or ends in off, and {module} does not lie in the module cache. Often a profile, an image or a CI file exports it.",
    cure: "Find who sets it and take it away there; or bring the module into the cache or into a Larder that has it.",
    commands: &["go env -changed", "go env -u GOPROXY", "larder run --offline -- go mod download"],
};

pub(crate) static PRIVATE_DIRECT: Diagnosis = Diagnosis {
    code: "L1-NO-PROXY-FOR-IT",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOPRIVATE or GONOPROXY keeps {module} away from every proxy",
    cause: "A name that matches GOPRIVATE or GONOPROXY is asked of its repository alone, and here that way is closed.",
    cure: "If a mirror of your own serves it, set GONOSUMDB alone and let GOPRIVATE go, so that go asks the mirror.",
    commands: &["go env GOPRIVATE GONOPROXY GONOSUMDB", "go env -u GOPRIVATE", "go env -w GONOSUMDB={host}"],
};

pub(crate) static MODULES_OFF: Diagnosis = Diagnosis {
    code: "L1-GO111MODULE",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GO111MODULE switches modules off, or has a value that go does not know",
    cause: "GO111MODULE is off, or misspelled. Since Go 1.16 nothing needs it.",
    cure: "Take the setting away.",
    commands: &["go env -u GO111MODULE"],
};

pub(crate) static GOFLAGS: Diagnosis = Diagnosis {
    code: "L1-GOFLAGS",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOFLAGS holds something that is no flag",
    cause: "GOFLAGS is split at spaces, and each part must be a flag that begins with a hyphen.",
    cure: "Correct GOFLAGS, or take it away.",
    commands: &["go env GOFLAGS", "go env -u GOFLAGS"],
};

pub(crate) static GOROOT: Diagnosis = Diagnosis {
    code: "L1-GOROOT",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOROOT is not the directory of the go that runs",
    cause: "GOROOT points to a directory that is not there, or belongs to another version than the go in PATH.",
    cure: "Do not set GOROOT: go knows its own.",
    commands: &["unset GOROOT", "go env -u GOROOT", "go version"],
};

pub(crate) static GOAUTH: Diagnosis = Diagnosis {
    code: "L1-GOAUTH",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "GOAUTH cannot be carried out",
    cause: "GOAUTH names a command that does not run, gives something else than headers, or a directory that is none.",
    cure: "Correct GOAUTH, or take it away: without it netrc counts.",
    commands: &["go env GOAUTH", "go env -u GOAUTH", "go help goauth"],
};

pub(crate) static GOVCS_SYNTAX: Diagnosis = Diagnosis {
    code: "L1-GOVCS",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "GOVCS cannot be read",
    cause: "GOVCS is a list of pattern:vcs1|vcs2, and an entry of it is not of that form.",
    cure: "Correct it, or take it away.",
    commands: &["go env GOVCS", "go env -u GOVCS"],
};

pub(crate) static GOWORK: Diagnosis = Diagnosis {
    code: "L1-GOWORK",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "The workspace does not fit",
    cause: "GOWORK names a file that cannot be used, or go.work lists a module that is not there or wants a newer go than go.work names.",
    cure: "Bring go.work up to date, or leave the workspace for one command.",
    commands: &["go work use -r .", "GOWORK=off go build ./..."],
};

pub(crate) static GOSUMDB_SYNTAX: Diagnosis = Diagnosis {
    code: "L1-GOSUMDB",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "GOSUMDB cannot be read",
    cause: "GOSUMDB is a name, or NAME+HASH+KEY, and after a space perhaps a URL. What it holds now is none of these, or its key does not belong to its name.",
    cure: "Write it anew, from the place that published the key; without the setting the default counts.",
    commands: &["go env GOSUMDB", "go env -u GOSUMDB"],
};

pub(crate) static SUMDB_OFF: Diagnosis = Diagnosis {
    code: "L1-GOSUMDB-OFF",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "GOSUMDB=off keeps a toolchain from being verified",
    cause: "Toolchains are only ever used when the checksum database vouches for them, and GOSUMDB is off.",
    cure: "Switch the database on again. Where it cannot be reached, a Larder answers for it.",
    commands: &["go env -u GOSUMDB", "larder run -- go version"],
};

pub(crate) static TOOLCHAIN_TOO_OLD: Diagnosis = Diagnosis {
    code: "L1-GO-TOO-OLD",
    layer: Layer::Toolchain,
    severity: Severity::Error,
    title: "This go is older than the modules ask for",
    cause: "A go.mod names a newer go than the one that runs, and GOTOOLCHAIN=local, or a go before 1.21, forbids to fetch it.",
    cure: "Install that go, or let go fetch it.",
    commands: &["go env -u GOTOOLCHAIN", "go version"],
};

pub(crate) static TOOLCHAIN_SYNTAX: Diagnosis = Diagnosis {
    code: "L1-GOTOOLCHAIN",
    layer: Layer::Toolchain,
    severity: Severity::Error,
    title: "GOTOOLCHAIN, or a toolchain line, names no toolchain",
    cause: "The value is no version of a toolchain. go1.21 is a version of the language; the toolchain is go1.21.0.",
    cure: "Correct the setting or the line in go.mod or go.work.",
    commands: &["go env GOTOOLCHAIN", "go env -u GOTOOLCHAIN", "go mod edit -toolchain=none"],
};

pub(crate) static TOOLCHAIN_NOT_THERE: Diagnosis = Diagnosis {
    code: "L1-TOOLCHAIN-ABSENT",
    layer: Layer::Toolchain,
    severity: Severity::Error,
    title: "There is no such toolchain for this machine",
    cause: "No source has a toolchain of that version for this system and processor; perhaps the version is misspelled or a mirror does not carry toolchains.",
    cure: "Look at the go and toolchain lines, and at whether the proxies in GOPROXY carry golang.org/toolchain.",
    commands: &["go env GOTOOLCHAIN GOPROXY", "grep -nE \"^(go|toolchain) \" go.mod go.work"],
};

pub(crate) static TOOLCHAIN_FETCH: Diagnosis = Diagnosis {
    code: "L1-TOOLCHAIN-FETCH",
    layer: Layer::Toolchain,
    severity: Severity::Error,
    title: "Another toolchain is needed and cannot be fetched",
    cause: "A go.mod or GOTOOLCHAIN asks for another version of Go, and go could not download it.",
    cure: "Mend what kept the download from succeeding, or fetch it through Larder, which tries again and goes on where it broke off.",
    commands: &["larder run -- go version", "GOTOOLCHAIN=local go version"],
};

pub(crate) static TOOLCHAIN_PATH: Diagnosis = Diagnosis {
    code: "L1-TOOLCHAIN-PATH",
    layer: Layer::Toolchain,
    severity: Severity::Error,
    title: "GOTOOLCHAIN asks for a go that is not in PATH",
    cause: "GOTOOLCHAIN ends in +path, and no program of that name is in PATH.",
    cure: "Install that go, or let go fetch it.",
    commands: &["go env -u GOTOOLCHAIN"],
};

pub(crate) static TOOLCHAIN_LOOP: Diagnosis = Diagnosis {
    code: "L1-TOOLCHAIN-LOOP",
    layer: Layer::Toolchain,
    severity: Severity::Error,
    title: "The toolchain that was started is not the one that was asked for",
    cause: "A program in PATH or a damaged toolchain in the module cache gives another version than its name says.",
    cure: "Remove that toolchain from the module cache; go fetches it anew.",
    commands: &[
        "ls \"$(go env GOMODCACHE)/golang.org\"",
        "chmod -R u+w \"$(go env GOMODCACHE)/golang.org\" && rm -r \"$(go env GOMODCACHE)\"/golang.org/toolchain@*",
    ],
};

pub(crate) static GO_MOD_NEWER: Diagnosis = Diagnosis {
    code: "L1-GO-LINE-FORM",
    layer: Layer::Toolchain,
    severity: Severity::Error,
    title: "An old go cannot read the go line",
    cause: "A go before 1.21 takes 1.21 but not 1.21.0, and no toolchain line.",
    cure: "Use a newer go, or lower the line if the module works with it.",
    commands: &["go version", "go mod edit -go=1.20 -toolchain=none"],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &PROXY_EMPTY,
    &PROXY_URL,
    &PROXY_OFF,
    &PRIVATE_DIRECT,
    &MODULES_OFF,
    &GOFLAGS,
    &GOROOT,
    &GOAUTH,
    &GOVCS_SYNTAX,
    &GOWORK,
    &GOSUMDB_SYNTAX,
    &SUMDB_OFF,
    &TOOLCHAIN_TOO_OLD,
    &TOOLCHAIN_SYNTAX,
    &TOOLCHAIN_NOT_THERE,
    &TOOLCHAIN_FETCH,
    &TOOLCHAIN_PATH,
    &TOOLCHAIN_LOOP,
    &GO_MOD_NEWER,
];
