//! What is wrong with the lines of a go.sum, as findings.

use std::path::Path;

use super::{Contradiction, SumFaultKind, SumLines};
use crate::{
    Diagnosis, Finding,
    diagnoses::{gosum, proxy},
    shell::word,
};

/// The lines that nobody can mean. One of a version that no module can have is looked for by no build; it is among
/// them all the same.
pub(crate) fn faults<'a>(path: &'a Path, lines: &'a SumLines) -> impl Iterator<Item = Finding> + 'a {
    lines.faults().iter().map(move |fault| {
        let finding = |diagnosis: &'static Diagnosis| {
            let evidence = format!("{}:{}: {}", path.display(), fault.line, fault.kind);
            Finding::new(diagnosis).name("file", &word(path)).evidence(evidence)
        };
        match &fault.kind {
            SumFaultKind::MergeMark => finding(&gosum::MERGE_MARKS),
            SumFaultKind::Words(_) | SumFaultKind::NotText => finding(&proxy::SUM_MALFORMED),
            SumFaultKind::ByteOrderMark => finding(&gosum::BYTE_ORDER_MARK),
            SumFaultKind::Hash(_) => {
                let line = lines.lines().iter().find(|line| line.number() == fault.line);
                let module = line.map(|line| format!("{}@{}", line.path(), line.version()));
                let number = fault.line.to_string();
                let finding = finding(&gosum::BAD_HASH).name("line", &number);
                finding.name("module", &module.unwrap_or_default())
            }
            SumFaultKind::Module(_) => finding(&gosum::STRAY_LINE).name("line", &fault.line.to_string()),
        }
    })
}

/// Lines that contradict each other. `fits` says that what was downloaded is as the first of them says: then builds
/// pass.
pub(crate) fn contradiction(path: &Path, both: &Contradiction<'_>, fits: bool) -> Finding {
    let first = both.lines.first();
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
