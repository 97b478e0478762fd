//! GOFLAGS: what is no flag, what this go does not know, what it refuses.

use std::path::Path;

use super::{
    super::{Patient, Seen, program},
    told,
};
use crate::{
    Change, Found, GoVariable,
    diagnoses::settings::{self, value},
    go_settings::words,
    project::{absolute, workspace_file},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(found) = patient.go().get(GoVariable::Flags) else {
        seen.passed("GOFLAGS is not set");
        return seen;
    };
    let flags = words(&found.value);
    if let Some(word) = flags.iter().find(|word| !is_flag(word)) {
        let finding = told::finding(patient, &settings::GOFLAGS, &found);
        seen.found(finding.evidence(format!("{:?} is no flag", told::shown(word))));
        return seen;
    }
    let name = |flag: &&&str| flag.trim_start_matches('-').split('=').next() == Some("insecure");
    if let Some(flag) = flags.iter().find(name) {
        seen.found(told::finding(patient, &value::FLAG_INSECURE, &found).fixed(without(&found, flag)));
    }
    for flag in flags.iter().filter(|flag| flag.trim_start_matches('-') == "mod=vendor") {
        if lacks_vendor(patient) {
            seen.found(told::finding(patient, &value::FLAG_VENDOR, &found).fixed(without(&found, flag)));
        }
    }
    if let Some(why) = patient.root().and_then(|_| unusable(patient)) {
        let names = |flag: &&str| flag.trim_start_matches('-').starts_with("modfile=");
        let flag = words(&found.value).into_iter().rev().find(names).unwrap_or_default();
        let finding = told::finding(patient, &value::FLAG_MODFILE, &found).evidence(why);
        seen.found(finding.fixed(without(&found, flag)));
    }
    unknown(patient, &found, &mut seen);
    if seen.is_clean() {
        seen.passed(format!("this go knows the flags of GOFLAGS={}", told::shown(&found.value)));
    }
    seen
}

/// As cmd/go/internal/base, InitGOFLAGS.
fn is_flag(word: &str) -> bool {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
    name.is_some_and(|name| !name.is_empty() && !name.starts_with(['-', '=']))
}

/// The setting without a flag.
fn without(found: &Found, flag: &str) -> Option<Change> {
    let rest: Vec<_> = words(&found.value).into_iter().filter(|word| *word != flag).collect();
    if rest.is_empty() { Change::unset(found) } else { Change::set(found, &rest.join(" ")) }
}

/// Something is required, and neither the module nor a workspace above it has a vendor directory.
fn lacks_vendor(patient: &Patient) -> bool {
    let Some(root) = patient.root() else { return false };
    let requires = std::fs::read(root.join("go.mod"))
        .ok()
        .and_then(|text| gomod::GoMod::parse(&text).ok())
        .is_some_and(|file| !file.require().is_empty());
    let has = |dir: &Path| dir.join("vendor").is_dir() && (dir == root || dir.join("go.work").is_file());
    requires && !root.ancestors().any(has)
}

/// Why `go` cannot take the go.mod that -modfile names, if it does (cmd/go/internal/modload, `Init`).
fn unusable(patient: &Patient) -> Option<String> {
    let named = patient.go().flag("modfile").filter(|named| !named.is_empty())?;
    let file = absolute(&patient.dir, &named);
    let is_mod = file.extension().is_some_and(|ending| ending == "mod");
    let shown = told::shown(&named);
    match workspace_file(&patient.dir, patient.go()) {
        Some(work) => Some(format!("-modfile={shown}, in the workspace of {}", work.display())),
        None if !is_mod => Some(format!("-modfile={shown}: the name does not end in .mod")),
        None if !file.is_file() => Some(format!("-modfile={shown}: {} is not there", file.display())),
        None => None,
    }
}

/// Only go itself knows its flags.
fn unknown(patient: &Patient, found: &Found, seen: &mut Seen) {
    let ran = program::run(patient, "go", &["version"], &[("GOTOOLCHAIN", "local")]);
    match ran {
        Ok(said) => {
            if let Some(line) = said.lines().find(|line| line.contains("parsing $GOFLAGS: unknown flag")) {
                let finding = told::finding(patient, &value::FLAG_UNKNOWN, found).evidence(told::shown(line));
                let flag = line.rsplit(' ').next().unwrap_or_default();
                let bad = words(&found.value).into_iter().find(|word| {
                    word.trim_start_matches('-').split('=').next() == Some(flag.trim_start_matches('-'))
                });
                seen.found(finding.fixed(bad.and_then(|bad| without(found, bad))));
            }
        }
        Err(error) => seen.unchecked(format!("whether this go knows the flags of GOFLAGS: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_known_as_go_knows_them() {
        for (word, want) in
            [("-a", true), ("--a=b", true), ("a", false), ("-", false), ("---a", false), ("-=a", false)]
        {
            assert_eq!(is_flag(word), want, "{word}");
        }
    }
}
