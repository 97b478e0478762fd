//! Commands with a time limit, whose output is read while they run.

use std::{
    fmt,
    io::{Read, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Instant,
};

use rustix::process::{Pid, Signal};

use crate::LIMIT;

/// What a command did.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The command's words.
    pub words: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Ran {
    /// The command, which must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status.success(), "should have succeeded: {self}");
        self
    }

    /// The command, which must have failed.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(!self.status.success(), "should have failed: {self}");
        self
    }

    /// The exit code; a command that a signal ended has none.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, status, stdout, stderr } = self;
        write!(f, "{words}\n{status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Runs a command to its end in a process group of its own.
#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    Running::start(command).wait()
}

/// A command that runs, in a process group of its own, which is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    words: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Captured,
    stderr: Captured,
}

impl Running {
    /// Starts a command. Its output is kept.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let words = format!("{command:?}");
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {words}: {error}"));
        let stdout = Captured::of(child.stdout.take().unwrap());
        let stderr = Captured::of(child.stderr.take().unwrap());
        let stdin = child.stdin.take();
        Self { words, child, stdin, stdout, stderr }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.so_far()
    }

    /// Blocks until a whole line stands on its stdout and returns the first one; nothing if it ends without one.
    #[track_caller]
    pub fn first_line(&self) -> Option<String> {
        let text = self.stdout.wait_until(|text| text.contains('\n'));
        text.split_once('\n').map(|(line, _)| line.to_owned())
    }

    /// Blocks until stderr holds `part`. False if the command ends without having written it.
    #[track_caller]
    pub fn wait_stderr(&self, part: &str) -> bool {
        self.stderr.wait_until(|text| text.contains(part)).contains(part)
    }

    /// Writes to its stdin and closes it.
    pub fn feed(&mut self, input: &[u8]) {
        if let Some(mut stdin) = self.stdin.take() {
            stdin.write_all(input).unwrap();
        }
    }

    /// Sends a signal to the process alone.
    pub fn signal(&self, signal: Signal) {
        // A process that has just ended cannot be signalled, and need not be.
        let _ = rustix::process::kill_process(pid(&self.child), signal);
    }

    /// Sends a signal to its whole process group, as a terminal does on Ctrl-C.
    pub fn signal_group(&self, signal: Signal) {
        let _ = rustix::process::kill_process_group(pid(&self.child), signal);
    }

    /// Waits for the end. Past the time limit the process group is killed and the test fails.
    #[track_caller]
    pub fn wait(mut self) -> Ran {
        drop(self.stdin.take());
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > LIMIT {
                self.signal_group(Signal::KILL);
                panic!("{} ran longer than {LIMIT:?}; stderr:\n{}", self.words, self.stderr());
            }
            self.stdout.pause();
        };
        let (stdout, stderr) = (self.stdout.to_end(), self.stderr.to_end());
        Ran { words: self.words.clone(), status, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal_group(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// A pipe that a thread reads to its end.
#[derive(Debug)]
pub(crate) struct Captured {
    shared: Arc<(Mutex<Text>, Condvar)>,
}

#[derive(Debug, Default)]
struct Text {
    bytes: Vec<u8>,
    ended: bool,
}

impl Captured {
    pub(crate) fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let shared = Arc::<(Mutex<Text>, Condvar)>::default();
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            loop {
                let n = pipe.read(&mut piece).unwrap_or(0);
                let mut text = theirs.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.bytes.extend(&piece[..n]);
                text.ended = n == 0;
                theirs.1.notify_all();
                if n == 0 {
                    return;
                }
            }
        });
        Self { shared }
    }

    pub(crate) fn so_far(&self) -> String {
        let text = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&text.bytes).into_owned()
    }

    /// Blocks until the text satisfies `enough` or has ended.
    #[track_caller]
    pub(crate) fn wait_until(&self, enough: impl Fn(&str) -> bool) -> String {
        let text = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (text, waited) = self
            .shared
            .1
            .wait_timeout_while(text, LIMIT, |text| {
                !text.ended && !enough(&String::from_utf8_lossy(&text.bytes))
            })
            .unwrap();
        let seen = String::from_utf8_lossy(&text.bytes).into_owned();
        assert!(!waited.timed_out(), "nothing of what must come within {LIMIT:?}:\n{seen}");
        seen
    }

    /// Blocks until something more is written, at most a moment: between two looks at a child.
    pub(crate) fn pause(&self) {
        let text = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.shared.1.wait_timeout(text, std::time::Duration::from_millis(10));
    }

    /// All of it. A grandchild may hold the pipe open after the command's end: that is not waited for long.
    pub(crate) fn to_end(&self) -> String {
        let text = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let grace = std::time::Duration::from_secs(5);
        drop(self.shared.1.wait_timeout_while(text, grace, |text| !text.ended));
        self.so_far()
    }
}
