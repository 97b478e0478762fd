//! The lines of go.sum, by themselves.

use gomod::{H1, SumFile};

use super::{Subject, records::Records};
use crate::{
    Finding, Seen,
    diagnoses::{gosum, proxy},
    gosum::{SumLine, findings},
    modcache::ZipHash,
};

pub(super) fn look(subject: &Subject, records: &Records, seen: &mut Seen) {
    if subject.project.is_none() {
        return;
    }
    for (path, error) in subject.sums.unread() {
        seen.unchecked(format!("{}: {error}", path.display()));
    }
    for (path, lines) in subject.sums.files() {
        for finding in findings::faults(path, lines) {
            seen.found(finding);
        }
        for both in lines.contradictions() {
            let first = both.lines.first();
            let fits = first.is_some_and(|first| is_right(subject, records, first));
            seen.found(findings::contradiction(path, &both, fits));
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

/// Whether a line is what is known of the version, or else what lies in the cache.
fn is_right(subject: &Subject, records: &Records, line: &SumLine) -> bool {
    let Some(module) = line.module_version() else { return false };
    let known = records.get(&module, line.file()).map(|(h1, _)| h1);
    let kept = || match line.file() {
        SumFile::Zip => match subject.cache.ziphash(&module) {
            Ok(ZipHash::Says(h1)) => Some(h1),
            _ => None,
        },
        SumFile::GoMod => subject.cache.gomod(&module).ok().flatten().map(|bytes| H1::of_gomod(&bytes)),
    };
    let right = known.or_else(kept);
    right.is_some() && right == line.h1()
}

/// The lines that a build of these modules cannot do without.
fn missing(subject: &Subject, seen: &mut Seen) {
    let Some((project, list)) = &subject.project else { return };
    let sums = &subject.sums;
    if project.vendor().is_some() || project.is_updated_by_builds() || !sums.unread().is_empty() {
        return;
    }
    let fetched = list.fetched().count();
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
    for module in list.fetched() {
        if sums.deciding(module, SumFile::GoMod).is_none() {
            let finding = Finding::new(&proxy::SUM_MISSING).name("module", &module.to_string());
            seen.found(finding.evidence(format!("go.sum: no line {module}/go.mod")));
        }
    }
}
