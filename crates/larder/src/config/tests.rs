//! The commands as a person types them, on a machine that exists only for the test.

mod credentials;
mod errors;
mod example;
mod own;
mod precedence;
mod secrets;
mod shown;

use std::{ffi::OsString, fs, path::PathBuf};

use clap::Parser;
use serde_json::Value;
use workbench::Environment;

use super::{Look, Printed, run};
use crate::args::{Cli, Command};

/// A home directory, an installed Go without settings, and variables. Nothing of the real machine shines through.
struct Machine {
    dir: tempfile::TempDir,
    vars: Vec<(&'static str, OsString)>,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vars = vec![("HOME", dir.path().join("home").into()), ("GOROOT", dir.path().join("go").into())];
        Machine { dir, vars }
    }

    /// A machine whose Go names an upstream, which most tests are not about.
    fn with_upstream() -> Self {
        Machine::new().file("go/go.env", "GOPROXY=https://go.example\n")
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A file as nobody but its owner can read it.
    fn secret(self, name: &str, text: &str) -> Self {
        self.file(name, text).mode(name, 0o600)
    }

    fn mode(self, name: &str, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn var(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.vars.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.vars.retain(|(known, _)| *known != name);
        self
    }

    /// `larder config ...`; the temporary directory is printed as `DIR`.
    fn config(&self, args: &[&str]) -> Printed {
        let words = ["larder", "config"].iter().chain(args);
        let Command::Config(command) = Cli::try_parse_from(words).unwrap().command else {
            panic!("{args:?}")
        };
        let vars = self.vars.iter().map(|(name, value)| (*name, value.clone()));
        let Printed { out, err, code } = run(command, &Environment::new(vars), Look::default());
        let hide = |text: String| text.replace(&self.dir.path().to_string_lossy().into_owned(), "DIR");
        Printed { out: hide(out), err: hide(err), code }
    }

    /// What `config check` finds wrong with a file of this text.
    fn wrong(self, text: &str) -> String {
        let machine = self.file("etc/larder.toml", text);
        let printed = machine.config(&["check", machine.path("etc/larder.toml").to_str().unwrap()]);
        assert_eq!((printed.code, printed.out.as_str()), (2, ""), "{}", printed.err);
        printed.err
    }

    /// `config show --json`, with a file if one was written.
    fn show(&self, args: &[&str]) -> Value {
        let file = self.path("etc/larder.toml");
        let with_file = ["--config", file.to_str().unwrap()];
        let with_file = if file.exists() { &with_file[..] } else { &[] };
        let args: Vec<_> = ["show", "--json"].iter().chain(with_file).chain(args).copied().collect();
        let printed = self.config(&args);
        assert_eq!((printed.code, printed.err.as_str()), (0, ""), "{}", printed.out);
        serde_json::from_str(&printed.out).unwrap()
    }
}

/// The value of a setting and the kind of its origin.
fn value<'a>(shown: &'a Value, name: &str) -> (String, &'a str) {
    let rows = shown["settings"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name} is missing"));
    let value = row["value"].as_str().map_or_else(|| row["value"].to_string(), str::to_owned);
    (value, row["origin"]["kind"].as_str().unwrap())
}
