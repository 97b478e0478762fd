//! Variables that switch something: modules, toolchains, workspaces, version control, credentials.

use std::path::Path;

use super::{
    super::{Patient, Seen, program::is_program},
    goauth, installed, told,
};
use crate::{Change, Finding, Found, GoVariable, diagnoses::settings};

/// Looks at the value of one variable.
type Look = fn(&Patient, &Found, &mut Seen);

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let looks: [(GoVariable, Look); 5] = [
        (GoVariable::Modules, modules),
        (GoVariable::Toolchain, toolchain),
        (GoVariable::Work, work),
        (GoVariable::Vcs, vcs),
        (GoVariable::Auth, goauth::look),
    ];
    for (variable, look) in looks {
        if let Some(found) = patient.go().get(variable) {
            look(patient, &found, &mut seen);
        }
    }
    if seen.is_clean() {
        seen.passed("GO111MODULE, GOTOOLCHAIN, GOWORK, GOVCS and GOAUTH hold nothing that go cannot use");
    }
    seen
}

/// A finding that taking the setting away mends.
pub(super) fn wrong(
    patient: &Patient,
    diagnosis: &'static crate::Diagnosis,
    found: &Found,
    why: &str,
) -> Finding {
    told::finding(patient, diagnosis, found).evidence(why).fixed(Change::unset(found))
}

fn modules(patient: &Patient, found: &Found, seen: &mut Seen) {
    let why = match found.value.as_str() {
        "on" | "auto" => return,
        "off" => "go then fetches into GOPATH as before there were modules, and reads no go.mod",
        _ => "go knows on, off and auto, and fails of anything else",
    };
    seen.found(wrong(patient, &settings::MODULES_OFF, found, why));
}

/// As cmd/go/internal/toolchain, Select.
fn toolchain(patient: &Patient, found: &Found, seen: &mut Seen) {
    let (name, suffix) = match found.value.split_once('+') {
        Some((name, suffix)) => (name, Some(suffix)),
        None => (found.value.as_str(), None),
    };
    let fault = if suffix.is_some_and(|suffix| !matches!(suffix, "auto" | "path")) {
        Some("behind the sign stands auto or path")
    } else if matches!((name, suffix), ("auto" | "path", None) | ("local", _)) {
        None
    } else {
        version_fault(name)
    };
    if let Some(fault) = fault {
        seen.found(wrong(patient, &settings::TOOLCHAIN_SYNTAX, found, fault));
        return;
    }
    let local = patient.go().goroot().and_then(installed::version);
    let older = local.as_deref().is_some_and(|local| numbers(local) < numbers(name));
    let there = patient.env.path().any(|dir| is_program(&dir.join(name)));
    if name.starts_with("go1") && suffix == Some("path") && older && !there {
        let why =
            format!("{name} is newer than {}, and no program {name} is in PATH", local.unwrap_or_default());
        seen.found(wrong(patient, &settings::TOOLCHAIN_PATH, found, &why));
    }
}

/// Why a text is no version of a toolchain: since Go 1.21 the first one of a language is called go1.21.0.
fn version_fault(name: &str) -> Option<&'static str> {
    let Some(version) = name.strip_prefix("go") else {
        return Some("a toolchain is called go and its version");
    };
    let version = version.split('-').next().unwrap_or(version);
    let before = version.find(|c: char| c.is_ascii_lowercase()).unwrap_or(version.len());
    let (plain, pre) = version.split_at_checked(before)?;
    let parts: Vec<_> = plain.split('.').map(str::parse::<u32>).collect();
    let known_pre = pre.is_empty()
        || ["rc", "beta"].iter().any(|kind| pre.strip_prefix(kind).is_some_and(|n| n.parse::<u32>().is_ok()));
    match parts.as_slice() {
        [Ok(1), Ok(minor)] if *minor >= 21 && pre.is_empty() => {
            Some("that is a version of the language; a toolchain of it is called .0, .1 and so on")
        }
        [Ok(1), Ok(_)] | [Ok(1), Ok(_), Ok(_)] if known_pre => None,
        _ => Some("that is no version of Go"),
    }
}

/// The numbers of a version, for comparing; a release candidate counts as its release.
fn numbers(version: &str) -> Vec<u32> {
    let version = version.trim_start_matches("go").split([' ', '-']).next().unwrap_or_default();
    version
        .split('.')
        .map(|part| {
            part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().parse().unwrap_or_default()
        })
        .collect()
}

fn work(patient: &Patient, found: &Found, seen: &mut Seen) {
    let file = Path::new(&found.value);
    let why = match found.value.as_str() {
        "off" => return,
        _ if !file.is_absolute() => "GOWORK is off or an absolute path",
        _ if !file.is_file() => "there is no such file",
        _ => return,
    };
    seen.found(wrong(patient, &settings::GOWORK, found, why));
}

/// As cmd/go/internal/vcs, parseGOVCS.
fn vcs(patient: &Patient, found: &Found, seen: &mut Seen) {
    let mut patterns = Vec::new();
    let mut fault = None;
    for item in found.value.split(',').map(str::trim) {
        let (pattern, list) =
            item.split_once(':').map_or((item, None), |(pattern, list)| (pattern.trim(), Some(list.trim())));
        let what = match (pattern, list) {
            (_, None) if item.is_empty() => Some("holds an empty entry"),
            (_, None) => Some("has no colon"),
            ("", _) => Some("names no pattern before its colon"),
            (_, Some("")) => Some("names no system behind its colon"),
            (pattern, _) if patterns.contains(&pattern) => Some("is there twice"),
            (_, Some(list)) if list.split('|').any(|vcs| vcs.trim().is_empty()) => {
                Some("holds an empty name")
            }
            _ => None,
        };
        fault = fault.or(what.map(|what| format!("{:?} {what}", told::shown(item))));
        patterns.push(pattern);
    }
    if let Some(fault) = fault {
        seen.found(wrong(patient, &settings::GOVCS_SYNTAX, found, &fault));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toolchains_have_names() {
        for (name, good) in [
            ("go1.21.0", true),
            ("go1.22rc1", true),
            ("go1.20", true),
            ("go1.23.4-custom", true),
            ("go1.21", false),
            ("1.22.0", false),
            ("go2.0.0", false),
            ("latest", false),
            ("go1.22.x", false),
            ("go1", false),
        ] {
            assert_eq!(version_fault(name).is_none(), good, "{name}");
        }
        assert!(numbers("go1.9.7") < numbers("go1.21.0") && numbers("go1.26.8") < numbers("go1.99.0"));
    }
}
