//! go.work: are the modules there that it lists, and do they fit each other?

use std::{collections::BTreeMap, fs, path::Path};

use gomod::{GoVersion, Version};

use super::case::word;
use crate::{
    Finding, Patient, Seen,
    diagnoses::layout,
    project::{Instead, Main, ProjectError, Workspace, workspace_file},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(file) = workspace_file(&patient.dir, patient.go()).filter(|file| file.is_file()) else {
        return seen;
    };
    let workspace = match Workspace::read(file) {
        Ok(workspace) => workspace,
        Err(error) => {
            seen.found(Finding::new(&layout::WORK_MALFORMED).evidence(error.to_string()));
            return seen;
        }
    };
    let mut mains = Vec::new();
    for (used, dir) in workspace.uses() {
        match Main::read(&dir) {
            Ok(main) => mains.push((used, main)),
            Err(ProjectError::Malformed { path, why }) => {
                seen.unchecked(format!("{}: {why}", path.display()));
            }
            Err(error) => {
                let evidence = format!("{}: use {used}: {error}", workspace.file().display());
                let finding = Finding::new(&layout::WORK_USE_MISSING).name("use", &word(Path::new(used)));
                seen.found(finding.evidence(evidence));
            }
        }
    }
    listed(patient, &workspace, &mut seen);
    older(&workspace, &mains, &mut seen);
    twice(&mains, &mut seen);
    replaced(&workspace, &mains, &mut seen);
    if seen.findings.is_empty() {
        seen.passed(format!("{}: {} modules, all there", workspace.file().display(), mains.len()));
    }
    seen
}

fn listed(patient: &Patient, workspace: &Workspace, seen: &mut Seen) {
    let Some(root) = patient.root() else { return };
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let root = real(root);
    if workspace.uses().all(|(_, dir)| real(&dir) != root) {
        let evidence = format!("{}: no use line for {}", workspace.file().display(), root.display());
        seen.found(Finding::new(&layout::WORK_NOT_LISTED).name("dir", &word(&root)).evidence(evidence));
    }
}

fn older(workspace: &Workspace, mains: &[(&str, Main)], seen: &mut Seen) {
    let implied = GoVersion::new("1.18");
    let Some(go) = workspace.work().go().or(implied.as_ref()) else { return };
    for (used, main) in mains {
        let Some(wanted) = main.mods().go().filter(|wanted| go.precedence(wanted).is_lt()) else { continue };
        let evidence = format!("{}: go {go}; {used} has go {wanted}", workspace.file().display());
        let finding = Finding::new(&layout::WORK_GO_OLDER).name("version", wanted.as_str());
        seen.found(finding.evidence(evidence));
    }
}

fn twice(mains: &[(&str, Main)], seen: &mut Seen) {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for (used, main) in mains {
        if let Some(before) = known.insert(main.path(), used) {
            let evidence = format!("use {before} and use {used} are both {}", main.path());
            let finding = Finding::new(&layout::WORK_TWICE).name("module", main.path());
            seen.found(finding.name("use", &word(Path::new(used))).evidence(evidence));
        }
    }
}

fn replaced(workspace: &Workspace, mains: &[(&str, Main)], seen: &mut Seen) {
    let mut known: BTreeMap<(&str, Option<&Version>), (&str, Instead)> = BTreeMap::new();
    let decided: Vec<_> =
        workspace.work().replace().iter().map(|line| (line.path(), line.version())).collect();
    for (used, main) in mains {
        for line in main.mods().replace() {
            let key = (line.path(), line.version());
            if decided.contains(&key) || decided.contains(&(line.path(), None)) {
                continue;
            }
            let instead = Instead::of(line, main.dir());
            let Some((before, other)) = known.get(&key).filter(|(_, other)| *other != instead) else {
                known.insert(key, (used, instead));
                continue;
            };
            let dir = match other {
                Instead::Directory(dir) => word(dir),
                Instead::Module { path, version } => format!("{path}@{version}"),
            };
            let finding = Finding::new(&layout::WORK_REPLACE).name("module", line.path()).name("dir", &dir);
            let evidence =
                format!("{} is replaced in {before} and in {used}, by different things", line.path());
            seen.found(finding.evidence(evidence));
        }
    }
}
