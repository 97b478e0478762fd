//! Proxies for modules, the checksum database, and go.sum.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static PROXY_FAILS: Diagnosis = Diagnosis {
    code: "L3-PROXY-FAILS",
    layer: Layer::Proxy,
    severity: Severity::Error,
    title: "{host} answers with a failure of its own (5xx)",
    cause: "The proxy is down, overloaded or cut off from its own sources. go does not try again, and after a comma in GOPROXY it does not ask the next one.",
    cure: "Fetch through Larder, which tries again and may go on; or put | in the place of the comma.",
    commands: &["larder run -- go mod download", "go env GOPROXY"],
};

pub(crate) static PROXY_BUSY: Diagnosis = Diagnosis {
    code: "L3-PROXY-BUSY",
    layer: Layer::Proxy,
    severity: Severity::Error,
    title: "{host} turns requests away (429)",
    cause: "Too many requests from this address.",
    cure: "Fetch through one Larder for all: one artifact is then fetched once.",
    commands: &["larder run -- go mod download"],
};

pub(crate) static PROXY_DENIES: Diagnosis = Diagnosis {
    code: "L3-PROXY-DENIES",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "{host} refuses this request (401 or 403)",
    cause: "The proxy wants other credentials, or a policy keeps this module away.",
    cure: "Check the credentials for {host} in netrc (the port counts), and ask whoever runs the proxy about {module}.",
    commands: &["grep -n \"machine\" ~/.netrc", "curl -sI {url}/{module}/@v/list"],
};

pub(crate) static PROXY_BLOCKED: Diagnosis = Diagnosis {
    code: "L3-PROXY-BLOCKED",
    layer: Layer::Proxy,
    severity: Severity::Error,
    title: "{host} may not give this (451)",
    cause: "The answer says that the module is kept back for legal reasons or by policy.",
    cure: "Use another version, or ask whoever runs the proxy.",
    commands: &["go list -m -versions {module}"],
};

pub(crate) static NO_DIRECTORY: Diagnosis = Diagnosis {
    code: "L3-PROXY-NO-DIRECTORY",
    layer: Layer::Proxy,
    severity: Severity::Error,
    title: "GOPROXY names a directory that is not there: {file}",
    cause: "A file:// entry is a directory of this machine, in the form of cache/download. Where it is not there, go has no module from it, as if each were absent: a disk was not mounted, or a path is another one in this container.",
    cure: "Mount or copy the directory, or name the one that is meant.",
    commands: &["ls -ld {file}", "go env GOPROXY"],
};

pub(crate) static NOT_FOUND: Diagnosis = Diagnosis {
    code: "L3-NOT-FOUND",
    layer: Layer::Proxy,
    severity: Severity::Error,
    title: "No source has {module}",
    cause: "Every source that was asked said 404 or 410: the path or version is misspelled, the version was never published, or the module is private and the public proxy cannot see it.",
    cure: "If it is private, say so, so that its name is asked of nobody else; else compare path and version.",
    commands: &["go list -m -versions {module}", "go env -w GOPRIVATE={host}"],
};

pub(crate) static PROXY_LIES: Diagnosis = Diagnosis {
    code: "L3-PROXY-WRONG-ANSWER",
    layer: Layer::Proxy,
    severity: Severity::Error,
    title: "{host} gave something else than was asked for",
    cause: "The answer is for another version, is no JSON, or no zip: a broken cache in front of the proxy or a middlebox.",
    cure: "Fetch through Larder, which refuses such answers and asks the next source.",
    commands: &["larder run -- go mod download", "curl -s {url}/{module}/@v/list | head"],
};

pub(crate) static ZIP_BAD: Diagnosis = Diagnosis {
    code: "L3-ZIP-DAMAGED",
    layer: Layer::Proxy,
    severity: Severity::Error,
    title: "The zip of {module} is damaged or is none",
    cause: "A body that was cut or altered on the way and still counted as whole, or a proxy that keeps a broken file.",
    cure: "Remove the broken file and fetch again through Larder, which lets only checked zips through.",
    commands: &["go clean -modcache", "larder run -- go mod download"],
};

pub(crate) static TOO_LARGE: Diagnosis = Diagnosis {
    code: "L3-TOO-LARGE",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "{module} is larger than go takes",
    cause: "A module's zip may have 500 MB, its go.mod and license 16 MB.",
    cure: "Use a version before it grew, or ask its owner to split it.",
    commands: &["go list -m -versions {module}"],
};

pub(crate) static SUM_MISMATCH_GOSUM: Diagnosis = Diagnosis {
    code: "L3-SUM-MISMATCH-GOSUM",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "{module} is not what go.sum says",
    cause: "The bytes that came have another hash than the line in go.sum: the tag was moved, a proxy or cache gave altered bytes, or the line was made from other bytes.",
    cure: "Find out which side is right: ask the checksum database. Only if go.sum is wrong, correct its line; never remove go.sum as a whole.",
    commands: &["go mod verify", "git log -p -- go.sum"],
};

pub(crate) static SUM_MISMATCH_DB: Diagnosis = Diagnosis {
    code: "L3-SUM-MISMATCH-DATABASE",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "{module} is not what the checksum database says",
    cause: "The bytes that came differ from those that the whole world got. The proxy or the repository gives altered content, or the tag was moved.",
    cure: "Do not use these bytes. Fetch from another source through Larder, which compares before it gives anything away; tell the module's owner.",
    commands: &["larder run -- go mod download", "go clean -modcache"],
};

