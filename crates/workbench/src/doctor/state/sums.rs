//! The lines of go.sum, by themselves.

use std::path::Path;

use gomod::SumFile;

use super::case::{Case, Sums};
use crate::{
    Finding, Patient, Seen,
    diagnoses::{gosum, proxy},
    gosum::{Contradiction, SumLines, findings},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(case) = Case::read(patient, "go.sum", &mut seen) else {
        alone(patient, &mut seen);
        return seen;
    };
    let sums = case.sums();
    for (path, error) in sums.unread() {
        seen.unchecked(format!("{}: {error}", path.display()));
    }
    for (path, lines) in sums.files() {
        faults(path, lines, &mut seen);
        for contradiction in lines.contradictions() {
            seen.found(two(path, &contradiction, Some(&case)));
        }
    }
    needed(&case, &sums, &mut seen);
    if seen.findings.is_empty() && sums.unread().is_empty() {
        let lines: usize = sums.files().iter().map(|(_, lines)| lines.lines().len()).sum();
        seen.passed(format!("go.sum: {lines} lines, none of them malformed or contradicting another"));
    }
    seen
}

/// Where the go.mod cannot be read, the lines can be looked at all the same.
fn alone(patient: &Patient, seen: &mut Seen) {
    let Some(path) = patient.root().map(|root| root.join("go.sum")) else { return };
    if let Ok(Some(lines)) = SumLines::read(&path) {
        faults(&path, &lines, seen);
        for contradiction in lines.contradictions() {
            seen.found(two(&path, &contradiction, None));
        }
    }
}

/// No build looks for a line of a version that cannot be.
fn faults(path: &Path, lines: &SumLines, seen: &mut Seen) {
    for finding in findings::faults(path, lines).filter(|finding| *finding.diagnosis != gosum::STRAY_LINE) {
        seen.found(finding);
    }
}

/// Lines that contradict each other. What lies in the cache was compared with the first of them: where it fits, builds
/// pass.
fn two(path: &Path, both: &Contradiction<'_>, case: Option<&Case>) -> Finding {
    let first = both.lines.first();
    let fits = first.is_some_and(|first| {
        let kept = first.module_version().and_then(|module| case?.kept(&module, first.file()));
        kept.is_some() && kept == first.h1()
    });
    findings::contradiction(path, both, fits)
}

/// The lines that a build of these modules cannot do without.
fn needed(case: &Case, sums: &Sums, seen: &mut Seen) {
    if case.project.vendor().is_some() || case.project.is_updated_by_builds() || !sums.unread().is_empty() {
        return;
    }
    let fetched = case.list.fetched().count();
    if fetched > 0 && sums.is_empty() {
        let mut finding = Finding::new(&gosum::ABSENT);
        for path in sums.absent().iter().take(1) {
            finding = finding.evidence(format!("{}: not there", path.display()));
        }
        for (path, _) in sums.files() {
            finding = finding.evidence(format!("{}: empty", path.display()));
        }
        seen.found(finding.evidence(format!("go.mod: {fetched} modules are required")));
        return;
    }
    for module in case.list.fetched() {
        if sums.deciding(module, SumFile::GoMod).is_none() {
            let finding = Finding::new(&proxy::SUM_MISSING).name("module", &module.to_string());
            seen.found(finding.evidence(format!("go.sum: no line {module}/go.mod")));
        }
    }
}
