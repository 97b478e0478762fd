//! Larder between the client and the server that golang.org/x/mod has, in a program that the tests build.
//!
//! Nothing is downloaded for it: the module lies in the Go distribution.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use tempfile::TempDir;
use testkit::{
    Connection, GoCommand, Module, ModuleTree, Ran, Running, ScriptedUpstream, TestServer, require, run,
};

use crate::world::{LOG, larder, project, tree};

/// The key pair of PROTOCOL 4.10, for [`LOG`].
const VKEY: &str = "sum.example.test+4365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const SECRET: &str = "PRIVATE+KEY+sum.example.test+4365c489+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/// The program, if there is a `go`. It is built once, and its cache stays for the next run.
static XMOD: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    if !require("go", GoCommand::find().is_some()) {
        return None;
    }
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("xmod");
    let go = GoCommand::new("off").env("GOCACHE", cache.join("build")).env("GOFLAGS", "-mod=mod");
    let root = go.run(["env", "GOROOT"]).ok().stdout;
    let module = Path::new(root.trim()).join("src/cmd/vendor/golang.org/x/mod");
    if !require("golang.org/x/mod in GOROOT", module.is_dir()) {
        return None;
    }
    copy(&module, &go.work().join("x"));
    go.write("x/go.mod", "module golang.org/x/mod\n\ngo 1.24\n");
    go.write(
        "go.mod",
        "module example.com/xmod\n\ngo 1.24\n\nrequire golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ./x\n",
    );
    go.write("main.go", include_str!("xmod/main.go"));
    let program = cache.join("xmod");
    go.run(["build".as_ref(), "-o".as_ref(), program.as_os_str()]).ok();
    Some(program)
});

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A log that the public server serves.
struct Log {
    url: String,
    _running: Running,
    _sums: TempDir,
}

impl Log {
    fn of(tree: &ModuleTree) -> Option<Self> {
        let program = XMOD.as_deref()?;
        let dir = tempfile::tempdir().unwrap();
        let sums = dir.path().join("sums");
        fs::write(&sums, tree.modules().map(Module::sum_lines).collect::<String>()).unwrap();
        let running = Running::start(Command::new(program).args(["serve", SECRET]).arg(sums));
        let url = running.first_line().expect("a URL");
        Some(Self { url, _running: running, _sums: dir })
    }

    fn fill(&self, count: usize) {
        let address = self.url.trim_start_matches("http://").parse().unwrap();
        let path = format!("/fill?n={count}");
        Connection::open(address).request("GET", &path, &[("Connection", "close")]).expect(200);
    }
}

/// The public client, with what it remembers.
struct Client(TempDir);

impl Client {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// What the database behind a URL says of these modules.
    fn look(&self, base: &str, modules: &[&str]) -> Ran {
        self.look_by(VKEY, base, modules)
    }

    fn look_by(&self, vkey: &str, base: &str, modules: &[&str]) -> Ran {
        let program = XMOD.as_deref().unwrap();
        let mut command = Command::new(program);
        run(command.args(["look", vkey, base]).arg(self.0.path()).args(modules))
    }
}

/// All records of the database behind a URL, after every hash in it was recomputed.
fn audit(base: &str) -> Ran {
    audit_by(VKEY, base)
}

fn audit_by(vkey: &str, base: &str) -> Ran {
    let program = XMOD.as_deref().unwrap();
    run(Command::new(program).args(["audit", vkey, base]))
}

/// Below which URL a proxy has the database.
fn through(server: &TestServer) -> String {
    format!("{}/sumdb/{LOG}", server.url())
}

