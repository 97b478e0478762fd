//! What the go command says when it has nothing, and what that means. It says the same sort of sentence of what does
//! not exist and of what failed; only the sentences that are known count as absence.

use gomod::ModulePath;

use crate::{Cause, VcsError, git};

/// What an error means. It is one that go writes as JSON.
pub(super) fn verdict(path: &ModulePath, text: &str) -> VcsError {
    match absence(path, text) {
        Some(said) => VcsError::absent(said),
        None => VcsError::failed(cause(text), format!("go list {path}"), shown(text)),
    }
}

/// Whether it only says that no scheme led anywhere.
pub(super) fn finds_no_way(text: &str) -> bool {
    text.ends_with("no secure protocol found for repository")
}

/// The sentence, if it is one of those that tell of something that does not exist. One with the words of a tool in it
/// has several lines, and names how the tool ended; nothing that a server sends is taken for go's own words.
fn absence<'t>(path: &ModulePath, text: &'t str) -> Option<&'t str> {
    let behind = text.strip_prefix(path.as_str())?;
    let (_version, said) = behind.strip_prefix('@')?.split_once(": ")?;
    if said.contains(['\n', '\r']) || said.contains("exit status") {
        return None;
    }
    let invalid = ["invalid version: ", "invalid pseudo-version: ", ""];
    let why = invalid.iter().find_map(|prefix| said.strip_prefix(prefix)).unwrap_or(said);
    let begins = BEGINNINGS.iter().any(|beginning| why.starts_with(beginning));
    let holds = PARTS.iter().any(|(beginning, part)| why.starts_with(beginning) && why.contains(part));
    let of_gomod = why.strip_prefix(path.prefix()).unwrap_or(why);
    let of_gomod = (of_gomod.contains("go.mod") && !of_gomod.starts_with("reading "))
        && OF_GOMOD.iter().any(|part| of_gomod.contains(part));
    (begins || holds || of_gomod).then_some(said)
}

/// Of what sort a failure is.
fn cause(text: &str) -> Cause {
    let says = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if says(LOCAL) {
        Cause::Local
    } else if says(AUTH) {
        Cause::Auth
    } else if says(&["timed out", "deadline exceeded"]) {
        Cause::Timeout
    } else if says(&["too large"]) {
        Cause::Limit
    } else if says(NETWORK) {
        Cause::Network
    } else {
        Cause::Server
    }
}

/// What it says, for people.
pub(super) fn shown(text: &str) -> String {
    git::words(text)
}

const BEGINNINGS: &[&str] = &[
    "unknown revision ",
    "module contains a go.mod file, so module path must match major version",
    "does not match version-control timestamp (expected ",
    "does not match short name of revision (expected ",
    "revision is longer than canonical (expected ",
    "revision is shorter than canonical (expected ",
    "major version without preceding tag must be v0, not v1",
    "not a descendent of preceding tag (",
    "no matching versions for query ",
    "+incompatible suffix not allowed: ",
];
const PARTS: &[(&str, &str)] = &[
    ("resolves to version ", " is not a tag)"),
    ("preceding tag (", ") not found"),
    ("tag (", " is already canonical, so should not be replaced with a pseudo-version"),
    ("revision ", " is not a descendent of preceding tag ("),
    ("missing ", "go.mod at revision "),
    ("version \"", " invalid: should be v"),
];
const OF_GOMOD: &[&str] =
    &[" has post-v", " has non-", " has malformed module path ", " is missing module path", " both have "];
const LOCAL: &[&str] = &[
    "GOVCS disallows",
    "executable file not found",
    "No space left on device",
    "Read-only file system",
    "requires go >= ",
];
const AUTH: &[&str] = &[
    "authorization failed",
    "Authorization failed",
    "authorization required",
    "Authentication failed",
    "HTTP Error 401",
    "HTTP Error 403",
    "HTTP Error 407",
    "Permission denied",
    "Host key verification failed",
    "access denied",
];
const NETWORK: &[&str] = &[
    "Connection refused",
    "connection refused",
    "Connection reset",
    "connection reset",
    "no such host",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Unable to connect",
    "Network is unreachable",
    "No route to host",
    "CERTIFICATE_VERIFY_FAILED",
    "certificate",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_sentences_are_absences() {
        let path = ModulePath::new("hg.example.com/r.hg").unwrap();
        let is_absent = |said: &str| matches!(verdict(&path, said), VcsError::Absent(_));
        for said in [
            "invalid version: unknown revision v9.9.9",
            "invalid version: module contains a go.mod file, so module path must match major version (\"hg.example.com/r.hg/v2\")",
            "invalid pseudo-version: does not match version-control timestamp (expected 20240101000320)",
            "invalid version: go.mod has post-v1 module path \"hg.example.com/r.hg/v3\" at revision 0123",
            "invalid version: missing hg.example.com/r.hg/sub/go.mod at revision 0123",
            "invalid version: resolves to version v1.0.0 (v1 is not a tag)",
            "no matching versions for query \"latest\"",
        ] {
            assert!(is_absent(&format!("hg.example.com/r.hg@v1.0.0: {said}")), "{said}");
        }
        for said in [
            "hg.example.com/r.hg@v1.0.0: no secure protocol found for repository",
            "no secure protocol found for repository",
            "hg.example.com/r.hg@v1.0.0: invalid version: hg pull -f in /x: exit status 255:\n\tabort: unknown revision v1.0.0",
            "hg.example.com/r.hg@v1.0.0: hg pull: exit status 255: unknown revision v1.0.0",
            "hg.example.com/r.hg@v1.0.0: GOVCS disallows using hg for public hg.example.com/r.hg; see 'go help vcs'",
            "hg.example.com/r.hg@v1.0.0: unrecognized import path \"hg.example.com/r.hg\": reading https://hg.example.com: 404 Not Found",
            "hg.example.com/r.hg@v1.0.0 requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)",
            "hg.example.com/other@v1.0.0: invalid version: unknown revision v1.0.0",
            "",
        ] {
            assert!(!is_absent(said), "{said}");
        }
    }

    #[test]
    fn failures_are_told_apart() {
        for (said, want) in [
            ("hg clone: exit status 255:\n\tabort: authorization failed", Cause::Auth),
            ("hg pull: exit status 255:\n\tabort: error: Connection refused", Cause::Network),
            ("GOVCS disallows using svn for public x", Cause::Local),
            ("hg pull: exit status 255:\n\tabort: HTTP Error 502: Bad Gateway", Cause::Server),
        ] {
            assert_eq!(cause(said), want, "{said}");
        }
    }
}