pub(crate) static SUM_ABSENT: Diagnosis = Diagnosis {
    code: "L3-SUM-NOT-IN-DATABASE",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "The checksum database does not know {module}",
    cause: "The database answered that it cannot see the module. Most often the module is private, and its name has just left the machine.",
    cure: "Declare it private, or put it behind a Larder with a database of its own.",
    commands: &["go env -w GOPRIVATE={host}", "larder sumdb --help"],
};

pub(crate) static SUMDB_UNREACHABLE: Diagnosis = Diagnosis {
    code: "L3-SUMDB-UNREACHABLE",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "The checksum database cannot be reached",
    cause: "What is fetched has to be compared with the checksum database, and that cannot be asked from here, neither through the proxy nor directly.",
    cure: "Let a Larder answer for it: it keeps the proofs of what it has seen. Do not switch the check off.",
    commands: &["larder run -- go mod download", "go env GOPROXY GOSUMDB"],
};

pub(crate) static SUMDB_AWAY: Diagnosis = Diagnosis {
    code: "L3-SUMDB-AWAY",
    layer: Layer::Checksum,
    severity: Severity::Risk,
    title: "The checksum database cannot be reached, and this project does not ask it today",
    cause: "go.sum has every line that builds of this project need, so nothing has to be asked. The next module or version that is added has to be compared with the database, and fails then.",
    cure: "Open the way to it before you add or update a module, or add it through a Larder, which keeps the proofs of what it has seen. Do not switch the check off.",
    commands: &["curl -sv -o /dev/null {url}/latest", "larder run -- go mod tidy", "go env GOPROXY GOSUMDB"],
};

pub(crate) static SUMDB_LIES: Diagnosis = Diagnosis {
    code: "L3-SUMDB-MISBEHAVES",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "The checksum database contradicts itself",
    cause: "What came is not signed by its key, or is not consistent with what this machine saw before. Either somebody alters its answers, or the database misbehaved.",
    cure: "Stop, keep the message, and compare from another network. It may also be a stale copy in the cache of a proxy.",
    commands: &["ls -l \"$(go env GOPATH)/pkg/sumdb\"", "larder run -- go mod download"],
};

pub(crate) static SUMDB_ANSWER: Diagnosis = Diagnosis {
    code: "L3-SUMDB-WRONG-ANSWER",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "What answers for the checksum database is something else",
    cause: "The answer has not the form of one: a page, an empty body, a proxy that does not relay the database and says it does.",
    cure: "Look at what comes; go around it with Larder.",
    commands: &["curl -s {url}/latest", "larder run -- go mod download"],
};

pub(crate) static SUM_MISSING: Diagnosis = Diagnosis {
    code: "L3-GOSUM-LINE-MISSING",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "go.sum has no line for {module}",
    cause: "The requirement was added without its hash: go.sum was not committed, a merge lost lines, or a package is imported for the first time.",
    cure: "Let go add the lines; they are verified while it does, and belong into the commit.",
    commands: &["go mod tidy", "go mod download {module}", "git diff go.sum"],
};

pub(crate) static SUM_MALFORMED: Diagnosis = Diagnosis {
    code: "L3-GOSUM-MALFORMED",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "go.sum has a line that is none",
    cause: "Each line has three fields: path, version, hash. Usually a merge left its marks there.",
    cure: "Remove the marks, keep the lines of both sides, and let go tidy up.",
    commands: &["grep -nE \"^(<<<<<<<|=======|>>>>>>>)\" go.sum", "go mod tidy"],
};

pub(crate) static SUM_READONLY: Diagnosis = Diagnosis {
    code: "L3-GOSUM-READONLY",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "go.sum would have to change, and may not",
    cause: "The build needs a line that go.sum does not have, and -mod=readonly (the default of builds) forbids to add it.",
    cure: "Add the lines on a developer's machine and commit them.",
    commands: &["go mod tidy", "git add go.mod go.sum"],
};

pub(crate) static PROXY_EMPTY: Diagnosis = Diagnosis {
    code: "L3-PROXY-EMPTY",
    layer: Layer::Proxy,
    severity: Severity::Error,
    title: "{host} knows none of the modules of this project",
    cause: "It answers, and says 404 to all of them, and nobody else is asked behind it: a part of its URL is missing (many proxies live below a path), or it is another server.",
    cure: "Compare the URL in GOPROXY with what the people who run it say.",
    commands: &["go env GOPROXY", "curl -s {url}/{module}/@v/list"],
};

pub(crate) static PROXY_SKIPPED: Diagnosis = Diagnosis {
    code: "L3-PROXY-SKIPPED",
    layer: Layer::Proxy,
    severity: Severity::Risk,
    title: "{host} in GOPROXY does not work, and the next one is asked instead",
    cause: "A | follows it in GOPROXY, so go goes on after every failure: everything is asked for twice, and with the next one down nothing comes at all.",
    cure: "Repair it, or take it out of GOPROXY.",
    commands: &["go env GOPROXY", "go env -w GOPROXY=\"https://proxy.example.com,direct\""],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &PROXY_FAILS,
    &PROXY_BUSY,
    &PROXY_DENIES,
    &PROXY_BLOCKED,
    &PROXY_SKIPPED,
    &PROXY_EMPTY,
    &NO_DIRECTORY,
    &NOT_FOUND,
    &PROXY_LIES,
    &ZIP_BAD,
    &TOO_LARGE,
    &SUM_MISMATCH_GOSUM,
    &SUM_MISMATCH_DB,
    &SUM_ABSENT,
    &SUMDB_UNREACHABLE,
    &SUMDB_AWAY,
    &SUMDB_LIES,
    &SUMDB_ANSWER,
    &SUM_MISSING,
    &SUM_MALFORMED,
    &SUM_READONLY,
];
