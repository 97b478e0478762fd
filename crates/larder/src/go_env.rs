//! This machine's own Go settings, read without running `go`.
//!
//! A variable is looked for in the environment, in the user's `go/env` file, and in the `go.env` of the installed
//! Go, as cmd/go does (cmd/go/internal/cfg).

mod file;
mod goroot;

use std::path::{Path, PathBuf};

use crate::settings::Environment;
use file::EnvFile;

/// The three places, opened.
pub(crate) struct GoSettings {
    env: Environment,
    user: EnvFile,
    installed: EnvFile,
    warnings: Vec<String>,
}

/// A variable of Go that Larder reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GoVariable {
    /// The chain of proxies.
    Proxy,
    /// The checksum database.
    Sumdb,
    /// What is private; stands for the next two where they are not set.
    Private,
    /// What no proxy is asked for.
    NoProxy,
    /// What no checksum database is asked for.
    NoSumdb,
    /// What may be fetched without proof of who answers.
    Insecure,
    /// Who knows credentials.
    Auth,
    /// Which version control systems may be used for what.
    Vcs,
}

/// Where a variable was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GoPlace {
    /// An environment variable.
    Environment,
    /// The user's `go/env` file, which `go env -w` writes.
    User(PathBuf),
    /// `go.env` in the GOROOT.
    Installed(PathBuf),
}

/// A value and where it was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) variable: GoVariable,
    /// Not trimmed; never empty.
    pub(crate) value: String,
    pub(crate) place: GoPlace,
}

impl GoVariable {
    pub(crate) fn name(self) -> &'static str {
        match self {
            GoVariable::Proxy => "GOPROXY",
            GoVariable::Sumdb => "GOSUMDB",
            GoVariable::Private => "GOPRIVATE",
            GoVariable::NoProxy => "GONOPROXY",
            GoVariable::NoSumdb => "GONOSUMDB",
            GoVariable::Insecure => "GOINSECURE",
            GoVariable::Auth => "GOAUTH",
            GoVariable::Vcs => "GOVCS",
        }
    }
}

impl GoSettings {
    /// Reads the files that `env` leads to.
    pub(crate) fn read(env: &Environment) -> Self {
        let (user, user_warning) = user_file(env).map(EnvFile::read).unwrap_or_default();
        let (installed, installed_warning) = goroot::find(user.get("GOROOT"), env)
            .map(|root| EnvFile::read(root.join("go.env")))
            .unwrap_or_default();
        let warnings = user_warning.into_iter().chain(installed_warning).collect();
        GoSettings { env: env.clone(), user, installed, warnings }
    }

    /// The value in force. GONOPROXY and GONOSUMDB are what GOPRIVATE is where they are not set.
    pub(crate) fn get(&self, variable: GoVariable) -> Option<Found> {
        self.look_up(variable).or_else(|| match variable {
            GoVariable::NoProxy | GoVariable::NoSumdb => self.look_up(GoVariable::Private),
            GoVariable::Proxy
            | GoVariable::Sumdb
            | GoVariable::Private
            | GoVariable::Insecure
            | GoVariable::Auth
            | GoVariable::Vcs => None,
        })
    }

    /// What kept a file from being read.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The files that were looked into, for a message that says where nothing was found.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        [self.user.path(), self.installed.path()].into_iter().filter(|path| !path.as_os_str().is_empty())
    }

    /// An empty environment variable counts as not set. An empty line of the user's file does not: it hides the
    /// line of the installed Go.
    fn look_up(&self, variable: GoVariable) -> Option<Found> {
        let name = variable.name();
        let (value, place) = if let Some(value) = self.env.get(name) {
            (value.to_string_lossy().into_owned(), GoPlace::Environment)
        } else if let Some(value) = self.user.get(name) {
            (value.to_owned(), GoPlace::User(self.user.path().to_owned()))
        } else {
            (self.installed.get(name)?.to_owned(), GoPlace::Installed(self.installed.path().to_owned()))
        };
        (!value.is_empty()).then_some(Found { variable, value, place })
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
            GoPlace::User(_) => "user",
            GoPlace::Installed(_) => "installed",
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
        assert_eq!(settings.get(GoVariable::Sumdb).unwrap().place, GoPlace::User(home.join("env")));
        assert_eq!(settings.files().collect::<Vec<_>>(), [home.join("env")]);
        let nowhere = GoSettings::read(&Environment::new([] as [(&str, &str); 0]));
        assert_eq!(nowhere.files().count(), 0);
    }
}
