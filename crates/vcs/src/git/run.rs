//! The one door to the `git` binary.
//!
//! Two sorts of commands run. One that asks another machine has the user's environment, and those settings of the
//! user's configuration that are about reaching servers ([`Config`]), so that they act as they do for git. One that
//! reads what lies here has neither: nothing of them may change content. No command may ask anybody anything.

mod environment;
mod login;
mod process;

use std::{
    ffi::OsString,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use upstream::Logins;

use self::environment::Environment;
pub(super) use self::process::Output;
pub(crate) use self::process::Running;
use super::{config::Config, fault, remote::Remote};
use crate::{Cause, VcsError};

/// The `git` binary, and what it may cost. Clones share what is known about it.
#[derive(Clone, Debug)]
pub struct Git {
    /// `None`: there is none.
    program: Option<PathBuf>,
    limits: Limits,
    /// What of the user's environment acts.
    user: Arc<Environment>,
    config: Arc<Config>,
    logins: Option<Arc<dyn Logins>>,
}

/// What one command may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long it may run, all in all.
    pub time: Duration,
    /// The same for one that only lists references.
    pub listing: Duration,
    /// How long a server may say nothing that is asked in process.
    pub silence: Duration,
    /// Bytes of output that are taken from it.
    pub output: u64,
    /// Bytes that a repository may have on disk.
    pub disk: u64,
}

impl Default for Limits {
    /// Ten minutes, one for a list, 30 s of silence, 256 MiB, 8 GiB.
    fn default() -> Self {
        Self {
            time: Duration::from_mins(10),
            listing: Duration::from_mins(1),
            silence: Duration::from_secs(30),
            output: 256 << 20,
            disk: 8 << 30,
        }
    }
}

/// A command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    /// The repository, as `GIT_DIR`; `None` for a command that needs none.
    pub(super) repository: Option<&'a Path>,
    /// The other machine, which the arguments name as [`SOURCE`]. Its URL is no argument, for everybody on this
    /// machine sees those.
    pub(super) remote: Option<&'a Remote>,
    /// The subcommand and its arguments. What comes from outside stands behind `--end-of-options`.
    pub(super) args: &'a [&'a str],
    /// Whether something is written to it.
    pub(super) asks: bool,
    /// Whether it writes to stderr what it sends and receives.
    pub(super) traced: bool,
    /// Whether the server may be asked to leave objects out.
    pub(super) partial: bool,
}

/// The name of the remote in arguments.
pub(super) const SOURCE: &str = "larder-source";

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// The beginning of what it wrote to stderr.
    pub(crate) stderr: String,
}

impl Git {
    /// The `git` that PATH leads to, with the environment of this process.
    pub fn new(limits: Limits) -> Self {
        Self::with_environment(std::env::vars_os(), limits)
    }

    /// The `git` that the PATH of this environment leads to.
    pub fn with_environment(user: impl IntoIterator<Item = (OsString, OsString)>, limits: Limits) -> Self {
        let user: Vec<_> = user.into_iter().collect();
        let config = Arc::new(Config::read(user.iter().cloned()));
        let user = Arc::new(Environment::new(user));
        Self { program: user.find("git"), limits, user, config, logins: None }
    }

    /// The same, which tells web servers what these know.
    #[must_use]
    pub fn with_logins(self, logins: Option<Arc<dyn Logins>>) -> Self {
        Self { logins, ..self }
    }

    /// The same, whose commands may cost that.
    pub(crate) fn with_limits(&self, limits: Limits) -> Self {
        Self { limits, ..self.clone() }
    }

    /// Whether PATH leads to a `git`.
    pub(crate) fn is_found(&self) -> bool {
        self.program.is_some()
    }

    /// The user's git configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The same with another program.
    #[must_use]
    pub fn at(self, program: PathBuf) -> Self {
        Self { program: Some(program), ..self }
    }

    /// What a command may cost.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether there is a `git`.
    pub fn is_there(&self) -> bool {
        self.output(Call::new(&["version"])).is_ok()
    }

    fn program(&self, what: &str) -> Result<&Path, VcsError> {
        self.program.as_deref().ok_or_else(|| VcsError::failed(Cause::Local, what, "there is no git in PATH"))
    }

    /// Starts a command.
    pub(super) fn start(&self, call: Call<'_>) -> Result<Running, VcsError> {
        let command = self.user.command(
            self.program(&call.what())?,
            &call,
            &self.config,
            self.login(&call)?.as_ref(),
        )?;
        let mut limits = self.limits;
        if call.repository.is_none() {
            limits.time = limits.time.min(limits.listing);
        }
        let watched = call.repository.zip(call.remote.map(Remote::progress));
        Running::start(command, &call.what(), &limits, watched)
    }

    /// The output of a command that must succeed.
    pub(super) fn output(&self, call: Call<'_>) -> Result<Vec<u8>, VcsError> {
        let (output, ended) = self.run(call)?;
        if ended.code == Some(0) { Ok(output) } else { Err(call.failure(&ended)) }
    }

    /// The output of a command, and how it ended.
    pub(super) fn run(&self, call: Call<'_>) -> Result<(Vec<u8>, Ended), VcsError> {
        let mut running = self.start(call)?;
        let mut output = Vec::new();
        let most = self.limits.output;
        let read = running.stdout().take(most.saturating_add(1)).read_to_end(&mut output);
        if output.len() as u64 > most {
            return Err(VcsError::failed(
                Cause::Limit,
                call.what(),
                format!("more than {most} bytes of output"),
            ));
        }
        let ended = running.finish()?;
        read.map_err(|error| VcsError::failed(Cause::Local, call.what(), error))?;
        Ok((output, ended))
    }
}

impl<'a> Call<'a> {
    /// A command that needs no repository and asks nobody.
    pub(super) fn new(args: &'a [&'a str]) -> Self {
        Self { repository: None, remote: None, args, asks: false, traced: false, partial: false }
    }

    /// The command in short, for people: `git fetch https://git.example.com/r`.
    pub(super) fn what(&self) -> String {
        let name = self.args.first().copied().unwrap_or_default();
        match self.remote {
            Some(remote) => format!("git {name} {remote}"),
            None => format!("git {name}"),
        }
    }

    pub(super) fn failure(&self, ended: &Ended) -> VcsError {
        if ended.code.is_none() {
            return VcsError::failed(Cause::Local, self.what(), "git was ended by a signal");
        }
        fault::of(&self.what(), &ended.stderr, self.remote.is_some())
    }
}
