//! go.mod: what it says, and what it leads to.

use gomod::{DirectiveFault, GoMod, GoModError};

use super::case::{Case, word};
use crate::{
    Finding, Patient, Seen,
    build_list::From,
    diagnoses::{layout, settings, state},
    imports,
    project::{Main, Project, ProjectError},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    if let Some(root) = patient.root() {
        match Main::nearest(&patient.dir, patient.go()) {
            Ok(_) => {}
            // The file that GOFLAGS names is not there, which is said where GOFLAGS is looked at.
            Err(ProjectError::Unreadable { path, why }) if path != root.join("go.mod") => {
                seen.unchecked(format!("go.mod: {}: {why}", path.display()));
                return seen;
            }
            Err(error) => {
                seen.found(unreadable(&error));
                return seen;
            }
        }
    } else if Project::read(&patient.dir, patient.go()).is_err() && imports::is_package(&patient.dir) {
        let evidence = format!("{}: Go files, and no go.mod here or above", patient.dir.display());
        seen.found(Finding::new(&state::OUTSIDE).evidence(evidence));
        return seen;
    }
    let Some(case) = Case::read(patient, "replace lines", &mut seen) else { return seen };
    if case.project.vendor().is_none() {
        replaced(&case, &mut seen);
        renamed(&case, &mut seen);
        raised(&case, &mut seen);
    }
    if seen.findings.is_empty() {
        seen.passed(format!(
            "go.mod: {} modules are needed, each is named as it should be",
            case.list.needed().len()
        ));
    }
    seen
}

fn unreadable(error: &ProjectError) -> Finding {
    let diagnosis = match error {
        ProjectError::Malformed {
            why: GoModError::Directive { fault: DirectiveFault::Toolchain(_), .. },
            ..
        } => &settings::TOOLCHAIN_SYNTAX,
        _ => &state::GOMOD_MALFORMED,
    };
    Finding::new(diagnosis).evidence(error.to_string())
}

fn replaced(case: &Case, seen: &mut Seen) {
    for needed in case.list.needed() {
        let From::Directory(dir) = &needed.from else { continue };
        let module = needed.path.as_str();
        let finding = if !dir.is_dir() {
            Finding::new(&state::REPLACE).evidence(format!("{module} => {}: not there", dir.display()))
        } else if !dir.join("go.mod").is_file() {
            Finding::new(&layout::REPLACE_NO_GOMOD)
                .evidence(format!("{module} => {}: a directory without go.mod", dir.display()))
        } else {
            continue;
        };
        seen.found(finding.name("module", module).name("file", &word(dir)));
    }
}

/// Modules whose own go.mod declares another path than the one that they are required by.
fn renamed(case: &Case, seen: &mut Seen) {
    for needed in case.list.needed() {
        let From::Fetched(module) = &needed.from else { continue };
        if module.path().as_str() != needed.path {
            continue;
        }
        let Some(mods) = case.cache.gomod(module).ok().flatten().and_then(|bytes| GoMod::parse(&bytes).ok())
        else {
            continue;
        };
        let declared = mods.module().map_or("", |module| module.path());
        if !declared.is_empty() && declared != needed.path {
            let evidence = format!("{module}: its go.mod says: module {declared}");
            seen.found(Finding::new(&state::OTHER_PATH).name("module", &needed.path).evidence(evidence));
        }
    }
}

fn raised(case: &Case, seen: &mut Seen) {
    if case.project.is_updated_by_builds() || case.project.work().is_some() {
        return;
    }
    for raised in case.list.raised() {
        let evidence =
            format!("go.mod: {} {}, but {} needs {}", raised.path, raised.listed, raised.by, raised.wanted);
        seen.found(Finding::new(&state::GOMOD_READONLY).name("module", &raised.path).evidence(evidence));
    }
}
