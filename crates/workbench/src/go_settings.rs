//! This machine's own Go settings, read without running `go`.
//!
//! A variable is looked for in the environment, in the user's `go/env` file, and in the `go.env` of the installed
//! Go, as cmd/go does (cmd/go/internal/cfg).

mod file;
mod goroot;
mod quoted;
mod variable;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::Environment;
pub(crate) use file::EnvFile;
pub(crate) use quoted::words;
pub use variable::GoVariable;

/// The three places, opened.
pub struct GoSettings {
    env: Environment,
    user: EnvFile,
    root: Option<PathBuf>,
    installed: EnvFile,
    warnings: Vec<String>,
}

/// Where a variable was found. Shown as `the environment` or `FILE:LINE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoPlace {
    /// An environment variable.
    Environment,
    /// The user's `go/env` file, which `go env -w` writes.
    User {
        /// Its path.
        file: PathBuf,
        /// From 1.
        line: usize,
    },
    /// `go.env` in the GOROOT.
    Installed {
        /// Its path.
        file: PathBuf,
        /// From 1.
        line: usize,
    },
}

/// A value and where it was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Which one was found: it may be one that stands in for what was asked for.
    pub variable: GoVariable,
    /// Not trimmed; never empty.
    pub value: String,
    /// Where.
    pub place: GoPlace,
}

impl GoSettings {
    /// Reads the files that `env` leads to.
    pub fn read(env: &Environment) -> Self {
        let (user, user_warning) = user_file(env).map(EnvFile::read).unwrap_or_default();
        let root = goroot::find(user.get("GOROOT"), env);
        let (installed, installed_warning) =
            root.as_ref().map(|root| EnvFile::read(root.join("go.env"))).unwrap_or_default();
        let warnings = user_warning.into_iter().chain(installed_warning).collect();
        GoSettings { env: env.clone(), user, root, installed, warnings }
    }

    /// The value in force, if anybody set one. GONOPROXY and GONOSUMDB are what GOPRIVATE is where they are not set.
    pub fn get(&self, variable: GoVariable) -> Option<Found> {
        let found = |variable| self.look_up(variable).filter(|found| !found.value.is_empty());
        found(variable).or_else(|| variable.stand_in().and_then(found))
    }

    /// The value in force, or what `go` takes where nobody set one. Empty where there is no such thing.
    pub fn value(&self, variable: GoVariable) -> String {
        let directory = |dir: Option<PathBuf>| dir.unwrap_or_default().to_string_lossy().into_owned();
        match (self.get(variable), variable) {
            (Some(found), _) => found.value,
            (None, GoVariable::Path) => directory(self.default_gopath()),
            (None, GoVariable::ModCache) => directory(self.mod_cache()),
            (None, GoVariable::BuildCache) => directory(self.build_cache()),
            (None, GoVariable::Bin) => directory(self.bin()),
            (None, GoVariable::Root) => directory(self.root.clone()),
            (None, GoVariable::EnvFile) => directory(self.user_file().map(Path::to_owned)),
            (None, GoVariable::Netrc) => directory(self.env.home().map(|home| home.join(".netrc"))),
            (None, _) => variable.default().unwrap_or_default().to_owned(),
        }
    }

    /// Every place that sets a variable, the one in force first.
    pub fn everywhere(&self, variable: GoVariable) -> Vec<Found> {
        let found = [self.in_environment(variable), self.in_user_file(variable), self.in_goroot(variable)];
        found.into_iter().flatten().collect()
    }

    /// The flags of GOFLAGS, without what quotes them.
    pub fn flags(&self) -> Vec<String> {
        quoted::words(&self.value(GoVariable::Flags)).into_iter().map(str::to_owned).collect()
    }

    /// The value that GOFLAGS gives a flag, written with one dash or two: the last one of several.
    pub fn flag(&self, name: &str) -> Option<String> {
        let value = |flag: &String| {
            let flag = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-'))?;
            flag.strip_prefix(name)?.strip_prefix('=').map(str::to_owned)
        };
        self.flags().iter().rev().find_map(value)
    }

