//! One attempt at one source: what every answer and every failure of it have in common.

use std::{fmt, time::Duration};

use tokio::time::Instant;

use crate::{Absence, Fault, FaultKind, SourceName, meters::SourceMeters, secret::Redactor};

/// One attempt at one source. It is counted once, when it ends.
#[derive(Debug)]
pub(crate) struct Attempt {
    source: SourceName,
    redactor: Redactor,
    meters: SourceMeters,
    started: Instant,
    counted: bool,
}

impl Attempt {
    pub(crate) fn start(source: &SourceName, redactor: &Redactor, meters: &SourceMeters) -> Self {
        Attempt {
            source: source.clone(),
            redactor: redactor.clone(),
            meters: meters.clone(),
            started: Instant::now(),
            counted: false,
        }
    }

    pub(crate) fn source(&self) -> &SourceName {
        &self.source
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The head of an answer is here; says after which time.
    pub(crate) fn first_byte(&self) -> Duration {
        let after = self.started.elapsed();
        self.meters.first_byte(after);
        after
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.meters.received(bytes);
    }

    /// Takes the source's secrets out of a text that others wrote.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.redactor.clean(text)
    }

    /// The attempt ends with a failure.
    pub(crate) fn fault(&mut self, kind: FaultKind, detail: &str) -> Fault {
        self.ended(kind.as_str());
        Fault::new(self.source.clone(), kind, &self.clean(detail), self.started.elapsed())
    }

    /// The attempt ends with the source's word that there is no such thing.
    pub(crate) fn absent(&mut self, status: u16, text: Option<String>) -> Absence {
        self.ended("absent");
        Absence { source: self.source.clone(), status, text: text.map(|text| self.clean(&text)) }
    }

    pub(crate) fn not_modified(&mut self) {
        self.ended("not-modified");
    }

    /// The whole body is here.
    pub(crate) fn complete(&mut self) {
        self.ended("ok");
    }

    fn ended(&mut self, outcome: &'static str) {
        if !std::mem::replace(&mut self.counted, true) {
            self.meters.ended(outcome);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.ended("abandoned");
    }
}

/// A moment by which something must have happened, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    /// The limit it comes from; without one, it is the deadline of the [`Want`](crate::Want).
    limit: Option<Duration>,
}

impl Due {
    /// A limit that runs from `start`, or the deadline, if that is earlier.
    pub(crate) fn earliest(
        start: Instant,
        limit: Option<Duration>,
        deadline: Option<Instant>,
    ) -> Option<Self> {
        let of_limit = limit.map(|limit| Due { at: start + limit, limit: Some(limit) });
        let of_deadline = deadline.map(|at| Due { at, limit: None });
        of_limit.into_iter().chain(of_deadline).min_by_key(|due| due.at)
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Some(limit) => write!(f, "within {limit:?}"),
            None => f.write_str("by the deadline of the request"),
        }
    }
}
