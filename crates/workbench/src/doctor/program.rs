//! Programs that are run to see what they say: none asks anybody anything, and none stays behind.

use std::{
    ffi::OsStr,
    io::{self, Read},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Patient;
use crate::Environment;

/// What a program said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// How it ended; `None` when a signal ended it.
    pub(super) code: Option<i32>,
    /// The beginning of what it wrote, at most [`MOST`] bytes of each.
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Why a program said nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Silent {
    /// PATH does not lead to it.
    #[error("it is not in PATH")]
    Absent,
    /// It took too long, and was ended.
    #[error("it did not end within {} s", .0.as_secs())]
    Late(Duration),
    /// It could not be started, or not be listened to.
    #[error("it cannot be run: {0}")]
    Broken(#[from] io::Error),
}

/// A program to run, in a scrubbed environment.
#[derive(Debug)]
pub(super) struct Program {
    command: Command,
    /// Whether it gets a session of its own, and with it no terminal that it could ask somebody at.
    apart: bool,
}

impl Program {
    /// A program that this environment's PATH leads to. Of the environment everything acts but what would make a git
    /// look elsewhere or write traces, and nobody is asked for anything: not on a terminal, not in a window.
    pub(super) fn new(name: &str, env: &Environment) -> Result<Self, Silent> {
        Ok(Self::at(&find(name, env).ok_or(Silent::Absent)?, env))
    }

    /// A program at a place, in the same environment.
    pub(super) fn at(path: &Path, env: &Environment) -> Self {
        let apart = find("setsid", env);
        let mut command = Command::new(apart.as_deref().unwrap_or(path));
        if apart.is_some() {
            command.arg(path);
        }
        let acts = |name: &OsStr| name.to_str().is_none_or(|name| !is_scrubbed(name));
        command.env_clear().envs(env.iter().filter(|(name, _)| acts(name))).envs(QUIET);
        command.current_dir("/");
        Program { command, apart: apart.is_some() }
    }

    /// With these arguments.
    pub(super) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// In another directory than the root.
    pub(super) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// With a variable.
    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end, or for that long. Blocks.
    pub(super) fn run(mut self, within: Duration) -> Result<Said, Silent> {
        let until = Instant::now() + within;
        let command = self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A session begins a group of processes; setsid(1) makes one at once, unless it leads a group already.
        let command = if self.apart { command } else { command.process_group(0) };
        let mut group = Group { child: command.spawn()?, ended: false };
        let (tell, told) = mpsc::channel();
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            group.child.stdout.take().map(|stream| Box::new(stream) as _),
            group.child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        for (place, stream) in streams.into_iter().enumerate() {
            let tell = tell.clone();
            thread::Builder::new().name("listen".to_owned()).spawn(move || {
                let mut text = Vec::new();
                if let Some(mut stream) = stream {
                    let _ = stream.by_ref().take(MOST).read_to_end(&mut text);
                    let _ = io::copy(&mut stream, &mut io::sink());
                }
                let _ = tell.send((place, String::from_utf8_lossy(&text).into_owned()));
            })?;
        }
        let mut said = Said::default();
        for _ in 0..2 {
            let left = until.saturating_duration_since(Instant::now());
            let (place, text) = told.recv_timeout(left).map_err(|_| Silent::Late(within))?;
            *if place == 0 { &mut said.stdout } else { &mut said.stderr } = text;
        }
        // It has closed both streams; what it does after that is waited for a moment only.
        said.code = group.end(until.max(Instant::now() + LAST))?;
        Ok(said)
    }
}

/// A child and all its children. If it has not ended by itself, they all end with this.
struct Group {
    child: Child,
    ended: bool,
}

impl Group {
    fn end(&mut self, until: Instant) -> Result<Option<i32>, Silent> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.ended = true;
                return Ok(status.code());
            }
            if Instant::now() >= until {
                return Err(Silent::Late(LAST));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.ended {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            // If it leads no group yet.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl From<Silent> for io::Error {
    fn from(silent: Silent) -> Self {
        let kind = match &silent {
            Silent::Absent => io::ErrorKind::NotFound,
            Silent::Late(_) => io::ErrorKind::TimedOut,
            Silent::Broken(error) => error.kind(),
        };
        io::Error::new(kind, silent)
    }
}

/// Runs a program with the patient's variables and these, and says what it writes as errors.
///
/// # Errors
///
/// It is not there, or did not end in the patient's patience.
pub(super) fn run(patient: &Patient, name: &str, args: &[&str], vars: &[(&str, &str)]) -> io::Result<String> {
    let program = Program::new(name, &patient.env)?.args(args);
    let program = vars.iter().fold(program, |program, (name, value)| program.env(name, value));
    Ok(program.run(patient.patience)?.stderr)
}

/// A file that may be executed.
pub(super) fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Where PATH leads to.
pub(super) fn find(name: &str, env: &Environment) -> Option<PathBuf> {
    env.path().map(|dir| dir.join(name)).find(|file| is_program(file))
}

/// Variables that lead a git to another repository, or make it write of what it does; and what is Larder's own.
fn is_scrubbed(name: &str) -> bool {
    const GIT: [&str; 8] = [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_CURL_VERBOSE",
    ];
    GIT.contains(&name)
        || name.starts_with("GIT_TRACE")
        || name.starts_with("LARDER_")
        || name.starts_with("LC_")
        || matches!(name, "LANG" | "LANGUAGE")
}

const QUIET: [(&str, &str); 7] = [
    ("LC_ALL", "C"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", ""),
    ("SSH_ASKPASS", ""),
    ("SSH_ASKPASS_REQUIRE", "never"),
    ("GCM_INTERACTIVE", "never"),
    ("GIT_OPTIONAL_LOCKS", "0"),
];
/// Bytes that are taken of each stream.
const MOST: u64 = 4 << 20;
/// How long it may take to end once it says nothing more.
const LAST: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        let env = Environment::new([("PATH", "/usr/bin:/bin"), ("GIT_DIR", "/x"), ("LANG", "de")]);
        Program::new("sh", &env).unwrap().args(["-c", script])
    }

    #[test]
    fn a_program_is_heard_to_its_end() {
        let said = shell("read x; echo told; echo no >&2; echo \"$GIT_DIR$LANG$LC_ALL\"; exit 3")
            .run(Duration::from_secs(20))
            .unwrap();
        assert_eq!((said.code, &*said.stdout, &*said.stderr), (Some(3), "told\nC\n", "no\n"));
    }

    #[test]
    fn one_that_does_not_end_is_ended_with_its_children() {
        let started = Instant::now();
        let ran = shell("sleep 600 & sleep 600").run(Duration::from_millis(50));
        assert!(matches!(ran, Err(Silent::Late(_))));
        assert!(started.elapsed() < Duration::from_mins(1));
    }

    #[test]
    fn one_that_is_not_there_is_absent() {
        let env = Environment::new([("PATH", "/nowhere")]);
        assert!(matches!(Program::new("sh", &env), Err(Silent::Absent)));
    }
}
