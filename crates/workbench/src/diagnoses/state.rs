//! What lies on this machine: caches, vendor, go.mod, the disk.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static DISK_FULL: Diagnosis = Diagnosis {
    code: "L5-DISK-FULL",
    layer: Layer::Disk,
    severity: Severity::Error,
    title: "The disk is full",
    cause: "There is no room left, or no inodes, where go keeps modules, builds or temporary files.",
    cure: "Make room. The build cache can always be removed; modules are fetched anew.",
    commands: &[
        "df -h \"$(go env GOMODCACHE)\" \"$(go env GOCACHE)\" /tmp",
        "df -i \"$(go env GOMODCACHE)\"",
        "go clean -cache",
    ],
};

pub(crate) static READ_ONLY: Diagnosis = Diagnosis {
    code: "L5-CACHE-READ-ONLY",
    layer: Layer::Disk,
    severity: Severity::Error,
    title: "The cache cannot be written",
    cause: "It belongs to another user (a build as root once), or lies on a file system that is mounted read-only.",
    cure: "Give it back to the user who builds, or use another place.",
    commands: &[
        "ls -ld \"$(go env GOMODCACHE)\" \"$(go env GOCACHE)\"",
        "sudo chown -R \"$(id -un)\" \"$(go env GOMODCACHE)\" \"$(go env GOCACHE)\"",
    ],
};

pub(crate) static IO: Diagnosis = Diagnosis {
    code: "L5-DISK-ERRORS",
    layer: Layer::Disk,
    severity: Severity::Error,
    title: "The disk gives errors",
    cause: "Reading or writing failed below the file system: a dying disk, or a network file system that went away.",
    cure: "Look at the kernel's log; move the caches to a local disk.",
    commands: &["dmesg | tail", "go env -w GOMODCACHE=/path/on/a/local/disk"],
};

pub(crate) static TOO_MANY_FILES: Diagnosis = Diagnosis {
    code: "L5-TOO-MANY-FILES",
    layer: Layer::Disk,
    severity: Severity::Error,
    title: "Too many files are open",
    cause: "The limit of open files is too low for what runs.",
    cure: "Raise it for this shell and for the service.",
    commands: &["ulimit -n", "ulimit -n 4096"],
};

pub(crate) static NO_LOCKS: Diagnosis = Diagnosis {
    code: "L5-CACHE-NO-LOCKS",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "The cache lies where files cannot be locked",
    cause: "A network or shared file system without locks. go needs them to keep the cache whole.",
    cure: "Put the module cache onto a local disk.",
    commands: &["df -T \"$(go env GOMODCACHE)\"", "go env -w GOMODCACHE=/path/on/a/local/disk"],
};

pub(crate) static CACHE_NOWHERE: Diagnosis = Diagnosis {
    code: "L5-CACHE-NOWHERE",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "There is no place for a cache",
    cause: "Neither HOME nor GOPATH, GOMODCACHE or GOCACHE is set: usual in bare containers and services.",
    cure: "Name the places.",
    commands: &[
        "export HOME=/path/of/the/user",
        "export GOPATH=\"$HOME/go\" GOCACHE=\"$HOME/.cache/go-build\"",
    ],
};

pub(crate) static CACHE_RELATIVE: Diagnosis = Diagnosis {
    code: "L5-CACHE-RELATIVE",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "The place of a cache is not an absolute path",
    cause: "GOMODCACHE, GOPATH or GOCACHE begins without a slash.",
    cure: "Write it as an absolute path.",
    commands: &["go env GOMODCACHE GOPATH GOCACHE", "go env -u GOMODCACHE"],
};

pub(crate) static CACHE_DAMAGED: Diagnosis = Diagnosis {
    code: "L5-CACHE-DAMAGED",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "{module} lies damaged in the module cache",
    cause: "A download or unpacking was broken off, or files were changed afterwards.",
    cure: "Remove this module from the cache and fetch it again.",
    commands: &["go mod verify", "go clean -modcache", "larder run -- go mod download"],
};

pub(crate) static VENDOR: Diagnosis = Diagnosis {
    code: "L5-VENDOR-STALE",
    layer: Layer::Vendor,
    severity: Severity::Error,
    title: "The vendor directory does not fit go.mod",
    cause: "go.mod was changed without the vendor directory, or the other way round.",
    cure: "Make it anew, and commit both together.",
    commands: &["go mod vendor", "git status vendor go.mod"],
};

