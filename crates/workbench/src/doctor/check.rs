//! One thing that the doctor looks at, and what is seen there.

use std::{future::Future, pin::Pin};

use super::Patient;
use crate::{Diagnosis, Finding};

/// One thing that the doctor looks at.
pub struct Check {
    /// What people call it in `larder doctor --check`.
    pub name: &'static str,
    /// What it looks at, in a few words.
    pub about: &'static str,
    /// All that it can find.
    pub finds: &'static [&'static Diagnosis],
    /// How it looks.
    pub run: Run,
}

/// How a check looks.
#[derive(Clone, Copy)]
pub enum Run {
    /// On a thread of its own: files and programs.
    Blocking(fn(&Patient) -> Seen),
    /// Waiting for others: the network.
    Waiting(for<'a> fn(&'a Patient) -> Pin<Box<dyn Future<Output = Seen> + Send + 'a>>),
}

/// What a check saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub(crate) findings: Vec<Finding>,
    pub(crate) passed: Vec<String>,
    pub(crate) unchecked: Vec<String>,
}

impl Seen {
    /// Something is wrong. Findings of one kind about the same names become one, with the evidence of all.
    pub fn found(&mut self, finding: Finding) {
        let same =
            |known: &&mut Finding| known.diagnosis == finding.diagnosis && known.names == finding.names;
        match self.findings.iter_mut().find(same) {
            Some(known) => {
                for line in finding.evidence {
                    if !known.evidence.contains(&line) {
                        known.evidence.push(line);
                    }
                }
            }
            None => self.findings.push(finding),
        }
    }

    /// Something was looked at and is in order: a line for people.
    pub fn passed(&mut self, line: impl Into<String>) {
        let line = line.into();
        if !self.passed.contains(&line) {
            self.passed.push(line);
        }
    }

    /// Something could not be looked at: a line that says what and why.
    pub fn unchecked(&mut self, line: impl Into<String>) {
        let line = line.into();
        if !self.unchecked.contains(&line) {
            self.unchecked.push(line);
        }
    }

    /// Whether nothing was found so far, and nothing stayed unchecked.
    pub(super) fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unchecked.is_empty()
    }

    /// Adds what another check saw.
    pub fn add(&mut self, other: Seen) {
        for finding in other.findings {
            self.found(finding);
        }
        self.passed.extend(other.passed);
        for line in other.unchecked {
            self.unchecked(line);
        }
    }
}
