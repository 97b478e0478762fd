//! `larder vendor plan`: a project builds although a module cannot be had, and is as it was afterwards.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use testkit::{GoCommand, Larder, ModuleTree, Ran, Reply, ScriptedUpstream, TestLog};

use crate::world::larder;

const LOG: &str = "sum.example.test";

const MODULES: &str = "\
-- example.com/lib@v1.0.0/go.mod --
module example.com/lib

go 1.21
-- example.com/lib@v1.0.0/lib.go --
package lib

const N = 1
-- example.com/lib@v1.1.0/go.mod --
module example.com/lib

go 1.21
-- example.com/lib@v1.1.0/lib.go --
package lib

// Nothing that builds with v1.0.0 builds with this.
const M = 1
-- example.com/lib@v1.2.0/go.mod --
module example.com/lib

go 1.21

require example.com/more v1.0.0
-- example.com/lib@v1.2.0/lib.go --
package lib

import \"example.com/more\"

const N = more.N
-- example.com/more@v1.0.0/go.mod --
module example.com/more

go 1.21
-- example.com/more@v1.0.0/more.go --
package more

const N = 2
-- example.com/unused@v1.0.0/go.mod --
module example.com/unused

go 1.21
-- example.com/unused@v1.0.0/unused.go --
package unused
";

const GO_MOD: &str = "\
module example.com/project

go 1.21

require example.com/lib v1.0.0 // as it always was
";

/// A project that was tidied while all was well.
struct Site {
    upstream: ScriptedUpstream,
    vkey: String,
    project: GoCommand,
    larder: Larder,
}

impl Site {
    fn new() -> Self {
        let tree = ModuleTree::parse(MODULES);
        let log = TestLog::over(LOG, &tree).with_filler(20);
        let vkey = log.vkey();
        let upstream = ScriptedUpstream::with_log(tree, log);
        let project = GoCommand::new(&upstream.url()).sumdb(&vkey);
        project.write("go.mod", GO_MOD);
        project.write(
            "main.go",
            "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.N) }\n",
        );
        project.run(["mod", "tidy"]).ok();
        project.run(["build", "-o", "/dev/null", "./..."]).ok();
        let larder = larder().env("LARDER_UPSTREAM", upstream.url()).env("LARDER_SUMDB", &vkey);
        let variables = project.variables().iter().filter(|(name, _)| name != "HOME" && name != "PATH");
        let larder = variables.fold(larder, |larder, (name, value)| larder.env(name, value));
        Site { upstream, vkey, project, larder }
    }

    /// Versions that are in the store.
    fn store(&self, versions: &[&str]) {
        let dir = tempfile::tempdir().unwrap();
        for version in versions {
            let (path, number) = version.split_once('@').unwrap();
            let text = format!("module example.com/other\n\ngo 1.21\n\nrequire {path} {number}\n");
            fs::write(dir.path().join("go.mod"), text).unwrap();
            self.run(&["warm", dir.path().to_str().unwrap()]).ok();
        }
    }

    /// Nobody has it any more.
    fn lose(&self, module: &str) {
        self.upstream.always(module, Reply::status(500));
    }

    #[track_caller]
    fn run(&self, words: &[&str]) -> Ran {
        let data = self.larder.data();
        let words = words.iter().copied().chain(["--data", data.to_str().unwrap()]);
        self.larder.clone().work(self.project.work()).run(words)
    }

    #[track_caller]
    fn plan(&self, words: &[&str]) -> Ran {
        self.run(&[&["vendor", "plan"], words].concat())
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        read(&self.project.work(), &self.project.work(), &mut files);
        files
    }

    /// Whether a `go` that has seen nothing yet builds the project from what is stored.
    #[track_caller]
    fn builds(&self) {
        let server = self.larder.serve(&self.upstream.url()).sumdb(&self.vkey).with("--offline").start();
        let go = GoCommand::new(&server.url()).sumdb(&self.vkey);
        for (name, content) in self.files() {
            go.write(&name, std::str::from_utf8(&content).unwrap());
        }
        go.run(["build", "-o", "/dev/null", "./..."]).ok();
    }
}

