//! What a finding about a setting says: the value, and who set it.

use super::{super::Patient, trace};
use crate::{Diagnosis, Finding, Found, GoPlace, masked};

/// A finding about a value, with the places that set it.
pub(super) fn finding(patient: &Patient, diagnosis: &'static Diagnosis, found: &Found) -> Finding {
    let mut finding = Finding::new(diagnosis).name("variable", name(patient, found));
    for line in told(patient, found) {
        finding = finding.evidence(line);
    }
    finding
}

/// The name under which the value was found: a proxy's variable may be set in small letters.
pub(super) fn name(patient: &Patient, found: &Found) -> &'static str {
    let upper = found.variable.name();
    match found.variable.lower_case() {
        Some(lower) if patient.env.get(upper).is_none() => lower,
        _ => upper,
    }
}

/// Lines that say the value and where it comes from; an exported one is traced to the files that export it.
fn told(patient: &Patient, found: &Found) -> Vec<String> {
    let name = name(patient, found);
    let mut lines = vec![format!("{name}={} in {}", shown(&found.value), found.place)];
    if found.place == GoPlace::Environment {
        lines.extend(exported(patient, name, &found.value));
    }
    lines
}

/// Lines that say which files set a variable to a value, or else to another one.
pub(super) fn exported(patient: &Patient, name: &str, value: &str) -> Vec<String> {
    let all = trace::trace(patient, name);
    let (same, other): (Vec<_>, Vec<_>) = all.into_iter().partition(|export| export.value == value);
    if same.is_empty() {
        let set =
            |export: &trace::Export| format!("{} sets it, to {} now", export.place, shown(&export.value));
        return other.iter().take(MOST).map(set).collect();
    }
    same.iter().take(MOST).map(|export| format!("{} sets it", export.place)).collect()
}

/// A value for people: without secrets, and not longer than they would read.
pub(super) fn shown(value: &str) -> String {
    let value = masked(value);
    let printable = value.chars().take(LONGEST);
    let mut text: String =
        printable.flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect();
    if value.chars().count() > LONGEST {
        text.push('…');
    }
    text
}

/// Whether a text can stand in a command that people paste: nothing in it means something to a shell.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-:/+,*".contains(c))
}

/// Characters of a value.
const LONGEST: usize = 300;
/// Files that are named for one variable.
const MOST: usize = 5;
