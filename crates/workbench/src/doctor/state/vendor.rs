//! vendor/: does it fit go.mod, and is it what the modules have?

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use gomod::SumFile;

use super::case::{Case, word};
use crate::{
    Finding, Patient, Seen,
    diagnoses::{layout, state},
    imports::Imports,
    module_files::{Files, ModuleFiles},
    vendor_tree::{VendorTree, Vendored},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(case) = Case::read(patient, "vendor", &mut seen) else { return seen };
    let Some(dir) = case.project.vendor() else { return seen };
    let tree = match VendorTree::read(&dir) {
        Ok(Some(tree)) => tree,
        Ok(None) => {
            if !case.list.needed().is_empty() {
                let evidence = format!("{}: not there", dir.join("modules.txt").display());
                seen.found(Finding::new(&layout::VENDOR_NO_LIST).evidence(evidence));
            }
            return seen;
        }
        Err(error) => {
            seen.unchecked(format!("{}: {error}", dir.join("modules.txt").display()));
            return seen;
        }
    };
    let differences = tree.differences(&case.project);
    for difference in &differences {
        seen.found(Finding::new(&state::VENDOR).evidence(difference.to_string()));
    }
    packages(&case, &tree, &mut seen);
    let known = ModuleFiles::on_this_machine(&patient.env, patient.go(), case.cache.clone());
    let (compared, left) = files(&case, &tree, &known, &mut seen);
    if !left.is_empty() {
        let named = left.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let among = if left.len() > NAMED { "among them " } else { "" };
        seen.unchecked(format!(
            "vendor: the files of {} modules, which lie nowhere else on this machine as go.sum has them: {among}{named}",
            left.len()
        ));
    }
    if seen.findings.is_empty() {
        let modules = tree.modules().len();
        seen.passed(format!(
            "vendor: {modules} modules, as go.mod says; the files of {compared} are those of the modules"
        ));
    }
    seen
}

/// Packages that the list names and that are not there, and imports that are in neither.
fn packages(case: &Case, tree: &VendorTree, seen: &mut Seen) {
    let lacks = |package: &str, evidence: String| {
        Finding::new(&state::VENDOR_LACKS).name("package", package).evidence(evidence)
    };
    let listed = || tree.modules().iter().flat_map(|module| &module.packages);
    for package in listed() {
        let dir = tree.dir().join(package);
        if !dir.is_dir() {
            seen.found(lacks(package, format!("{}: in vendor/modules.txt, and not there", dir.display())));
        }
    }
    for main in case.project.mains() {
        let imports = Imports::of_module(main.dir());
        for (package, import) in imports.packages() {
            let of_a_module = package.split('/').next().is_some_and(|first| first.contains('.'));
            let own = case.project.mains().iter().any(|main| package.starts_with(main.path()));
            if of_a_module && !own && import.always && !listed().any(|known| known == package) {
                seen.found(lacks(package, format!("{}: import {package:?}", import.file.display())));
            }
        }
    }
}

/// Compares the files of vendored packages with those of the modules, where these lie on this machine. Says of how many
/// modules, and of which not.
fn files(case: &Case, tree: &VendorTree, known: &ModuleFiles, seen: &mut Seen) -> (usize, Vec<String>) {
    let (mut compared, mut left) = (0, Vec::new());
    let (sums, until) = (case.sums(), Instant::now() + READING);
    for vendored in tree.modules().iter().filter(|module| !module.packages.is_empty()) {
        let Some(module) = vendored.source() else { continue };
        let recorded = || sums.deciding(&module, SumFile::Zip).and_then(|(_, line)| line.h1());
        let files = if Instant::now() < until { known.of(&module, recorded()) } else { None };
        let Some(files) = files else {
            left.push(module.to_string());
            continue;
        };
        compared += 1;
        let mut finding = None;
        for package in &vendored.packages {
            for file in altered(tree.dir(), vendored, package, &files) {
                let name = module.to_string();
                let known = finding.unwrap_or_else(|| {
                    Finding::new(&layout::VENDOR_EDITED).name("module", &name).name("dir", &word(tree.dir()))
                });
                finding = Some(known.evidence(file));
            }
        }
        if let Some(finding) = finding {
            seen.found(finding);
        }
    }
    (compared, left)
}

/// The files of a package that the module does not have, or has otherwise.
fn altered(dir: &Path, vendored: &Vendored, package: &str, known: &Files) -> Vec<String> {
    let Some(below) = vendored.below(package) else { return Vec::new() };
    let dir = dir.join(package);
    let Ok(entries) = fs::read_dir(&dir) else { return Vec::new() };
    let files = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut said: Vec<_> = files
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            let found = crate::modcache::digest_of(&entry.path()).ok()?;
            let shown = entry.path().display().to_string();
            match known.get(&path) {
                Some(hash) if *hash == found => None,
                Some(_) => Some(format!("{shown}: changed")),
                None => Some(format!("{shown}: not of the module")),
            }
        })
        .collect();
    said.sort();
    said
}

/// How long files of modules are read.
const READING: Duration = Duration::from_secs(3);
/// How many modules a line names.
const NAMED: usize = 5;