    /// The Go that runs, if one is found without running it.
    pub fn goroot(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The user's `go/env` file, whether or not there is one. None where `GOENV=off`, or without a home.
    pub fn user_file(&self) -> Option<&Path> {
        Some(self.user.path()).filter(|path| !path.as_os_str().is_empty())
    }

    /// The variables that the user's file sets, with their lines, known ones and others.
    pub fn in_user(&self) -> impl Iterator<Item = (&str, usize)> {
        self.user.names().filter_map(|name| Some((name, self.user.line(name)?)))
    }

    /// The value that the user's file gives a variable of any name.
    pub fn user_value(&self, name: &str) -> Option<&str> {
        self.user.get(name)
    }

    /// Where modules lie, if a place for them is known.
    pub fn mod_cache(&self) -> Option<PathBuf> {
        self.directory(GoVariable::ModCache)
            .or_else(|| Some(self.gopath().into_iter().next()?.join("pkg/mod")))
    }

    /// Where what was built lies.
    pub fn build_cache(&self) -> Option<PathBuf> {
        self.directory(GoVariable::BuildCache).or_else(|| Some(self.env.cache_dir()?.join("go-build")))
    }

    /// Where `go install` puts programs.
    pub fn bin(&self) -> Option<PathBuf> {
        self.directory(GoVariable::Bin).or_else(|| Some(self.gopath().into_iter().next()?.join("bin")))
    }

    /// The directories of GOPATH.
    pub fn gopath(&self) -> Vec<PathBuf> {
        match self.get(GoVariable::Path) {
            Some(found) => std::env::split_paths(&found.value).collect(),
            None => self.default_gopath().into_iter().collect(),
        }
    }

    /// What kept a file from being read.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The files that were looked into, for a message that says where nothing was found.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [self.user.path(), self.installed.path()].into_iter().filter(|path| !path.as_os_str().is_empty())
    }

    /// `$HOME/go`, unless that is Go itself (go/build, defaultGOPATH).
    fn default_gopath(&self) -> Option<PathBuf> {
        self.env.home().map(|home| home.join("go")).filter(|dir| Some(dir.as_path()) != self.goroot())
    }

    fn directory(&self, variable: GoVariable) -> Option<PathBuf> {
        self.get(variable).map(|found| found.value.into())
    }

    /// An empty environment variable counts as not set. An empty line of the user's file does not: it hides the
    /// line of the installed Go.
    fn look_up(&self, variable: GoVariable) -> Option<Found> {
        self.in_environment(variable)
            .or_else(|| self.in_user_file(variable))
            .or_else(|| self.in_goroot(variable))
    }

    fn in_environment(&self, variable: GoVariable) -> Option<Found> {
        let mut names = [Some(variable.name()), variable.lower_case()].into_iter().flatten();
        let value = names.find_map(|name| self.env.get(name))?.to_string_lossy().into_owned();
        Some(Found { variable, value, place: GoPlace::Environment })
    }

    fn in_user_file(&self, variable: GoVariable) -> Option<Found> {
        let (file, line, value) = in_file(&self.user, variable)?;
        Some(Found { variable, value, place: GoPlace::User { file, line } })
    }

    fn in_goroot(&self, variable: GoVariable) -> Option<Found> {
        let (file, line, value) = in_file(&self.installed, variable)?;
        Some(Found { variable, value, place: GoPlace::Installed { file, line } })
    }
}

fn in_file(file: &EnvFile, variable: GoVariable) -> Option<(PathBuf, usize, String)> {
    let name = Some(variable).filter(|variable| variable.is_in_files())?.name();
    Some((file.path().to_owned(), file.line(name)?, file.get(name)?.to_owned()))
}

impl GoPlace {
    /// The settings file; none for the environment.
    pub fn file(&self) -> Option<&Path> {
        match self {
            GoPlace::Environment => None,
            GoPlace::User { file, .. } | GoPlace::Installed { file, .. } => Some(file),
        }
    }
}

impl fmt::Display for GoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GoPlace::Environment => f.write_str("the environment"),
            GoPlace::User { file, line } | GoPlace::Installed { file, line } => {
                write!(f, "{}:{line}", file.display())
            }
        }
    }
}

