//! A line on the terminal that says how far something is; nothing where no terminal looks on.

use std::{
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    time::Duration,
};

use rustix::termios::tcgetwinsize;

/// The line.
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Progress { shown: io::stderr().is_terminal() }
    }

    /// Puts `line` in the place of the one before. What does not fit into the terminal is left out: the rest of a line
    /// that was wrapped could not be taken away.
    pub(crate) fn draw(&self, line: impl FnOnce() -> String) {
        if self.shown {
            let most = columns(&io::stderr()).map_or(usize::MAX, |columns| columns.saturating_sub(1));
            let line: String = line().chars().filter(|c| !c.is_control()).take(most).collect();
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
        }
    }

    /// Takes it away, so that something else can be printed.
    pub(crate) fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// How wide a terminal is, if it says so.
pub(crate) fn columns(terminal: &impl AsFd) -> Option<usize> {
    tcgetwinsize(terminal).ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// A line for whoever reads the findings; that they have left ends the work.
pub(crate) fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}

/// How often the terminal is told.
pub(crate) const TICK: Duration = Duration::from_millis(500);
