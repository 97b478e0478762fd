//! The list of proxies: what go cannot read, what it never asks, what it refuses.

use gomod::{ModuleVersion, ProxyTarget, SourceUrl};

use super::{
    super::{Patient, Seen, modules::Modules},
    told,
};
use crate::{
    Change, Found, GoVariable,
    diagnoses::{
        proxy,
        settings::{self, risk, value},
    },
    modcache::{ModCache, Part},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(found) = patient.go().get(GoVariable::Proxy) else {
        seen.passed("GOPROXY is not set, so that go's own default counts");
        return seen;
    };
    let entries: Vec<_> = entries(&found.value).collect();
    let Some(first) = entries.first() else {
        seen.found(told::finding(patient, &settings::PROXY_EMPTY, &found).fixed(Change::unset(&found)));
        return seen;
    };
    if *first == "off" {
        off(patient, &found, &mut seen);
    }
    dead(patient, &found, &entries, &mut seen);
    for entry in entries.iter().take_while(|entry| !matches!(**entry, "direct" | "off")) {
        url(patient, &found, entry, &mut seen);
    }
    if seen.is_clean() {
        let slash = entries.iter().any(|entry| entry.ends_with('/'));
        let slash = if slash { "; the slash at the end of an entry means nothing" } else { "" };
        seen.passed(format!(
            "GOPROXY={} in {} is a list that go can read{slash}",
            told::shown(&found.value),
            found.place
        ));
    }
    seen
}

/// The entries, as go takes them apart: at commas and bars, trimmed, without empty ones.
pub(super) fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', '|']).map(str::trim).filter(|entry| !entry.is_empty())
}

/// The hosts of the list that are asked, with their ports, as they are written.
pub(super) fn hosts(list: &str) -> impl Iterator<Item = &str> {
    entries(list).take_while(|entry| !matches!(*entry, "direct" | "off")).filter_map(host)
}

/// The host of an entry, with its port; none of a file.
pub(super) fn host(entry: &str) -> Option<&str> {
    let rest = match entry.split_once("://") {
        Some(("http" | "https", rest)) => rest,
        None if entry.contains(['.', ':']) && !entry.starts_with('/') => entry,
        Some(_) | None => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host).filter(|host| !host.is_empty())
}

/// GOPROXY=off fails only where something has to be fetched.
fn off(patient: &Patient, found: &Found, seen: &mut Seen) {
    let cache = patient.go().mod_cache().map(ModCache::new);
    let lies_here =
        |module: &ModuleVersion| cache.as_ref().is_some_and(|cache| cache.file(module, Part::Mod).is_file());
    let modules = Modules::of(patient);
    let lacking = match &modules {
        Some(modules) if modules.is_vendored() => Some(None),
        Some(modules) if modules.requires_something() => {
            Some(modules.required().find(|module| !lies_here(module)))
        }
        Some(_) | None => None,
    };
    match lacking {
        Some(None) => seen.passed("GOPROXY=off forbids every fetch, and this project needs none"),
        Some(Some(version)) => {
            let finding = told::finding(patient, &settings::PROXY_OFF, found);
            let line = format!("{version} does not lie in the module cache");
            let module = version.path().to_string();
            seen.found(finding.name("module", &module).evidence(line).fixed(Change::unset(found)));
        }
        None => {
            seen.found(told::finding(patient, &settings::PROXY_OFF, found).fixed(Change::unset(found)));
        }
    }
}

/// Entries behind `direct` or `off`. A mere `off` there changes nothing and deceives nobody.
fn dead(patient: &Patient, found: &Found, entries: &[&str], seen: &mut Seen) {
    let Some(end) = entries.iter().position(|entry| matches!(*entry, "direct" | "off")) else { return };
    let behind: Vec<_> = entries
        .iter()
        .skip(end + 1)
        .filter(|entry| **entry != "off")
        .map(|entry| told::shown(entry))
        .collect();
    if let (Some(word), false) = (entries.get(end), behind.is_empty()) {
        let finding = told::finding(patient, &risk::DEAD_ENTRY, found).name("entry", word);
        seen.found(finding.evidence(format!("never asked: {}", behind.join(", "))));
    }
}

fn url(patient: &Patient, found: &Found, entry: &str, seen: &mut Seen) {
    let target = entry
        .parse::<gomod::ProxyList>()
        .map(|list| list.entries().first().map(|entry| entry.target.clone()));
    match target {
        Err(error) => {
            let finding =
                told::finding(patient, &settings::PROXY_URL, found).name("entry", &told::shown(entry));
            seen.found(finding.evidence(crate::masked(&error.to_string())));
        }
        Ok(Some(ProxyTarget::Url(url))) if lacks_directory(&url) => {
            let dir = url.as_str().trim_start_matches("file://");
            let finding = told::finding(patient, &proxy::NO_DIRECTORY, found).name("file", &told::shown(dir));
            seen.found(finding.evidence(format!("{}: there is no such directory", told::shown(dir))));
        }
        Ok(Some(ProxyTarget::Url(url))) if is_plain_password(&url) => {
            let host = host(entry).unwrap_or_default();
            seen.found(told::finding(patient, &value::PLAIN_PASSWORD, found).name("host", host));
        }
        Ok(_) => {}
    }
}

/// Whether this is a directory that is not there.
fn lacks_directory(url: &SourceUrl) -> bool {
    let url = url::Url::parse(url.as_str()).ok().filter(|url| url.scheme() == "file");
    url.and_then(|url| url.to_file_path().ok()).is_some_and(|dir| !dir.is_dir())
}

/// User and password over http, which cmd/go refuses (cmd/go/internal/web).
fn is_plain_password(url: &SourceUrl) -> bool {
    let url = url.as_str();
    url.strip_prefix("http://")
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .is_some_and(|host| host.contains('@'))
}
