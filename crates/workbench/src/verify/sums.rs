//! The lines of go.sum, by themselves.

use gomod::SumFile;

use super::Subject;
use crate::{
    Finding, Seen,
    diagnoses::{gosum, proxy},
    gosum::findings,
};

pub(super) fn look(subject: &Subject, seen: &mut Seen) {
    for (path, error) in subject.sums.unread() {
        seen.unchecked(format!("{}: {error}", path.display()));
    }
    for (path, lines) in subject.sums.files() {
        for finding in findings::faults(path, lines) {
            seen.found(finding);
        }
        for both in lines.contradictions() {
            seen.found(findings::contradiction(path, &both, false));
        }
    }
    missing(subject, seen);
    if seen.findings.is_empty() && subject.sums.unread().is_empty() {
        let lines = subject.sums.lines().count();
        seen.passed(format!(
            "go.sum: {lines} lines, none of them malformed, missing or contradicting another"
        ));
    }
}

/// The lines that a build of these modules cannot do without.
fn missing(subject: &Subject, seen: &mut Seen) {
    let (project, sums) = (&subject.project, &subject.sums);
    if project.vendor().is_some() || project.is_updated_by_builds() || !sums.unread().is_empty() {
        return;
    }
    let fetched = subject.list.fetched().count();
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
    for module in subject.list.fetched() {
        if sums.deciding(module, SumFile::GoMod).is_none() {
            let finding = Finding::new(&proxy::SUM_MISSING).name("module", &module.to_string());
            seen.found(finding.evidence(format!("go.sum: no line {module}/go.mod")));
        }
    }
}