/// `$GOENV`, where `off` means none, or `go/env` in the user's configuration directory.
fn user_file(env: &Environment) -> Option<PathBuf> {
    match env.get("GOENV") {
        Some(off) if off == "off" => None,
        Some(path) => Some(path.into()),
        None => env.config_dir().map(|dir| dir.join("go/env")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new(user: &str, installed: &str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            for (file, text) in [("config/go/env", user), ("root/go.env", installed)] {
                let path = dir.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Machine(dir)
        }

        fn read(&self, vars: &[(&str, &str)]) -> GoSettings {
            let at = |file: &str| self.0.path().join(file).into_os_string();
            let places = [("GOENV", at("config/go/env")), ("GOROOT", at("root"))];
            let vars = vars.iter().map(|(name, value)| (*name, value.into()));
            GoSettings::read(&Environment::new(places.into_iter().chain(vars)))
        }
    }

    fn where_from(
        settings: &GoSettings,
        variable: GoVariable,
    ) -> Option<(&'static str, String, &'static str)> {
        let found = settings.get(variable)?;
        let place = match found.place {
            GoPlace::Environment => "environment",
            GoPlace::User { .. } => "user",
            GoPlace::Installed { .. } => "installed",
        };
        Some((found.variable.name(), found.value, place))
    }

    #[test]
    fn the_environment_comes_before_the_users_file_and_that_before_the_installed_one() {
        let all = Machine::new("GOPROXY=https://user.example\n", "GOPROXY=https://installed.example\n");
        let installed = Machine::new("", "GOPROXY=https://installed.example\n");
        let hidden = Machine::new("GOPROXY=\n", "GOPROXY=https://installed.example\n");
        for (machine, vars, want) in [
            (
                &all,
                &[("GOPROXY", "https://env.example")][..],
                Some(("GOPROXY", "https://env.example", "environment")),
            ),
            (&all, &[], Some(("GOPROXY", "https://user.example", "user"))),
            (&all, &[("GOPROXY", "")], Some(("GOPROXY", "https://user.example", "user"))),
            (&all, &[("GOENV", "off")], Some(("GOPROXY", "https://installed.example", "installed"))),
            (&installed, &[], Some(("GOPROXY", "https://installed.example", "installed"))),
            (&installed, &[("GOROOT", "/nowhere")], None),
            (&hidden, &[], None),
        ] {
            let found = where_from(&machine.read(vars), GoVariable::Proxy);
            assert_eq!(found.as_ref().map(|(n, v, p)| (*n, v.as_str(), *p)), want, "{vars:?}");
        }
    }

    #[test]
    fn goprivate_stands_for_what_is_not_set() {
        let machine = Machine::new("GOPRIVATE=corp.example\nGONOSUMDB=none\n", "");
        let settings = machine.read(&[]);
        assert_eq!(
            where_from(&settings, GoVariable::NoProxy),
            Some(("GOPRIVATE", "corp.example".to_owned(), "user"))
        );
        assert_eq!(
            where_from(&settings, GoVariable::NoSumdb),
            Some(("GONOSUMDB", "none".to_owned(), "user"))
        );
        let settings = machine.read(&[("GONOSUMDB", "a.example"), ("GOPRIVATE", "b.example")]);
        assert_eq!(
            where_from(&settings, GoVariable::NoSumdb),
            Some(("GONOSUMDB", "a.example".to_owned(), "environment"))
        );
        assert_eq!(
            where_from(&settings, GoVariable::NoProxy),
            Some(("GOPRIVATE", "b.example".to_owned(), "environment"))
        );
        assert_eq!(where_from(&settings, GoVariable::Sumdb), None);
    }

    #[test]
    fn the_users_file_lies_in_the_configuration_directory() {
        let dir = tempfile::tempdir().unwrap();
        let home = if cfg!(target_os = "macos") { "Library/Application Support/go" } else { ".config/go" };
        let home = dir.path().join(home);
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join("env"), "GOSUMDB=off\n").unwrap();
        let settings = GoSettings::read(&Environment::new([("HOME", dir.path())]));
        assert_eq!(
            settings.get(GoVariable::Sumdb).unwrap().place,
            GoPlace::User { file: home.join("env"), line: 1 }
        );
        assert_eq!(settings.files().collect::<Vec<_>>(), [home.join("env")]);
        let nowhere = GoSettings::read(&Environment::new([] as [(&str, &str); 0]));
        assert_eq!(nowhere.files().count(), 0);
    }
    #[test]
    fn what_nobody_set_is_what_go_takes() {
        let machine = Machine::new("GOBIN=/srv/bin\n", "GOTOOLCHAIN=local\n");
        let settings = machine.read(&[("HOME", "/home/u"), ("https_proxy", "http://proxy.example:3128")]);
        for (variable, want) in [
            (GoVariable::Path, "/home/u/go"),
            (GoVariable::ModCache, "/home/u/go/pkg/mod"),
            (GoVariable::Bin, "/srv/bin"),
            (GoVariable::Toolchain, "local"),
            (GoVariable::Auth, "netrc"),
            (GoVariable::Netrc, "/home/u/.netrc"),
            (GoVariable::HttpsProxy, "http://proxy.example:3128"),
            (GoVariable::Flags, ""),
        ] {
            assert_eq!(settings.value(variable), want, "{}", variable.name());
        }
        let settings = machine.read(&[("GOPATH", "/a:/b")]);
        assert_eq!(settings.value(GoVariable::ModCache), "/a/pkg/mod");
    }

    #[test]
    fn every_place_is_told_the_one_in_force_first() {
        let machine =
            Machine::new("# mine\nGOPROXY=https://user.example\nNETRC=/x\n", "GOPROXY=https://go.example\n");
        let settings = machine.read(&[("GOPROXY", "https://env.example")]);
        let places = settings.everywhere(GoVariable::Proxy).into_iter().map(|found| match found.place {
            GoPlace::Environment => (found.value, 0),
            GoPlace::User { line, .. } | GoPlace::Installed { line, .. } => (found.value, line),
        });
        let want = [("https://env.example", 0), ("https://user.example", 2), ("https://go.example", 1)];
        assert_eq!(places.collect::<Vec<_>>(), want.map(|(value, line)| (value.to_owned(), line)));
        assert_eq!(settings.everywhere(GoVariable::Netrc), []);
    }
}
