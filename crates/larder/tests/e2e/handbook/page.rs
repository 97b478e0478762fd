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
    /// The code that is said of it first.
    code: &'static str,
    cures: Vec<&'static str>,
}

impl Section {
    #[track_caller]
    pub(super) fn of(heading: &str) -> Self {
        let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).expect("a heading");
        let text = rest.split("\n## ").next().unwrap();
        let mut blocks = blocks(text, "console");
        let (first, prints) = blocks.remove(0).split_once('\n').unwrap();
        let (_, code) = text.split_once("](doctor/").expect("a code");
        Self {
            command: first.strip_prefix("$ ").expect("a command"),
            prints: prints.to_owned(),
            code: code.split(".md)").next().unwrap(),
            cures: blocks_of(text),
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
    }

    pub(super) fn cures(&self) -> &[&'static str] {
        assert_eq!(self.cures.len(), 2, "one with Larder, one with go alone");
        assert!(self.cures[0].contains("larder ") && !self.cures[1].contains("larder "));
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

fn blocks_of(text: &'static str) -> Vec<&'static str> {
    blocks(text, "sh")
}

/// The code blocks of a language.
fn blocks(text: &'static str, language: &str) -> Vec<&'static str> {
    let open = format!("```{language}\n");
    let rest = text.split(&*open).skip(1);
    rest.map(|rest| rest.split_once("```").expect("an end").0).collect()
}
