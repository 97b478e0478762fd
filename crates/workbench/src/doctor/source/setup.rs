//! git itself: whether its settings can be read, and whether it trusts the project's directory.

use std::time::Duration;

use crate::{
    Finding, GoVariable,
    diagnoses::source::{GIT_CONFIG, GIT_OWNER},
    doctor::{
        Patient, Seen,
        program::{Program, Silent},
    },
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let git = || Program::new("git", &patient.env);
    let settings = match git().and_then(|git| git.args(["config", "--list", "--name-only"]).run(QUICK)) {
        Ok(said) => said,
        // Whether anything needs one is another check's.
        Err(Silent::Absent) => return seen,
        Err(error) => {
            seen.unchecked(format!("git: {error}"));
            return seen;
        }
    };
    if settings.code != Some(0) && settings.stderr.contains("bad config") {
        let line = settings.stderr.lines().find(|line| line.contains("bad config")).unwrap_or_default();
        let file = line.rsplit_once(" in file ").map_or("", |(_, file)| file.trim());
        seen.found(Finding::new(&GIT_CONFIG).name("file", file).evidence(line.trim()));
        return seen;
    }
    if let Some(root) = patient.root()
        && root.ancestors().any(|dir| dir.join(".git").exists())
        && !patient.go().value(GoVariable::Flags).contains("-buildvcs=false")
        && let Ok(said) = git().and_then(|git| git.args(["rev-parse", "--git-dir"]).dir(root).run(QUICK))
        && said.stderr.contains("dubious ownership")
    {
        let line = said.stderr.lines().next().unwrap_or_default();
        seen.found(Finding::new(&GIT_OWNER).evidence(line.trim()));
        return seen;
    }
    seen.passed("git: its settings can be read");
    seen
}

/// How long a git may take that asks nobody.
const QUICK: Duration = Duration::from_secs(5);
