//! Why modules do not come: looks at this machine, its network and a project.

mod check;
mod modules;
pub(crate) mod order;
mod program;

mod network;
mod privacy;
mod settings;
mod source;
mod state;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::OnceCell,
    task::{JoinError, JoinSet},
};

pub use check::{Check, Run, Seen};

use crate::{Diagnosis, Environment, GoSettings, Report, Severity};

/// What the doctor looks at.
pub struct Patient {
    /// The directory of the project, absolute.
    pub dir: PathBuf,
    /// The variables that `go` would be run with.
    pub env: Environment,
    go: GoSettings,
    root: Option<PathBuf>,
    /// Nothing may leave this machine.
    pub offline: bool,
    /// How long one step of a probe may take.
    pub patience: Duration,
    /// What the first check that looks at the network sees for all of them.
    network: OnceCell<network::Survey>,
}

impl Patient {
    /// A project in a directory, as `go` would see it with these variables.
    pub fn read(dir: PathBuf, env: Environment, offline: bool) -> Self {
        let go = GoSettings::read(&env);
        let root = dir.ancestors().find(|dir| dir.join("go.mod").is_file()).map(Path::to_owned);
        Patient { dir, env, go, root, offline, patience: STEP, network: OnceCell::new() }
    }

    /// What `go` was told, and by whom.
    pub fn go(&self) -> &GoSettings {
        &self.go
    }

    /// The directory of the main module: the nearest one at or above the project's that has a `go.mod`.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }
}

/// Everything that the doctor looks at, in order of cause.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [settings::CHECKS, privacy::CHECKS, network::CHECKS, source::CHECKS, state::CHECKS].into_iter().flatten()
}

/// Which checks find something.
pub fn checks_of(diagnosis: &Diagnosis) -> impl Iterator<Item = &'static Check> {
    checks().filter(move |check| check.finds.iter().any(|found| found.code == diagnosis.code))
}

/// Runs these checks, all at once, and says what they saw, the root cause first. `done` hears of each that has ended.
/// None takes longer than [`CHECK`], but one that waits for the system may stay behind on its thread.
pub async fn examine(
    patient: Arc<Patient>,
    checks: impl IntoIterator<Item = &'static Check>,
    mut done: impl FnMut(&Check),
) -> Report {
    let mut running = JoinSet::new();
    for (place, check) in checks.into_iter().enumerate() {
        let patient = Arc::clone(&patient);
        running.spawn(async move {
            let seen = match check.run {
                Run::Blocking(look) => {
                    let looking = tokio::task::spawn_blocking(move || look(&patient));
                    tokio::time::timeout(CHECK, looking)
                        .await
                        .map(|ended| ended.unwrap_or_else(|error| broken(&error)))
                }
                Run::Waiting(look) => tokio::time::timeout(CHECK, look(&patient)).await,
            };
            let seen = seen.unwrap_or_else(|_| {
                let mut seen = Seen::default();
                seen.unchecked(format!("{}: took longer than {} s", check.about, CHECK.as_secs()));
                seen
            });
            (place, check, seen)
        });
    }
    let mut ended = Vec::with_capacity(running.len());
    while let Some(next) = running.join_next().await {
        match next {
            Ok(one) => {
                done(one.1);
                ended.push(one);
            }
            Err(error) => ended.push((usize::MAX, &NOBODY, broken(&error))),
        }
    }
    ended.sort_by_key(|(place, ..)| *place);
    let mut all = Seen::default();
    for (_, _, seen) in ended {
        all.add(seen);
    }
    let findings = order::by_cause(all.findings);
    Report {
        verdict: verdict(&findings, &all.unchecked),
        findings,
        passed: all.passed,
        unchecked: all.unchecked,
    }
}

/// What is seen by a check that broke: that is a fault of Larder, and nothing of the patient.
fn broken(error: &JoinError) -> Seen {
    let mut seen = Seen::default();
    seen.unchecked(format!("a check broke off, which is a fault of larder: {error}"));
    seen
}

/// The check that a broken task was, which can no longer be asked.
static NOBODY: Check = Check { name: "", about: "", finds: &[], run: Run::Blocking(|_| Seen::default()) };

fn verdict(findings: &[crate::Finding], unchecked: &[String]) -> String {
    let but = match unchecked.len() {
        0 => String::new(),
        1 => "; one thing could not be checked".to_owned(),
        more => format!("; {more} things could not be checked"),
    };
    let Some(first) = findings.first() else {
        return match unchecked {
            [] => "nothing found: modules should come".to_owned(),
            _ => format!("nothing found in what was checked{but}"),
        };
    };
    let others = match findings.iter().filter(|finding| finding.follows.is_none()).count().saturating_sub(1) {
        0 => String::new(),
        1 => "; one more thing is wrong".to_owned(),
        more => format!("; {more} more things are wrong"),
    };
    let title = first.names.fill(first.diagnosis.title);
    match first.diagnosis.severity {
        Severity::Error => format!("{title} ({}){others}{but}", first.code()),
        Severity::Risk => format!("it works, at a risk: {title} ({}){others}{but}", first.code()),
    }
}

/// How long a check may take in all.
pub const CHECK: Duration = Duration::from_secs(20);
/// How long one step of a probe may take.
const STEP: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Finding, Names, diagnoses};

    #[test]
    fn checks_are_told_from_each_other() {
        let names: BTreeSet<_> = checks().map(|check| check.name).collect();
        assert_eq!(names.len(), checks().count());
        for check in checks() {
            assert!(check.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", check.name);
            assert!(!check.finds.is_empty(), "{} finds nothing", check.name);
            for found in check.finds {
                assert!(diagnoses::all().any(|known| known == *found), "{}", found.code);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_or_breaks_is_not_clean() {
        static SLOW: Check = Check {
            name: "slow",
            about: "something slow",
            finds: &[],
            run: Run::Waiting(|_| Box::pin(std::future::pending())),
        };
        static BROKEN: Check = Check {
            name: "broken",
            about: "something broken",
            finds: &[],
            run: Run::Blocking(|_| panic!("as it should")),
        };
        let patient = Arc::new(Patient::read(PathBuf::from("/nowhere"), Environment::default(), true));
        let report = examine(patient, [&SLOW, &BROKEN], |_| {}).await;
        assert_eq!((report.findings.len(), report.passed.len(), report.unchecked.len()), (0, 0, 2));
        assert_eq!(report.verdict, "nothing found in what was checked; 2 things could not be checked");
    }

    #[test]
    fn the_verdict_is_the_first_finding() {
        let mut names = Names::default();
        names.set("host", "proxy.example.com");
        let finding = Finding { names, ..Finding::new(&diagnoses::network::REFUSED) };
        let text = verdict(&[finding.clone(), finding], &["x".to_owned()]);
        assert_eq!(
            text,
            "Nothing listens at proxy.example.com (L2-CONNECT-REFUSED); one more thing is wrong; \
             one thing could not be checked"
        );
    }
}
