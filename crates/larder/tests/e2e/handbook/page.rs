//! The handbook's text, taken apart.

use super::ward::Ward;

const PAGE: &str = include_str!("../../../../../docs/handbook.md");

/// The headings of all situations.
pub(super) fn headings() -> impl Iterator<Item = &'static str> {
    PAGE.lines().filter_map(|line| line.strip_prefix("## "))
}

/// One situation.
pub(super) struct Section {
    /// The command that fails.
    command: &'static str,
    /// What it prints.
    prints: String,
    /// The code that `larder explain` says of it first.
    code: &'static str,
    /// What the doctor is asked.
    doctor: &'static str,
    /// The code that it says, where that is another one.
    root: &'static str,
    cures: Vec<&'static str>,
}

impl Section {
    #[track_caller]
    pub(super) fn of(heading: &str) -> Self {
        let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).expect("a heading");
        let text = rest.split("\n## ").next().unwrap();
        let (first, prints) = blocks(text, "console").remove(0).split_once('\n').unwrap();
        let commands = blocks(text, "sh");
        let (doctor, cures) = commands.split_first().expect("the doctor");
        let (before, _) = text.split_once(doctor).unwrap();
        let codes: Vec<_> =
            before.split("](doctor/").skip(1).map(|code| code.split(".md)").next().unwrap()).collect();
        Self {
            command: first.strip_prefix("$ ").expect("a command"),
            prints: prints.to_owned(),
            code: codes.first().expect("a code"),
            doctor,
            root: codes.last().unwrap(),
            cures: cures.to_vec(),
        }
    }

    /// What was to be cured is so, and Larder says what it is.
    #[track_caller]
    pub(super) fn symptom(&self, ward: &Ward) {
        let ran = ward.sh(self.command).fails();
        let said = ward.anonymous(&ran.stderr);
        let said: String =
            said.split_inclusive('\n').filter(|line| !line.starts_with("go: downloading ")).collect();
        assert_eq!(said, self.prints, "{ran}");
        let report = ward.sh(&format!("larder explain -- {}", self.command));
        assert_eq!(report.code(), Some(1), "{report}");
        let first = report
            .stderr
            .lines()
            .find(|line| line.starts_with('L') && line.contains("  "))
            .unwrap_or_default();
        assert!(first.starts_with(self.code), "{}: {report}", self.code);
        self.diagnosis(ward);
    }

    /// The doctor finds the cause, and says it first.
    #[track_caller]
    pub(super) fn diagnosis(&self, ward: &Ward) {
        assert!(self.doctor.starts_with("larder doctor"), "{}", self.doctor);
        let report = ward.sh(self.doctor);
        assert_eq!(report.code(), Some(1), "{report}");
        let verdict = report.stdout.lines().next().unwrap_or_default();
        assert!(verdict.contains(&format!("({})", self.root)), "{}: {report}", self.root);
    }

    /// One with Larder, unless that is what the doctor says, and one with `go` alone.
    pub(super) fn cures(&self) -> &[&'static str] {
        let (alone, with) = self.cures.split_last().expect("a cure");
        assert!(!alone.contains("larder ") && with.len() <= 1);
        assert!(with.iter().all(|cure| cure.contains("larder ")));
        &self.cures
    }

    /// The symptom is what is printed, whichever cure comes next.
    #[track_caller]
    pub(super) fn holds(&self, ward: &Ward) {
        for cure in self.cures() {
            self.symptom(ward);
            ward.cures(cure);
            ward.relapse();
        }
    }
}

/// The code blocks of a language.
fn blocks(text: &'static str, language: &str) -> Vec<&'static str> {
    let open = format!("```{language}\n");
    let rest = text.split(&*open).skip(1);
    rest.map(|rest| rest.split_once("```").expect("an end").0).collect()
}
