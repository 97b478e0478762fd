//! `larder snapshot`: modules and what proves them, carried to where no network is.

mod altered;
mod killed;
mod output;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use testkit::{GoCommand, Larder, ModuleTree, Ran, ScriptedUpstream, TestLog, require};

use crate::world::larder;

const LOG: &str = "sum.example.test";

const MODULES: &str = "\
-- example.com/app@v1.2.0/go.mod --
module example.com/app

go 1.21

require example.com/Lib v1.0.0
-- example.com/app@v1.2.0/app.go --
package app

import lib \"example.com/Lib\"

const N = lib.N
-- example.com/app@v1.3.0/go.mod --
module example.com/app

go 1.21
-- example.com/app@v1.3.0/app.go --
package app

const N = 7
-- example.com/Lib@v0.9.0/go.mod --
module example.com/Lib

go 1.21
-- example.com/Lib@v0.9.0/lib.go --
package lib

const N = 0
-- example.com/Lib@v1.0.0/go.mod --
module example.com/Lib

go 1.21
-- example.com/Lib@v1.0.0/lib.go --
package lib

const N = 1
-- example.com/old@v0.5.0/go.mod --
module example.com/old

require example.com/Lib v0.9.0
-- example.com/old@v0.5.0/old.go --
package old

const N = 2
";

const GO_MOD: &str = "module example.com/project

go 1.21

require (
\texample.com/app v1.2.0
\texample.com/old v0.5.0
)

require example.com/Lib v1.0.0 // indirect
";

const MAIN: &str = "package main

import (
\t\"example.com/app\"
\t\"example.com/old\"
)

func main() { println(app.N + old.N) }
";

/// Side A: an upstream with a checksum database, and a project without go.sum.
struct Site {
    upstream: ScriptedUpstream,
    vkey: String,
    larder: Larder,
    project: PathBuf,
}

impl Site {
    fn new() -> Self {
        Site::of(&ModuleTree::parse(MODULES))
    }

    fn of(tree: &ModuleTree) -> Self {
        let log = TestLog::over(LOG, tree).with_filler(300);
        let vkey = log.vkey();
        let upstream = ScriptedUpstream::with_log(tree.clone(), log);
        let larder = larder().env("LARDER_UPSTREAM", upstream.url()).env("LARDER_SUMDB", &vkey);
        let project = larder.home().join("project");
        fs::create_dir(&project).unwrap();
        let test = "package main\n\nimport \"testing\"\n\nfunc TestNothing(t *testing.T) {}\n";
        for (name, content) in [("go.mod", GO_MOD), ("main.go", MAIN), ("main_test.go", test)] {
            fs::write(project.join(name), content).unwrap();
        }
        let larder = larder.work(&project);
        Site { upstream, vkey, larder, project }
    }

    /// `larder snapshot create` with more words, and the file.
    #[track_caller]
    fn create(&self, name: &str, words: &[&str]) -> PathBuf {
        let (file, ran) = self.try_create(name, words);
        ran.ok();
        file
    }

    fn try_create(&self, name: &str, words: &[&str]) -> (PathBuf, Ran) {
        let (file, data) = (self.larder.home().join(name), self.larder.data());
        let fixed = ["snapshot", "create", "--data", path(&data), "-o", path(&file)];
        let ran = self.larder.run(fixed.into_iter().chain(words.iter().copied()));
        (file, ran)
    }

