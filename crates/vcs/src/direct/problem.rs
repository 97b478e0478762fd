//! What came in the way of an answer, and what that is for those who asked.

use tokio::time::Instant;
use upstream::{Absence, Fault, FaultKind, Miss, SourceName};

use crate::{Cause, VcsError};

/// What came in the way.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    stage: Stage,
    pub(super) error: VcsError,
}

/// Where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There was no place in time.
    Waiting,
    /// It was not found out where the code is.
    Discovery,
    /// At the repository.
    Repository,
}

impl Problem {
    pub(super) fn discovery(error: VcsError) -> Self {
        Problem { stage: Stage::Discovery, error }
    }

    pub(super) fn repository(error: VcsError) -> Self {
        Problem { stage: Stage::Repository, error }
    }

    /// There was no place in time.
    pub(super) fn busy() -> Self {
        let error = VcsError::failed(Cause::Timeout, WAITING, "too many requests are worked on");
        Problem { stage: Stage::Waiting, error }
    }

    /// The work ended without a result.
    pub(super) fn broken_off() -> Self {
        Problem::repository(VcsError::failed(Cause::Local, "direct", "the work was broken off"))
    }

    pub(super) fn is_absence(&self) -> bool {
        matches!(self.error, VcsError::Absent(_))
    }

    /// Whether the same may work a moment later.
    pub(super) fn may_pass(&self) -> bool {
        let passing = matches!(&self.error, VcsError::Failed { cause: Cause::Network | Cause::Server, .. });
        passing && self.stage == Stage::Repository
    }

    /// As the mirror takes it, for somebody who has waited since then.
    pub(super) fn into_miss(self, since: Instant) -> Miss {
        let name = SourceName::direct();
        match (self.error, self.stage) {
            (VcsError::Absent(text), _) => Miss::Absent(Absence::new(name, &text)),
            (VcsError::Failed { what, why, cause }, stage) => {
                let kind = if stage == Stage::Waiting { FaultKind::Busy } else { cause.kind() };
                let fault = Fault::new(name, kind, &format!("{what}: {why}"), since.elapsed());
                Miss::Failed(if stage == Stage::Discovery { fault.in_discovery() } else { fault })
            }
        }
    }
}

const WAITING: &str = "wait for a place";
