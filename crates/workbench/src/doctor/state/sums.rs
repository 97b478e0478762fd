//! The lines of go.sum, by themselves.

use std::path::Path;

use gomod::SumFile;

use super::case::{Case, Sums, word};
use crate::{
    Diagnosis, Finding, Patient, Seen,
    diagnoses::{gosum, proxy},
    gosum::{Contradiction, SumFaultKind, SumLines},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(case) = Case::read(patient, "go.sum", &mut seen) else {
        alone(patient, &mut seen);
        return seen;
    };
    let sums = case.sums();
    for (path, error) in &sums.unread {
        seen.unchecked(format!("{}: {error}", path.display()));
    }
    for (path, lines) in &sums.files {
        faults(path, lines, &mut seen);
        for contradiction in lines.contradictions() {
            seen.found(two(path, &contradiction, Some(&case)));
        }
    }
    needed(&case, &sums, &mut seen);
    if seen.findings.is_empty() && sums.unread.is_empty() {
        let lines: usize = sums.files.iter().map(|(_, lines)| lines.lines().len()).sum();
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

fn faults(path: &Path, lines: &SumLines, seen: &mut Seen) {
    for fault in lines.faults() {
        let finding = |diagnosis: &'static Diagnosis| {
            let evidence = format!("{}:{}: {}", path.display(), fault.line, fault.kind);
            Finding::new(diagnosis).name("file", &word(path)).evidence(evidence)
        };
        match &fault.kind {
            SumFaultKind::MergeMark => seen.found(finding(&gosum::MERGE_MARKS)),
            SumFaultKind::Words(_) | SumFaultKind::NotText => seen.found(finding(&proxy::SUM_MALFORMED)),
            SumFaultKind::ByteOrderMark => seen.found(finding(&gosum::BYTE_ORDER_MARK)),
            SumFaultKind::Hash(_) => {
                let line = lines.lines().iter().find(|line| line.number() == fault.line);
                let module = line.map(|line| format!("{}@{}", line.path(), line.version()));
                let number = fault.line.to_string();
                let finding = finding(&gosum::BAD_HASH).name("line", &number);
                seen.found(finding.name("module", &module.unwrap_or_default()));
            }
            // No build looks for it.
            SumFaultKind::Module(_) => {}
        }
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
    let wrong = both.lines.iter().find(|line| first.is_some_and(|first| first.hash() != line.hash()));
    let diagnosis = if fits { &gosum::SECOND_HASH } else { &gosum::CONTRADICTS };
    let mut finding = Finding::new(diagnosis).name("file", &word(path));
    if let Some(first) = first {
        finding = finding
            .name("module", &format!("{}@{}", first.path(), first.version()))
            .name("path", first.path())
            .name("version", first.version());
    }
    if let Some(wrong) = wrong {
        finding = finding.name("line", &wrong.number().to_string());
    }
    for line in &both.lines {
        finding = finding.evidence(format!("{}:{}: {line}", path.display(), line.number()));
    }
    finding
}

/// The lines that a build of these modules cannot do without.
fn needed(case: &Case, sums: &Sums, seen: &mut Seen) {
    if case.project.vendor().is_some() || case.project.is_updated_by_builds() || !sums.unread.is_empty() {
        return;
    }
    let fetched = case.list.fetched().count();
    if fetched > 0 && sums.files.iter().all(|(_, lines)| lines.is_empty() && lines.faults().is_empty()) {
        let mut finding = Finding::new(&gosum::ABSENT);
        for path in sums.absent.iter().take(1) {
            finding = finding.evidence(format!("{}: not there", path.display()));
        }
        for (path, _) in &sums.files {
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