    /// Side B: another machine, which knows the database by its key alone.
    fn far(&self) -> Larder {
        larder().env("LARDER_UPSTREAM", "off").env("LARDER_SUMDB", &self.vkey)
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `larder snapshot restore` with more words.
fn restore(far: &Larder, file: &Path, words: &[&str]) -> Ran {
    let data = far.data();
    let fixed = ["snapshot", "restore", path(file), "--to", path(&data)];
    far.run(fixed.into_iter().chain(words.iter().copied()))
}

/// The modules that `larder snapshot inspect` names.
fn inside(file: &Path) -> Vec<String> {
    let manifest: Value =
        serde_json::from_str(&larder().run(["snapshot", "inspect", path(file), "--json"]).ok().stdout)
            .unwrap();
    let name = |module: &Value| {
        format!("{}@{}", module["path"].as_str().unwrap(), module["version"].as_str().unwrap())
    };
    manifest["modules"].as_array().unwrap().iter().map(name).collect()
}

/// Whether this machine lets a test have a network of its own.
fn has_networks() -> bool {
    let allowed = Command::new("unshare").args(ALONE).arg("ip link set lo up").output();
    require("unshare --net", allowed.is_ok_and(|ran| ran.status.success()))
}

/// A network without anybody in it.
const ALONE: [&str; 4] = ["--net", "--map-root-user", "sh", "-c"];

/// The project on a machine that has seen nothing yet, its go.sum included.
fn fresh(site: &Site) -> GoCommand {
    let go = GoCommand::new("off").sumdb(&site.vkey);
    for name in ["go.mod", "main.go", "main_test.go"] {
        go.write(name, &fs::read_to_string(site.project.join(name)).unwrap());
    }
    go
}

/// Runs commands where there is no network at all: `words` are what stands before `go`.
fn cut_off(go: &GoCommand, words: &[&str], commands: &[&str]) {
    for command in commands {
        let mut unshare = Command::new("unshare");
        unshare.args(ALONE).arg("ip link set lo up && exec \"$@\"").arg("sh").args(words);
        unshare.arg("go").args(command.split(' '));
        unshare.current_dir(go.work()).env_clear().envs(go.variables().iter().cloned());
        testkit::run(&mut unshare).ok();
    }
}

const COMMANDS: [&str; 7] = [
    "mod tidy",
    "mod download",
    "build ./...",
    "vet ./...",
    "test ./...",
    "mod verify",
    "list -m -versions example.com/app",
];

#[test]
fn without_network_everything_works_with_the_database_on() {
    if !has_networks() {
        return;
    }
    let site = Site::new();
    let file = site.create("project.snapshot", &[]);
    let far = site.far();
    restore(&far, &file, &[]).ok();
    let data = far.data();
    let run = [
        path(far.program()),
        "run",
        "--offline",
        "--upstream",
        "off",
        "--sumdb",
        &site.vkey,
        "--data",
        path(&data),
        "--",
    ];
    let go = fresh(&site);
    cut_off(&go, &run, &COMMANDS);
    let sums = go.read("go.sum");
    assert!(sums.contains("example.com/Lib v1.0.0 h1:"), "{sums}");
    assert!(sums.contains("example.com/Lib v0.9.0/go.mod h1:"), "{sums}");
}

#[test]
fn without_network_go_switches_to_the_toolchain_that_a_project_asks_for() {
    if !has_networks() {
        return;
    }
    let toolchain = testkit::toolchain("go1.99.0", "echo this is go1.99.0");
    let site = Site::of(&ModuleTree::parse(&[MODULES, &toolchain].concat()));
    let go_mod = "module example.com/project\n\ngo 1.99.0\n";
    fs::write(site.project.join("go.mod"), go_mod).unwrap();
    fs::write(site.project.join("main.go"), "package main\n\nfunc main() {}\n").unwrap();
    let platform = format!("{}/{}", env("GOOS"), env("GOARCH"));
    let file = site.create("s", &["--platform", &platform]);
    assert!(inside(&file)[0].starts_with("golang.org/toolchain@v0.0.1-go1.99.0."));
    let all = site.create("all", &["--store"]);
    assert!(inside(&all).is_empty(), "toolchains are large, and go along when they are asked for");
    let with = site.create("with", &["--store", "--toolchains"]);
    assert_eq!(inside(&with), inside(&file));

    let far = site.far();
    restore(&far, &file, &[]).ok();
    let data = far.data();
    let run = [
        path(far.program()),
        "run",
        "--offline",
        "--upstream",
        "off",
        "--sumdb",
        &site.vkey,
        "--data",
        path(&data),
        "--",
    ];
    let go = fresh(&site).env("GOTOOLCHAIN", "auto");
    cut_off(&go, &run, &["version"]);
}

/// What `go env` says of this machine.
fn env(name: &str) -> String {
    testkit::run(Command::new("go").args(["env", name])).ok().stdout.trim_end().to_owned()
}

#[test]
fn a_plain_directory_serves_those_who_have_no_larder() {
    if !has_networks() {
        return;
    }
    let site = Site::new();
    let dir = site.create("proxy", &["--format", "goproxy-dir"]);
    let go = fresh(&site).env("GOPROXY", format!("file://{}", dir.display()));
    cut_off(&go, &["env"], &COMMANDS);
    let twice = site.try_create("proxy", &["--format", "goproxy-dir"]).1;
    assert_eq!(twice.code(), Some(2), "{twice}");
}

#[test]
fn the_same_store_gives_the_same_bytes_and_the_far_one_gives_them_too() {
    let site = Site::new();
    let first = site.create("first", &[]);
    site.upstream.forget();
    let again = site.create("again", &["--store"]);
    assert_eq!(site.upstream.seen().len(), 0, "for what is stored nobody is asked");
    assert_eq!(fs::read(&first).unwrap(), fs::read(&again).unwrap());

    let far = site.far();
    restore(&far, &first, &[]).ok();
    let data = far.data();
    let third = far.home().join("third");
    far.run(["snapshot", "create", "--store", "--data", path(&data), "-o", path(&third)]).ok();
    assert_eq!(fs::read(&first).unwrap(), fs::read(&third).unwrap());
}

#[test]
fn what_is_said_of_a_snapshot_is_what_is_in_it() {
    let site = Site::new();
    let file = site.create("s", &[]);
    let modules = inside(&file);
    for module in ["example.com/app@v1.2.0", "example.com/Lib@v1.0.0", "example.com/Lib@v0.9.0"] {
        assert!(modules.contains(&module.to_owned()), "{modules:?}");
    }
    let said = site.far().run(["snapshot", "inspect", path(&file)]).ok().stdout;
    assert!(said.contains("signed     by nobody"), "{said}");
    assert!(said.contains(&format!("database   {LOG}, ")), "{said}");
    let checked = site.far().run(["snapshot", "verify", path(&file), "--json"]).ok().stdout;
    let checked: Value = serde_json::from_str(&checked).unwrap();
    assert_eq!(checked["proven"], modules.len());
    assert_eq!(checked["signer"], Value::Null);
    // Any tar and any zstd read it.
    let listed = zstd::decode_all(fs::File::open(&file).unwrap()).unwrap();
    let plain = site.larder.home().join("plain.tar");
    fs::write(&plain, listed).unwrap();
    let listed = testkit::run(Command::new("tar").arg("tf").arg(&plain)).ok().stdout;
    assert!(listed.contains("modules/example.com/!lib/@v/v1.0.0.zip\n"), "{listed}");
}

#[test]
fn a_database_that_is_not_known_here_proves_nothing() {
    let site = Site::new();
    let file = site.create("s", &[]);
    let far = larder().env("LARDER_UPSTREAM", "off");
    let ran = restore(&far, &file, &[]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stdout.contains("proven by no checksum database whose key is known here"), "{ran}");
    assert!(altered::listing(&far.data()).is_empty());
}

#[test]
fn what_should_stay_free_of_the_disk_stays_free() {
    let site = Site::new();
    let file = site.create("s", &[]);
    let far = site.far().env(Larder::MIN_FREE, "100000 GiB");
    let ran = restore(&far, &file, &[]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("--min-free"), "{ran}");
    assert!(altered::listing(&far.data()).is_empty());
    restore(&far.env(Larder::MIN_FREE, "1 MiB"), &file, &[]).ok();
}

#[test]
fn an_increment_goes_on_from_the_snapshot_before() {
    let site = Site::new();
    let may = site.create("may", &[]);
    // The database grows, and the project needs more.
    let newer = GO_MOD.replace("app v1.2.0", "app v1.3.0");
    fs::write(site.project.join("go.mod"), newer).unwrap();
    let june = site.create("june", &["--since", path(&may)]);
    assert_eq!(inside(&june), ["example.com/app@v1.3.0"]);
    assert!(fs::metadata(&june).unwrap().len() < fs::metadata(&may).unwrap().len());

    let far = site.far();
    let alone = restore(&far, &june, &[]);
    assert_eq!(alone.code(), Some(1), "{alone}");
    assert!(alone.stdout.contains("restore that one first"), "{alone}");
    restore(&far, &may, &[]).ok();
    let ran = restore(&far, &june, &["--json"]).ok();
    let restored: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&restored["new"], &restored["known"]), (&1.into(), &0.into()));
    // The one before is part of what is there, and to restore it again changes nothing.
    let ran = restore(&far, &may, &["--json"]).ok();
    let restored: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(restored["new"], 0);

