//! A developer's machine with a project, a proxy in trouble and another one in order.

use std::{env, ffi::OsStr, fs, path::PathBuf, process::Command};

use testkit::{GoCommand, Larder, ModuleTree, Ran, ScriptedUpstream, TestLog, run, skipped};

use crate::world::{larder, project};

/// An address that documents use, and nobody has.
pub(super) const NO_ADDRESS: &str = "203.0.113.7";

/// The one module that the project needs.
const MODULES: &str = "\
-- example.com/app@v1.0.0/go.mod --
module example.com/app

go 1.21
-- example.com/app@v1.0.0/app.go --
package app

const Sum = 1
";

pub(super) fn modules() -> ModuleTree {
    ModuleTree::parse(MODULES)
}

/// The machine. Its settings are in the file of `go env -w`.
pub(super) struct Ward {
    go: GoCommand,
    larder: Larder,
    /// The proxy in trouble, unless it is another one.
    pub(super) upstream: ScriptedUpstream,
    mirror: ScriptedUpstream,
    proxy: String,
    under: Vec<String>,
}

impl Ward {
    pub(super) fn new() -> Self {
        Self::of(ScriptedUpstream::serving(modules()), ScriptedUpstream::serving(modules()), "off")
    }

    /// Verifies by a log that both proxies pass on.
    pub(super) fn verified(log: &TestLog) -> Self {
        let serving = || ScriptedUpstream::with_log(modules(), log.clone());
        Self::of(serving(), serving(), &log.vkey())
    }

    pub(super) fn with_proxy(proxy: &str) -> Self {
        Self::new().at_proxy(proxy)
    }

    fn of(upstream: ScriptedUpstream, mirror: ScriptedUpstream, sumdb: &str) -> Self {
        let go = project("unset").sumdb(sumdb);
        let file = go.work().join("../home/goenv");
        let go = go.env("GOENV", &file);
        let proxy = upstream.url();
        let ward = Self { go, larder: larder(), upstream, mirror, proxy, under: Vec::new() };
        ward.relapse();
        ward
    }

    pub(super) fn at_proxy(mut self, proxy: &str) -> Self {
        proxy.clone_into(&mut self.proxy);
        self.set();
        self
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.go = self.go.env(name, value);
        self
    }

    pub(super) fn under(mut self, words: Vec<String>) -> Self {
        self.under = words;
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.go.work().join(name)
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        self.go.write(name, content);
    }

    pub(super) fn read(&self, name: &str) -> String {
        self.go.read(name)
    }

    /// All as it was before a cure: the settings, and what `go` and Larder fetched. The project stays.
    pub(super) fn relapse(&self) {
        self.set();
        let _ = fs::remove_dir_all(self.go.modcache());
        let _ = fs::remove_dir_all(self.larder.data());
    }

    fn set(&self) {
        fs::write(self.go.work().join("../home/goenv"), format!("GOPROXY={}\n", self.proxy)).unwrap();
    }

    /// Runs a line as a shell would.
    pub(super) fn sh(&self, script: &str) -> Ran {
        let script = script
            .replace("https://proxy.example.com", &self.proxy)
            .replace("https://mirror.example.com", &self.mirror.url());
        let mut words = self.under.iter().map(String::as_str).chain(["sh", "-e", "-c", &script]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(self.go.work()).env_clear();
        let variables = self.go.variables().iter().filter(|(name, _)| name != "GOPROXY");
        command.envs(variables.map(|(name, value)| (name, value)));
        let bin = self.larder.program().parent().unwrap();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([bin.to_owned()].into_iter().chain(env::split_paths(&path))).unwrap();
        command.env("PATH", path).env("LARDER_DATA", self.larder.data()).env(Larder::MIN_FREE, "1 MiB");
        run(&mut command)
    }

    /// Commands of the handbook must do what they are for.
    #[track_caller]
    pub(super) fn cures(&self, commands: &str) {
        self.sh(commands).ok();
    }

    /// A text with the names and places of the handbook in place of this machine's.
    pub(super) fn anonymous(&self, text: &str) -> String {
        let address = self.proxy.split("://").nth(1).unwrap_or_default();
        // The handbook speaks of a proxy with TLS at its usual port, and this one's certificate is for localhost too.
        let dialled = if address == NO_ADDRESS { format!("{address}:80") } else { address.to_owned() };
        let root = self.go.work().parent().unwrap().display().to_string();
        text.replace(&self.proxy, "https://proxy.example.com")
            .replace(&format!("tcp {dialled}"), &format!("tcp {NO_ADDRESS}:443"))
            .replace("valid for localhost, ", "valid for ")
            // Whichever of the two go verifies first.
            .replace(
                "verifying module: example.com/app@v1.0.0:",
                "verifying go.mod: example.com/app@v1.0.0/go.mod:",
            )
            .replace(&format!("{root}/work"), "/home/dev/app")
            .replace(&root, "/home/dev")
    }
}

/// How to get a network of one's own with nothing but the loopback in it.
pub(super) fn namespace() -> Option<Vec<String>> {
    let up = "ip link set lo up && exec \"$0\" \"$@\"";
    let ways = [&["unshare", "--net"][..], &["unshare", "--user", "--map-root-user", "--net"]];
    let words = ways.into_iter().map(|way| [way, &["--", "sh", "-c", up]].concat());
    let found = words
        .into_iter()
        .find(|words| run(Command::new(words[0]).args(&words[1..]).arg("true")).status.success());
    if found.is_none() {
        skipped("this machine does not allow a network namespace, so no network can be taken away");
    }
    Some(found?.into_iter().map(str::to_owned).collect())
}
