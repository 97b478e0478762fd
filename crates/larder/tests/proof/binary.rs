//! `larder verify PROGRAM`: what a real `go` built, against go.sum, the ledger and a checksum database.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use testkit::{GoCommand, ModuleTree, Ran, ScriptedUpstream, TestLog};

use crate::world::larder;

/// A project in a git repository, built behind a checksum database; `Stamp` is there for `-X`.
struct Project {
    go: GoCommand,
    upstream: ScriptedUpstream,
    sumdb: String,
}

const MODULES: &str = "\
-- example.com/dep@v1.2.3/go.mod --
module example.com/dep

go 1.21
-- example.com/dep@v1.2.3/dep.go --
package dep

const Text = \"dep\"
-- example.com/dep@v1.3.0/go.mod --
module example.com/dep

go 1.21

// it forgets things
retract v1.2.3
-- example.com/dep@v1.3.0/dep.go --
package dep
-- example.com/other@v1.0.0/go.mod --
module example.com/other

go 1.21
-- example.com/other@v1.0.0/dep.go --
package other

const Text = \"other\"
";

impl Project {
    fn new() -> Self {
        let tree = ModuleTree::parse(MODULES);
        let log = TestLog::over("sum.example.com", &tree);
        let sumdb = log.vkey();
        let upstream = ScriptedUpstream::with_log(tree, log);
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-build");
        let go = GoCommand::new(&upstream.url()).sumdb(&sumdb).env("GOCACHE", cache).env("CGO_ENABLED", "0");
        go.write("go.mod", "module example.com/app\n\ngo 1.21\n\nrequire example.com/dep v1.2.3\n");
        go.write(
            "main.go",
            "package main\n\nimport \"example.com/dep\"\n\nvar Stamp string\n\nfunc main() { println(dep.Text, Stamp) }\n",
        );
        go.write(".gitignore", "out/\n");
        go.run(["mod", "tidy"]).ok();
        let project = Project { go, upstream, sumdb };
        project.git(&["init", "-q"]);
        project.git(&["add", "."]);
        project.commit();
        project
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(arguments);
        testkit::run(git.current_dir(self.go.work())).ok();
    }

    fn commit(&self) {
        self.git(&["commit", "-q", "-m", "x"]);
    }

    /// Builds the program, which is stamped as `go build` does it.
    fn build(&self, arguments: &[&str]) -> PathBuf {
        self.go.run(["build", "-buildvcs=true", "-o", "out/app"].iter().chain(arguments)).ok();
        self.go.work().join("out/app")
    }

    /// `larder verify` in the project.
    fn verify(&self, arguments: &[&str]) -> Ran {
        self.verify_with(arguments, "")
    }

    fn verify_with(&self, arguments: &[&str], private: &str) -> Ran {
        let larder = larder().work(self.go.work()).env("GOPRIVATE", private);
        let upstream = self.upstream.url();
        let known = ["verify", "--upstream", &upstream, "--sumdb", &self.sumdb];
        larder.run(known.iter().chain(arguments))
    }
}

#[track_caller]
fn passes(ran: &Ran) {
    assert_eq!(ran.code(), Some(0), "{ran}");
}

#[track_caller]
fn finds(ran: &Ran, code: &str) {
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains(code), "not {code}: {ran}");
}

/// The same file with another text of the same length in the place of one.
fn altered(file: &Path, from: &str, to: &str) {
    let mut bytes = fs::read(file).unwrap();
    let mut found = 0;
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0 && from.len() == to.len(), "{from}");
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_program_passes_the_gate_and_fails_it() {
    let project = Project::new();
    let strict = ["--require", "go.sum", "--require", "stamp", "out/app"];

    project.build(&[]);
    let ran = project.verify(&strict);
    passes(&ran);
    for said in [
        "1 of 1 modules are as go.sum has them",
        "1 of 1 modules are as the checksum database has them",
        "retracted  example.com/dep v1.2.3: it forgets things",
    ] {
        assert!(ran.stdout.contains(said), "no {said}: {ran}");
    }

    // Another go.sum.
    let wrong = project.go.read("go.sum").replace("example.com/dep v1.2.3 h1:", "example.com/dep v1.2.4 h1:");
    project.go.write("out/wrong.sum", &wrong);
    finds(
        &project.verify(&["--gosum", "out/wrong.sum", "--require", "go.sum", "out/app"]),
        "L5-BINARY-NOT-IN-GOSUM",
    );
    passes(&project.verify(&["--gosum", "out/wrong.sum", "out/app"]));

    // Stamps.
    project.build(&["-buildvcs=false"]);
    finds(&project.verify(&strict), "L5-BINARY-STAMP-MISSING");
    project.go.write("new.go", "package main\n");
    project.build(&[]);
    finds(&project.verify(&strict), "L5-BINARY-STAMP-DIRTY");
    fs::remove_file(project.go.work().join("new.go")).unwrap();

    // A replacement.
    project.go.write("go.mod", &format!("{}\nreplace example.com/dep => ./dep\n", project.go.read("go.mod")));
    project.go.write("dep/go.mod", "module example.com/dep\n\ngo 1.21\n");
    project.go.write("dep/dep.go", "package dep\n\nconst Text = \"mine\"\n");
    project.build(&[]);
    let ran = project.verify(&["out/app"]);
    passes(&ran);
    assert!(ran.stdout.contains("replaced   example.com/dep v1.2.3 => ./dep"), "{ran}");
    finds(&project.verify(&["--require", "go.sum", "out/app"]), "L5-BINARY-REPLACED-MODULE");
}

