//! Programs: such as a real `go` builds, and such as nobody should have.

mod altered;
mod audited;
mod bills;
mod built;
mod fixture;
mod formats;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use testkit::{GoCommand, ModuleTree, ScriptedUpstream};
use workbench::binary::{Binary, BuildInfo, Program};

/// A project with one dependency, to be built for whatever is asked for. What was compiled stays in a cache, so that each
/// processor's runtime is compiled once.
struct Builder {
    go: GoCommand,
    program: PathBuf,
    _proxy: ScriptedUpstream,
}

impl Builder {
    fn new() -> Self {
        Self::with(&GoCommand::find().unwrap())
    }

    /// With this `go`.
    fn with(program: &Path) -> Self {
        let tree = ModuleTree::parse(
            "-- example.com/dep@v1.2.3/go.mod --\nmodule example.com/dep\n\ngo 1.21\n\
             -- example.com/dep@v1.2.3/dep.go --\npackage dep\n\nconst Text = \"dep\"\n",
        );
        let proxy = ScriptedUpstream::serving(tree);
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-build");
        let go = GoCommand::new(&proxy.url()).env("GOCACHE", cache).env("CGO_ENABLED", "0").at(program);
        go.write("go.mod", "module example.com/app\n\ngo 1.21\n\nrequire example.com/dep v1.2.3\n");
        go.write(
            "main.go",
            "package main\n\nimport \"example.com/dep\"\n\nvar Stamp string\nvar Plain = \"of the source\"\n\n\
             func main() { println(dep.Text, Stamp, Plain) }\n",
        );
        go.run(["mod", "tidy"]).ok();
        Builder { go, program: program.to_owned(), _proxy: proxy }
    }

    /// Builds with these variables and arguments, and gives the file.
    fn build(&self, name: &str, variables: &[(&str, &str)], arguments: &[&str]) -> PathBuf {
        // Two compilers at once take the memory of a small machine.
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = Command::new(&self.program);
        command.args(["build", "-o", name]).args(arguments).current_dir(self.go.work());
        command.env_clear().envs(self.go.variables().iter().cloned()).envs(variables.iter().copied());
        testkit::run(&mut command).ok();
        self.go.work().join(name)
    }
}

/// The only program of a file.
fn only(binary: &Binary) -> (&Program, &BuildInfo) {
    let [program] = binary.programs() else { panic!("{} programs", binary.programs().len()) };
    (program, program.info().unwrap())
}

/// What `go version -m` says of a file, in the words that the linker wrote.
fn said_by_go(file: &Path) -> String {
    let ran = testkit::run(Command::new(GoCommand::find().unwrap()).args(["version", "-m"]).arg(file)).ok();
    ran.stdout.lines().skip(1).flat_map(|line| [line.trim_start(), "\n"]).collect()
}

/// The same of what was read.
fn said(info: &BuildInfo) -> String {
    let module = |word: &str, listed: &workbench::binary::Listed| {
        format!("{word}\t{}\t{}\t{}\n", listed.path(), listed.version(), listed.sum())
    };
    let mut out = format!("path\t{}\n", info.package());
    out.extend(info.main().map(|main| module("mod", main)));
    out.extend(info.deps().iter().map(|dep| module("dep", dep)));
    for (key, value) in info.settings() {
        let value = if value.contains(' ') { format!("{value:?}") } else { value.to_owned() };
        out.extend(["build\t", key, "=", &value, "\n"]);
    }
    out
}