    let diff = larder().run(["snapshot", "diff", path(&may), path(&june)]);
    assert_eq!(diff.code(), Some(1), "{diff}");
    assert_eq!(diff.stdout, "removed      example.com/app@v1.2.0\nother files  example.com/app@v1.3.0\n");
    assert_eq!(larder().run(["snapshot", "diff", path(&may), path(&may)]).ok().stdout, "");
}

#[test]
fn a_signature_vouches_for_private_modules() {
    let private = ScriptedUpstream::serving(ModuleTree::parse(
        "-- corp.example.com/secret@v1.0.0/go.mod --\nmodule corp.example.com/secret\n\ngo 1.21\n\
         -- corp.example.com/secret@v1.0.0/secret.go --\npackage secret\n",
    ));
    let near = larder();
    let config = near.home().join("larder.toml");
    let route = format!(
        "[[route]]\nmodules = [\"corp.example.com\"]\nchain = \"{}\"\nsumdb = \"ledger\"\n",
        private.url()
    );
    fs::write(&config, route).unwrap();
    let project = near.home().join("project");
    fs::create_dir(&project).unwrap();
    let go_mod = "module test\n\ngo 1.21\n\nrequire corp.example.com/secret v1.0.0\n";
    fs::write(project.join("go.mod"), go_mod).unwrap();
    let near = near.env("LARDER_UPSTREAM", "off").env("LARDER_CONFIG", &config).work(&project);
    let keygen = |name: &str| {
        let key = near.home().join(name);
        let made = near.run(["snapshot", "keygen", "ops.example.com", "--out", path(&key)]).ok();
        (key, made.stdout.trim_end().to_owned())
    };
    let ((key, vkey), (_, other)) = (keygen("key"), keygen("other"));
    let file = near.home().join("s");
    let data = near.data();
    let create = ["snapshot", "create", "--data", path(&data), "-o", path(&file)];
    let unsigned = near.run(create).ok();
    assert!(unsigned.stderr.contains("nobody signed"), "{unsigned}");

    let far = larder().env("LARDER_UPSTREAM", "off");
    let refuse = |words: &[&str], why: &str| {
        let ran = restore(&far, &file, words);
        assert_eq!(ran.code(), Some(1), "{ran}");
        assert!(ran.stdout.contains(why), "{ran}");
    };
    refuse(&[], "corp.example.com/secret@v1.0.0 is proven by no checksum database");
    refuse(&["--key", &vkey], "nobody has signed the snapshot");
    near.run(create.into_iter().chain(["--sign", path(&key)])).ok();
    refuse(&[], "no signature on the snapshot was checked");
    refuse(&["--key", &other], "the signature is not that of the key");
    restore(&far, &file, &["--key", &vkey]).ok();
    let server = far.serve("off").with("--offline").start();
    let zip = server.get("/corp.example.com/secret/@v/v1.0.0.zip").expect(200);
    assert_eq!(zip.header("X-Larder-Verified"), Some("imported"));
}
