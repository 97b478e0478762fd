//! Why a repository gave nothing. Absence and failure are different variants, and nothing turns one into the other.

use std::fmt;

use upstream::FaultKind;

/// Why a repository gave nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VcsError {
    /// Confirmed not to exist: no such repository, tag, branch, commit, go.mod; or a version that is not valid for
    /// what is there. The text is the one that the go command would show.
    #[error("{0}")]
    Absent(String),
    /// Nothing is known: something failed on the way.
    #[error("{what}: {why}")]
    Failed {
        /// What was tried, without secrets: `git fetch https://git.example.com/r`.
        what: String,
        /// What went wrong, in words for people, without secrets.
        why: String,
        /// Of what sort that is.
        cause: Cause,
    },
}

/// What a failure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The server wants other credentials, or refuses these.
    Auth,
    /// The server cannot be reached, or the connection broke.
    Network,
    /// It took too long.
    Timeout,
    /// It is larger than what is allowed.
    Limit,
    /// The server answers, but not as it should.
    Server,
    /// This machine: no `git` where it is needed, a full disk, a damaged cache.
    Local,
}

impl Cause {
    /// Of what sort a failure of the door is.
    pub(crate) fn of(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Dns | FaultKind::Connect | FaultKind::Reset | FaultKind::Truncated => Cause::Network,
            FaultKind::Timeout | FaultKind::Stall | FaultKind::Busy => Cause::Timeout,
            FaultKind::Denied(_) => Cause::Auth,
            FaultKind::TooLarge => Cause::Limit,
            FaultKind::Tls
            | FaultKind::Protocol
            | FaultKind::Status(_)
            | FaultKind::Redirect
            | FaultKind::Encoding
            | FaultKind::Lie
            | FaultKind::Repository
            | FaultKind::Tripped => Cause::Server,
            FaultKind::Disk | FaultKind::Lacking | FaultKind::Unaskable | FaultKind::Guarded => Cause::Local,
        }
    }

    /// What a failure of this sort is for those who ask the mirror.
    pub(crate) fn kind(self) -> FaultKind {
        match self {
            Cause::Auth => FaultKind::Denied(403),
            Cause::Network => FaultKind::Connect,
            Cause::Timeout => FaultKind::Timeout,
            Cause::Limit => FaultKind::TooLarge,
            Cause::Server => FaultKind::Repository,
            Cause::Local => FaultKind::Lacking,
        }
    }

    /// The word for it in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Auth => "auth",
            Cause::Network => "network",
            Cause::Timeout => "timeout",
            Cause::Limit => "limit",
            Cause::Server => "server",
            Cause::Local => "local",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl VcsError {
    /// A confirmed absence, in the go command's words.
    pub fn absent(text: impl Into<String>) -> Self {
        VcsError::Absent(text.into())
    }

    /// A failure of a sort.
    pub fn failed(cause: Cause, what: impl Into<String>, why: impl fmt::Display) -> Self {
        VcsError::Failed { what: what.into(), why: why.to_string(), cause }
    }
}

impl VcsError {
    /// The same with another text, if it is an absence.
    pub(crate) fn about(self, text: impl FnOnce(&str) -> String) -> Self {
        match self {
            VcsError::Absent(why) => VcsError::Absent(text(&why)),
            failed @ VcsError::Failed { .. } => failed,
        }
    }
}
