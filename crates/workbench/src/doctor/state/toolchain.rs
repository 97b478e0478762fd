//! The version of Go that the project asks for: is it here, and if not, can it come?

use gomod::{ProxyList, ProxyTarget};

use super::case;
use crate::{
    Finding, GoVariable, Patient, Seen,
    diagnoses::settings,
    project::{Project, ProjectError},
    toolchain::{Mode, Platform, Wanted, installed, name, wanted},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let project = match Project::read(&patient.dir, patient.go()) {
        Ok(project) => project,
        Err(ProjectError::None(_)) => return seen,
        Err(error) => {
            seen.unchecked(format!("the version of Go: {error}"));
            return seen;
        }
    };
    let Some(local) = installed(patient.go()) else {
        seen.unchecked("the version of Go: no Go is installed, or its VERSION file cannot be read");
        return seen;
    };
    let setting = patient.go().value(GoVariable::Toolchain);
    let mode = Mode::of(&setting);
    let wanted = wanted(&project, &mode);
    // A go before 1.21 knows nothing of other ones.
    let fixed = matches!(mode, Mode::Never | Mode::Named(_)) || !local.is_at_least(1, 21);
    let base = mode.base().filter(|base| local.precedence(base).is_lt()).unwrap_or(&local).clone();
    let Some(Wanted { version, why }) =
        wanted.into_iter().find(|wanted| base.precedence(&wanted.version).is_lt())
    else {
        seen.passed(format!("the version of Go: {local} is enough"));
        return seen;
    };
    let evidence = format!("{why}; installed is go{local}, GOTOOLCHAIN={setting}");
    if fixed {
        seen.found(Finding::new(&settings::TOOLCHAIN_TOO_OLD).evidence(evidence));
        return seen;
    }
    let name = name(&version);
    if patient.env.path().any(|dir| dir.join(&name).is_file()) {
        seen.passed(format!("the version of Go: {name} is in PATH"));
        return seen;
    }
    if matches!(mode, Mode::Path(_)) {
        let finding = Finding::new(&settings::TOOLCHAIN_PATH).evidence(evidence);
        seen.found(finding.evidence(format!("PATH has no program {name}")));
        return seen;
    }
    fetched(patient, &name, &evidence, &mut seen);
    seen
}

/// A toolchain that has to come from the module cache or be downloaded.
fn fetched(patient: &Patient, name: &str, evidence: &str, seen: &mut Seen) {
    let tree = format!("golang.org/toolchain@v0.0.1-{name}.{}", Platform::here());
    if case::cache(patient).is_some_and(|cache| cache.root().join(&tree).join("bin/go").is_file()) {
        seen.passed(format!("the version of Go: {name} is in the module cache"));
        return;
    }
    let fetch = |what: &str| {
        let finding = Finding::new(&settings::TOOLCHAIN_FETCH).evidence(evidence.to_owned());
        finding.evidence(what.to_owned())
    };
    let chain = patient.go().value(GoVariable::Proxy);
    let entries = chain.parse::<ProxyList>().map(|list| list.entries().to_vec()).unwrap_or_default();
    let mut targets = entries.iter().map(|entry| &entry.target);
    if !targets.any(|target| matches!(target, ProxyTarget::Url(_))) {
        seen.found(fetch(&format!("{name} would have to be downloaded, and GOPROXY={chain} names no proxy")));
    } else if patient.go().value(GoVariable::Sumdb) == "off" {
        let finding = Finding::new(&settings::SUMDB_OFF).evidence(evidence.to_owned());
        seen.found(finding.evidence(format!("{name} would have to be downloaded, and GOSUMDB=off")));
    } else if patient.offline {
        seen.unchecked(format!("the version of Go: whether {name} can be downloaded"));
    } else {
        seen.unchecked(format!("the version of Go: {name} is not here yet; go will download it"));
    }
}
