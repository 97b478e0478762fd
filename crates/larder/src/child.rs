//! The command behind `larder run`: started, signalled and awaited as a shell would.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, ErrorKind},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::ExitStatus,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

/// Exit code when the command exists but cannot be executed, as shells have it.
const CANNOT_EXECUTE: u8 = 126;
/// Exit code when there is no such command, as shells have it.
const NOT_FOUND: u8 = 127;

/// Why the command did not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot run `{command}`: {reason}")]
pub(crate) struct NotStarted {
    command: String,
    reason: String,
    /// What the process should exit with.
    pub(crate) code: u8,
}

/// Starts `command`, which gets the environment that Larder itself got and what `prepare` adds.
pub(crate) fn start(command: &[OsString], prepare: impl FnOnce(&mut Command)) -> Result<Child, NotStarted> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(NotStarted {
            command: String::new(),
            reason: "no command was given; write it after `--`".to_owned(),
            code: NOT_FOUND,
        });
    };
    let mut prepared = Command::new(program);
    prepared.args(arguments);
    prepare(&mut prepared);
    prepared.spawn().map_err(|error| {
        let missing = error.kind() == ErrorKind::NotFound || !is_anywhere(program);
        NotStarted {
            command: program.to_string_lossy().into_owned(),
            reason: if missing {
                "no such command; is it installed and in PATH?".to_owned()
            } else {
                error.to_string()
            },
            code: if missing { NOT_FOUND } else { CANNOT_EXECUTE },
        }
    })
}

/// Whether there is such a file at all: a directory of PATH that may not be entered makes the system say "permission
/// denied" for a command that is nowhere.
fn is_anywhere(program: &OsStr) -> bool {
    if Path::new(program).components().count() > 1 {
        return true;
    }
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(program).exists()))
}

/// The signals that would end Larder and that the command must get instead.
#[derive(Debug)]
pub(crate) struct Signals(mpsc::Receiver<Signal>);

impl Signals {
    /// From here on none of them ends this process.
    pub(crate) fn catch() -> io::Result<Self> {
        let (caught, signals) = mpsc::channel(1);
        for number in PASSED_ON {
            let mut stream = signal(SignalKind::from_raw(number.as_raw()))?;
            let caught = caught.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() && caught.send(number).await.is_ok() {}
            });
        }
        Ok(Signals(signals))
    }
}

/// Every signal that by default ends a process and that one process sends another. What a terminal says to a whole
/// group without ending it, such as a new size, reaches the command without help.
const PASSED_ON: [Signal; 6] =
    [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2];

/// Waits for the command and passes signals on to it; returns the exit code to end with.
pub(crate) async fn finish(mut child: Child, mut signals: Signals) -> io::Result<u8> {
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit_code(status?)),
            Some(caught) = signals.0.recv() => pass_on(&child, caught),
        }
    }
}

/// A terminal sends Ctrl-C and Ctrl-\ to the whole foreground group, the command included; passing those on
/// would make them arrive twice, which many programs take for "stop at once".
fn pass_on(child: &Child, caught: Signal) {
    if matches!(caught, Signal::INT | Signal::QUIT) && in_foreground() {
        return;
    }
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, caught)
    {
        tracing::warn!("cannot pass signal {caught:?} on: {error}");
    }
}

fn in_foreground() -> bool {
    std::fs::File::open("/dev/tty")
        .ok()
        .and_then(|tty| rustix::termios::tcgetpgrp(tty).ok())
        .is_some_and(|group| group == rustix::process::getpgrp())
}

/// A command that a signal ended has no code of its own: 128 and the signal, as shells have it.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_a_shell() {
        assert_eq!(exit_code(ExitStatus::from_raw(0)), 0);
        assert_eq!(exit_code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
    }
}
