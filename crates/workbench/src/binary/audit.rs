//! Whether the modules in a program are the right ones.

use std::{collections::BTreeMap, path::Path};

use gomod::{H1, ModuleVersion, SumFile};

use super::{
    Binary, BinaryError, BuildInfo, Listed, Program, Standing, Unreadable,
    stamp::{StampDemand, Stamped},
};
use crate::{Diagnosis, Finding, diagnoses::binary, gosum::SumLines};

/// What a program is compared with.
#[derive(Clone, Copy)]
pub struct Against<'a> {
    /// A go.sum, and where it lies.
    pub sums: Option<(&'a Path, &'a SumLines)>,
    /// What others say of versions.
    pub others: &'a BTreeMap<ModuleVersion, Testimony>,
    /// What a program must have.
    pub demands: &'a Demands,
}

/// What makes the audit fail that is no contradiction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// Each module has a line in go.sum, and none was replaced.
    pub gosum: bool,
    /// It is stamped.
    pub stamps: Vec<StampDemand>,
}

/// What others say of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// The hash that Larder pinned when it stored the version.
    pub ledger: Option<H1>,
    /// The checksum database.
    pub database: Said,
    /// Why its authors took it back, where they did.
    pub retracted: Option<String>,
}

/// What the checksum database says of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Its hash, proven.
    Hash(H1),
    /// There is no such version.
    Absent,
    /// It is private, so that nobody was asked.
    Private,
    /// It was not asked, or did not answer; why.
    Nothing(String),
}

/// How one witness's hash compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSum {
    /// The same.
    Same,
    /// Another one.
    Other,
    /// It has none.
    None,
}

/// What came of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is in order.
    pub passed: Vec<String>,
    /// What could not be compared.
    pub unchecked: Vec<String>,
    /// Each module but the main one, in the order of the list.
    pub compared: Vec<Compared>,
}

/// How a module compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The module.
    pub listed: Listed,
    /// With go.sum.
    pub gosum: WhichSum,
    /// With the ledger.
    pub ledger: WhichSum,
    /// With the database.
    pub database: WhichSum,
    /// Whether it is private.
    pub private: bool,
    /// Why it was taken back.
    pub retracted: Option<String>,
}

/// Compares one program of a file.
///
/// # Errors
/// [`BinaryError`], where a stamp is looked for and the file leads nowhere.
pub fn audit(binary: &Binary, program: &Program, against: Against<'_>) -> Result<Audit, BinaryError> {
    let file = binary.path().display().to_string();
    let mut auditor = Auditor { file, against, audit: Audit::default(), open: BTreeMap::new() };
    match program.info() {
        Ok(info) => {
            auditor.modules(info);
            for demand in &against.demands.stamps {
                auditor.stamp(demand, demand.met(binary, program, info)?);
            }
        }
        Err(why) => {
            let diagnosis = match why {
                Unreadable::NotGo => &binary::NOT_GO,
                Unreadable::NoModules { .. } => &binary::NO_MODULES,
                Unreadable::Damaged(_) => &binary::DAMAGED,
            };
            auditor.found(auditor.finding(diagnosis).evidence(format!("{}: {why}", auditor.file)));
        }
    }
    Ok(auditor.audit)
}

/// What is said of a file whose headers lead nowhere.
pub fn damaged(file: &Path, why: &str) -> Finding {
    let file = file.display().to_string();
    Finding::new(&binary::DAMAGED).name("file", &file).evidence(format!("{file}: {why}"))
}

struct Auditor<'a> {
    file: String,
    against: Against<'a>,
    audit: Audit,
    /// By the reason, what was not compared.
    open: BTreeMap<String, Vec<String>>,
}

