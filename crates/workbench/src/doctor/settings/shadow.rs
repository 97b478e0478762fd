//! Exported variables that hide what `go env -w` wrote.

use super::{
    super::{Patient, Seen},
    told,
};
use crate::{Finding, Found, GoPlace, GoVariable, diagnoses::settings::risk};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    for variable in GoVariable::ALL.into_iter().filter(|variable| variable.is_in_files()) {
        let all = patient.go().everywhere(variable);
        let mut all = all.iter();
        let (Some(exported), Some(written)) = (
            all.next().filter(|found| found.place == GoPlace::Environment),
            all.find(|found| matches!(found.place, GoPlace::User { .. })),
        ) else {
            continue;
        };
        if !written.value.is_empty() && written.value.trim() != exported.value.trim() {
            seen.found(shadowed(patient, exported, written));
        }
    }
    if seen.is_clean() {
        seen.passed("no exported variable hides what go env -w wrote");
    }
    seen
}

fn shadowed(patient: &Patient, exported: &Found, written: &Found) -> Finding {
    let finding = told::finding(patient, &risk::SHADOWED, exported);
    let finding = finding.name("host", &host(exported)).evidence(format!(
        "{}={} in {} has no effect",
        written.variable.name(),
        told::shown(&written.value),
        written.place
    ));
    let traced = finding.evidence.iter().any(|line| line.ends_with(" sets it"));
    if traced {
        return finding;
    }
    finding.evidence(
        "no shell profile, editor or file of the project sets it to that: whatever started this shell did",
    )
}

/// Who is asked because of it, so that what fails there is known to follow.
fn host(found: &Found) -> String {
    match found.variable {
        GoVariable::Proxy => super::chain::hosts(&found.value).next().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}
