//! Repositories: finding them, and being let in.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static NO_PASSWORD: Diagnosis = Diagnosis {
    code: "L4-NO-PASSWORD",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "{host} wants a password, and nobody can type one",
    cause: "git was about to ask for a user name. The repository is private, or does not exist: many servers say the same for both.",
    cure: "Store a token for {host}, or use ssh for it; and say that it is private.",
    commands: &[
        "git config --global url.\"ssh://git@{host}/\".insteadOf \"https://{host}/\"",
        "printf \"machine {host} login USER password TOKEN\\n\" >> ~/.netrc && chmod 600 ~/.netrc",
        "go env -w GOPRIVATE={host}",
    ],
};

pub(crate) static WRONG_PASSWORD: Diagnosis = Diagnosis {
    code: "L4-WRONG-PASSWORD",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "{host} refuses the password or token",
    cause: "It was changed or withdrawn, has expired, or may not read this repository.",
    cure: "Make a new token that may read the repository, and store it in the place of the old one.",
    commands: &[
        "git ls-remote https://{host}/",
        "printf \"protocol=https\\nhost={host}\\n\" | git credential reject",
    ],
};

pub(crate) static SSH_KEY: Diagnosis = Diagnosis {
    code: "L4-SSH-KEY",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "{host} knows none of the ssh keys of this machine",
    cause: "No agent runs, the key is not loaded, or it is not registered at {host}.",
    cure: "Load the key and see what the server says.",
    commands: &["ssh-add -l", "ssh -T git@{host}"],
};

pub(crate) static SSH_HOST_UNKNOWN: Diagnosis = Diagnosis {
    code: "L4-SSH-HOST-UNKNOWN",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "The host key of {host} is not known here",
    cause: "ssh was never told the key of {host}, and cannot ask anybody.",
    cure: "Get the key's fingerprint from the people who run {host}, compare, and store it.",
    commands: &["ssh-keyscan {host} | ssh-keygen -lf -", "ssh-keyscan {host} >> ~/.ssh/known_hosts"],
};

pub(crate) static SSH_HOST_CHANGED: Diagnosis = Diagnosis {
    code: "L4-SSH-HOST-CHANGED",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "The host key of {host} has changed",
    cause: "Another machine answers for {host}, or it was set up anew. Until that is known it must not be trusted.",
    cure: "Ask the people who run {host}. Only if they confirm the new key, remove the old one.",
    commands: &["ssh-keyscan {host} | ssh-keygen -lf -", "ssh-keygen -R {host}"],
};

pub(crate) static REPOSITORY_ABSENT: Diagnosis = Diagnosis {
    code: "L4-REPOSITORY-ABSENT",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "There is no such repository, or it is hidden",
    cause: "The server says that it does not exist. For private ones many servers say so to everybody who is not let in.",
    cure: "Compare the path; check that the credentials may read it.",
    commands: &["git ls-remote https://{module}", "go env GOPRIVATE"],
};

pub(crate) static NO_GIT: Diagnosis = Diagnosis {
    code: "L4-NO-GIT",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "A program for repositories is missing",
    cause: "go has to read a repository itself and the program for that (git, hg, svn, fossil) is not in PATH: usual in small images.",
    cure: "Install it, or ask a Larder, which reads git without it.",
    commands: &["command -v git", "larder run -- go mod download"],
};

pub(crate) static GOVCS: Diagnosis = Diagnosis {
    code: "L4-GOVCS-FORBIDS",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "GOVCS forbids this kind of repository",
    cause: "By default only git and hg may be used for public modules.",
    cure: "If you trust the repository, allow it for this path alone.",
    commands: &["go env GOVCS", "go env -w \"GOVCS={module}:git|hg|svn,public:git|hg,private:all\""],
};

pub(crate) static GIT_CUT: Diagnosis = Diagnosis {
    code: "L4-GIT-BROKE-OFF",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "A transfer by git broke off",
    cause: "The connection to {host} was cut in the middle of a pack.",
    cure: "Fetch through a proxy or a Larder instead of directly; a Larder tries again.",
    commands: &["larder run -- go mod download", "git config --global http.postBuffer 524288000"],
};

