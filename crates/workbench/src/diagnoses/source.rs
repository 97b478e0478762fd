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

pub(crate) static NETRC_UNREADABLE: Diagnosis = Diagnosis {
    code: "L4-NETRC-UNREADABLE",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "The file of logins cannot be read",
    cause: "NETRC names a file that is not there, or the file belongs to somebody else. go goes on without any login and says nothing.",
    cure: "Give the file to the user that builds, or correct NETRC.",
    commands: &["ls -l {file}", "go env NETRC", "sudo chown \"$USER\" {file} && chmod 600 {file}"],
};

pub(crate) static NETRC_SYNTAX: Diagnosis = Diagnosis {
    code: "L4-NETRC-SYNTAX",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "The file of logins has lines that go does not understand",
    cause: "go reads pairs of words line by line and passes over what it does not know, so the login is not used.",
    cure: "Write each entry as one line, the host as it stands in the URL: machine HOST login USER password TOKEN.",
    commands: &["\"${EDITOR:-vi}\" {file}"],
};

pub(crate) static NETRC_MODE: Diagnosis = Diagnosis {
    code: "L4-NETRC-MODE",
    layer: Layer::Auth,
    severity: Severity::Risk,
    title: "Others on this machine can read the logins in {file}",
    cause: "The file holds passwords or tokens, and its mode lets more than its owner read it.",
    cure: "Let its owner alone read it; if others may have done so, make new tokens.",
    commands: &["chmod 600 {file}"],
};

pub(crate) static NETRC_PORT: Diagnosis = Diagnosis {
    code: "L4-NETRC-PORT",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "The login for {host} is written for another port",
    cause: "go looks in netrc for host and port exactly as the URL has them: a port other than 443 belongs to the name. git looks for the host alone, whatever the port.",
    cure: "Write the entry for {machine}.",
    commands: &["printf \"machine {machine} login USER password TOKEN\\n\" >> {file} && chmod 600 {file}"],
};

pub(crate) static NETRC_HTTP: Diagnosis = Diagnosis {
    code: "L4-NETRC-HTTP",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "{host} wants a login, and go shows none over http",
    cause: "Whoever listens could read it, so netrc counts for https alone.",
    cure: "Let the server speak https, and write so in GOPROXY.",
    commands: &["go env GOPROXY", "go env -w GOPROXY=https://{machine},direct"],
};

pub(crate) static GOAUTH_OFF: Diagnosis = Diagnosis {
    code: "L4-GOAUTH-OFF",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "GOAUTH=off hides the login for {host}",
    cause: "With GOAUTH=off go does not look into netrc, and asks nobody else either.",
    cure: "Take the setting away: netrc is what go asks by itself.",
    commands: &["unset GOAUTH", "go env -u GOAUTH"],
};

pub(crate) static NETRC_NOT_GIT: Diagnosis = Diagnosis {
    code: "L4-NETRC-NOT-GIT",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "git does not look into the netrc that go looks into",
    cause: "NETRC names {file} for go, but git knows only .netrc in the home directory, so it fetches without a login.",
    cure: "Keep the logins in ~/.netrc, where both find them.",
    commands: &["cp {file} ~/.netrc && chmod 600 ~/.netrc", "unset NETRC"],
};

pub(crate) static HELPER_MISSING: Diagnosis = Diagnosis {
    code: "L4-HELPER-MISSING",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "git's credential helper {helper} is not installed",
    cause: "credential.helper names a program that is not on this machine, often because the configuration was copied from another system; so git has no login for {host}.",
    cure: "Name a helper that is there, or put the login into ~/.netrc.",
    commands: &[
        "git config --global --get-all credential.helper",
        "git config --global --unset-all credential.helper \"^{helper}\"",
        "printf \"machine {host} login USER password TOKEN\\n\" >> ~/.netrc && chmod 600 ~/.netrc",
    ],
};

pub(crate) static HELPER_WAITS: Diagnosis = Diagnosis {
    code: "L4-HELPER-WAITS",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "git's credential helper {helper} waits for somebody",
    cause: "It wants to ask in a window or on a terminal. go runs git where nobody answers, so the fetch hangs.",
    cure: "Log in once by hand so that the helper knows the password, or use a token in ~/.netrc.",
    commands: &[
        "git ls-remote https://{module}",
        "printf \"machine {host} login USER password TOKEN\\n\" >> ~/.netrc && chmod 600 ~/.netrc",
    ],
};

pub(crate) static TOKEN_EXPIRED: Diagnosis = Diagnosis {
    code: "L4-TOKEN-EXPIRED",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "The token for {host} has expired",
    cause: "The server, or the token itself, says that its time is over.",
    cure: "Make a new token that may read the repository, and store it in the place of the old one.",
    commands: &[
        "grep -n \"machine {host}\" ~/.netrc",
        "printf \"protocol=https\\nhost={host}\\n\" | git credential reject",
    ],
};

pub(crate) static NO_SSH: Diagnosis = Diagnosis {
    code: "L4-NO-SSH",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "git is to use ssh, and there is no {program}",
    cause: "The git configuration rewrites the URL to one of ssh, or GIT_SSH_COMMAND names a program that is not there: usual in small images.",
    cure: "Install an ssh client, or take the rewriting away and use a token.",
    commands: &["command -v {program}", "git config --global --get-regexp \"^url\\..*\\.insteadof$\""],
};

