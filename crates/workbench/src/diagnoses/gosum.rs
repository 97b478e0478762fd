//! The project's go.sum, and what this machine remembers of the checksum database.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static MERGE_MARKS: Diagnosis = Diagnosis {
    code: "L3-GOSUM-MERGE-MARKS",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "go.sum holds the marks of a merge",
    cause: "Two branches changed go.sum, and the conflict was committed or is not resolved yet. go refuses the whole file.",
    cure: "Remove the lines of the marks and keep those of both sides: each is verified on its own. Then let go drop what is not needed.",
    commands: &[
        "sed -i -E \"/^(<<<<<<<|=======|>>>>>>>|\\|\\|\\|\\|\\|\\|\\|)/d\" {file}",
        "go mod tidy",
        "git diff {file}",
    ],
};

pub(crate) static BYTE_ORDER_MARK: Diagnosis = Diagnosis {
    code: "L3-GOSUM-BYTE-ORDER-MARK",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "go.sum begins with a byte order mark",
    cause: "An editor wrote the file as Unicode with a mark. It becomes part of the first path, so that go does not find that line.",
    cure: "Remove the three bytes, and tell the editor to save without them.",
    commands: &["sed -i \"1s/^\\xEF\\xBB\\xBF//\" {file}", "go mod verify"],
};

pub(crate) static BAD_HASH: Diagnosis = Diagnosis {
    code: "L3-GOSUM-BAD-HASH",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "go.sum has a hash for {module} that nothing can have",
    cause: "What follows h1: is not the base64 of 32 bytes: the line was cut or changed by hand. No download can ever fit it.",
    cure: "Take the line from version control again. If it was never right, remove it and let go write it anew, compared with the checksum database.",
    commands: &["git log -p -- {file}", "sed -i \"{line}d\" {file}", "go mod download {module}"],
};

pub(crate) static CONTRADICTS: Diagnosis = Diagnosis {
    code: "L3-GOSUM-CONTRADICTS",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "go.sum says two things about {module}",
    cause: "Two lines give different hashes for the same file: a merge put both sides' lines together, and one of them is wrong. go compares with the first and stops there.",
    cure: "Ask the checksum database which one is right, remove the other, and find out which branch it came from.",
    commands: &["grep -n \"^{path} {version}\" {file}", "git log --oneline -- {file}", "go mod verify"],
};

pub(crate) static SECOND_HASH: Diagnosis = Diagnosis {
    code: "L3-GOSUM-SECOND-HASH",
    layer: Layer::Checksum,
    severity: Severity::Risk,
    title: "go.sum has a second, different hash for {module}",
    cause: "The first of two lines for the same file fits what was downloaded, so that builds pass. When lines are sorted anew, the wrong one may come first.",
    cure: "Remove the line that does not fit.",
    commands: &["sed -i \"{line}d\" {file}", "go mod verify"],
};

pub(crate) static ABSENT: Diagnosis = Diagnosis {
    code: "L3-GOSUM-ABSENT",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "There is no go.sum, and there are requirements",
    cause: "The file was never committed, is ignored by version control, or was deleted or emptied. Builds do not make a new one.",
    cure: "Bring it back from version control. Only if there never was one, let go write it: each line is then compared with the checksum database.",
    commands: &["git check-ignore -v go.sum", "git checkout -- go.sum", "go mod tidy"],
};

pub(crate) static LINE_WRONG: Diagnosis = Diagnosis {
    code: "L3-GOSUM-LINE-WRONG",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "go.sum is wrong about {module}",
    cause: "The checksum database has another hash than the line in go.sum. The line was made from other bytes: from a proxy that altered them, a private copy, a tag before it was moved, or by hand.",
    cure: "Do not trust what was built with that line. Remove it and let go write the one that the database vouches for; find out with version control who added it.",
    commands: &[
        "git log -p -S \"{path} {version}\" -- {file}",
        "sed -i \"{line}d\" {file}",
        "go mod download {module}",
    ],
};

pub(crate) static HEAD_DAMAGED: Diagnosis = Diagnosis {
    code: "L3-SUMDB-HEAD-DAMAGED",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "What this machine remembers of the checksum database is damaged",
    cause: "The file that holds the newest signed tree head is not a signed note of that database: the disk was full, the power failed, or it was edited. Each download that has to be verified fails of it.",
    cure: "Remove the file. The next download fetches a signed head again; what go.sum records stays verified.",
    commands: &["ls -l {file}", "rm {file}"],
};

pub(crate) static HEAD_FORKED: Diagnosis = Diagnosis {
    code: "L3-SUMDB-HEAD-FORKED",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "The checksum database no longer knows the tree that this machine remembers",
    cause: "The signed tree head that was kept here is not a part of the log that answers now. The database of that name was set up anew or restored from an old copy; or somebody shows you another log than everybody else.",
    cure: "Compare the answer from another network first. If it is your own database and it was restored, remove the remembered head; for a public database keep both notes and report them.",
    commands: &["cat {file}", "go env GOSUMDB GOPROXY", "mv {file} {file}.kept"],
};

pub(crate) static KEPT_DAMAGED: Diagnosis = Diagnosis {
    code: "L3-SUMDB-CACHE-DAMAGED",
    layer: Layer::Checksum,
    severity: Severity::Error,
    title: "A kept answer of the checksum database is damaged",
    cause: "Answers of the database are kept in the module cache and are read from there before anybody is asked. This one is cut or was changed, so that its proof fails.",
    cure: "Remove the kept answers; they are fetched and proven again.",
    commands: &["rm -r {file}"],
};

pub(crate) static STRAY_LINE: Diagnosis = Diagnosis {
    code: "L3-GOSUM-STRAY-LINE",
    layer: Layer::Checksum,
    severity: Severity::Risk,
    title: "go.sum has a line for something that cannot be a module",
    cause: "The path or the version in the line is none that a module can have: it was cut, mistyped, or put there by hand. go never looks for it, so that whatever it was meant to protect is not.",
    cure: "Look where the line comes from, and take it out.",
    commands: &["git log -p -- {file}", "sed -i \"{line}d\" {file}", "go mod tidy"],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &MERGE_MARKS,
    &BYTE_ORDER_MARK,
    &BAD_HASH,
    &CONTRADICTS,
    &SECOND_HASH,
    &STRAY_LINE,
    &ABSENT,
    &LINE_WRONG,
    &HEAD_DAMAGED,
    &HEAD_FORKED,
    &KEPT_DAMAGED,
];
