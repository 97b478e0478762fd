//! The file that `go env -w` writes: whether it is read, and what in it is not.

use std::{fs::File, io::Read, path::Path};

use super::{
    super::{Patient, Seen},
    told, trace,
};
use crate::{
    Finding,
    diagnoses::settings::{risk, value},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    hidden(patient, &mut seen);
    let Some(file) = patient.go().user_file() else {
        if seen.is_clean() {
            seen.passed("no user's settings file of go counts");
        }
        return seen;
    };
    let shown = file.display().to_string();
    if let Some(warning) = patient.go().warnings().iter().find(|warning| warning.contains(&shown)) {
        let finding = Finding::new(&value::ENV_UNREADABLE).evidence(warning);
        let exported = patient.env.text("GOENV").map(|value| told::exported(patient, "GOENV", value));
        seen.found(exported.into_iter().flatten().fold(finding, Finding::evidence));
        return seen;
    }
    for (number, line) in (1..).zip(text(file).unwrap_or_default().lines()) {
        if let Some((name, value)) = ignored(line) {
            let mut finding = Finding::new(&value::ENV_LINE).name("variable", name);
            if told::is_plain(value) {
                finding = finding.name("value", value);
            }
            seen.found(finding.evidence(format!("{shown}:{number}: {}", told::shown(line))));
        }
    }
    if seen.is_clean() {
        seen.passed(format!("{shown} holds nothing that go would pass over"));
    }
    seen
}

/// A file of settings that GOENV keeps from being read.
fn hidden(patient: &Patient, seen: &mut Seen) {
    let (Some(goenv), Some(own)) =
        (patient.env.text("GOENV"), patient.env.config_dir().map(|dir| dir.join("go/env")))
    else {
        return;
    };
    if Path::new(goenv) == own {
        return;
    }
    let text = text(&own).unwrap_or_default();
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| is_name(name))
        .collect();
    if names.is_empty() {
        return;
    }
    let mut finding = Finding::new(&risk::ENV_OFF)
        .evidence(format!("GOENV={} in the environment", told::shown(goenv)))
        .evidence(format!("{} sets {}", own.display(), names.join(", ")));
    for export in trace::trace(patient, "GOENV") {
        finding = finding.evidence(format!("{} sets it", export.place));
    }
    seen.found(finding);
}

/// A line that means to set a variable of go and does not: its name and its value.
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (before, value) = line.split_once('=')?;
    if line.starts_with('#') || is_name(before) {
        return None;
    }
    let trimmed = before.trim();
    let name =
        trimmed.strip_prefix("export ").or_else(|| trimmed.strip_prefix("set ")).unwrap_or(trimmed).trim();
    let value = value.trim().trim_matches(['"', '\'']);
    is_name(&name.to_ascii_uppercase()).then_some((name, value))
}

/// A name as go takes it, from the first letter of the line to the sign.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn text(file: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// No settings file of Go comes near.
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_go_passes_over() {
        for (line, want) in [
            ("GOPROXY=https://a.example", None),
            ("# GOPROXY=off", None),
            ("", None),
            ("export GOPROXY=\"off\"", Some(("GOPROXY", "off"))),
            (" GOPROXY=off", Some(("GOPROXY", "off"))),
            ("GOPROXY = off", Some(("GOPROXY", "off"))),
            ("goproxy=off", Some(("goproxy", "off"))),
            ("some text, a=b", None),
        ] {
            assert_eq!(ignored(line), want, "{line}");
        }
    }
}
