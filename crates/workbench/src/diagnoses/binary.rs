//! Finished programs.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static DAMAGED: Diagnosis = Diagnosis {
    code: "L5-BINARY-DAMAGED",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} is a damaged program",
    cause: "Its headers, or the list of modules in it, contradict themselves or lead beyond its end: the file was cut on its way or changed by hand. The linker writes no such file.",
    cure: "Do not use it. Copy or build it anew, and compare both.",
    commands: &["go version -m {file}", "sha256sum {file}"],
};

pub(crate) static NOT_GO: Diagnosis = Diagnosis {
    code: "L5-BINARY-NO-BUILDINFO",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} does not say what it was built from",
    cause: "There is no Go build info in it. It was not built by Go, or a packer compressed it, or somebody took the list out.",
    cure: "Look at the program as the build wrote it, before it is packed; -s, -w and strip leave the list in.",
    commands: &["go version -m {file}"],
};

pub(crate) static NO_MODULES: Diagnosis = Diagnosis {
    code: "L5-BINARY-NO-MODULES",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} was built without modules",
    cause: "It was built with GO111MODULE=off or by a build system that calls the compiler itself, so that it carries no list of modules, and nothing can be compared.",
    cure: "Build it in its module.",
    commands: &["unset GO111MODULE", "go build ./...", "go version -m {file}"],
};

pub(crate) static GOSUM: Diagnosis = Diagnosis {
    code: "L5-BINARY-NOT-AS-GOSUM",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} was built from another {module} than go.sum says",
    cause: "The hash of the module in the program is not the one in go.sum. It was built with another go.sum, from an altered copy, or the list in it was changed.",
    cure: "Do not ship it. Find out which go.sum it was built with, and build it anew from a clean module cache.",
    commands: &["larder verify {file}", "git log -p -S \"{path} {version}\" -- go.sum", "go mod verify"],
};

pub(crate) static SUMDB: Diagnosis = Diagnosis {
    code: "L5-BINARY-NOT-AS-DATABASE",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} was built from a {module} that is not the one everybody else gets",
    cause: "The checksum database has another hash for this version than the program carries. It was built from bytes that a proxy, a cache or somebody by hand altered, or with verification switched off.",
    cure: "Do not run or ship it, and treat the machine that built it with suspicion until you know where the bytes came from.",
    commands: &["go version -m {file}", "larder verify --modcache"],
};

pub(crate) static LEDGER: Diagnosis = Diagnosis {
    code: "L5-BINARY-NOT-AS-LEDGER",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} was built from another {module} than Larder has on record",
    cause: "Larder pinned the hash of this version when it first stored it. The program was built from other bytes: a tag was moved, or a source gave altered ones.",
    cure: "Find out which of the two is right before it is shipped; for a private module ask those who tagged it.",
    commands: &["go version -m {file}", "larder sumdb export --help"],
};

pub(crate) static UNKNOWN: Diagnosis = Diagnosis {
    code: "L5-BINARY-UNKNOWN-MODULE",
    layer: Layer::Binary,
    severity: Severity::Risk,
    title: "Nobody knows the {module} in {file}",
    cause: "The checksum database says that there is no such version, and neither go.sum nor Larder's ledger has it. The version was never public, or it was withdrawn before anybody asked for it.",
    cure: "If the module is private, say so in GOPRIVATE and check the program with the go.sum of its project. Otherwise find out where it came from.",
    commands: &["go version -m {file}", "go env GOPRIVATE", "larder verify --gosum go.sum {file}"],
};

pub(crate) static NOT_IN_GOSUM: Diagnosis = Diagnosis {
    code: "L5-BINARY-NOT-IN-GOSUM",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{module} in {file} has no line in go.sum",
    cause: "The program was not built with this go.sum, or with flags that took another version.",
    cure: "Build it from the commit whose go.sum is required, without -mod=mod and -modfile.",
    commands: &["grep -n \"^{path} \" go.sum", "go build -mod=readonly ./..."],
};

pub(crate) static REPLACED: Diagnosis = Diagnosis {
    code: "L5-BINARY-REPLACED-MODULE",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{module} in {file} was replaced",
    cause: "A replace line of go.mod, or a go.work, put other code in its place. What was required is not what was built.",
    cure: "Remove the replacement, or require the module that stands for it under its own path, and build anew.",
    commands: &["grep -n replace go.mod", "go mod edit -dropreplace={path}", "GOWORK=off go build ./..."],
};

pub(crate) static NO_SUM: Diagnosis = Diagnosis {
    code: "L5-BINARY-NO-HASH",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} carries no hash of {module}",
    cause: "Builds from a vendor directory or with go.work record no hashes, so that nothing shows which bytes were built.",
    cure: "Build from the module cache; or check the vendor directory itself, on the machine that builds.",
    commands: &["GOWORK=off go build -mod=readonly ./...", "larder verify"],
};

pub(crate) static STAMP_MISSING: Diagnosis = Diagnosis {
    code: "L5-BINARY-STAMP-MISSING",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} does not say which commit it was built from",
    cause: "It was built outside a repository, without the git program, with -buildvcs=false, as a single file, or without the flag of the linker that sets the stamp.",
    cure: "Build the package in its repository, or set a variable with the flags of the linker.",
    commands: &["go build -buildvcs=true ./...", "go build -ldflags \"$(larder env --ldflags)\" ./..."],
};

pub(crate) static STAMP_DIRTY: Diagnosis = Diagnosis {
    code: "L5-BINARY-STAMP-DIRTY",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} was built from changed files",
    cause: "Files of the repository were changed, or were there without being committed, when it was built. The commit that it names does not hold what it was built from.",
    cure: "Commit the changes, or name what the build writes in .gitignore, and build anew.",
    commands: &["git status --short", "go build ./..."],
};

pub(crate) static STAMP_OTHER: Diagnosis = Diagnosis {
    code: "L5-BINARY-STAMP-OTHER",
    layer: Layer::Binary,
    severity: Severity::Error,
    title: "{file} has another stamp than is required",
    cause: "It was built from another commit, or is an older file that the build did not write anew.",
    cure: "Build it anew from the required commit.",
    commands: &["go clean ./...", "go build -ldflags \"$(larder env --ldflags)\" ./..."],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &DAMAGED,
    &NOT_GO,
    &NO_MODULES,
    &SUMDB,
    &GOSUM,
    &LEDGER,
    &UNKNOWN,
    &NOT_IN_GOSUM,
    &REPLACED,
    &NO_SUM,
    &STAMP_MISSING,
    &STAMP_DIRTY,
    &STAMP_OTHER,
];
