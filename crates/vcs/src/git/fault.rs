//! What `git` says when it fails, and what that means.

use super::remote::without_credentials;
use crate::{Cause, VcsError};

/// The failure that a command's stderr tells of. `far`: another machine was asked.
pub(super) fn of(what: &str, stderr: &str, far: bool) -> VcsError {
    let words = words(stderr);
    match advice(stderr) {
        Some(advice) => VcsError::failed(cause(stderr, far), what, format!("{words} ({advice})")),
        None => VcsError::failed(cause(stderr, far), what, words),
    }
}

/// Of what sort it is. `git` is run with `LC_ALL=C`.
fn cause(stderr: &str, far: bool) -> Cause {
    let says = |texts: &[&str]| texts.iter().any(|text| stderr.contains(text));
    if !far || says(LOCAL) {
        Cause::Local
    } else if says(AUTH) {
        Cause::Auth
    } else if says(&["timed out", "Operation too slow", "Timeout was reached"]) {
        Cause::Timeout
    } else if says(NETWORK) {
        Cause::Network
    } else {
        Cause::Server
    }
}

/// What to do where `ssh` speaks, which asks nobody here.
fn advice(stderr: &str) -> Option<&'static str> {
    let says = |text: &str| stderr.contains(text);
    if says("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        Some("the host's key has changed: if that is right, take the old one out with `ssh-keygen -R HOST`")
    } else if says("Host key verification failed") {
        Some("the host's key is not known: put it into known_hosts of the user that runs Larder")
    } else if says("Permission denied (") {
        Some("the host takes no key that it is offered: one without a passphrase is needed, or an ssh agent")
    } else {
        None
    }
}

/// What it says, for people: the lines that tell something, without credentials, of bounded length.
pub(crate) fn words(stderr: &str) -> String {
    let telling = stderr.lines().map(str::trim).filter(|line| {
        !line.is_empty()
            && ![
                "hint:",
                "warning:",
                "remote: Enumerating",
                "remote: Counting",
                "Please make sure",
                "and the repository exists",
            ]
            .iter()
            .any(|noise| line.starts_with(noise))
    });
    let mut text = telling.collect::<Vec<_>>().join("; ");
    text.retain(|c| !c.is_control());
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    if text.is_empty() { "git failed and did not say why".to_owned() } else { without_credentials(&text) }
}

/// Whether the repository here is not what it should be. A command that only reads it has no other reason to fail,
/// but for a machine that lacks something; one that asks another machine has many.
pub(super) fn is_damage(stderr: &str, far: bool) -> bool {
    let says = |texts: &[&str]| texts.iter().any(|text| stderr.contains(text));
    if far { says(DAMAGE) } else { !says(LACK) }
}

/// Bytes of a text for people.
const LONGEST: usize = 500;
const LOCAL: &[&str] = &[
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "unable to create temporary",
    "Too many open files",
    "Cannot allocate memory",
];
const AUTH: &[&str] = &[
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "Permission denied",
    "Host key verification failed",
    "returned error: 401",
    "returned error: 403",
    "returned error: 407",
    "HTTP code 407",
    "access denied",
    "Access denied",
    "Access to this repository",
];
const NETWORK: &[&str] = &[
    "Could not resolve",
    "unable to look up",
    "Failed to connect",
    "Couldn't connect",
    "unable to connect",
    "Connection refused",
    "Connection reset",
    "Connection closed",
    "connection was closed",
    "Network is unreachable",
    "No route to host",
    "early EOF",
    "RPC failed",
    "hung up unexpectedly",
    "unexpected disconnect",
    "certificate",
    "SSL",
    "TLS",
    "Empty reply from server",
    "Recv failure",
    "Send failure",
    "transfer closed",
];
const DAMAGE: &[&str] = &[
    "is corrupt",
    "bad object",
    "bad config",
    "bad pack",
    "not a git repository",
    "does not point to a valid object",
    "did not send all necessary objects",
    "unable to parse commit",
    "unable to read tree",
    "garbage at end",
    "unable to find all commit-graph",
    "shallow file has changed",
    "missing object",
    "index file",
    "inflate: data stream error",
];
const LACK: &[&str] =
    &["No space left", "Disk quota", "Too many open files", "Cannot allocate memory", "out of memory"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        let of = |stderr: &str| match super::of("git ls-remote", stderr, true) {
            VcsError::Failed { cause, .. } => cause,
            absent @ VcsError::Absent(_) => panic!("{absent}"),
        };
        for (stderr, cause) in [
            (
                "fatal: could not read Username for 'https://a.example': terminal prompts disabled",
                Cause::Auth,
            ),
            (
                "fatal: unable to access 'https://a.example/': The requested URL returned error: 403",
                Cause::Auth,
            ),
            ("git@a.example: Permission denied (publickey).", Cause::Auth),
            ("fatal: unable to access 'x': Could not resolve host: a.example", Cause::Network),
            ("error: RPC failed; curl 18 transfer closed\nfatal: early EOF", Cause::Network),
            ("fatal: unable to access 'x': SSL certificate problem: self-signed certificate", Cause::Network),
            ("ssh: connect to host a.example port 22: Connection timed out", Cause::Timeout),
            ("fatal: unable to access 'x': The requested URL returned error: 502", Cause::Server),
            ("fatal: repository 'https://a.example/r/' not found", Cause::Server),
            ("ERROR: Repository not found.\nfatal: Could not read from remote repository.", Cause::Server),
            ("fatal: protocol error: bad line length character", Cause::Server),
            ("fatal: write error: No space left on device", Cause::Local),
        ] {
            assert_eq!(of(stderr), cause, "{stderr}");
        }
    }

    #[test]
    fn texts_are_short_and_hold_no_secret() {
        let text = super::of(
            "git",
            &format!("fatal: 'https://u:secret@a.example/' {}\u{7}", "x".repeat(9999)),
            true,
        )
        .to_string();
        assert!(text.len() < 1000 && !text.contains("secret") && !text.contains('\u{7}'), "{text}");
    }
}
