//! What a project needs and cannot have.

use std::collections::BTreeMap;

use gomod::ModuleVersion;
use serde_json::{Value, json};
use storage::Kind;
use workbench::{
    masked,
    needs::{Needs, Weight},
};

use crate::{
    progress::Progress,
    warm::{Had, Lack, Watch},
};

/// The versions that builds need and that cannot be had, each with the reason.
pub(super) struct Lacking<'a> {
    progress: &'a Progress,
    done: usize,
    files: BTreeMap<(ModuleVersion, Kind), Lack>,
}

impl<'a> Lacking<'a> {
    pub(super) fn new(progress: &'a Progress) -> Self {
        Lacking { progress, done: 0, files: BTreeMap::new() }
    }

    /// Forgets what builds do not need: an `.info`, too.
    pub(super) fn keep_needed(&mut self, needs: &Needs) {
        self.files
            .retain(|(module, kind), _| *kind != Kind::Info && needs.weight(module, *kind) == Weight::Needed);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The versions, each once.
    pub(super) fn modules(&self) -> Vec<&ModuleVersion> {
        let mut modules: Vec<_> = self.files.keys().map(|(module, _)| module).collect();
        modules.dedup();
        modules
    }

    /// What has another hash than go.sum records, if anything has: nothing to be worked around.
    pub(super) fn contradiction(&self) -> Option<String> {
        let mut files = self.files.iter();
        files.find(|(_, lack)| lack.why().contains("SECURITY")).map(|((module, kind), lack)| {
            format!("{module} .{kind}: {}", masked(lack.why()), kind = kind.as_str())
        })
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let files = self.files.iter();
        files
            .map(|((module, kind), lack)| {
                format!("{module} cannot be had: .{}: {}", kind.as_str(), masked(lack.why()))
            })
            .collect()
    }

    pub(super) fn objects(&self) -> Vec<Value> {
        let files = self.files.iter();
        files
            .map(|((module, kind), lack)| {
                json!({
                    "path": module.path().as_str(), "version": module.version().as_str(),
                    "file": kind.as_str(), "why": masked(lack.why()),
                })
            })
            .collect()
    }
}

impl Watch for Lacking<'_> {
    fn done(&mut self, module: ModuleVersion, kind: Kind, done: Result<Had, Lack>) {
        self.done += 1;
        if let Err(lack) = done {
            self.files.insert((module, kind), lack);
        }
    }

    fn draw(&self, all: usize) {
        self.progress.draw(|| format!("{} of {all} files looked for", self.done));
    }
}
