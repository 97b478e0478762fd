//! The process's environment as a value.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// The environment variables, copied once when the program starts, so that nothing below looks at the process.
///
/// It has no `Debug`: any variable may hold a secret.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Give it `std::env::vars_os()`.
    pub fn new<N: Into<OsString>, V: Into<OsString>>(vars: impl IntoIterator<Item = (N, V)>) -> Self {
        Environment(vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// A variable that is set to something: an empty one counts as not set, as for the go command.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable that is set to something and is text; another one counts as not set.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(OsStr::to_str)
    }

    /// The names of all variables that are set, in order, without those that are no text.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.to_str())
    }

    /// All variables, for a program that is to be run with them.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The directories of PATH, in order.
    pub fn path(&self) -> impl Iterator<Item = PathBuf> {
        self.get("PATH").map(std::env::split_paths).into_iter().flatten()
    }

    /// The user's home directory.
    pub fn home(&self) -> Option<&Path> {
        self.get("HOME").map(Path::new)
    }

    /// Where programs keep what they can get again.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        self.user_dir("XDG_CACHE_HOME", "Library/Caches", ".cache")
    }

    /// Where programs keep their settings.
    pub fn config_dir(&self) -> Option<PathBuf> {
        self.user_dir("XDG_CONFIG_HOME", "Library/Application Support", ".config")
    }

    /// As Go's os.UserCacheDir and os.UserConfigDir, which also refuse a relative path.
    fn user_dir(&self, variable: &str, on_mac: &str, elsewhere: &str) -> Option<PathBuf> {
        let home = || self.home();
        if cfg!(target_os = "macos") {
            return home().map(|home| home.join(on_mac));
        }
        match self.get(variable).map(Path::new) {
            Some(dir) => dir.is_absolute().then(|| dir.to_owned()),
            None => home().map(|home| home.join(elsewhere)),
        }
    }
}

#[cfg(all(test, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn user_directories_are_those_of_the_platform() {
        for (vars, want) in [
            (&[][..], None),
            (&[("HOME", "/home/u")], Some("/home/u/.cache")),
            (&[("HOME", "/home/u"), ("XDG_CACHE_HOME", "")], Some("/home/u/.cache")),
            (&[("HOME", "/home/u"), ("XDG_CACHE_HOME", "/var/c")], Some("/var/c")),
            (&[("HOME", "/home/u"), ("XDG_CACHE_HOME", "c")], None),
        ] {
            assert_eq!(
                Environment::new(vars.iter().copied()).cache_dir().as_deref(),
                want.map(Path::new),
                "{vars:?}"
            );
        }
    }
}
