//! The directories that go needs.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static TMP: Diagnosis = Diagnosis {
    code: "L5-TMP-UNUSABLE",
    layer: Layer::Disk,
    severity: Severity::Error,
    title: "Temporary files cannot be written",
    cause: "The directory for temporary files belongs to somebody else, or is mounted read-only. go makes a work directory there for each build.",
    cure: "Make it writable, or name another one.",
    commands: &["ls -ld \"$TMPDIR\" /tmp", "export TMPDIR=\"$HOME/tmp\" && mkdir -p \"$TMPDIR\""],
};

pub(crate) static GOCACHE: Diagnosis = Diagnosis {
    code: "L5-GOCACHE-UNUSABLE",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "The build cache cannot be used",
    cause: "GOCACHE is off, or names something that is no directory and cannot become one. go does not build without it.",
    cure: "Let go use its own place, or name a directory that can be written.",
    commands: &["go env GOCACHE", "go env -u GOCACHE", "unset GOCACHE"],
};

pub(crate) static MODCACHE: Diagnosis = Diagnosis {
    code: "L5-MODCACHE-UNUSABLE",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "The module cache is no directory and cannot become one",
    cause: "GOMODCACHE, or pkg/mod below GOPATH, is a file, or lies below one or below a link that leads nowhere.",
    cure: "Remove what is in the way, or name another place.",
    commands: &["ls -ld \"$(go env GOMODCACHE)\"", "go env -u GOMODCACHE"],
};

pub(crate) static OWNER: Diagnosis = Diagnosis {
    code: "L5-CACHE-OWNER",
    layer: Layer::Cache,
    severity: Severity::Error,
    title: "Part of the module cache belongs to somebody else",
    cause: "A build ran as another user, often as root in a container or with sudo, and made directories that this user cannot write. Only the modules that lie there fail.",
    cure: "Give the cache back to the user who builds, and do not build as root.",
    commands: &[
        "find \"$(go env GOMODCACHE)\" ! -user \"$(id -un)\" | head",
        "sudo chown -R \"$(id -un)\" \"$(go env GOMODCACHE)\"",
    ],
};

pub(crate) static NEARLY_FULL: Diagnosis = Diagnosis {
    code: "L5-DISK-NEARLY-FULL",
    layer: Layer::Disk,
    severity: Severity::Risk,
    title: "A disk that go writes to is nearly full",
    cause: "There is room for little more; a large module or a build will fill it, and what is written then is torn.",
    cure: "Make room before it fails.",
    commands: &["df -h {file}", "go clean -cache"],
};

pub(crate) static NETWORK_FS: Diagnosis = Diagnosis {
    code: "L5-CACHE-NETWORK",
    layer: Layer::Disk,
    severity: Severity::Risk,
    title: "The module cache lies on a network file system",
    cause: "Locks are slow or do nothing there, and several machines that write at once damage the cache.",
    cure: "Keep it on a local disk and share modules through a Larder.",
    commands: &[
        "df -T \"$(go env GOMODCACHE)\"",
        "go env -w GOMODCACHE=/path/on/a/local/disk",
        "larder serve --help",
    ],
};

pub(super) static ALL: &[&Diagnosis] = &[&TMP, &GOCACHE, &MODCACHE, &OWNER, &NEARLY_FULL, &NETWORK_FS];