pub(crate) static SSH_NO_KEY: Diagnosis = Diagnosis {
    code: "L4-SSH-NO-KEY",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "There is no ssh key that {host} could be shown",
    cause: "No agent runs and none of the files is there in which ssh looks for a key.",
    cure: "Make a key and register it at {host}, or load the one that is elsewhere.",
    commands: &["ssh-keygen -t ed25519", "ssh-add /path/to/key", "ssh -T git@{host}"],
};

pub(crate) static SSH_AGENT: Diagnosis = Diagnosis {
    code: "L4-SSH-AGENT",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "The ssh key wants a passphrase, and no agent has it",
    cause: "go runs ssh where nobody can type a passphrase, and the agent does not run or does not have the key.",
    cure: "Start the agent and load the key.",
    commands: &["eval \"$(ssh-agent)\"", "ssh-add"],
};

pub(crate) static SSH_KEY_MODE: Diagnosis = Diagnosis {
    code: "L4-SSH-KEY-MODE",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "ssh does not take a key that others can read",
    cause: "The mode of the file lets more than its owner read it: usual where keys are mounted or copied into an image.",
    cure: "Let its owner alone read it.",
    commands: &["chmod 600 ~/.ssh/id_*", "ssh -T git@{host}"],
};

pub(crate) static SSH_CONFIG: Diagnosis = Diagnosis {
    code: "L4-SSH-CONFIG",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "ssh refuses its own configuration",
    cause: "The file has a line that this ssh does not know, or belongs to somebody else, or others can write it.",
    cure: "Correct the line that ssh names.",
    commands: &["ssh -G {host}", "chmod 600 ~/.ssh/config"],
};

pub(crate) static GIT_CONFIG: Diagnosis = Diagnosis {
    code: "L4-GIT-CONFIG",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "git cannot read its configuration",
    cause: "A line of {file} is no setting, and every git command fails of it.",
    cure: "Correct the line.",
    commands: &["git config --list --show-origin", "\"${EDITOR:-vi}\" {file}"],
};

pub(crate) static INSTEAD_OF: Diagnosis = Diagnosis {
    code: "L4-INSTEADOF",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "A rewriting in the git configuration leads astray",
    cause: "url.*.insteadOf puts another address in the place of the module's, and what git finds there is no repository, or nobody.",
    cure: "Look at the rewriting, and correct it or take it away.",
    commands: &[
        "git config --show-origin --get-regexp \"^url\\..*\\.insteadof$\"",
        "git ls-remote https://{module}",
    ],
};

pub(crate) static INSTEAD_OF_PLAIN: Diagnosis = Diagnosis {
    code: "L4-INSTEADOF-PLAIN",
    layer: Layer::Vcs,
    severity: Severity::Risk,
    title: "A rewriting in the git configuration leaves {host} without protection",
    cause: "url.*.insteadOf turns an https address into one on which nothing proves who answers, and nothing hides what is said.",
    cure: "Rewrite to ssh or https instead.",
    commands: &[
        "git config --show-origin --get-regexp \"^url\\..*\\.insteadof$\"",
        "git config --global url.\"ssh://git@{host}/\".insteadOf \"https://{host}/\"",
    ],
};

pub(crate) static UNREACHABLE: Diagnosis = Diagnosis {
    code: "L4-HOST-UNREACHABLE",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "{host}, where private modules lie, cannot be reached",
    cause: "Private modules come from their own host alone. Its name is not known here or nobody answers: often the company's network or VPN is not connected.",
    cure: "Connect to the network that has it, then try again.",
    commands: &["getent hosts {server}", "git ls-remote https://{module}"],
};

pub(crate) static GIT_PROXY: Diagnosis = Diagnosis {
    code: "L4-GIT-PROXY",
    layer: Layer::Vcs,
    severity: Severity::Error,
    title: "The proxy in the git configuration does not answer",
    cause: "git goes through the proxy that http.proxy names, not the one of the environment, and nothing is there.",
    cure: "Correct the setting, or take it away so that HTTPS_PROXY counts.",
    commands: &[
        "git config --show-origin --get-all http.proxy",
        "git config --global --unset-all http.proxy",
    ],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &GIT_CONFIG,
    &NO_GIT,
    &NO_SSH,
    &GOVCS,
    &INSTEAD_OF,
    &UNREACHABLE,
    &GIT_PROXY,
    &NETRC_UNREADABLE,
    &NETRC_SYNTAX,
    &NETRC_PORT,
    &NETRC_HTTP,
    &NETRC_NOT_GIT,
    &GOAUTH_OFF,
    &HELPER_MISSING,
    &HELPER_WAITS,
    &TOKEN_EXPIRED,
    &NO_PASSWORD,
    &WRONG_PASSWORD,
    &SSH_CONFIG,
    &SSH_HOST_CHANGED,
    &SSH_HOST_UNKNOWN,
    &SSH_KEY_MODE,
    &SSH_AGENT,
    &SSH_NO_KEY,
    &SSH_KEY,
    &GIT_CERTIFICATE,
    &REPOSITORY_ABSENT,
    &GIT_CUT,
    &GIT_OWNER,
    &NO_META,
    &META_FAILS,
    &UNKNOWN_REVISION,
    &PSEUDO_WRONG,
    &VCS_FAILS,
    &NO_PROTOCOL,
    &NETRC_MODE,
    &INSTEAD_OF_PLAIN,
];
