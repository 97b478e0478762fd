//! The real `larder` binary, in an environment built from nothing.

use std::{
    ffi::{OsStr, OsString},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    http::{Connection, Response},
    process::{Ran, Running, run},
};

/// How to start `larder`: the binary, its variables, and a directory for HOME and data that goes when the last clone does.
#[derive(Clone, Debug)]
pub struct Larder {
    program: PathBuf,
    under: Vec<OsString>,
    root: Arc<TempDir>,
    env: Vec<(String, OsString)>,
    work: PathBuf,
}

impl Larder {
    /// The variable that says how much of the disk stays free. It is set to little; unset it where the default or a
    /// configuration file is to count.
    pub const MIN_FREE: &str = "LARDER_MIN_FREE";

    /// The binary, as a test knows it: `Larder::new(env!("CARGO_BIN_EXE_larder"))`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let root = tempfile::Builder::new().prefix("testkit-larder-").tempdir().unwrap();
        let home = root.path().join("home");
        fs::create_dir(&home).unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let env = vec![
            ("PATH".to_owned(), path),
            ("HOME".to_owned(), home.clone().into_os_string()),
            // What is tested is not to depend on how full the disk of the machine is.
            (Self::MIN_FREE.to_owned(), "1 MiB".into()),
        ];
        Self { program: program.into(), under: Vec::new(), root: Arc::new(root), env, work: home }
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self = self.unset(name);
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Unsets a variable.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    /// Runs in this directory.
    #[must_use]
    pub fn work(mut self, dir: impl Into<PathBuf>) -> Self {
        self.work = dir.into();
        self
    }

    /// Lets another program start it, such as strace or setpriv: `words` are that program and its arguments.
    #[must_use]
    pub fn under<S: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.under = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        self
    }

    /// Uses a copy of the binary that lies elsewhere.
    #[must_use]
    pub fn at(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// The binary.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its HOME.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The data directory that [`serve`](Larder::serve) uses.
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// The command with these arguments.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = match self.under.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        command.args(args).current_dir(&self.work).env_clear().envs(self.env.iter().cloned());
        command
    }

    /// Runs `larder` with these arguments to its end.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        run(&mut self.command(args))
    }

    /// Starts `larder` with these arguments.
    #[track_caller]
    pub fn spawn<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Running {
        Running::start(&mut self.command(args))
    }

    /// `larder serve` on a free port, on [`data`](Larder::data), with this upstream and no checksum database.
    pub fn serve(&self, upstream: &str) -> Serve {
        let mut args = vec![OsString::from("serve")];
        let data = self.data();
        let fixed: [(&str, &OsStr); 4] = [
            ("--listen", "127.0.0.1:0".as_ref()),
            ("--data", data.as_ref()),
            ("--upstream", upstream.as_ref()),
            ("--sumdb", "off".as_ref()),
        ];
        for (flag, value) in fixed {
            args.push(flag.into());
            args.push(value.to_owned());
        }
        Serve { larder: self.clone(), args, data }
    }
}

/// `larder serve` before it is started.
#[derive(Clone, Debug)]
pub struct Serve {
    larder: Larder,
    args: Vec<OsString>,
    data: PathBuf,
}

impl Serve {
    /// Gives a flag another value.
    #[must_use]
    pub fn flag(mut self, flag: &str, value: impl AsRef<OsStr>) -> Self {
        match self.args.iter().position(|arg| arg == flag) {
            Some(at) => value.as_ref().clone_into(&mut self.args[at + 1]),
            None => self.args.extend([flag.into(), value.as_ref().to_owned()]),
        }
        self
    }

    /// With a flag that takes no value.
    #[must_use]
    pub fn with(mut self, flag: &str) -> Self {
        self.args.push(flag.into());
        self
    }

    /// Without a flag that [`Larder::serve`] gives, and its value.
    #[must_use]
    pub fn without(mut self, flag: &str) -> Self {
        if let Some(at) = self.args.iter().position(|arg| arg == flag) {
            self.args.drain(at..at + 2);
        }
        self
    }

    /// Verifies through and relays this checksum database.
    #[must_use]
    pub fn sumdb(self, spec: &str) -> Self {
        self.flag("--sumdb", spec)
    }

    /// Uses another data directory.
    #[must_use]
    pub fn data(mut self, dir: &Path) -> Self {
        dir.clone_into(&mut self.data);
        self.flag("--data", dir)
    }

    /// Starts it and waits until it answers.
    #[track_caller]
    pub fn start(self) -> TestServer {
        self.try_start().unwrap_or_else(|ran| panic!("did not start: {ran}"))
    }

    /// Starts it; how it ended if it did not come to answer.
    #[track_caller]
    pub fn try_start(self) -> Result<TestServer, Ran> {
        let running = self.larder.spawn(&self.args);
        let Some(line) = running.first_line() else { return Err(running.wait()) };
        let address = line.strip_prefix("serving http://").and_then(|rest| rest.parse().ok());
        let address = address.unwrap_or_else(|| panic!("not the line that was promised: {line}"));
        Ok(TestServer { serve: self, address, running: Some(running) })
    }
}

/// A `larder serve` that answers. Killed when dropped; what it wrote to stderr is shown when the test fails.
#[derive(Debug)]
pub struct TestServer {
    serve: Serve,
    address: SocketAddr,
    running: Option<Running>,
}

impl TestServer {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.serve.data
    }

    /// What it takes to start another one like it, on the same data.
    pub fn again(&self) -> Serve {
        self.serve.clone()
    }

    /// The process.
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("the server runs")
    }

    /// A connection to it.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// GET on a connection of its own; the path begins with a slash.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.connect().request("GET", path, &[("Connection", "close")])
    }

    /// Asks it to stop with SIGTERM and waits until it has.
    #[track_caller]
    pub fn stop(mut self) -> Ran {
        let running = self.running.take().unwrap();
        running.signal(Signal::TERM);
        running.wait()
    }

    /// `kill -9`. What it takes to start it again on the same data.
    #[track_caller]
    pub fn kill(mut self) -> Serve {
        let running = self.running.take().unwrap();
        running.signal(Signal::KILL);
        running.wait();
        self.serve.clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(running) = &self.running
            && std::thread::panicking()
        {
            eprintln!("--- what larder on {} wrote to stderr\n{}", self.address, running.stderr());
        }
    }
}
