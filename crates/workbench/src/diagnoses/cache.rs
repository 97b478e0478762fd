//! What is wrong in the module cache.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static ZIPHASH_WRONG: Diagnosis = Diagnosis {
    code: "L5-CACHE-ZIPHASH-WRONG",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "The kept hash of {module} is not that of its zip",
    cause: "The zip in the module cache is what go.sum says, but the .ziphash beside it is not: it was edited, or comes from another cache. go believes the .ziphash and reports a checksum mismatch.",
    cure: "Remove the .ziphash; go computes it again from the zip.",
    commands: &["rm {file}", "go mod verify"],
};

pub(crate) static ZIPHASH_ABSENT: Diagnosis = Diagnosis {
    code: "L5-CACHE-ZIPHASH-ABSENT",
    layer: Layer::Cache,
    severity: Severity::Risk,
    title: "The hash of {module} is not kept beside its zip",
    cause: "The .ziphash was removed, or the zip was put there by something else than go. go mod verify stops at it, and the unpacked files count for nothing until it is there again.",
    cure: "Let go hash the zip; it compares with go.sum before it keeps the hash.",
    commands: &["go mod download {module}", "go mod verify"],
};

pub(crate) static ZIP_ALTERED: Diagnosis = Diagnosis {
    code: "L5-CACHE-ZIP-ALTERED",
    layer: Layer::Cache,
    severity: Severity::Risk,
    title: "The zip of {module} in the module cache was altered",
    cause: "It was changed or replaced after it was downloaded. go compares only the .ziphash beside it, so that builds do not notice.",
    cure: "Remove this version from the cache and fetch it again; find out who writes there.",
    commands: &["go mod verify", "rm {file} {stem}.ziphash", "go mod download {module}"],
};

pub(crate) static TREE_EDITED: Diagnosis = Diagnosis {
    code: "L5-CACHE-TREE-EDITED",
    layer: Layer::Cache,
    severity: Severity::Risk,
    title: "The unpacked files of {module} were edited",
    cause: "Somebody changed files in the module cache, to debug or by an editor that jumped there. Every build on this machine uses them, and no build compares them.",
    cure: "Remove the tree; go unpacks it again from the zip. To try a change, use a replace line or a workspace.",
    commands: &["go mod verify", "chmod -R u+w {file} && rm -r {file}", "go mod download {module}"],
};

pub(crate) static TREE_INCOMPLETE: Diagnosis = Diagnosis {
    code: "L5-CACHE-TREE-INCOMPLETE",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "Files of {module} are missing in the module cache",
    cause: "The unpacked tree was half removed: by a clean-up by age, a broken go clean, or a copy of the cache that was cut. go does not look whether all files are there.",
    cure: "Remove the rest of the tree; go unpacks it again.",
    commands: &["chmod -R u+w {file} && rm -r {file}", "go mod download {module}"],
};

pub(crate) static MOD_ALTERED: Diagnosis = Diagnosis {
    code: "L5-CACHE-MOD-ALTERED",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "The go.mod of {module} in the module cache was changed",
    cause: "The file is not what go.sum says, and it is not the one in the module's zip: it was edited or torn.",
    cure: "Remove the file; go fetches it again.",
    commands: &["rm {file}", "go mod download {module}"],
};

pub(crate) static INFO_WRONG: Diagnosis = Diagnosis {
    code: "L5-CACHE-INFO-WRONG",
    layer: Layer::Cache,
    severity: Severity::Risk,
    title: "What the module cache says of the version {module} is wrong",
    cause: "The .info file is torn, or names another version or another time than the version itself does. go takes versions and times from it without comparing them with anything.",
    cure: "Remove the file; go fetches it again.",
    commands: &["rm {file}", "go mod download {module}"],
};

pub(crate) static UNREADABLE: Diagnosis = Diagnosis {
    code: "L5-CACHE-UNREADABLE",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "What the module cache has of {module} cannot be read",
    cause: "The file or directory belongs to another user, is something else than a file, or the disk gives errors. Nobody can say whether it is right, and go fails of it.",
    cure: "Look at what lies there; give it back to the user who builds, or remove it so that it is fetched again.",
    commands: &["ls -ld {file}", "dmesg | tail"],
};

pub(crate) static LOCKED: Diagnosis = Diagnosis {
    code: "L5-CACHE-LOCKED",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "Another process holds {module} locked in the module cache",
    cause: "A go command that hangs, or an editor's language server, holds the lock; everybody else who needs this module waits for it without a limit.",
    cure: "Look what the process does, and end it if it hangs.",
    commands: &["fuser -v {file}", "grep -w \"$(stat -c %i {file})\" /proc/locks"],
};

pub(crate) static LEFTOVERS: Diagnosis = Diagnosis {
    code: "L5-CACHE-LEFTOVERS",
    layer: Layer::Cache,
    severity: Severity::Risk,
    title: "Downloads of {module} were broken off and left files",
    cause: "A go command was killed while it wrote: its temporary files stay until the same version is downloaded again, and take room.",
    cure: "Remove them when no go runs.",
    commands: &["rm {file}"],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &ZIPHASH_WRONG,
    &ZIPHASH_ABSENT,
    &ZIP_ALTERED,
    &TREE_EDITED,
    &TREE_INCOMPLETE,
    &MOD_ALTERED,
    &INFO_WRONG,
    &UNREADABLE,
    &LOCKED,
    &LEFTOVERS,
];