#[test]
fn altered_lists_are_told_by_each_witness() {
    let project = Project::new();
    let app = project.build(&[]);
    let sums = project.go.read("go.sum");
    let line = sums.lines().find(|line| line.starts_with("example.com/dep v1.2.3 h1:")).unwrap();
    let h1 = line.split(' ').next_back().unwrap();
    let other = format!("h1:{}=", "A".repeat(43));
    altered(&app, h1, &other);
    let ran = project.verify(&["out/app"]);
    finds(&ran, "L5-BINARY-NOT-AS-DATABASE");
    finds(&ran, "L5-BINARY-NOT-AS-GOSUM");
    // Nobody to ask: go.sum alone tells it. No go.sum either: that is said.
    finds(&project.verify(&["--offline", "out/app"]), "L5-BINARY-NOT-AS-GOSUM");
    fs::rename(project.go.work().join("go.sum"), project.go.work().join("gone")).unwrap();
    let ran = project.verify(&["--offline", "out/app"]);
    passes(&ran);
    assert!(ran.stdout.contains("??  ") && ran.stdout.contains("offline"), "{ran}");

    // A version that nobody knows; a name that nobody may hear of.
    let app = project.build(&["-mod=mod"]);
    fs::remove_file(project.go.work().join("go.sum")).unwrap();
    altered(&app, "example.com/dep\tv1.2.3", "example.com/dep\tv1.2.9");
    finds(&project.verify(&["out/app"]), "L5-BINARY-UNKNOWN-MODULE");
    let before = project.upstream.seen().len();
    let ran = project.verify_with(&["--offline", "out/app"], "example.com");
    passes(&ran);
    assert!(ran.stdout.contains("private"), "{ran}");
    assert_eq!(project.upstream.seen().len(), before, "{ran}");
}

#[test]
fn a_stamp_of_the_linker_is_read_from_the_data() {
    let project = Project::new();
    let flags = larder().work(project.go.work()).env("PATH", std::env::var_os("PATH").unwrap());
    let flags = flags.run(["env", "--ldflags=main.Stamp"]);
    passes(&flags);
    let flags = flags.stdout.trim();
    let revision = flags.strip_prefix("-X main.Stamp=").unwrap();
    assert_eq!(revision.len(), 40, "{flags}");

    project.build(&["-trimpath", "-buildvcs=false", "-ldflags", flags]);
    passes(&project.verify(&["--offline", "--require", "stamp=main.Stamp", "out/app"]));
    let exact = format!("stamp=main.Stamp={revision}");
    passes(&project.verify(&["--offline", "--require", &exact, "out/app"]));
    finds(
        &project.verify(&["--offline", "--require", "stamp=main.Stamp=1234", "out/app"]),
        "L5-BINARY-STAMP-OTHER",
    );
    finds(
        &project.verify(&["--offline", "--require", "stamp=main.Else", "out/app"]),
        "L5-BINARY-STAMP-MISSING",
    );

    let stripped = format!("-s -w {flags}");
    project.build(&["-trimpath", "-buildvcs=false", "-ldflags", &stripped]);
    passes(&project.verify(&["--offline", "--require", &exact, "out/app"]));
    finds(
        &project.verify(&["--offline", "--require", "stamp=main.Stamp", "out/app"]),
        "L5-BINARY-STAMP-MISSING",
    );
}

#[test]
fn a_bill_of_materials_is_all_there_is_on_standard_output() {
    let project = Project::new();
    project.build(&[]);
    for (form, mark) in
        [("cyclonedx", "\"bomFormat\": \"CycloneDX\""), ("spdx", "\"spdxVersion\": \"SPDX-2.3\"")]
    {
        let ran = project.verify(&["--sbom", form, "out/app"]);
        passes(&ran);
        assert!(ran.stdout.starts_with('{') && ran.stdout.contains(mark), "{ran}");
        assert!(ran.stdout.contains("pkg:golang/example.com/dep@v1.2.3"), "{ran}");
        assert!(ran.stderr.contains("as go.sum has them"), "{ran}");
        assert_eq!(ran.stdout, project.verify(&["--sbom", form, "out/app"]).stdout);
    }
    let ran = project.verify(&["--json", "out/app"]);
    passes(&ran);
    for said in [
        "\"binaries\": [",
        "\"database\": \"same\"",
        "\"gosum\": \"same\"",
        "\"retracted\": \"it forgets things\"",
    ] {
        assert!(ran.stdout.contains(said), "no {said}: {ran}");
    }
}

#[test]
fn wrong_usage_says_what_to_do() {
    let project = Project::new();
    project.go.write("text", "no program\n");
    for (arguments, said) in [
        (&["--require", "gosum", "text"][..], "--require takes go.sum, stamp, or stamp=NAME[=VALUE]"),
        (&["--require", "stamp=Commit", "text"], "write the package and the name"),
        (&["--require", "go.sum"], "name one"),
        (&["--offline", "text"], "no ELF, PE or Mach-O file"),
        (&["--gosum", "none.sum", "text"], "there is no none.sum"),
        (&["--sbom", "spdx", "text", "go.mod"], "--sbom takes one program"),
    ] {
        let ran = project.verify(arguments);
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains(said), "no {said}: {ran}");
    }
}
