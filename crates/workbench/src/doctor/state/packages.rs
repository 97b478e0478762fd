//! What the project's packages import, and which modules have it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use gomod::{ModuleVersion, SumFile};

use super::{
    case::{Case, Sums},
    reached::{Modules, Reached, candidates, has, is_in, is_of_a_module},
};
use crate::{
    Finding, Patient, Seen,
    build_list::From,
    diagnoses::{proxy, state},
    imports::{Import, Imports},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(case) = Case::read(patient, "imports", &mut seen) else { return seen };
    if case.project.vendor().is_some() {
        seen.passed("imports: packages come from vendor/");
        return seen;
    }
    let sums = case.sums();
    let modules: Modules<'_> =
        case.list.needed().iter().map(|needed| (needed.path.as_str(), needed)).collect();
    let lines = Lines::of(&case, &sums);
    let (mut files, mut all) = (0, Vec::new());
    for main in case.project.mains() {
        let imports = Imports::of_module(main.dir());
        files += imports.files();
        if imports.is_truncated() {
            seen.unchecked(format!("imports: only {} files of {} were read", imports.files(), main.path()));
        }
        for (package, import) in imports.packages().filter(|(package, _)| is_of_others(&case, package)) {
            one(&case, &modules, package, import, &mut seen);
            if import.always {
                lines.needs(&modules, package, &import.file, &mut seen);
                all.push(package.to_owned());
            }
        }
    }
    let until = Instant::now() + READING;
    let reached = Reached::from(&case, &modules, all.iter().map(String::as_str), until);
    for (package, file) in reached.packages.iter().filter(|(package, _)| is_of_others(&case, package)) {
        lines.needs(&modules, package, file, &mut seen);
    }
    if reached.truncated {
        seen.unchecked(format!(
            "imports: what the packages of other modules import was not read to its end within {} s",
            READING.as_secs()
        ));
    }
    if seen.findings.is_empty() {
        seen.passed(format!(
            "imports: {files} files, all imported packages are in modules that go.mod requires"
        ));
    }
    seen
}

/// Whether a package has to come from another module.
fn is_of_others(case: &Case, package: &str) -> bool {
    is_of_a_module(package) && !case.project.mains().iter().any(|main| is_in(package, main.path()))
}

fn one(case: &Case, modules: &Modules<'_>, package: &str, import: &Import, seen: &mut Seen) {
    if !import.always {
        return;
    }
    let candidates = candidates(modules, package);
    let Some(nearest) = candidates.first() else {
        if !case.project.is_updated_by_builds() {
            let evidence =
                format!("{}: import {package:?}, which no required module has", import.file.display());
            let finding = Finding::new(&state::NOT_REQUIRED).name("module", package);
            seen.found(finding.evidence(evidence));
        }
        return;
    };
    if candidates.iter().all(|needed| has(case, needed, package) == Some(false)) {
        let name = match &nearest.from {
            From::Fetched(module) => module.to_string(),
            _ => nearest.path.clone(),
        };
        let evidence = format!("{}: import {package:?}: {name} has no such directory", import.file.display());
        seen.found(Finding::new(&state::PACKAGE_ABSENT).name("module", &name).evidence(evidence));
    }
}

/// The lines that modules need which packages come from.
struct Lines<'a> {
    sums: &'a Sums,
    /// Whether go.sum has lines, builds add none, and each version is known for certain: where that is not so, something
    /// else is told.
    count: bool,
    /// Whether that is so only of modules that the project's own packages import.
    direct_only: bool,
}

impl<'a> Lines<'a> {
    fn of(case: &Case, sums: &'a Sums) -> Self {
        let recorded = sums.files().iter().any(|(_, lines)| !lines.is_empty());
        let certain = if case.project.is_pruned() {
            case.list.raised().is_empty()
        } else {
            case.list.unread().is_empty()
        };
        let count = recorded && !case.project.is_updated_by_builds();
        Lines { sums, count, direct_only: !certain }
    }

    /// go reads the zip of every module that could have the package, to see that only one has it (modload,
    /// `importFromModules`).
    fn needs(&self, modules: &Modules<'_>, package: &str, file: &Path, seen: &mut Seen) {
        let candidates = candidates(modules, package);
        if !self.count || self.direct_only && !matches!(&*candidates, [only] if only.direct) {
            return;
        }
        for needed in candidates {
            if let From::Fetched(module) = &needed.from {
                self.line(module, package, file, seen);
            }
        }
    }

    fn line(&self, module: &ModuleVersion, package: &str, file: &Path, seen: &mut Seen) {
        if self.sums.deciding(module, SumFile::Zip).is_some() {
            return;
        }
        let finding = Finding::new(&proxy::SUM_MISSING).name("module", &module.to_string());
        let finding = finding.evidence(format!("go.sum: no line {module}"));
        seen.found(finding.evidence(format!("{}: import {package:?}", file.display())));
    }
}

/// How long packages of other modules are read.
const READING: Duration = Duration::from_secs(2);
