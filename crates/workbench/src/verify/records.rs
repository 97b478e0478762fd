//! What is said of versions elsewhere than in go.sum and in the cache that is looked at.

use std::{collections::BTreeMap, fmt};

use gomod::{DbName, H1, ModuleVersion, SumFile};

use crate::{Finding, diagnoses::proxy::SUMDB_LIES};

/// The hashes that are known of versions, and by whom.
#[derive(Clone, Debug, Default)]
pub struct Records {
    zips: BTreeMap<ModuleVersion, (H1, Voucher)>,
    gomods: BTreeMap<ModuleVersion, (H1, Voucher)>,
    notes: Vec<String>,
    findings: Vec<Finding>,
}

/// Who says what a version is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// A checksum database, proven.
    Database(DbName),
    /// Who had the right to publish it, and did so through this Larder.
    Published,
    /// A list of hashes that an operator took in.
    Imported,
    /// Larder's store, which saw it so first. It may have been wrong already then.
    FirstSight,
}

impl Records {
    /// Adds what somebody says of a file of a version. What counts for more stays.
    pub fn add(&mut self, module: ModuleVersion, file: SumFile, h1: H1, by: Voucher) {
        let known = match file {
            SumFile::Zip => &mut self.zips,
            SumFile::GoMod => &mut self.gomods,
        };
        match known.get(&module) {
            Some((_, before)) if before.weight() >= by.weight() => {}
            _ => drop(known.insert(module, (h1, by))),
        }
    }

    /// The hash of a file of a version, if somebody knows it.
    pub fn get(&self, module: &ModuleVersion, file: SumFile) -> Option<(H1, &Voucher)> {
        let known = match file {
            SumFile::Zip => &self.zips,
            SumFile::GoMod => &self.gomods,
        };
        known.get(module).map(|(h1, by)| (*h1, by))
    }

    /// Says what could not be learned, and why: a line for people.
    pub fn note(&mut self, line: impl Into<String>) {
        let line = line.into();
        if !self.notes.contains(&line) {
            self.notes.push(line);
        }
    }

    /// What could not be learned, and why.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Says that a checksum database contradicts itself: what shows it, a line for people.
    pub fn lie(&mut self, line: impl Into<String>) {
        self.found(Finding::new(&SUMDB_LIES).evidence(line));
    }

    /// Something is wrong with what was to be asked.
    pub(super) fn found(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// What is wrong with those who were to be asked.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl Voucher {
    /// Whether what it says goes before go.sum.
    pub fn is_binding(&self) -> bool {
        !matches!(self, Voucher::FirstSight)
    }

    fn weight(&self) -> u8 {
        match self {
            Voucher::FirstSight => 0,
            Voucher::Imported => 1,
            Voucher::Published => 2,
            Voucher::Database(_) => 3,
        }
    }
}

impl fmt::Display for Voucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Voucher::Database(name) => write!(f, "the checksum database {}", name.as_str()),
            Voucher::Published => f.write_str("Larder's store, where it was published"),
            Voucher::Imported => f.write_str("the list of hashes that Larder took in"),
            Voucher::FirstSight => f.write_str("Larder's store, as it was first seen"),
        }
    }
}
