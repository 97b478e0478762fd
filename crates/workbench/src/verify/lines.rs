//! The lines of go.sum against what is known of the versions.

use std::path::Path;

use gomod::{H1, ModuleVersion};

use super::records::{Records, Voucher};
use crate::{
    Finding, Seen,
    diagnoses::{gosum, proxy},
    gosum::{SumFiles, SumLine},
    shell::word,
};

/// Says which lines are wrong, and of how many somebody knew.
pub(super) fn look(sums: &SumFiles, records: &Records, seen: &mut Seen) -> usize {
    let mut known = 0;
    for (path, line) in sums.lines() {
        let Some(module) = line.module_version() else { continue };
        // A second line is told of as what it is: a contradiction.
        if sums.deciding(&module, line.file()).is_none_or(|(_, deciding)| deciding != line) {
            continue;
        }
        let (Some(said), Some((right, by))) = (line.h1(), records.get(&module, line.file())) else {
            continue;
        };
        known += 1;
        if said != right {
            seen.found(wrong(&module, path, line, right, by));
        }
    }
    known
}

fn wrong(module: &ModuleVersion, path: &Path, line: &SumLine, right: H1, by: &Voucher) -> Finding {
    let diagnosis = if by.is_binding() { &gosum::LINE_WRONG } else { &proxy::SUM_MISMATCH_GOSUM };
    Finding::new(diagnosis)
        .name("module", &module.to_string())
        .name("path", line.path())
        .name("version", line.version())
        .name("file", &word(path))
        .name("line", &line.number().to_string())
        .evidence(format!("{}:{}: {line}", path.display(), line.number()))
        .evidence(format!("{by}: {right}"))
}
