//! GOAUTH: are its programs there, and do they say what `go` takes?

use std::path::{Path, PathBuf};

use gomod::{ProxyList, ProxyTarget};

use super::{
    super::{
        Patient, Seen,
        program::{Program, Silent, find, is_program},
    },
    single::wrong,
    told,
};
use crate::{Finding, Found, GoVariable, diagnoses::settings, go_settings::words};

pub(super) fn look(patient: &Patient, found: &Found, seen: &mut Seen) {
    if let Err(error) = found.value.parse::<vcs::GoAuth>() {
        seen.found(wrong(patient, &settings::GOAUTH, found, &error.to_string()));
        return;
    }
    for command in found.value.split(';').map(str::trim) {
        let mut plain = command.split_whitespace();
        let why = match plain.next().unwrap_or_default() {
            "off" | "netrc" => None,
            "git" if plain.next().is_some_and(|dir| Path::new(dir).is_dir()) => None,
            "git" => Some("the directory of git is not there".to_owned()),
            _ => program(patient, &words(command), seen),
        };
        if let Some(why) = why {
            let finding = Finding::new(&settings::GOAUTH).name("variable", "GOAUTH").evidence(why);
            seen.found(finding.evidence(format!("GOAUTH is set in {}", found.place)));
        }
    }
}

/// What is wrong with a program, if anything is. Its arguments and what it says may be secret, and are shown to nobody.
fn program(patient: &Patient, words: &[&str], seen: &mut Seen) -> Option<String> {
    let (first, args) = words.split_first()?;
    let name = told::shown(first);
    let path = match place(patient, first) {
        Ok(path) => path,
        Err(why) => return Some(why),
    };
    if !is_run_by_go(patient) {
        return None;
    }
    if patient.offline {
        seen.unchecked(format!("GOAUTH: what {name} gives, with --offline"));
        return None;
    }
    // As cmd/go runs it before its first request: without a URL, and with nothing to read.
    let run = Program::at(&path, &patient.env).args(args).dir(&patient.dir).run(patient.patience);
    match run {
        Ok(said) if said.code != Some(0) => Some(match said.code {
            Some(code) => format!("{name} ends with exit status {code}, so that go has nothing of it"),
            None => format!("{name} is ended by a signal, so that go has nothing of it"),
        }),
        Ok(said) if !vcs::GoAuth::takes(&said.stdout) => Some(format!(
            "what {name} gives is not of the form that go takes: URLs, an empty line, headers, an empty line"
        )),
        Ok(_) => None,
        Err(error @ Silent::Late(_)) => {
            Some(format!("{name}: {error}, asked nothing and with nobody to ask; go waits for it for ever"))
        }
        Err(error) => Some(format!("{name}: {error}")),
    }
}

/// Where a program lies.
fn place(patient: &Patient, first: &str) -> Result<PathBuf, String> {
    if first.contains('/') {
        let path = patient.dir.join(first);
        let no_program = || format!("{} is no program that can be run", told::shown(first));
        return is_program(&path).then_some(path).ok_or_else(no_program);
    }
    find(first, &patient.env).ok_or_else(|| format!("there is no program {} in PATH", told::shown(first)))
}

/// Whether `go` runs the programs of GOAUTH: it does before its first request over TLS.
fn is_run_by_go(patient: &Patient) -> bool {
    let list = patient.go().value(GoVariable::Proxy).parse::<ProxyList>();
    list.is_ok_and(|list| {
        list.entries().iter().any(|entry| match &entry.target {
            ProxyTarget::Url(url) => url.as_str().starts_with("https:"),
            ProxyTarget::Direct => true,
            ProxyTarget::Off => false,
        })
    })
}
