//! Proxies that want to know who asks, and logins that are not used for them.

use gomod::{Patterns, ProxyList, ProxyTarget};

use super::{netrc::Netrc, pages::Asking};
use crate::{
    Finding, GoVariable,
    diagnoses::source::{GOAUTH_OFF, NETRC_HTTP, NETRC_PORT},
    doctor::{Patient, Seen, modules::Modules},
};

/// Asks each proxy for which netrc has something that `go` does not use, once, for a module that it is asked for anyway.
/// Only if it then refuses was that meant for it.
pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let netrc = Netrc::read(patient);
    let go = patient.go();
    let Ok(list) = go.value(GoVariable::Proxy).parse::<ProxyList>() else { return seen };
    let off = go.value(GoVariable::Auth).trim() == "off";
    for entry in list.entries() {
        let ProxyTarget::Url(url) = &entry.target else { continue };
        let Some((scheme, rest)) = url.as_str().split_once("://").filter(|(scheme, _)| *scheme != "file")
        else {
            continue;
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let usual = authority.strip_suffix(":443").or_else(|| authority.strip_suffix(":80"));
        let unused = match (scheme, netrc.has(authority), netrc.nearly(authority)) {
            _ if authority.contains('@') => continue,
            ("https", true, _) if off => Some((&GOAUTH_OFF, authority, "GOAUTH=off".to_owned())),
            ("http", true, _) => {
                Some((&NETRC_HTTP, authority, format!("GOPROXY has {scheme}://{authority}")))
            }
            ("https", _, Some((machine, line))) if usual != Some(machine) || usual.is_some() => {
                let line = format!("{}:{line}: machine {machine}", netrc.path().display());
                Some((&NETRC_PORT, authority, line))
            }
            _ => None,
        };
        let Some((diagnosis, authority, line)) = unused else { continue };
        match refusal(patient, url.as_str()) {
            Err(why) => {
                seen.unchecked(format!("netrc: whether {authority} refuses who does not log in, {why}"));
            }
            Ok(None) => {}
            Ok(Some(answer)) => seen.found(
                Finding::new(diagnosis)
                    .name("host", authority.split(':').next().unwrap_or(authority))
                    .name("machine", authority)
                    .name("file", &netrc.path().display().to_string())
                    .evidence(line)
                    .evidence(answer),
            ),
        }
    }
    seen
}

/// What a proxy says that refuses, if it does.
fn refusal(patient: &Patient, proxy: &str) -> Result<Option<String>, String> {
    if patient.offline {
        return Err("with --offline".to_owned());
    }
    let private = [GoVariable::NoProxy, GoVariable::Private]
        .map(|variable| Patterns::new(&patient.go().value(variable)));
    let modules = Modules::of(patient).unwrap_or_default();
    let asked =
        modules.iter().map(|(path, _)| path).find(|path| !private.iter().any(|list| list.matches(path)));
    let Some(module) = asked.and_then(|path| gomod::ModulePath::new(path).ok()) else {
        return Err("as the project has no module to ask it for".to_owned());
    };
    let url = format!("{}/{}/@v/list", proxy.trim_end_matches('/'), module.escaped());
    let (status, _) = Asking::new(patient)?.answer(&url).ok_or("as it does not answer")?;
    Ok(matches!(status, 401 | 403).then(|| format!("GET {url}: {status}")))
}