fn read(root: &Path, dir: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

#[test]
fn where_everything_can_be_had_nothing_is_proposed() {
    let site = Site::new();
    let before = site.files();
    let ran = site.plan(&[]).ok();
    assert!(ran.stdout.starts_with("everything that the project needs can be had"), "{ran}");
    assert_eq!(site.files(), before);
    // Who wants to depend on nobody gets it.
    site.plan(&["--apply", "--only", "vendor"]).ok();
    let go = GoCommand::new("off");
    for (name, content) in site.files() {
        go.write(&name, std::str::from_utf8(&content).unwrap());
    }
    go.run(["build", "-o", "/dev/null", "./..."]).ok();
    site.plan(&["--undo"]).ok();
    assert_eq!(site.files(), before);
}

#[test]
fn another_version_that_is_stored_comes_first() {
    let site = Site::new();
    site.store(&["example.com/lib@v1.1.0", "example.com/lib@v1.2.0", "example.com/more@v1.0.0"]);
    site.lose("example.com/lib/@v/v1.0.0.*");
    let before = site.files();

    let ran = site.plan(&["--json"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(plan["missing"][0]["version"], "v1.0.0", "{plan:#}");
    let [proposal] = &plan["proposals"].as_array().unwrap()[..] else { panic!("{plan:#}") };
    // The one in between does not build.
    assert_eq!(proposal["changes"][0]["instead"], "example.com/lib v1.2.0", "{plan:#}");
    assert_eq!(site.files(), before, "a plan changes nothing");

    let ran = site.plan(&["--apply"]).ok();
    assert!(
        ran.stdout
            .contains("go build ./... works with it\n  example.com/lib v1.0.0 => example.com/lib v1.2.0\n"),
        "{ran}"
    );
    let go_mod = site.project.read("go.mod");
    assert!(go_mod.contains("// Written by `larder vendor plan --apply`"), "{go_mod}");
    site.builds();
    let again = site.plan(&["--apply"]);
    assert_eq!(again.code(), Some(2), "{again}");

    site.plan(&["--undo"]).ok();
    assert_eq!(site.files(), before);
    assert_eq!(site.plan(&["--undo"]).code(), Some(2));
}

#[test]
fn a_copy_in_the_module_cache_has_to_be_what_go_sum_records() {
    let site = Site::new();
    site.lose("example.com/lib/@v/*");
    let before = site.files();
    let tree = site.project.modcache().join("example.com/lib@v1.0.0");
    let ran = site.plan(&["--apply"]).ok();
    assert!(
        ran.stdout
            .contains("not another version that is stored: no other version of example.com/lib is stored"),
        "{ran}"
    );
    assert!(ran.stdout.contains("example.com/lib v1.0.0 => ./.larder/example.com/lib-v1.0.0"), "{ran}");
    site.builds();
    site.plan(&["--undo"]).ok();
    assert_eq!(site.files(), before);

    fs::write(tree.join("lib.go"), "package lib\n\nconst N = 666\n").unwrap();
    let ran = site.plan(&["--apply"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stdout.contains("lib@v1.0.0 is not what go.sum records"), "{ran}");
    assert_eq!(site.files(), before);
}

#[test]
fn a_module_that_nothing_imports_is_no_reason_not_to_vendor() {
    let site = Site::new();
    let before = site.project.read("go.mod") + "\nrequire example.com/unused v1.0.0\n";
    site.project.write("go.mod", &before);
    site.project.run(["mod", "download"]).ok();
    fs::remove_dir_all(site.project.modcache()).unwrap();
    site.lose("example.com/unused/@v/*.zip");
    let before = site.files();
    let ran = site.plan(&["--apply"]).ok();
    assert!(ran.stdout.contains("proposal: `go mod vendor` from the store"), "{ran}");
    assert!(site.project.work().join("vendor/example.com/lib/lib.go").is_file());
    site.builds();
    let ran = site.plan(&[]).ok();
    assert!(ran.stdout.contains("go build takes packages from "), "{ran}");

    let file = site.project.work().join("vendor/example.com/lib/lib.go");
    let content = fs::read(&file).unwrap();
    fs::write(&file, "package lib\n").unwrap();
    let ran = site.plan(&["--undo"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("was changed since"), "{ran}");
    fs::write(&file, content).unwrap();
    site.plan(&["--undo"]).ok();
    assert_eq!(site.files(), before);
}

#[test]
fn what_it_prints() {
    let site = Site::new();
    site.store(&["example.com/lib@v1.2.0"]);
    site.upstream.always("example.com/lib/@v/v1.0.0.*", Reply::status(404).body("not found"));
    let anonymous = |text: &str| {
        text.replace(site.upstream.url().trim_start_matches("http://"), "proxy.example.com")
            .replace(site.project.work().to_str().unwrap(), "/home/gopher/project")
    };
    insta::assert_snapshot!("vendor_plan", anonymous(&site.plan(&[]).stdout));
    insta::assert_snapshot!("vendor_plan_json", anonymous(&site.plan(&["--json"]).stdout));
    insta::assert_snapshot!("vendor_plan_applied", anonymous(&site.plan(&["--apply"]).ok().stdout));
    insta::assert_snapshot!("vendor_plan_go_mod", site.project.read("go.mod"));
    insta::assert_snapshot!("vendor_plan_undone", site.plan(&["--undo"]).ok().stdout);
    insta::assert_snapshot!("vendor_plan_help", site.larder.run(["vendor", "plan", "--help"]).ok().stdout);
}

#[test]
fn what_was_changed_after_it_was_written_is_not_overwritten() {
    let site = Site::new();
    site.store(&["example.com/lib@v1.2.0"]);
    site.lose("example.com/lib/@v/v1.0.0.*");
    site.plan(&["--apply"]).ok();
    let changed = site.project.read("go.mod") + "// mine\n";
    site.project.write("go.mod", &changed);
    let ran = site.plan(&["--undo"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert_eq!(site.project.read("go.mod"), changed);
}

#[test]
fn where_it_contradicts_go_sum_no_other_version_is_proposed() {
    let site = Site::new();
    site.store(&["example.com/lib@v1.2.0"]);
    let sums = site.project.read("go.sum");
    let line = sums.lines().find(|line| line.starts_with("example.com/lib v1.0.0 ")).unwrap();
    let wrong = "example.com/lib v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    site.project.write("go.sum", &sums.replace(line, wrong));
    let ran = site.plan(&[]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("SECURITY"), "{ran}");
}
