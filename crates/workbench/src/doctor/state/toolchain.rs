//! The version of Go that the project asks for: is it here, and if not, can it come?

use std::{fs, path::PathBuf};

use gomod::{GoVersion, ProxyList, ProxyTarget};

use super::case;
use crate::{
    Finding, GoVariable, Patient, Seen,
    diagnoses::settings,
    project::{Project, ProjectError},
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
    let Some(local) = local(patient) else {
        seen.unchecked("the version of Go: no Go is installed, or its VERSION file cannot be read");
        return seen;
    };
    let setting = patient.go().value(GoVariable::Toolchain);
    let mode = Mode::of(&setting);
    let wanted = Wanted::of(&project, &mode);
    // A go before 1.21 knows nothing of other ones.
    let fixed = matches!(mode, Mode::Never) || !local.is_at_least(1, 21);
    let base = mode.base().filter(|base| local.precedence(base).is_lt()).unwrap_or(&local).clone();
    let Some((version, why)) = wanted.into_iter().find(|(version, _)| base.precedence(version).is_lt())
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
    let tree = format!("golang.org/toolchain@v0.0.1-{name}.{}", platform());
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

/// What GOTOOLCHAIN allows.
enum Mode {
    /// What is installed, or the one that is named, and nothing else.
    Never,
    /// Another one, if there is a program of its name in PATH.
    Path(Option<GoVersion>),
    /// Another one, downloaded if need be.
    Auto(Option<GoVersion>),
}

impl Mode {
    /// Reads `local`, `auto`, `path`, `go1.22.0`, perhaps with `+auto` or `+path` (cmd/go/internal/toolchain, `Select`).
    fn of(setting: &str) -> Self {
        let named = |name: &str| GoVersion::new(name.strip_prefix("go")?.split('-').next()?);
        match setting.split_once('+').unwrap_or((setting, "")) {
            ("auto" | "", "") | ("local", "auto") => Mode::Auto(None),
            ("path", "") | ("local", "path") => Mode::Path(None),
            (name, "auto") => Mode::Auto(named(name)),
            (name, "path") => Mode::Path(named(name)),
            _ => Mode::Never,
        }
    }

    /// The version that is taken at least.
    fn base(&self) -> Option<&GoVersion> {
        match self {
            Mode::Never => None,
            Mode::Path(base) | Mode::Auto(base) => base.as_ref(),
        }
    }
}

/// What asks for a version.
struct Wanted;

impl Wanted {
    /// The versions that are asked for, the one that counts first, and by which line. A toolchain line is only a
    /// suggestion, which a fixed toolchain does not follow.
    fn of(project: &Project, mode: &Mode) -> Vec<(GoVersion, String)> {
        let (go, toolchain, file) = match (project.work(), project.mains().first()) {
            (Some(work), _) => (work.work().go(), work.work().toolchain(), work.file().to_owned()),
            (None, Some(main)) => (main.mods().go(), main.mods().toolchain(), main.dir().join("go.mod")),
            (None, None) => return Vec::new(),
        };
        let mut wanted = Vec::new();
        let suggested = toolchain
            .filter(|_| !matches!(mode, Mode::Never))
            .and_then(|name| Some((GoVersion::new(name.strip_prefix("go")?.split('-').next()?)?, name)));
        wanted.extend(
            suggested.map(|(version, name)| (version, format!("{}: toolchain {name}", file.display()))),
        );
        wanted.extend(go.map(|go| (go.clone(), format!("{}: go {go}", file.display()))));
        wanted.sort_by(|(one, _), (other, _)| other.precedence(one));
        wanted
    }
}

/// The name of the toolchain that fulfils a version: the first release of a language version.
fn name(version: &GoVersion) -> String {
    let text = version.as_str();
    let is_language = text.matches('.').count() == 1 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_language && version.is_at_least(1, 21) { format!("go{text}.0") } else { format!("go{text}") }
}

/// The version of the installed Go, by its VERSION file.
fn local(patient: &Patient) -> Option<GoVersion> {
    let file: PathBuf = patient.go().goroot()?.join("VERSION");
    let text = fs::read_to_string(file).ok()?;
    let first = text.split_whitespace().next()?;
    GoVersion::new(first.strip_prefix("go")?.split(['-', '+']).next()?)
}

/// This system and processor, as Go names them.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    format!("{system}-{processor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gotoolchain_allows() {
        for (setting, want) in [
            ("local", "never"),
            ("go1.22.0", "never"),
            ("auto", "auto"),
            ("local+auto", "auto"),
            ("go1.22.0+auto", "auto 1.22.0"),
            ("path", "path"),
            ("go1.22.0-custom+path", "path 1.22.0"),
        ] {
            let mode = Mode::of(setting);
            let kind = match mode {
                Mode::Never => "never",
                Mode::Path(_) => "path",
                Mode::Auto(_) => "auto",
            };
            let base = mode.base().map(|base| format!(" {base}")).unwrap_or_default();
            assert_eq!(format!("{kind}{base}"), want, "{setting}");
        }
    }

    #[test]
    fn names_of_toolchains() {
        for (version, want) in
            [("1.22", "go1.22.0"), ("1.22.3", "go1.22.3"), ("1.23rc1", "go1.23rc1"), ("1.20", "go1.20")]
        {
            assert_eq!(name(&GoVersion::new(version).unwrap()), want);
        }
    }
}
