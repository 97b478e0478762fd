//! A real `go` that inherits nothing.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::process::{Ran, run};

/// A real `go` with its own HOME, GOPATH, module cache and build cache, an environment built from nothing, and a working
/// directory that begins empty. All of it goes when this is dropped.
#[derive(Debug)]
pub struct GoCommand {
    root: TempDir,
    program: PathBuf,
    under: Vec<OsString>,
    env: Vec<(String, OsString)>,
}

impl GoCommand {
    /// A `go` that asks this proxy list and no checksum database.
    #[track_caller]
    pub fn new(proxy: &str) -> Self {
        let program = Self::find().expect("a `go` in PATH");
        let root = tempfile::Builder::new().prefix("testkit-go-").tempdir().unwrap();
        for dir in ["home", "work", "tmp"] {
            fs::create_dir(root.path().join(dir)).unwrap();
        }
        // Else a child of `go` may still write there when all of it is to go.
        let telemetry = root.path().join("home/.config/go/telemetry");
        fs::create_dir_all(&telemetry).unwrap();
        fs::write(telemetry.join("mode"), "off 2024-01-01").unwrap();
        let mut go = Self { root, program, under: Vec::new(), env: Vec::new() };
        let at = |dir: &str| go.root.path().join(dir).into_os_string();
        go.env = vec![
            ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
            ("HOME".into(), at("home")),
            ("TMPDIR".into(), at("tmp")),
            ("GOPATH".into(), at("gopath")),
            ("GOMODCACHE".into(), at("modcache")),
            ("GOCACHE".into(), at("gocache")),
            ("GOENV".into(), "off".into()),
            ("GOFLAGS".into(), "-modcacherw".into()),
            ("GOTOOLCHAIN".into(), "local".into()),
            ("GOPROXY".into(), proxy.into()),
            ("GOSUMDB".into(), "off".into()),
        ];
        go
    }

    /// Where `go` is in this process's PATH.
    pub fn find() -> Option<PathBuf> {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|dir| dir.join("go")).find(|file| file.is_file())
    }

    /// Runs another `go`, such as an older one.
    #[must_use]
    pub fn at(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Lets another program start it, such as unshare: `words` are that program and its arguments.
    #[must_use]
    pub fn under<S: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.under = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        self
    }

    /// Verifies by this checksum database.
    #[must_use]
    pub fn sumdb(self, spec: &str) -> Self {
        self.env("GOSUMDB", spec)
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The directory it runs in.
    pub fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Its module cache.
    pub fn modcache(&self) -> PathBuf {
        self.root.path().join("modcache")
    }

    /// Writes a file below the working directory.
    pub fn write(&self, name: &str, content: &str) {
        let file = self.work().join(name);
        fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).unwrap();
        fs::write(file, content).unwrap();
    }

    /// Reads a file below the working directory.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.work().join(name)).unwrap()
    }

    /// Its variables, for another program that shall start this `go`.
    pub fn variables(&self) -> &[(String, OsString)] {
        &self.env
    }

    /// Runs `go` with these arguments to its end.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        let mut words = self.under.iter().map(OsString::as_os_str).chain([self.program.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or(self.program.as_os_str()));
        command.args(words).args(args).current_dir(self.work()).env_clear().envs(self.env.iter().cloned());
        run(&mut command)
    }
}

impl Drop for GoCommand {
    fn drop(&mut self) {
        make_writable(&self.modcache());
    }
}

/// A toolchain's directories are read-only whatever GOFLAGS says, and would stay behind.
fn make_writable(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o755));
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        make_writable(&entry.path());
    }
}

/// The text of a toolchain for this platform whose `go` is a shell script: what `GOTOOLCHAIN=VERSION` downloads and runs.
pub fn toolchain(version: &str, script: &str) -> String {
    let os = std::env::consts::OS;
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let module = format!("golang.org/toolchain@v0.0.1-{version}.{os}-{arch}");
    format!(
        "-- {module}/bin/go --\n#!/bin/sh\n{script}\n\
         -- {module}/bin/gofmt --\n-- {module}/_go.mod --\nmodule std\n\
         -- {module}/lib/lib.txt --\n\
         -- {module}/pkg/tool/{os}_{arch}/compile --\n"
    )
}