#[test]
fn larder_between_the_public_client_and_the_public_server() {
    let Some(log) = Log::of(&tree()) else { return };
    let mut upstream = ScriptedUpstream::serving(tree());
    let server = larder().serve(&upstream.url()).sumdb(&format!("{VKEY} {}", log.url)).start();
    let keeping = Client::new();
    let growths = [0, 3, 300, 7_000, 1, 250, 2_000];
    for (n, module) in tree().modules().enumerate() {
        log.fill(growths[n % growths.len()]);
        let zip = server.get(&format!("/{}", module.url_path("zip"))).expect(200).body;
        assert!(zip == module.zip.to_vec());
        // The others nobody asks about while the log is there, but Larder.
        if n % 2 == 0 {
            let name = format!("{}@{}", module.path, module.version);
            assert_eq!(keeping.look(&through(&server), &[&name]).ok().stdout, module.sum_lines());
        }
    }
    let unknown = Client::new().look(&through(&server), &["example.com/none@v1.0.0"]).fails();
    assert!(unknown.stderr.contains("404"), "{unknown}");
    let records = audit(&through(&server)).ok().stdout;
    assert!(records.lines().count() > 2 * 9_500);

    drop(log);
    upstream.take_down();
    let all = tree();
    let names: Vec<_> = all.modules().map(|module| format!("{}@{}", module.path, module.version)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let said: String = all.modules().map(Module::sum_lines).collect();
    let on_disk = format!("file://{}/modules/sumdb/{LOG}", server.data().display());
    for base in [through(&server), on_disk] {
        assert_eq!(Client::new().look(&base, &names).ok().stdout, said, "{base}");
        assert_eq!(keeping.look(&base, &names).ok().stdout, said, "{base}, by who was there before");
    }
}

#[test]
fn go_verifies_by_a_public_server_through_larder() {
    let Some(log) = Log::of(&tree()) else { return };
    log.fill(1_000);
    let upstream = ScriptedUpstream::serving(tree());
    let server = larder().serve(&upstream.url()).sumdb(&format!("{VKEY} {}", log.url)).start();
    for spec in [VKEY.to_owned(), format!("{VKEY} {}", through(&server))] {
        let go = project(&server.url()).sumdb(&spec);
        go.run(["mod", "tidy"]).ok();
        log.fill(1_000);
        go.run(["mod", "download", "example.com/app@v1.1.0"]).ok();
        assert_eq!(upstream.asked("sumdb/*"), 0);
    }
}

/// Larder's own log, which has a record of a module as soon as somebody asks for it.
#[test]
fn the_public_client_accepts_the_own_log_of_larder() {
    if XMOD.is_none() {
        return;
    }
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder();
    let file = larder.home().join("own.key");
    let made = larder.run(["sumdb", "keygen", "sum.corp.example.com", "--out", file.to_str().unwrap()]).ok();
    let vkey = made.stdout.lines().next().unwrap();
    let config = larder.home().join("larder.toml");
    let text = format!(
        "[sumdb]\nuse = \"off\"\n\n[sumdb.own]\nkey = \"{}\"\n\n[[route]]\nmodules = [\"example.com\"]\n\
         chain = \"{}\"\nsumdb = \"ledger\"\n",
        file.display(),
        upstream.url(),
    );
    fs::write(&config, text).unwrap();
    let server = larder.serve(&upstream.url()).without("--sumdb").flag("--config", config).start();
    let keeping = Client::new();
    let mut records = Vec::new();
    for module in tree().modules() {
        let name = format!("{}@{}", module.path, module.version);
        for client in [&Client::new(), &keeping] {
            let said = client.look_by(vkey, &server.url(), &[&name]).ok().stdout;
            assert_eq!(said, module.sum_lines());
        }
        records.push(module.sum_lines());
    }
    keeping.look_by(vkey, &server.url(), &["example.com/none@v1.0.0"]).fails();
    assert_eq!(audit_by(vkey, &server.url()).ok().stdout, records.concat());
    let server = server.kill().start();
    assert_eq!(audit_by(vkey, &server.url()).ok().stdout, records.concat());
    keeping.look_by(vkey, &server.url(), &["example.com/app@v1.0.0"]).ok();
}
