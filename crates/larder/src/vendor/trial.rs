//! Trials with a real `go` that has nothing but the store behind it, beside the project.

use std::{
    fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use mirror::Mirror;
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command, sync::oneshot, task::JoinHandle};

use crate::{engine::Engine, settings::Settings};

/// A mirror on loopback that gives what is stored, and room for trials.
pub(super) struct Trials {
    pub(super) mirror: Arc<Mirror>,
    proxy: String,
    root: PathBuf,
    dir: TempDir,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

/// A go.mod and its go.sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModFiles {
    pub(super) go_mod: String,
    /// None: there is none.
    pub(super) go_sum: Option<String>,
}

impl ModFiles {
    /// Those of a directory.
    pub(super) fn read(dir: &Path) -> anyhow::Result<Self> {
        let go_mod = dir.join("go.mod");
        let text =
            fs::read_to_string(&go_mod).with_context(|| format!("cannot read {}", go_mod.display()))?;
        let go_sum = dir.join("go.sum");
        let sums = match fs::read_to_string(&go_sum) {
            Ok(sums) => Some(sums),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", go_sum.display())),
        };
        Ok(ModFiles { go_mod: text, go_sum: sums })
    }
}

impl Trials {
    pub(super) async fn start(engine: Engine, settings: &Settings, root: &Path) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot listen on loopback")?;
        let address = listener.local_addr().context("the address that was bound")?;
        let mirror = Arc::clone(&engine.mirror);
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = settings.clone();
        let server = tokio::spawn(async move {
            engine.serve(listener, &settings, async move { drop(stopped.await) }).await;
        });
        Ok(Trials {
            mirror,
            proxy: format!("http://{address}/cached-only"),
            root: root.to_owned(),
            dir: tempfile::Builder::new()
                .prefix("larder-plan-")
                .tempdir()
                .context("a temporary directory")?,
            stop: Some(stop),
            server: Some(server),
        })
    }

    /// A directory for what a trial makes.
    pub(super) fn dir(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Lets `go` build with another go.mod. What `go` makes of it, or what it says.
    pub(super) async fn build(&self, files: &ModFiles) -> anyhow::Result<Result<ModFiles, String>> {
        let mod_file = self.beside(files)?;
        let mod_flag = format!("-modfile={}", mod_file.display());
        let all = "./...";
        let steps: [&[&str]; 2] = [
            &["build", "-mod=mod", &mod_flag, "-o", NOWHERE, all],
            // Tests need modules, too.
            &["list", "-mod=readonly", &mod_flag, "-test", "-deps", all],
        ];
        for step in steps {
            if let Err(said) = self.go(step).await? {
                return Ok(Err(said));
            }
        }
        let made = mod_file.parent().unwrap_or(Path::new(".")).to_owned();
        ModFiles::read(&made).map(Ok)
    }

    /// Lets `go` copy what the project imports into a directory.
    pub(super) async fn vendor(&self, files: &ModFiles, to: &Path) -> anyhow::Result<Result<(), String>> {
        let mod_flag = format!("-modfile={}", self.beside(files)?.display());
        let to = to.to_string_lossy();
        self.go(&["mod", "vendor", &mod_flag, "-o", &to]).await
    }

    /// Lets `go` build what is written in the project.
    pub(super) async fn accepts(&self, mode: &str) -> anyhow::Result<Result<(), String>> {
        self.go(&["build", mode, "-o", NOWHERE, "./..."]).await
    }

    /// A go.mod, perhaps with its go.sum, in a directory of its own.
    pub(super) fn beside(&self, files: &ModFiles) -> anyhow::Result<PathBuf> {
        let dir = tempfile::Builder::new().prefix("mod-").tempdir_in(self.dir.path())?.keep();
        fs::write(dir.join("go.mod"), &files.go_mod)?;
        if let Some(sums) = &files.go_sum {
            fs::write(dir.join("go.sum"), sums)?;
        }
        Ok(dir.join("go.mod"))
    }

    /// Runs `go` in the project, with a module cache of its own that begins empty. An inner error: what it says.
    async fn go(&self, words: &[&str]) -> anyhow::Result<Result<(), String>> {
        let flags = std::env::var("GOFLAGS").unwrap_or_default();
        let ran = Command::new("go")
            .args(words)
            .current_dir(&self.root)
            .env("GOPROXY", &self.proxy)
            // What is private comes from the store as well.
            .env("GONOPROXY", "none")
            .env("GOWORK", "off")
            .env("GOMODCACHE", self.dir("modcache"))
            .env("GOFLAGS", format!("{flags} -modcacherw"))
            .kill_on_drop(true)
            .output()
            .await;
        let ran = match ran {
            Ok(ran) => ran,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                bail!(
                    "there is no `go` in PATH, and without it nothing can be tried; `larder warm` needs none"
                )
            }
            Err(error) => return Err(error).context("cannot run `go`"),
        };
        if ran.status.success() {
            return Ok(Ok(()));
        }
        let said = String::from_utf8_lossy(&ran.stderr).replace(&self.proxy, "store:");
        let lines = said.lines().filter(|line| !line.starts_with("go: downloading "));
        // What the mirror of this trial says beside a 404 is of no use to anybody.
        let lines = lines.take_while(|line| line.trim() != "server response:").take(SHOWN);
        let lines: Vec<_> = lines.map(without_place).collect();
        Ok(Err(lines.join("\n  ")))
    }
}

impl Trials {
    /// Stops the mirror.
    pub(super) async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            drop(server.await);
        }
    }
}

/// A line without the place of the module cache that is gone afterwards.
fn without_place(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.split_once(CACHE) {
        Some((_, module)) => module,
        None => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The module cache of trials, in a path.
const CACHE: &str = "/modcache/";
/// Where what is built goes.
const NOWHERE: &str = "/dev/null";
/// Lines of what `go` says.
const SHOWN: usize = 6;
