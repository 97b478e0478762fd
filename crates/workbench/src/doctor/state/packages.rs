//! What the project's packages import, and which modules have it.

use std::collections::BTreeMap;

use gomod::{ModuleVersion, SumFile};

use super::case::{Case, Sums};
use crate::{
    Finding, Patient, Seen,
    build_list::{From, Needed},
    diagnoses::{proxy, state},
    imports::{self, Import, Imports},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(case) = Case::read(patient, "imports", &mut seen) else { return seen };
    if case.project.vendor().is_some() {
        seen.passed("imports: packages come from vendor/");
        return seen;
    }
    let sums = case.sums();
    let needed: BTreeMap<&str, &Needed> =
        case.list.needed().iter().map(|needed| (needed.path.as_str(), needed)).collect();
    let mut files = 0;
    for main in case.project.mains() {
        let imports = Imports::of_module(main.dir());
        files += imports.files();
        if imports.is_truncated() {
            seen.unchecked(format!("imports: only {} files of {} were read", imports.files(), main.path()));
        }
        for (package, import) in imports.packages() {
            one(&case, &sums, &needed, package, import, &mut seen);
        }
    }
    if seen.findings.is_empty() {
        seen.passed(format!(
            "imports: {files} files, all imported packages are in modules that go.mod requires"
        ));
    }
    seen
}

fn one(
    case: &Case,
    sums: &Sums,
    needed: &BTreeMap<&str, &Needed>,
    package: &str,
    import: &Import,
    seen: &mut Seen,
) {
    if !is_of_a_module(package) || case.project.mains().iter().any(|main| is_in(package, main.path())) {
        return;
    }
    let candidates: Vec<_> = prefixes(package).filter_map(|prefix| needed.get(prefix).copied()).collect();
    let Some(nearest) = candidates.first() else {
        if import.always && !case.project.is_updated_by_builds() {
            let evidence =
                format!("{}: import {package:?}, which no required module has", import.file.display());
            let finding = Finding::new(&state::NOT_REQUIRED).name("module", package);
            seen.found(finding.evidence(evidence));
        }
        return;
    };
    let has: Vec<_> = candidates.iter().map(|needed| has(case, needed, package)).collect();
    if import.always && has.iter().all(|has| *has == Has::No) {
        let name = match &nearest.from {
            From::Fetched(module) => module.to_string(),
            _ => nearest.path.clone(),
        };
        let evidence = format!("{}: import {package:?}: {name} has no such directory", import.file.display());
        seen.found(Finding::new(&state::PACKAGE_ABSENT).name("module", &name).evidence(evidence));
        return;
    }
    // Which module has it is known only where one alone can.
    if let ([only], From::Fetched(module)) = (candidates.as_slice(), &nearest.from)
        && import.always
        && only.direct
    {
        line(case, sums, module, package, import, seen);
    }
}

/// The line that a module needs which packages come from.
fn line(case: &Case, sums: &Sums, module: &ModuleVersion, package: &str, import: &Import, seen: &mut Seen) {
    let recorded = sums.files().iter().any(|(_, lines)| !lines.is_empty());
    if !recorded || case.project.is_updated_by_builds() || sums.deciding(module, SumFile::Zip).is_some() {
        return;
    }
    let finding = Finding::new(&proxy::SUM_MISSING).name("module", &module.to_string());
    let finding = finding.evidence(format!("go.sum: no line {module}"));
    seen.found(finding.evidence(format!("{}: import {package:?}", import.file.display())));
}

#[derive(PartialEq)]
enum Has {
    Yes,
    No,
    Unknown,
}

fn has(case: &Case, needed: &Needed, package: &str) -> Has {
    let below = package.strip_prefix(&needed.path).unwrap_or_default().trim_start_matches('/');
    let root = match &needed.from {
        From::Fetched(module) if case.cache.is_unpacked(module) => case.cache.tree(module),
        From::Directory(dir) if dir.is_dir() => dir.clone(),
        _ => return Has::Unknown,
    };
    if imports::is_package(&root.join(below)) { Has::Yes } else { Has::No }
}

/// Whether a package is of a module that can be fetched, and not of Go itself: its first element has a dot.
fn is_of_a_module(package: &str) -> bool {
    package.split('/').next().is_some_and(|first| first.contains('.')) && !package.starts_with('.')
}

fn is_in(package: &str, module: &str) -> bool {
    package.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The package's path and all that it lies in, the longest first.
fn prefixes(package: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(package), |path| path.rsplit_once('/').map(|(above, _)| above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_they_lie_in() {
        assert_eq!(
            prefixes("a.example/b/c").collect::<Vec<_>>(),
            ["a.example/b/c", "a.example/b", "a.example"]
        );
        assert!(is_in("a.example/b", "a.example/b") && !is_in("a.example/bc", "a.example/b"));
        assert!(is_of_a_module("a.example/b") && !is_of_a_module("net/http") && !is_of_a_module("./x"));
    }
}
