//! Work on a pack, counted while it goes on.

use std::sync::{Arc, atomic::Ordering};

use gix_utils::progress::{
    Count, Id, MessageLevel, NestedProgress, Progress as Reporting, Step, StepShared, UNKNOWN, Unit,
};

use crate::git::Progress;

/// Tells of each step of the libraries' work.
pub(super) struct Steps {
    progress: Progress,
    /// How far this part of the work is.
    own: StepShared,
    /// It is known how far it will go, so it is looked at whether it came there: only `own` can tell.
    has_end: bool,
}

impl Steps {
    pub(super) fn of(progress: &Progress) -> Self {
        Self { progress: progress.clone(), own: StepShared::default(), has_end: false }
    }
}

impl Count for Steps {
    fn set(&self, step: Step) {
        self.progress.made(1);
        self.own.store(step, Ordering::Relaxed);
    }

    fn step(&self) -> Step {
        self.own.load(Ordering::Relaxed)
    }

    fn inc_by(&self, step: Step) {
        self.progress.made(step);
        self.own.fetch_add(step, Ordering::Relaxed);
    }

    fn counter(&self) -> StepShared {
        if self.has_end { Arc::clone(&self.own) } else { self.progress.shared() }
    }
}

impl Reporting for Steps {
    fn init(&mut self, max: Option<Step>, _: Option<Unit>) {
        self.has_end = max.is_some();
    }

    fn set_name(&mut self, _: String) {}

    fn name(&self) -> Option<String> {
        None
    }

    fn id(&self) -> Id {
        UNKNOWN
    }

    fn message(&self, _: MessageLevel, _: String) {}
}

impl NestedProgress for Steps {
    type SubProgress = Self;

    fn add_child(&mut self, _: impl Into<String>) -> Self {
        Self::of(&self.progress)
    }

    fn add_child_with_id(&mut self, _: impl Into<String>, _: Id) -> Self {
        Self::of(&self.progress)
    }
}