pub(crate) static GIT_CERTIFICATE: Diagnosis = Diagnosis {
    code: "L4-GIT-CERTIFICATE",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "git does not trust the certificate of {host}",
    cause: "git looks at its own list of authorities, which may differ from the one of the system.",
    cure: "Tell git of the company's authority. Never switch the check off.",
    commands: &["git config --global http.sslCAInfo /path/to/company-ca.pem"],
};

pub(crate) static GIT_OWNER: Diagnosis = Diagnosis {
    code: "L4-GIT-OWNER",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "git refuses a directory that belongs to somebody else",
    cause: "The source tree belongs to another user than the one who builds: usual in containers with a mounted directory.",
    cure: "Build as its owner, or tell git that the directory is known.",
    commands: &["git config --global --add safe.directory \"$PWD\"", "go build -buildvcs=auto ./..."],
};

pub(crate) static NO_META: Diagnosis = Diagnosis {
    code: "L4-NO-GO-IMPORT",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "The page of {module} does not say where its repository is",
    cause: "go looked for a go-import line at https://{module}?go-get=1 and found none that fits: the path is misspelled, the server wants a login, or the page was changed.",
    cure: "Look at the page; for a private host store credentials and use the path with .git in it.",
    commands: &["curl -sL \"https://{module}?go-get=1\" | grep go-import", "go env GOPRIVATE"],
};

pub(crate) static META_FAILS: Diagnosis = Diagnosis {
    code: "L4-DISCOVERY-FAILS",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "The page that says where {module} lies cannot be had",
    cause: "Without a proxy go has to ask the module's own host, and that cannot be reached from here.",
    cure: "Ask a proxy: name one before direct in GOPROXY.",
    commands: &["go env GOPROXY GOPRIVATE", "larder run -- go mod download"],
};

pub(crate) static UNKNOWN_REVISION: Diagnosis = Diagnosis {
    code: "L4-UNKNOWN-REVISION",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "There is no such version, branch or commit",
    cause: "The repository was reached and does not have it: misspelled, not pushed, the tag removed, or a tag of a nested module without its directory in front.",
    cure: "Look at what there is.",
    commands: &["go list -m -versions {module}", "git ls-remote --tags https://{module}"],
};

pub(crate) static PSEUDO_WRONG: Diagnosis = Diagnosis {
    code: "L4-PSEUDO-VERSION",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "A pseudo-version does not fit its commit",
    cause: "Time, hash or base of a pseudo-version were typed or rewritten, or the commit's history was.",
    cure: "Let go make it anew from the commit.",
    commands: &["go get {module}@COMMIT"],
};

pub(crate) static VCS_FAILS: Diagnosis = Diagnosis {
    code: "L4-VCS-FAILS",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "Reading the repository of {module} failed",
    cause: "The program for repositories ended with an error; the lines below its name say which.",
    cure: "Run the same command by hand to see it whole.",
    commands: &["git ls-remote https://{module}"],
};

pub(crate) static NO_PROTOCOL: Diagnosis = Diagnosis {
    code: "L4-NO-PROTOCOL",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "git reaches the repository of {module} by no protocol",
    cause: "go tried https and ssh one after the other, all failed, and it does not pass on what git said: a login that is missing, a repository that is hidden or gone, a certificate that git does not trust, or no git at all.",
    cure: "Ask git by hand: it says why. For a private host set GOPRIVATE, so that no proxy stands between, and give git a login.",
    commands: &["git ls-remote https://{module}", "git ls-remote ssh://git@{module}"],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &NO_PASSWORD,
    &WRONG_PASSWORD,
    &SSH_KEY,
    &SSH_HOST_UNKNOWN,
    &SSH_HOST_CHANGED,
    &REPOSITORY_ABSENT,
    &NO_GIT,
    &GOVCS,
    &GIT_CUT,
    &GIT_CERTIFICATE,
    &GIT_OWNER,
    &NO_META,
    &META_FAILS,
    &UNKNOWN_REVISION,
    &PSEUDO_WRONG,
    &VCS_FAILS,
    &NO_PROTOCOL,
];