impl Auditor<'_> {
    fn modules(&mut self, info: &BuildInfo) {
        // The main module is what is being shipped: only `go install path@version` gives it a hash at all.
        if let Some(main) = info.main()
            && let Standing::Hashed(module, h1) = main.standing()
        {
            let compared = self.compare(main, &module, &h1, false);
            self.contradictions(main, &module, &h1, &compared);
        }
        for dep in info.deps() {
            let compared = self.dep(dep);
            self.audit.compared.push(compared);
        }
        self.summary();
    }

    fn dep(&mut self, dep: &Listed) -> Compared {
        let strict = self.against.demands.gosum;
        let replaced = dep.replacement().is_some();
        if strict && let Some(replacement) = dep.replacement() {
            let finding = self.about(&binary::REPLACED, dep);
            self.found(finding.evidence(format!("{}: {dep} => {replacement}", self.file)));
        }
        match dep.standing() {
            Standing::Hashed(module, h1) => {
                let compared = self.compare(dep, &module, &h1, strict && !replaced);
                self.contradictions(dep, &module, &h1, &compared);
                compared
            }
            Standing::Malformed => {
                let line = format!("{}: {} {}", self.file, dep.built(), dep.built().sum());
                self.found(self.finding(&binary::DAMAGED).evidence(line));
                Compared::unknown(dep)
            }
            Standing::Unhashed(module) => {
                self.unhashed(dep, strict && !replaced);
                let other = self.against.others.get(&module);
                let retracted = other.and_then(|other| other.retracted.clone());
                let private = other.is_some_and(|other| other.database == Said::Private);
                Compared { private, retracted, ..Compared::unknown(dep) }
            }
            Standing::Local => {
                if !replaced {
                    self.unhashed(dep, strict);
                } else if !strict {
                    self.open("replaced by a directory, for which nobody vouches", dep);
                }
                Compared::unknown(dep)
            }
        }
    }

    fn unhashed(&mut self, dep: &Listed, strict: bool) {
        if strict {
            let finding = self.about(&binary::NO_SUM, dep);
            self.found(finding.evidence(format!("{}: {dep}", self.file)));
        } else {
            self.open("no hash is carried, as of builds from a vendor directory or a workspace", dep);
        }
    }

    /// Notes that a module was not compared. One line tells of all for which the reason is the same.
    fn open(&mut self, why: &str, listed: &Listed) {
        self.open.entry(why.to_owned()).or_default().push(listed.to_string());
    }

    fn compare(&mut self, listed: &Listed, module: &ModuleVersion, h1: &H1, strict: bool) -> Compared {
        let which = |known: Option<H1>| match known {
            Some(known) if known == *h1 => WhichSum::Same,
            Some(_) => WhichSum::Other,
            None => WhichSum::None,
        };
        let line = self.against.sums.and_then(|(_, sums)| sums.deciding(module, SumFile::Zip));
        let gosum = match line {
            // A hash that no content can have fits nothing.
            Some(line) => which(line.h1()).or_other(),
            None => WhichSum::None,
        };
        if strict && gosum == WhichSum::None {
            let finding = self.about(&binary::NOT_IN_GOSUM, listed);
            self.found(finding.evidence(format!("{}: {listed} {h1}", self.file)));
        }
        let other = self.against.others.get(module);
        let database = match other.map(|other| &other.database) {
            Some(Said::Hash(known)) => which(Some(*known)),
            _ => WhichSum::None,
        };
        Compared {
            listed: listed.clone(),
            gosum,
            ledger: which(other.and_then(|other| other.ledger)),
            database,
            private: other.is_some_and(|other| other.database == Said::Private),
            retracted: other.and_then(|other| other.retracted.clone()),
        }
    }

    fn contradictions(&mut self, listed: &Listed, module: &ModuleVersion, h1: &H1, compared: &Compared) {
        let other = self.against.others.get(module);
        let carried = format!("{}: {module} {h1}", self.file);
        if compared.database == WhichSum::Other
            && let Some(Testimony { database: Said::Hash(known), .. }) = other
        {
            let finding = self.about(&binary::SUMDB, listed).evidence(&carried);
            self.found(finding.evidence(format!("the checksum database: {known}")));
        }
        if compared.gosum == WhichSum::Other
            && let Some((path, line)) =
                self.against.sums.and_then(|(path, sums)| Some((path, sums.deciding(module, SumFile::Zip)?)))
        {
            let finding = self.about(&binary::GOSUM, listed).evidence(&carried);
            self.found(finding.evidence(format!("{}:{}: {line}", path.display(), line.number())));
        }
        if compared.ledger == WhichSum::Other
            && let Some(Testimony { ledger: Some(known), .. }) = other
        {
            let finding = self.about(&binary::LEDGER, listed).evidence(&carried);
            self.found(finding.evidence(format!("Larder's ledger: {known}")));
        }
        if [compared.gosum, compared.ledger, compared.database] != [WhichSum::None; 3] {
            return;
        }
        match other.map(|other| &other.database) {
            Some(Said::Absent) => {
                let finding = self.about(&binary::UNKNOWN, listed).evidence(carried);
                self.found(finding);
            }
            Some(Said::Private) => self.open("private, and nobody here knows the hash", listed),
            Some(Said::Nothing(why)) => self.open(why, listed),
            // A record may be of the go.mod alone.
            Some(Said::Hash(_)) | None => self.open("nothing is known to compare it with", listed),
        }
    }

    fn stamp(&mut self, demand: &StampDemand, stamped: Stamped) {
        let name = match demand {
            StampDemand::Repository => "vcs.revision",
            StampDemand::Variable { name, .. } => name,
        };
        let (diagnosis, line) = match stamped {
            Stamped::As(value) => {
                self.audit.passed.push(format!("{}: stamped {name} {value}", self.file));
                return;
            }
            Stamped::Other(value) => (&binary::STAMP_OTHER, format!("{name} is {value:?}")),
            Stamped::Dirty(line) => (&binary::STAMP_DIRTY, line),
            Stamped::Missing(line) => (&binary::STAMP_MISSING, line),
        };
        let mut finding = self.finding(diagnosis).evidence(format!("{}: {line}", self.file));
        if let StampDemand::Variable { value: Some(value), .. } = demand {
            finding = finding.evidence(format!("required: {name} {value:?}"));
        }
        self.found(finding);
    }

    fn summary(&mut self) {
        let count = |witness: fn(&Compared) -> WhichSum| {
            self.audit.compared.iter().filter(|one| witness(one) == WhichSum::Same).count()
        };
        let witnesses = [
            ("go.sum", count(|one| one.gosum)),
            ("the checksum database", count(|one| one.database)),
            ("Larder's ledger", count(|one| one.ledger)),
        ];
        let all = self.audit.compared.len();
        for (witness, count) in witnesses.into_iter().filter(|(_, count)| *count > 0) {
            self.audit
                .passed
                .push(format!("{}: {count} of {all} modules are as {witness} has them", self.file));
        }
        for (why, modules) in std::mem::take(&mut self.open) {
            let line = match modules.as_slice() {
                [one] => format!("{}: {one}: {why}", self.file),
                [first, others @ ..] => {
                    format!("{}: {first} and {} others: {why}", self.file, others.len())
                }
                [] => continue,
            };
            self.audit.unchecked.push(line);
        }
        if all == 0 {
            self.audit.passed.push(format!("{}: no module but its own", self.file));
        }
    }

    fn finding(&self, diagnosis: &'static Diagnosis) -> Finding {
        Finding::new(diagnosis).name("file", &self.file)
    }

    fn about(&self, diagnosis: &'static Diagnosis, listed: &Listed) -> Finding {
        let built = listed.built();
        self.finding(diagnosis)
            .name("module", &format!("{}@{}", listed.path(), listed.version()))
            .name("path", built.path())
            .name("version", built.version())
    }

    fn found(&mut self, finding: Finding) {
        self.audit.findings.push(finding);
    }
}

impl WhichSum {
    fn or_other(self) -> Self {
        if self == WhichSum::None { WhichSum::Other } else { self }
    }

    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            WhichSum::Same => "same",
            WhichSum::Other => "other",
            WhichSum::None => "none",
        }
    }
}

impl Compared {
    fn unknown(listed: &Listed) -> Self {
        Compared {
            listed: listed.clone(),
            gosum: WhichSum::None,
            ledger: WhichSum::None,
            database: WhichSum::None,
            private: false,
            retracted: None,
        }
    }
}