pub(crate) static VENDOR_LACKS: Diagnosis = Diagnosis {
    code: "L5-VENDOR-LACKS",
    layer: Layer::Vendor,
    severity: Severity::Error,
    title: "The vendor directory lacks a package",
    cause: "With -mod=vendor nothing is fetched, and the package is not in vendor/.",
    cure: "Make the directory anew, or build without it.",
    commands: &["go mod tidy && go mod vendor", "go build -mod=mod ./..."],
};

pub(crate) static GOMOD_READONLY: Diagnosis = Diagnosis {
    code: "L5-GOMOD-READONLY",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "go.mod would have to change, and may not",
    cause: "The build needs another line in go.mod, and builds do not change it.",
    cure: "Let go bring it up to date, look at the change, commit it.",
    commands: &["go mod tidy", "git diff go.mod"],
};

pub(crate) static GOMOD_MALFORMED: Diagnosis = Diagnosis {
    code: "L5-GOMOD-MALFORMED",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "A go.mod cannot be read",
    cause: "A line is none: the marks of a merge, a word that this version of go does not know, or a file that was cut.",
    cure: "Correct the named line.",
    commands: &["go mod edit -json >/dev/null", "grep -nE \"^(<<<<<<<|=======|>>>>>>>)\" go.mod"],
};

pub(crate) static NOT_REQUIRED: Diagnosis = Diagnosis {
    code: "L5-NOT-REQUIRED",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "A package is imported that no required module has",
    cause: "The import is new, or misspelled, and go.mod does not name its module.",
    cure: "Add it.",
    commands: &["go get {module}", "go mod tidy"],
};

pub(crate) static PACKAGE_ABSENT: Diagnosis = Diagnosis {
    code: "L5-PACKAGE-ABSENT",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "{module} does not have this package",
    cause: "The module was found and has no such directory at that version: it was moved, removed, or is in a nested module.",
    cure: "Look at what the version has; take another one.",
    commands: &["go list -m -versions {module}", "go mod why -m {module}"],
};

pub(crate) static NO_VERSIONS: Diagnosis = Diagnosis {
    code: "L5-NO-VERSIONS",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "{module} has no version that fits",
    cause: "No tag of it is a version, or none matches the query; a mirror may list less than there is.",
    cure: "Look at the list; ask for a commit or a branch if there are no tags.",
    commands: &["go list -m -versions {module}", "go get {module}@main"],
};

pub(crate) static OTHER_PATH: Diagnosis = Diagnosis {
    code: "L5-MODULE-RENAMED",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "{module} calls itself something else",
    cause: "Its go.mod declares another path: the module moved, or this is a fork.",
    cure: "Require it by the path that it declares; a fork needs a replace line.",
    commands: &["go mod why -m {module}", "go mod edit -replace {module}=FORK@VERSION"],
};

pub(crate) static MAJOR: Diagnosis = Diagnosis {
    code: "L5-MAJOR-VERSION",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "The version and the path of {module} do not fit",
    cause: "From v2 on the major version is part of the path.",
    cure: "Ask for it with /vN at its end, as its go.mod says.",
    commands: &["go get {module}/v2@latest"],
};

pub(crate) static REPLACE: Diagnosis = Diagnosis {
    code: "L5-REPLACE-MISSING",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "A replace line leads to a directory that is not there",
    cause: "The directory exists on another machine, or was not checked out.",
    cure: "Check it out beside, or take the replace line away.",
    commands: &["go mod edit -json | grep -A3 Replace", "go mod edit -dropreplace={module}"],
};

pub(crate) static AMBIGUOUS: Diagnosis = Diagnosis {
    code: "L5-AMBIGUOUS-IMPORT",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "Two modules have the same package",
    cause: "An old, large module and a newer one that was split from it are both in the build.",
    cure: "Raise the older one to a version without the package.",
    commands: &["go mod graph | grep {module}", "go get {module}@latest"],
};

pub(crate) static OUTSIDE: Diagnosis = Diagnosis {
    code: "L5-NO-GOMOD",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "There is no go.mod here",
    cause: "go was started outside of a module.",
    cure: "Change into the project, or make a module.",
    commands: &["go env GOMOD", "go mod init example.com/project"],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &DISK_FULL,
    &READ_ONLY,
    &IO,
    &TOO_MANY_FILES,
    &NO_LOCKS,
    &CACHE_NOWHERE,
    &CACHE_RELATIVE,
    &CACHE_DAMAGED,
    &VENDOR,
    &VENDOR_LACKS,
    &GOMOD_READONLY,
    &GOMOD_MALFORMED,
    &NOT_REQUIRED,
    &PACKAGE_ABSENT,
    &NO_VERSIONS,
    &OTHER_PATH,
    &MAJOR,
    &REPLACE,
    &AMBIGUOUS,
    &OUTSIDE,
];
