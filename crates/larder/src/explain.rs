//! `larder explain`: what went wrong in a build log.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::Path,
    process::Stdio,
    time::Instant,
};

use anyhow::Context;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::mpsc,
};
use workbench::{Explainer, MAX_LINE, Report};

use crate::{
    args::ExplainArgs,
    child::{self, NotStarted, Signals},
    config::Printed,
    progress::{Progress, TICK},
    scrub::amount,
};

/// Explains a log, or what a command prints.
pub(crate) fn run(args: &ExplainArgs) -> Printed {
    if !args.command.is_empty() {
        return behind(args).unwrap_or_else(|error| failed(&error));
    }
    match read(args.file.as_deref()) {
        Ok(report) => Printed { code: code(&report), out: shown(&report, args.json), ..Printed::default() },
        Err(error) => failed(&error),
    }
}

/// The exit code that a report stands for.
fn code(report: &Report) -> u8 {
    u8::from(!report.findings.is_empty())
}

fn shown(report: &Report, json: bool) -> String {
    if json { report.json() } else { report.text() }
}

fn failed(error: &anyhow::Error) -> Printed {
    let code = error.downcast_ref().map_or(FAILED, |not_started: &NotStarted| not_started.code);
    Printed { err: format!("larder: {error:#}\n"), code, ..Printed::default() }
}

fn read(file: Option<&Path>) -> anyhow::Result<Report> {
    match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => {
            let log = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
            explained(log).with_context(|| format!("cannot read {}", file.display()))
        }
        None => {
            if io::stdin().is_terminal() {
                // Nobody reading it is no reason to stop.
                let _ = writeln!(io::stderr(), "reading the log from standard input; Ctrl-D ends it");
            }
            explained(io::stdin().lock()).context("cannot read standard input")
        }
    }
}

fn explained(log: impl Read) -> io::Result<Report> {
    let mut log = BufReader::with_capacity(CHUNK, log);
    let mut explainer = Explainer::default();
    let (progress, mut told, mut bytes) = (Progress::new(), Instant::now(), 0_u64);
    loop {
        let read = log.fill_buf()?;
        if read.is_empty() {
            progress.clear();
            return Ok(explainer.finish());
        }
        explainer.feed(read);
        let read = read.len();
        log.consume(read);
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or_default());
        if told.elapsed() >= TICK {
            told = Instant::now();
            progress.draw(|| format!("{} of the log read", amount(bytes)));
        }
    }
}

/// Runs a command, passes on what it prints, and explains it if it fails.
fn behind(args: &ExplainArgs) -> anyhow::Result<Printed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let signals = Signals::catch()?;
        let mut child = child::start(&args.command, |child| {
            child.stdout(Stdio::piped()).stderr(Stdio::piped());
        })?;
        let (tell, mut told) = mpsc::channel(LINES);
        let out = child.stdout.take().map(|from| tokio::spawn(pass_on(from, io::stdout(), tell.clone())));
        let err = child.stderr.take().map(|from| tokio::spawn(pass_on(from, io::stderr(), tell)));
        let explain = tokio::spawn(async move {
            let mut explainer = Explainer::default();
            while let Some(line) = told.recv().await {
                explainer.feed(&line);
            }
            explainer.finish()
        });
        let ended = child::finish(child, signals).await?;
        for stream in [out, err].into_iter().flatten() {
            stream.await??;
        }
        let report = explain.await?;
        if ended == 0 {
            return Ok(Printed::default());
        }
        // What failed for another reason has said so itself, with a code of its own.
        let code = if report.findings.is_empty() { ended } else { code(&report) };
        Ok(Printed { err: format!("\n{}", shown(&report, args.json)), code, ..Printed::default() })
    })
}

/// Passes a stream on as it comes, and tells its lines, each with its end. The lines of two streams do not mix.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl Write,
    tell: mpsc::Sender<Vec<u8>>,
) -> io::Result<()> {
    let (mut piece, mut line) = (vec![0; CHUNK], Vec::new());
    loop {
        let read = from.read(&mut piece).await?;
        let read = piece.get(..read).unwrap_or_default();
        // Who does not want to see it any more may still want to know what went wrong.
        let _ = to.write_all(read).and_then(|()| to.flush());
        for part in read.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(line.len());
            line.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            if part.ends_with(b"\n") {
                if !line.ends_with(b"\n") {
                    line.push(b'\n');
                }
                let _ = tell.send(std::mem::take(&mut line)).await;
            }
        }
        if read.is_empty() {
            line.push(b'\n');
            let _ = tell.send(line).await;
            return Ok(());
        }
    }
}

/// When the log could not be read, or the command not be run.
const FAILED: u8 = 2;
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Lines that may wait to be looked at.
const LINES: usize = 64;
