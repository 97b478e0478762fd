//! A command that runs: in a process group of its own, watched, and never left behind.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use std::os::unix::process::CommandExt;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{Ended, Limits};
use crate::{
    Cause, VcsError,
    git::{cache::size_of, progress::Progress},
};

/// A command that runs. Its whole process group is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    what: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Receiver<Vec<u8>>,
    watch: Arc<Watch>,
    time: Duration,
}

/// What the watcher and the one that reads share.
#[derive(Debug)]
struct Watch {
    state: Mutex<State>,
    changed: Condvar,
    pid: Pid,
}

#[derive(Debug)]
struct State {
    /// When it is killed; `None` while it waits to be asked something.
    deadline: Option<Instant>,
    /// It has ended: its process id may soon be another's.
    over: bool,
    killed: Option<Killed>,
}

/// A repository that grows.
#[derive(Debug)]
struct Disk {
    dir: PathBuf,
    /// Bytes that it may have.
    most: u64,
    progress: Progress,
}

/// Why the watcher killed it.
#[derive(Clone, Copy, Debug)]
enum Killed {
    Late,
    Large,
}

impl Running {
    /// Starts it. The size of a directory that is given, a repository or what is made, is watched: it is progress, and it has
    /// a limit.
    pub(crate) fn start(
        mut command: Command,
        what: &str,
        limits: &Limits,
        repository: Option<(&Path, &Progress)>,
    ) -> Result<Self, VcsError> {
        let local = |why: String| VcsError::failed(Cause::Local, what, why);
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| local(format!("it cannot be started: {error}")))?;
        let watch = Arc::new(Watch {
            state: Mutex::new(State {
                deadline: Instant::now().checked_add(limits.time),
                over: false,
                killed: None,
            }),
            changed: Condvar::new(),
            pid: Pid::from_child(&child),
        });
        let (sender, stderr) = mpsc::sync_channel(1);
        let (Some(stdout), Some(mut errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(local("it has no output".to_owned()));
        };
        let running = Self {
            what: what.to_owned(),
            stdin: child.stdin.take(),
            child,
            stdout: Some(stdout),
            stderr,
            watch,
            time: limits.time,
        };
        let watcher = Arc::clone(&running.watch);
        let disk = repository.map(|(dir, progress)| Disk {
            dir: dir.to_owned(),
            most: limits.disk,
            progress: progress.clone(),
        });
        // From here on the drop of `running` ends everything.
        let spawn = |name: &str, job: Box<dyn FnOnce() + Send>| {
            thread::Builder::new()
                .name(name.to_owned())
                .spawn(job)
                .map(drop)
                .map_err(|error| local(error.to_string()))
        };
        spawn("git-watch", Box::new(move || watcher.run(disk.as_ref())))?;
        spawn(
            "git-stderr",
            Box::new(move || {
                let mut head = Vec::new();
                let _ = errors.by_ref().take(STDERR).read_to_end(&mut head);
                let _ = std::io::copy(&mut errors, &mut std::io::sink());
                let _ = sender.send(head);
            }),
        )?;
        Ok(running)
    }

    /// What it writes. Ends early where the command is killed: only [`finish`](Self::finish) tells.
    /// To be taken once.
    pub(crate) fn stdout(&mut self) -> Output {
        Output(self.stdout.take())
    }

    /// Asks it something; it has its time anew.
    pub(in crate::git) fn ask(&mut self, question: &[u8]) -> std::io::Result<()> {
        self.watch.state().deadline = Instant::now().checked_add(self.time);
        self.watch.changed.notify_all();
        match &mut self.stdin {
            Some(stdin) => stdin.write_all(question),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Nothing more is asked.
    pub(in crate::git) fn listen_no_more(&mut self) {
        drop(self.stdin.take());
    }

    /// It has answered, and may wait for the next question as long as it likes.
    pub(in crate::git) fn rest(&self) {
        self.watch.state().deadline = None;
    }

    /// Waits for its end. What it still writes to stdout is lost.
    pub(crate) fn finish(mut self) -> Result<Ended, VcsError> {
        drop(self.stdin.take());
        let _ = std::io::copy(&mut Output(self.stdout.take()), &mut std::io::sink());
        // Not yet reaped, so that the process group's number stays its own.
        let _ = waitid(WaitId::Pid(self.watch.pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let killed = self.watch.close(false);
        let status = self.child.wait().map_err(|error| self.failed(Cause::Local, error.to_string()))?;
        match killed {
            Some(Killed::Late) => {
                return Err(self.failed(Cause::Timeout, format!("took longer than {:?}", self.time)));
            }
            Some(Killed::Large) => {
                return Err(self.failed(Cause::Limit, "the repository is larger than allowed".to_owned()));
            }
            None => {}
        }
        // A helper that lives on may hold it open.
        let stderr = self.stderr.recv_timeout(LAST_WORDS).unwrap_or_default();
        Ok(Ended { code: status.code(), stderr: String::from_utf8_lossy(&stderr).into_owned() })
    }

    fn failed(&self, cause: Cause, why: String) -> VcsError {
        VcsError::failed(cause, self.what.clone(), why)
    }
}

/// A command's output, if it was not taken before.
#[derive(Debug)]
pub(crate) struct Output(Option<ChildStdout>);

impl Read for Output {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.as_mut().map_or(Ok(0), |stdout| stdout.read(into))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watch.close(true);
        let _ = self.child.wait();
    }
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody kills it from here on.
    fn close(&self, kill: bool) -> Option<Killed> {
        let mut state = self.state();
        if kill && !state.over {
            self.kill();
        }
        state.over = true;
        self.changed.notify_all();
        state.killed
    }

    fn kill(&self) {
        let _ = kill_process_group(self.pid, Signal::KILL);
    }

    fn run(&self, disk: Option<&Disk>) {
        let mut last = 0;
        let mut state = self.state();
        while !state.over {
            let left = state.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                state.killed = Some(Killed::Late);
                return self.kill();
            }
            let Some(left) = left else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let until = if disk.is_some() { left.min(LOOK) } else { left };
            let (again, waited) =
                self.changed.wait_timeout(state, until).unwrap_or_else(PoisonError::into_inner);
            state = again;
            if let Some(disk) = disk.filter(|_| waited.timed_out() && !state.over) {
                drop(state);
                let size = size_of(&disk.dir);
                let changed = size.abs_diff(std::mem::replace(&mut last, size));
                disk.progress.made(usize::try_from(changed).unwrap_or(usize::MAX));
                state = self.state();
                if size > disk.most && !state.over {
                    state.killed = Some(Killed::Large);
                    return self.kill();
                }
            }
        }
    }
}

/// How much of stderr is kept.
const STDERR: u64 = 64 << 10;
/// How long stderr is waited for when the command has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How often a repository's size is looked at.
const LOOK: Duration = Duration::from_millis(250);
