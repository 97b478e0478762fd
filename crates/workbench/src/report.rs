//! What was found, for people and for programs.

use std::fmt::Write as _;

use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::json;

use crate::{Change, Diagnosis, Names};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is, or most likely is.
    pub diagnosis: &'static Diagnosis,
    /// What shows it: lines of a log, answers of a server. Without secrets.
    pub evidence: Vec<String>,
    /// What it is about.
    pub names: Names,
    /// What would mend it without a doubt, in the user's own settings of go.
    pub(crate) changes: Vec<Change>,
    /// What else it may be, the likelier first.
    pub alternatives: Vec<&'static Diagnosis>,
    /// The doctor's checks that would prove it, or tell it from the alternatives, where that is still open.
    pub checks: Vec<&'static str>,
    /// The code of the finding that it follows from: with that cured, it goes.
    pub follows: Option<&'static str>,
}

/// All that was found, the root cause first, and what is in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One sentence.
    pub verdict: String,
    /// What is wrong, in order of cause.
    pub findings: Vec<Finding>,
    /// What was looked at and is fine, a line each.
    pub passed: Vec<String>,
    /// What could not be looked at, and why.
    pub unchecked: Vec<String>,
}

impl Finding {
    /// A finding of which nothing is known but what it is.
    pub fn new(diagnosis: &'static Diagnosis) -> Self {
        Finding {
            diagnosis,
            evidence: Vec::new(),
            names: Names::default(),
            changes: Vec::new(),
            alternatives: Vec::new(),
            checks: Vec::new(),
            follows: None,
        }
    }

    /// Says what it is about.
    #[must_use]
    pub fn name(mut self, place: &'static str, name: &str) -> Self {
        self.names.set(place, name);
        self
    }

    /// Says what shows it.
    #[must_use]
    pub fn evidence(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    /// Says what would mend it, if that can be done.
    #[must_use]
    pub(crate) fn fixed(mut self, change: Option<Change>) -> Self {
        self.changes.extend(change);
        self
    }

    /// The code as it is shown.
    pub fn code(&self) -> &'static str {
        self.diagnosis.code
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Diagnosis { code, layer, severity, title, cause, .. } = self.diagnosis;
        let alternatives: Vec<_> = self.alternatives.iter().map(|other| {
            json!({"code": other.code, "layer": other.layer, "title": self.names.fill(other.title), "cause": self.names.fill(other.cause), "cure": cure(other, &self.names)})
        }).collect();
        let mut out = serializer.serialize_struct("Finding", 10)?;
        out.serialize_field("code", code)?;
        out.serialize_field("layer", layer)?;
        out.serialize_field("severity", severity)?;
        out.serialize_field("title", &self.names.fill(title))?;
        out.serialize_field("evidence", &self.evidence)?;
        out.serialize_field("cause", &self.names.fill(cause))?;
        out.serialize_field("cure", &cure(self.diagnosis, &self.names))?;
        out.serialize_field("alternatives", &alternatives)?;
        out.serialize_field("checks", &self.checks)?;
        out.serialize_field("follows", &self.follows)?;
        out.end()
    }
}

fn cure(diagnosis: &Diagnosis, names: &Names) -> serde_json::Value {
    let commands: Vec<_> = diagnosis.commands.iter().map(|command| names.fill(command)).collect();
    json!({"text": names.fill(diagnosis.cure), "commands": commands})
}

impl Report {
    /// The JSON form, with a line feed at its end.
    pub fn json(&self) -> String {
        // No map in it has keys that are not text, so this cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The text for people. Control characters of what others wrote are gone from it.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.verdict);
        for finding in &self.findings {
            finding.write(&mut out);
        }
        for (mark, lines) in [("ok", &self.passed), ("??", &self.unchecked)] {
            if !lines.is_empty() {
                out.push('\n');
            }
            for line in lines {
                let _ = writeln!(out, "{mark}  {}", plain(line));
            }
        }
        out
    }
}

impl Finding {
    fn write(&self, out: &mut String) {
        let Diagnosis { code, title, cause, .. } = self.diagnosis;
        let fill = |text| self.names.fill(text);
        let _ = writeln!(out, "\n{code}  {}", fill(title));
        if let Some(cause) = self.follows {
            let _ = writeln!(out, "    follows from {cause}");
        }
        for line in &self.evidence {
            let _ = writeln!(out, "    | {}", plain(line));
        }
        let _ = writeln!(out, "  why   {}", fill(cause));
        let _ = writeln!(out, "  cure  {}", fill(self.diagnosis.cure));
        for command in self.diagnosis.commands {
            let _ = writeln!(out, "          {}", fill(command));
        }
        for (n, other) in self.alternatives.iter().enumerate() {
            let or = if n == 0 { "  or    " } else { "        " };
            let _ = writeln!(out, "{or}{}: {}", other.code, fill(other.title));
        }
        if !self.checks.is_empty() {
            let _ = writeln!(out, "  which larder doctor --check {}", self.checks.join(","));
        }
    }
}

/// A text from elsewhere, fit for a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect()
}
