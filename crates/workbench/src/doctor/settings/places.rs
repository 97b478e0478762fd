//! The directories that go works in.

use std::path::{Component, Path};

use super::{
    super::{Patient, Seen},
    told,
};
use crate::{
    Change, Finding, GoVariable,
    diagnoses::{
        settings::{risk, value},
        state,
    },
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    for variable in [GoVariable::Path, GoVariable::ModCache, GoVariable::BuildCache, GoVariable::Bin] {
        absolute(patient, variable, &mut seen);
    }
    if let Some(root) = patient.root() {
        inside(patient, root, &mut seen);
    }
    bin(patient, &mut seen);
    if seen.is_clean() {
        seen.passed("the directories that go works in are absolute, and none lies inside the project");
    }
    seen
}

fn absolute(patient: &Patient, variable: GoVariable, seen: &mut Seen) {
    let Some(found) = patient.go().get(variable) else { return };
    let tilde = found.value.starts_with('~');
    // The caches are looked at where they are used; there it is said too that they are relative.
    let elsewhere = matches!(variable, GoVariable::ModCache | GoVariable::BuildCache) && !tilde;
    let is_list = variable == GoVariable::Path;
    let relative = if is_list {
        std::env::split_paths(&found.value).any(|dir| !dir.as_os_str().is_empty() && !dir.is_absolute())
    } else {
        !Path::new(&found.value).is_absolute()
    };
    let quoted = found.value.starts_with(['"', '\'']);
    if elsewhere || quoted || !relative {
        return;
    }
    let diagnosis = if is_list && !tilde { &state::CACHE_RELATIVE } else { &value::NOT_ABSOLUTE };
    let finding = told::finding(patient, diagnosis, &found);
    let home = patient.env.home().zip(found.value.strip_prefix("~/"));
    let whole = home.map(|(home, rest)| home.join(rest).to_string_lossy().into_owned());
    let change = whole.map_or_else(|| Change::unset(&found), |whole| Change::set(&found, &whole));
    seen.found(finding.fixed(change));
}

/// GOPATH or the module cache inside of the module, or GOPATH right at it.
fn inside(patient: &Patient, root: &Path, seen: &mut Seen) {
    let found = patient.go().get(GoVariable::Path);
    let real = |dir: &Path| dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let root = real(root);
    for dir in patient.go().gopath() {
        if real(&dir) != root {
            continue;
        }
        let finding = match &found {
            Some(found) => told::finding(patient, &value::GOPATH_MODULE, found).fixed(Change::unset(found)),
            None => Finding::new(&value::GOPATH_MODULE)
                .evidence("GOPATH is not set, so it is go in the home directory"),
        };
        seen.found(finding.evidence(format!("{} holds a go.mod", root.display())));
        return;
    }
    let Some(cache) = patient.go().mod_cache().map(|cache| real(&cache)) else { return };
    let Ok(below) = cache.strip_prefix(&root) else { return };
    let passed_over = |part: Component<'_>| {
        part.as_os_str()
            .to_str()
            .is_some_and(|name| name.starts_with(['.', '_']) || name == "testdata" || name == "vendor")
    };
    if below.as_os_str().is_empty() || below.components().any(passed_over) {
        return;
    }
    let cache_set = patient.go().get(GoVariable::ModCache).or(found);
    let finding = match cache_set {
        Some(found) => told::finding(patient, &risk::GOPATH_INSIDE, &found),
        None => Finding::new(&risk::GOPATH_INSIDE),
    };
    seen.found(finding.evidence(format!(
        "the module cache is {}, and the project {}",
        cache.display(),
        root.display()
    )));
}

/// GOBIN, where somebody set it. The default one is often not in PATH, of those who install nothing.
fn bin(patient: &Patient, seen: &mut Seen) {
    let Some(found) = patient.go().get(GoVariable::Bin).filter(|found| Path::new(&found.value).is_absolute())
    else {
        return;
    };
    let real = |dir: &Path| dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let bin = real(Path::new(&found.value));
    if !patient.env.path().any(|dir| real(&dir) == bin) {
        let path = patient.env.text("PATH").unwrap_or_default();
        seen.found(told::finding(patient, &risk::BIN, &found).evidence(format!("PATH={path}")));
    }
}
