//! Names of private modules, and who would hear of them.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static MISSES: Diagnosis = Diagnosis {
    code: "L1-GOPRIVATE-MISSES",
    layer: Layer::Privacy,
    severity: Severity::Error,
    title: "GOPRIVATE is meant for {host} and does not cover it",
    cause: "A pattern covers the first elements of a module path, exactly as they are written: no scheme, no port, no space before it, no other case; *.example.com does not cover example.com itself.",
    cure: "Write the pattern as the module path begins. The value below keeps all others.",
    commands: &["unset GOPRIVATE", "go env -w GOPRIVATE={private}"],
};

pub(crate) static NO_SUMDB_SHADOWS: Diagnosis = Diagnosis {
    code: "L1-GONOSUMDB-SHADOWS",
    layer: Layer::Privacy,
    severity: Severity::Error,
    title: "GONOSUMDB is set, so GOPRIVATE keeps no checksum database from {host}",
    cause: "GOPRIVATE stands for GONOSUMDB only where that one is not set. The database would be asked for a module that it cannot know, and go fails of its answer.",
    cure: "Name the private modules in GONOSUMDB too. The value below keeps what is set now.",
    commands: &["unset GONOSUMDB", "go env -w GONOSUMDB={private}"],
};

pub(crate) static TO_DATABASE: Diagnosis = Diagnosis {
    code: "L1-PRIVATE-TO-DATABASE",
    layer: Layer::Privacy,
    severity: Severity::Error,
    title: "A public checksum database would be asked for private modules of {host}",
    cause: "go.sum has no line for them, and nothing says that they are private. Their names leave, and as the database cannot know them, go fails of its answer.",
    cure: "Say that they are private: then go.sum alone vouches for them. The value below keeps what is set now.",
    commands: &["unset GOPRIVATE", "go env -w GOPRIVATE={private}"],
};

pub(crate) static NO_WAY: Diagnosis = Diagnosis {
    code: "L1-PRIVATE-NO-WAY",
    layer: Layer::Privacy,
    severity: Severity::Error,
    title: "Private modules of {host} are asked of public proxies alone",
    cause: "GOPROXY does not end in direct and GOPRIVATE does not cover them: proxies that cannot read the repositories hear the names and have nothing.",
    cure: "Say that they are private: go then asks their repositories, and nobody else. The value below keeps what is set now.",
    commands: &["unset GOPRIVATE", "go env -w GOPRIVATE={private}", "go mod download"],
};

pub(crate) static TO_PROXY: Diagnosis = Diagnosis {
    code: "L1-PRIVATE-TO-PROXY",
    layer: Layer::Privacy,
    severity: Severity::Risk,
    title: "Names of private modules of {host} are told to proxies",
    cause: "GOPRIVATE does not cover them, so go asks the proxies in GOPROXY first. Who runs one learns the names, and could answer with a module of his own.",
    cure: "Say that they are private. The value below keeps what is set now.",
    commands: &["unset GOPRIVATE", "go env -w GOPRIVATE={private}"],
};

pub(crate) static NO_PROXY_SHADOWS: Diagnosis = Diagnosis {
    code: "L1-GONOPROXY-SHADOWS",
    layer: Layer::Privacy,
    severity: Severity::Risk,
    title: "GONOPROXY is set, so GOPRIVATE keeps no proxy from {host}",
    cause: "GOPRIVATE stands for GONOPROXY only where that one is not set, and GONOPROXY does not name these modules.",
    cure: "Name them in GONOPROXY too; the value below keeps what is set now. If a proxy of your own serves them, write GONOPROXY=none.",
    commands: &["unset GONOPROXY", "go env -w GONOPROXY={private}"],
};

pub(crate) static TOO_WIDE: Diagnosis = Diagnosis {
    code: "L1-GOPRIVATE-TOO-WIDE",
    layer: Layer::Privacy,
    severity: Severity::Risk,
    title: "GOPRIVATE covers all of {host}, where most modules are public",
    cause: "Public modules of {host} are fetched past every proxy, and no checksum database vouches for them.",
    cure: "Name only the organisations whose modules are private.",
    commands: &["unset GOPRIVATE", "go env -w GOPRIVATE={private}"],
};

pub(super) static ALL: &[&Diagnosis] =
    &[&MISSES, &NO_SUMDB_SHADOWS, &TO_DATABASE, &NO_WAY, &TO_PROXY, &NO_PROXY_SHADOWS, &TOO_WIDE];
