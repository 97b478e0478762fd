//! Which version of Go a project asks for, what is installed, and what would be downloaded.
//!
//! Rule: `Select` of cmd/go/internal/toolchain.

use std::{fmt, fs, path::PathBuf, str::FromStr};

use gomod::{GoVersion, ModulePath, ModuleVersion, Version};

use crate::{Environment, GoSettings, GoVariable, project::Project};

/// What GOTOOLCHAIN allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What is installed, and nothing else.
    Never,
    /// The one that is named, downloaded if need be, and nothing else.
    Named(GoVersion),
    /// Another one, if there is a program of its name in PATH.
    Path(Option<GoVersion>),
    /// Another one, downloaded if need be.
    Auto(Option<GoVersion>),
}

/// A version that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The version.
    pub version: GoVersion,
    /// The file and the line that ask.
    pub why: String,
}

/// A system and a processor, as Go names them. Shown as toolchains have it: `linux-amd64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    system: String,
    processor: String,
}

/// A text that names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no platform; write one like linux/amd64, as `go tool dist list` prints them")]
pub struct NoPlatform(String);

impl Mode {
    /// Reads `local`, `auto`, `path`, `go1.22.0`, perhaps with `+auto` or `+path`.
    pub fn of(setting: &str) -> Self {
        match setting.split_once('+').unwrap_or((setting, "")) {
            ("auto" | "", "") | ("local", "auto") => Mode::Auto(None),
            ("path", "") | ("local", "path") => Mode::Path(None),
            (name, "auto") => Mode::Auto(version_of(name)),
            (name, "path") => Mode::Path(version_of(name)),
            (name, "") => version_of(name).map_or(Mode::Never, Mode::Named),
            _ => Mode::Never,
        }
    }

    /// The version that is taken at least.
    pub fn base(&self) -> Option<&GoVersion> {
        match self {
            Mode::Never => None,
            Mode::Named(named) => Some(named),
            Mode::Path(base) | Mode::Auto(base) => base.as_ref(),
        }
    }
}

impl Platform {
    /// This one.
    pub fn here() -> Self {
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
        Platform { system: system.to_owned(), processor: processor.to_owned() }
    }
}

impl FromStr for Platform {
    type Err = NoPlatform;

    /// Reads `linux/amd64` and `linux-amd64`.
    fn from_str(text: &str) -> Result<Self, NoPlatform> {
        let none = || NoPlatform(text.to_owned());
        let (system, processor) = text.split_once(['/', '-']).ok_or_else(none)?;
        let is_name = |word: &str| {
            !word.is_empty()
                && word.len() <= 16
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if !is_name(system) || !is_name(processor) {
            return Err(none());
        }
        Ok(Platform { system: system.to_owned(), processor: processor.to_owned() })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.system, self.processor)
    }
}

/// The versions that a project asks for, the one that counts first. A toolchain line is only a suggestion, which a fixed
/// toolchain does not follow.
pub fn wanted(project: &Project, mode: &Mode) -> Vec<Wanted> {
    let (go, toolchain, file) = match (project.work(), project.mains().first()) {
        (Some(work), _) => (work.work().go(), work.work().toolchain(), work.file().to_owned()),
        (None, Some(main)) => (main.mods().go(), main.mods().toolchain(), main.dir().join("go.mod")),
        (None, None) => return Vec::new(),
    };
    let suggested = toolchain
        .filter(|_| !matches!(mode, Mode::Never | Mode::Named(_)))
        .and_then(|name| Some((version_of(name)?, format!("toolchain {name}"))));
    let demanded = go.map(|go| (go.clone(), format!("go {go}")));
    let lines = suggested.into_iter().chain(demanded);
    let mut wanted: Vec<_> =
        lines.map(|(version, line)| Wanted { version, why: format!("{}: {line}", file.display()) }).collect();
    wanted.sort_by(|one, other| other.version.precedence(&one.version));
    wanted
}

/// The name of the toolchain that `go` would download for a project on this machine: none where what is installed is
/// enough, where a program of that name is in PATH, where nothing may be downloaded, or where no Go is found.
pub fn downloaded(project: &Project, go: &GoSettings, env: &Environment) -> Option<String> {
    let local = installed(go)?;
    // A go before 1.21 knows nothing of other ones.
    if !local.is_at_least(1, 21) {
        return None;
    }
    let mode = Mode::of(&go.value(GoVariable::Toolchain));
    let version = match &mode {
        Mode::Never | Mode::Path(_) => return None,
        Mode::Named(named) => named.clone(),
        Mode::Auto(base) => {
            let least = base.clone().unwrap_or_else(|| local.clone());
            let wanted = wanted(project, &mode).into_iter().map(|wanted| wanted.version).next();
            wanted.filter(|wanted| least.precedence(wanted).is_lt()).unwrap_or(least)
        }
    };
    let name = name(&version);
    let is_here = version.precedence(&local).is_eq() || env.path().any(|dir| dir.join(&name).is_file());
    (!is_here).then_some(name)
}

/// The name of the toolchain that fulfils a version: the first release of a language version.
pub fn name(version: &GoVersion) -> String {
    let text = version.as_str();
    let is_language = text.matches('.').count() == 1 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_language && version.is_at_least(1, 21) { format!("go{text}.0") } else { format!("go{text}") }
}

/// The module in which a toolchain is downloaded. `None` for a name that none has.
pub fn module(name: &str, platform: &Platform) -> Option<ModuleVersion> {
    let path = ModulePath::new("golang.org/toolchain").ok()?;
    ModuleVersion::new(path, Version::new(&format!("v0.0.1-{name}.{platform}")).ok()?).ok()
}

/// The version of the installed Go, by its VERSION file.
pub fn installed(go: &GoSettings) -> Option<GoVersion> {
    let file: PathBuf = go.goroot()?.join("VERSION");
    let text = fs::read_to_string(file).ok()?;
    let first = text.split_whitespace().next()?;
    GoVersion::new(first.strip_prefix("go")?.split(['-', '+']).next()?)
}

/// The version in the name of a toolchain: `go1.22.0`, perhaps with a suffix after `-`.
fn version_of(name: &str) -> Option<GoVersion> {
    GoVersion::new(name.strip_prefix("go")?.split('-').next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gotoolchain_allows() {
        for (setting, want) in [
            ("local", "never"),
            ("go1.22.0", "named 1.22.0"),
            ("nonsense", "never"),
            ("auto", "auto"),
            ("local+auto", "auto"),
            ("go1.22.0+auto", "auto 1.22.0"),
            ("path", "path"),
            ("go1.22.0-custom+path", "path 1.22.0"),
        ] {
            let mode = Mode::of(setting);
            let kind = match mode {
                Mode::Never => "never",
                Mode::Named(_) => "named",
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
        let module = module("go1.22.3", &"darwin/arm64".parse().unwrap()).unwrap();
        assert_eq!(module.to_string(), "golang.org/toolchain@v0.0.1-go1.22.3.darwin-arm64");
    }

    #[test]
    fn platforms_are_written_in_two_ways() {
        for (text, want) in [("linux/amd64", "linux-amd64"), ("windows-386", "windows-386")] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), want);
        }
        for text in ["", "linux", "linux/", "/amd64", "linux/amd64/v8", "Linux/amd64", "../x", "a-b c"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }
}
