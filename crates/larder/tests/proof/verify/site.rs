//! A machine with a project whose modules were fetched and verified, and copies of it to break.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use serde_json::Value;
use testkit::{GoCommand, Larder, Module, ModuleTree, Ran, ScriptedUpstream, TestLog};

use crate::world::larder;

pub(super) const APP: &str = "example.com/app@v1.0.0";
pub(super) const LIB: &str = "example.com/lib@v0.1.1-0.20240203040506-abcdefabcdef";
pub(super) const UPPER: &str = "example.com/Upper@v1.2.0";
pub(super) const OLD: &str = "example.com/old@v2.0.0+incompatible";
/// A hash that nothing here has.
pub(super) const WRONG: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

pub(super) const LOG: &str = "sum.example.test";

const MODULES: &str = "\
-- example.com/app@v1.0.0/go.mod --
module example.com/app

go 1.21

require (
	example.com/Upper v1.2.0
	example.com/lib v0.1.1-0.20240203040506-abcdefabcdef
	example.com/old v2.0.0+incompatible
)
-- example.com/app@v1.0.0/app.go --
package app

import (
	upper \"example.com/Upper\"
	\"example.com/lib/deep\"
	\"example.com/old\"
)

const Sum = deep.N + old.N + upper.N
-- example.com/app@v1.0.0/LICENSE --
Do what you like.
-- example.com/app@v1.0.0/sub/sub.go --
package sub

import _ \"embed\"

//go:embed data.txt
var Data string
-- example.com/app@v1.0.0/sub/data.txt --
data
-- example.com/app@v1.0.0/sub/sub_test.go --
package sub
-- example.com/app@v1.0.0/gen.go --
//go:build ignore

package main
-- example.com/app@v1.1.0/go.mod --
module example.com/app

go 1.21
-- example.com/app@v1.1.0/app.go --
package app
-- example.com/Upper@v1.2.0/go.mod --
module example.com/Upper
-- example.com/Upper@v1.2.0/upper.go --
package upper

const N = 1
-- example.com/lib@v0.1.1-0.20240203040506-abcdefabcdef/go.mod --
module example.com/lib

go 1.21
-- example.com/lib@v0.1.1-0.20240203040506-abcdefabcdef/deep/deep.go --
package deep

const N = 2
-- example.com/lib@v0.1.1-0.20240203040506-abcdefabcdef/deep/testdata/big.txt --
A line that is repeated. A line that is repeated. A line that is repeated. A line that is repeated.
-- example.com/old@v2.0.0+incompatible/old.go --
package old

const N = 3
";

/// A machine.
pub(super) struct Site {
    pub(super) go: GoCommand,
    log: TestLog,
    pub(super) upstream: Arc<ScriptedUpstream>,
    pub(super) larder: Larder,
}

/// What was said.
pub(super) struct Report {
    pub(super) ran: Ran,
    pub(super) json: Value,
}

impl Report {
    /// The codes of the findings.
    pub(super) fn codes(&self) -> Vec<&str> {
        let findings = self.json["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
    }

    /// What could not be looked at.
    pub(super) fn unchecked(&self) -> Vec<&str> {
        self.json["unchecked"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
    }
}

impl Site {
    /// The project was built here, and nothing was changed since.
    pub(super) fn new() -> Self {
        let log = TestLog::over(LOG, &tree());
        let upstream = ScriptedUpstream::with_log(tree(), log.clone());
        let go = GoCommand::new(&upstream.url()).sumdb(&log.vkey());
        go.write("go.mod", "module test\n\ngo 1.21\n\nrequire example.com/app v1.0.0\n");
        go.write(
            "main.go",
            "package test\n\nimport (\n\t\"example.com/app\"\n\t\"example.com/app/sub\"\n)\n\nconst Sum = app.Sum\n\nvar Data = sub.Data\n",
        );
        go.run(["mod", "tidy"]).ok();
        go.run(["build", "./..."]).ok();
        Site { go, log, upstream: Arc::new(upstream), larder: larder() }
    }

    /// The same on another machine.
    pub(super) fn copy(&self) -> Self {
        let go = GoCommand::new(&self.upstream.url()).sumdb(&self.log.vkey());
        for (from, to) in [
            (self.go.work(), go.work()),
            (self.go.modcache(), go.modcache()),
            (gopath(&self.go), gopath(&go)),
        ] {
            copy(&from, &to);
        }
        Site { go, log: self.log.clone(), upstream: Arc::clone(&self.upstream), larder: larder() }
    }

    /// `larder verify --json` in the project.
    pub(super) fn verifying(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.larder.program());
        command.args(["verify", "--json"]).args(args);
        command.current_dir(self.go.work()).env_clear().envs(self.go.variables().iter().cloned());
        command.env("LARDER_DATA", self.larder.data()).env(Larder::MIN_FREE, "0");
        command
    }

    /// What it says.
    pub(super) fn verify(&self, args: &[&str]) -> Report {
        let ran = testkit::run(&mut self.verifying(args));
        let json: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("no report: {ran}"));
        let report = Report { ran, json };
        assert_eq!(report.ran.code(), Some(i32::from(!report.codes().is_empty())), "{}", report.ran);
        report
    }

