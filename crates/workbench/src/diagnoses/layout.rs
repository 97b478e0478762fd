//! How the project's files lead to each other: replace lines, vendor, workspaces.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static REPLACE_NO_GOMOD: Diagnosis = Diagnosis {
    code: "L5-REPLACE-NO-GOMOD",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "The directory that replaces {module} has no go.mod",
    cause: "The replace line leads to a directory that is there, but is not the root of a module: a wrong level, an empty checkout, or a submodule that was not initialised.",
    cure: "Name the directory that holds the go.mod, or fill the checkout.",
    commands: &["ls {file}", "git submodule update --init", "go mod edit -dropreplace={module}"],
};

pub(crate) static VENDOR_NO_LIST: Diagnosis = Diagnosis {
    code: "L5-VENDOR-NO-LIST",
    layer: Layer::Vendor,
    severity: Severity::Error,
    title: "vendor/ has no modules.txt",
    cause: "The list of what is vendored is missing: it was ignored by version control, or the directory was made by another tool. go takes every requirement for inconsistent.",
    cure: "Make the directory anew, and commit modules.txt with it.",
    commands: &["git check-ignore -v vendor/modules.txt", "go mod vendor"],
};

pub(crate) static VENDOR_EDITED: Diagnosis = Diagnosis {
    code: "L5-VENDOR-EDITED",
    layer: Layer::Vendor,
    severity: Severity::Risk,
    title: "Vendored files of {module} are not those of the module",
    cause: "Files below vendor/ were changed by hand or by a tool. Builds use them and compare them with nothing; go mod verify does not look there.",
    cure: "Make the directory anew. A change that has to stay belongs into a fork and a replace line.",
    commands: &["go mod vendor", "git diff --stat vendor"],
};

pub(crate) static VENDOR_STRAY: Diagnosis = Diagnosis {
    code: "L5-VENDOR-STRAY",
    layer: Layer::Vendor,
    severity: Severity::Risk,
    title: "vendor/ holds files of no module in its list",
    cause: "They were put there by hand or by another tool, or are left from a module that is no longer used. Nobody published them under this path, and nothing vouches for them.",
    cure: "Make the directory anew; what has to stay belongs into the project itself.",
    commands: &["go mod vendor", "git log --stat -- vendor"],
};

pub(crate) static WORK_MALFORMED: Diagnosis = Diagnosis {
    code: "L5-WORK-MALFORMED",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "go.work cannot be read",
    cause: "A line is none: the marks of a merge, or a word that this version of go does not know.",
    cure: "Correct the named line, or leave the workspace out.",
    commands: &["go work edit -json >/dev/null", "GOWORK=off go build ./..."],
};

pub(crate) static WORK_USE_MISSING: Diagnosis = Diagnosis {
    code: "L5-WORK-USE-MISSING",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "go.work uses a directory without a module",
    cause: "A use line leads to a directory that is not there or has no go.mod: it was moved, or is not checked out here. go.work is often a file of one machine that was committed.",
    cure: "Check the module out, or take the line away.",
    commands: &["go work edit -dropuse={use}", "GOWORK=off go build ./..."],
};

pub(crate) static WORK_GO_OLDER: Diagnosis = Diagnosis {
    code: "L5-WORK-GO-OLDER",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "go.work has an older go line than one of its modules",
    cause: "A module was raised to a newer version of Go; go.work still promises an older one.",
    cure: "Raise the line.",
    commands: &["go work use", "go work edit -go={version}"],
};

pub(crate) static WORK_NOT_LISTED: Diagnosis = Diagnosis {
    code: "L5-WORK-NOT-LISTED",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "This module is not in the workspace around it",
    cause: "A go.work above this directory, or the one that GOWORK names, does not list the module, and go then refuses to build it.",
    cure: "Add it, or leave the workspace out.",
    commands: &["go env GOWORK", "go work use {dir}", "GOWORK=off go build ./..."],
};

pub(crate) static WORK_REPLACE: Diagnosis = Diagnosis {
    code: "L5-WORK-REPLACE",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "Modules of the workspace replace {module} by different things",
    cause: "Each go.mod has its own replace line, and in a workspace only one can count.",
    cure: "Decide in go.work, which goes before both.",
    commands: &["go work edit -replace {module}={dir}"],
};

pub(crate) static WORK_TWICE: Diagnosis = Diagnosis {
    code: "L5-WORK-TWICE",
    layer: Layer::Module,
    severity: Severity::Error,
    title: "The workspace has {module} twice",
    cause: "Two use lines lead to modules of the same path: a copy, or a second checkout.",
    cure: "Take one of them away.",
    commands: &["go work edit -dropuse={use}"],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &REPLACE_NO_GOMOD,
    &VENDOR_NO_LIST,
    &VENDOR_EDITED,
    &VENDOR_STRAY,
    &WORK_MALFORMED,
    &WORK_USE_MISSING,
    &WORK_GO_OLDER,
    &WORK_NOT_LISTED,
    &WORK_REPLACE,
    &WORK_TWICE,
];
