//! Who says a line, and of what.

use crate::{
    Diagnosis,
    diagnoses::{proxy, settings, source},
};

/// Who printed a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    /// `go`, or what it runs for it.
    Go,
    /// `go` under `-x`, where a failed request is part of the search.
    Trace,
    /// Somebody else, as far as one can tell.
    Other,
}

/// Who printed a message. What other programs word the same way counts only where `go` certainly speaks.
pub(super) fn speaker(text: &str) -> Speaker {
    let head = text.trim_start();
    if head.starts_with("# get ") {
        return Speaker::Trace;
    }
    let begins = BEGINNINGS.iter().any(|word| head.starts_with(word));
    let inside = INSIDE.iter().any(|word| text.contains(word));
    let version = head.split_once(": ").is_some_and(|(subject, _)| is_module_version(subject));
    if begins || inside || version { Speaker::Go } else { Speaker::Other }
}

/// How lines of `go` begin.
const BEGINNINGS: [&str; 9] = [
    "go: ",
    "go get ",
    "go build ",
    "go list ",
    "go mod ",
    "verifying ",
    "warning: ignoring ",
    "build cache is required",
    "SECURITY ERROR",
];

/// What stands only in lines of `go`.
const INSIDE: [&str; 14] = [
    "/@v/",
    "/@latest",
    "?go-get=1",
    "/sumdb/",
    "/lookup/",
    "sumdb",
    "unrecognized import path",
    "cannot find module providing package",
    "git ls-remote -q",
    "git fetch -f",
    "/pkg/mod/",
    "/go-build",
    "/pkg/tool/",
    "GOMODCACHE",
];

fn is_module_version(text: &str) -> bool {
    let Some((path, version)) = text.rsplit_once('@') else { return false };
    let numbered =
        version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    numbered && path.contains('.') && !path.contains([' ', '"'])
}

/// What `go` was doing when the network failed it: what is wrong may be mended there as well.
pub(super) fn behind(text: &str) -> impl Iterator<Item = &'static Diagnosis> {
    let sumdb = ["/lookup/", "/tile/", "sumdb", "/latest\""].iter().any(|word| text.contains(word))
        && !text.contains("/@latest");
    let toolchain = ["golang.org/toolchain", "download go1", "(go1."].iter().any(|word| text.contains(word));
    let discovery = text.contains("?go-get=1") || text.contains("https fetch:");
    [
        (sumdb, &proxy::SUMDB_UNREACHABLE),
        (toolchain, &settings::TOOLCHAIN_FETCH),
        (discovery, &source::META_FAILS),
    ]
    .into_iter()
    .filter_map(|(is, diagnosis)| is.then_some(diagnosis))
}

/// Whether a line is an error of the compiler or the linker: `./x.go:3:2: undefined: y`.
pub(super) fn is_compiler(line: &str) -> bool {
    let Some((file, rest)) = line.split_once(".go:") else { return false };
    let mut parts = rest.splitn(3, ':');
    let number =
        |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    !file.contains(' ') && number(parts.next()) && number(parts.next())
}
