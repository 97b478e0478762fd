//! The go in PATH, its GOROOT, and others beside it.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    super::{Patient, Seen, program::is_program},
    told,
};
use crate::{
    Change, Finding, GoVariable,
    diagnoses::settings::{self, risk, value},
};

/// A go in PATH.
struct Installed {
    program: PathBuf,
    /// Where it lies, unless it is a script that leads elsewhere.
    root: Option<PathBuf>,
}

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let all = installed(patient);
    let Some(first) = all.first() else {
        let path = patient.env.text("PATH").unwrap_or_default();
        seen.found(Finding::new(&value::NO_GO).evidence(format!("PATH={path}")));
        return seen;
    };
    goroot(patient, first, &mut seen);
    let others: Vec<_> = all.iter().skip(1).filter(|other| differ(first, other)).collect();
    if !others.is_empty() {
        let mut finding = Finding::new(&risk::SEVERAL_GO).evidence(format!("{} counts", describe(first)));
        for other in others {
            finding = finding.evidence(format!("{} is hidden behind it", describe(other)));
        }
        seen.found(finding);
    }
    if seen.is_clean() {
        seen.passed(format!("{} is the go that runs", describe(first)));
    }
    seen
}

/// The programs called go in PATH, each once.
fn installed(patient: &Patient) -> Vec<Installed> {
    let mut all: Vec<Installed> = Vec::new();
    for program in patient.env.path().map(|dir| dir.join("go")).filter(|file| is_program(file)) {
        let real = program.canonicalize().unwrap_or_else(|_| program.clone());
        let root = real.parent().and_then(Path::parent).filter(|root| root.join("VERSION").is_file());
        if !all
            .iter()
            .any(|known| known.program == program || (root.is_some() && known.root.as_deref() == root))
        {
            all.push(Installed { program, root: root.map(Path::to_owned) });
        }
    }
    all
}

/// GOROOT, where somebody set it.
fn goroot(patient: &Patient, first: &Installed, seen: &mut Seen) {
    let Some(found) = patient.go().get(GoVariable::Root) else { return };
    let set = Path::new(&found.value);
    let why = if !set.is_dir() {
        Some("there is no such directory".to_owned())
    } else if !set.join("pkg/tool").is_dir() {
        Some("no Go lies in it: it has no pkg/tool".to_owned())
    } else {
        match (version(set), first.root.as_deref().and_then(version)) {
            (Some(set), Some(own)) if set != own => {
                Some(format!("{set} lies in it, and {} is {own}", first.program.display()))
            }
            _ => None,
        }
    };
    if let Some(why) = why {
        seen.found(
            told::finding(patient, &settings::GOROOT, &found).evidence(why).fixed(Change::unset(&found)),
        );
    }
}

/// Both are known, and they are not the same version.
fn differ(first: &Installed, other: &Installed) -> bool {
    let version_of = |go: &Installed| go.root.as_deref().and_then(version);
    matches!((version_of(first), version_of(other)), (Some(first), Some(other)) if first != other)
}

fn describe(go: &Installed) -> String {
    let version = go.root.as_deref().and_then(version);
    format!("{} ({})", go.program.display(), version.as_deref().unwrap_or("a script that leads elsewhere"))
}

/// The first line of a Go's VERSION.
pub(super) fn version(root: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(root.join("VERSION")).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    text.lines().next().map(|line| line.trim().to_owned())
}

/// Bytes of a VERSION that are read.
const LONGEST: u64 = 256;