    /// Everything in the module cache and in the project, with sizes, modes and times.
    pub(super) fn fingerprint(&self) -> BTreeMap<PathBuf, (u32, u64, i64, i64)> {
        let mut all = BTreeMap::new();
        for root in [self.go.modcache(), self.go.work()] {
            walk(&root, &mut |path, meta| {
                all.insert(path.to_owned(), (meta.mode(), meta.size(), meta.mtime(), meta.mtime_nsec()));
            });
        }
        all
    }

    /// What `go` keeps of the answers of the checksum database.
    pub(super) fn answers(&self) -> PathBuf {
        self.go.modcache().join("cache/download/sumdb").join(LOG)
    }

    /// The newest signed head that `go` keeps of it.
    pub(super) fn head(&self) -> PathBuf {
        gopath(&self.go).join("pkg/sumdb").join(LOG).join("latest")
    }

    /// A file of the project.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.go.work().join(name)
    }

    /// Changes the text of a file of the project.
    pub(super) fn edit(&self, name: &str, edit: impl FnOnce(String) -> String) {
        self.go.write(name, &edit(self.go.read(name)));
    }

    /// A file of a version in the module cache: `info`, `mod`, `zip`, `ziphash`.
    pub(super) fn cached(&self, module: &str, ending: &str) -> PathBuf {
        let (path, version) = module.split_once('@').unwrap();
        let dir = self.go.modcache().join("cache/download").join(testkit::escape(path)).join("@v");
        dir.join(format!("{}.{ending}", testkit::escape(version)))
    }

    /// The unpacked files of a version.
    pub(super) fn unpacked(&self, module: &str) -> PathBuf {
        self.go.modcache().join(testkit::escape(module))
    }

    /// A line of go.sum becomes another one, or none where `to` is empty.
    pub(super) fn line(&self, start: &str, to: &str) {
        self.edit("go.sum", |text| {
            let line = text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}"));
            let to = if to.is_empty() { String::new() } else { format!("{to}\n") };
            text.replace(&format!("{line}\n"), &to)
        });
    }

    /// The hash in a line of go.sum.
    pub(super) fn hash(&self, start: &str) -> String {
        let text = self.go.read("go.sum");
        let line = text.lines().find(|line| line.starts_with(start)).unwrap();
        line.rsplit_once(' ').unwrap().1.to_owned()
    }
}

/// Removes a file or a directory.
pub(super) fn remove(path: &Path) {
    if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
}

/// The modules as they are published.
pub(super) fn tree() -> ModuleTree {
    ModuleTree::parse(MODULES)
}

/// Other files under the same name.
pub(super) fn other(module: &str) -> Module {
    let (path, version) = module.split_once('@').unwrap();
    let text = format!(
        "-- {module}/go.mod --\nmodule {path}\n-- {module}/app.go --\npackage app\n\nconst Sum = 666\n"
    );
    ModuleTree::parse(&text).module(path, version).clone()
}

/// A published module.
pub(super) fn published(module: &str) -> Module {
    let (path, version) = module.split_once('@').unwrap();
    tree().module(path, version).clone()
}

fn gopath(go: &GoCommand) -> PathBuf {
    go.work().parent().unwrap().join("gopath")
}

fn copy(from: &Path, to: &Path) {
    if !from.exists() {
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&from, &to);
        } else if kind.is_symlink() {
            symlink(fs::read_link(&from).unwrap(), &to).unwrap();
        } else {
            fs::copy(&from, &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}

fn walk(dir: &Path, each: &mut impl FnMut(&Path, &fs::Metadata)) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        each(&path, &meta);
        if meta.is_dir() {
            walk(&path, each);
        }
    }
}
