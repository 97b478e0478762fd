//! Programs that are run to look at something: without prompts, and neither for long nor with much output.

use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::Patient;

/// Runs a program of the patient's PATH in an empty place of no project, with the patient's variables and these, and says
/// what it writes as errors, cut where that is too long.
///
/// # Errors
///
/// It is not there, or did not end in the patient's patience.
pub(super) fn run(patient: &Patient, name: &str, args: &[&str], vars: &[(&str, &str)]) -> io::Result<String> {
    let file = patient.env.path().map(|dir| dir.join(name)).find(|file| is_program(file));
    let file =
        file.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no {name} in PATH")))?;
    let mut command = Command::new(file);
    command.args(args).current_dir("/").env_clear().envs(patient.env.iter()).envs(vars.iter().copied());
    command.env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let errors = child.stderr.take().map(reader);
    wait(&mut child, patient.patience)?;
    Ok(errors.and_then(|thread| thread.join().ok()).unwrap_or_default())
}

/// A file that may be executed.
pub(super) fn is_program(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Waits; what takes too long is ended.
fn wait(child: &mut Child, patience: Duration) -> io::Result<()> {
    let begin = Instant::now();
    loop {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        if begin.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it took longer than {} s", patience.as_secs()),
            ));
        }
        thread::sleep(LOOK);
    }
}

/// Reads to the end, and keeps so much of it.
fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        let _ = from.by_ref().take(MOST).read_to_end(&mut kept);
        let _ = io::copy(&mut from, &mut io::sink());
        String::from_utf8_lossy(&kept).into_owned()
    })
}

/// Bytes of output.
const MOST: u64 = 1 << 20;
/// Between two looks at whether it ended.
const LOOK: Duration = Duration::from_millis(5);
