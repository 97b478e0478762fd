//! A line on the terminal that says how far something is; nothing where no terminal looks on.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// The line.
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Progress { shown: io::stderr().is_terminal() }
    }

    /// Puts `line` in the place of the one before.
    pub(crate) fn draw(&self, line: impl FnOnce() -> String) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K{}", line());
        }
    }

    /// Takes it away, so that something else can be printed.
    pub(crate) fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// A line for whoever reads the findings; that they have left ends the work.
pub(crate) fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}

/// How often the terminal is told.
pub(crate) const TICK: Duration = Duration::from_millis(500);
