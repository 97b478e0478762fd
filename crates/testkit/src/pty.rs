//! A terminal around a command: what is shown to people who look on.

use std::{
    fs::File,
    io::Write,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command, ExitStatus, Stdio},
    time::Instant,
};

use rustix::{
    fs::{Mode, OFlags, open},
    process::{Pid, Signal, kill_process, kill_process_group},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::{LIMIT, process::Captured};

/// A command whose standard input, output and error are one pseudo-terminal. It is killed when this is dropped.
#[derive(Debug)]
pub struct Pty {
    words: String,
    child: Child,
    keyboard: File,
    written: Captured,
    columns: u16,
}

/// What a command did in a terminal.
#[derive(Clone, Debug)]
pub struct Shown {
    /// How it ended.
    pub status: ExitStatus,
    /// Everything that was written, with its control sequences.
    pub raw: String,
    columns: u16,
}

impl Pty {
    /// Starts a command in a terminal of that many columns and 50 rows. `TERM` is `xterm-256color`.
    #[track_caller]
    pub fn start(command: &mut Command, columns: u16) -> Self {
        let words = format!("{command:?}");
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = open(&name, flags, Mode::empty()).unwrap();
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let end = |terminal: &OwnedFd| Stdio::from(terminal.try_clone().unwrap());
        command.stdin(end(&terminal)).stdout(end(&terminal)).stderr(end(&terminal));
        command.env("TERM", "xterm-256color").process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {words}: {error}"));
        // The command's end is seen only when nobody else holds the terminal.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        drop(terminal);
        let screen = File::from(master.try_clone().unwrap());
        Self { words, child, keyboard: File::from(master), written: Captured::of(screen), columns }
    }

    /// Blocks until `part` was written. False if the command ends without having written it.
    #[track_caller]
    pub fn wait_for(&self, part: &str) -> bool {
        self.written.wait_until(|text| text.contains(part)).contains(part)
    }

    /// What was written so far, with its control sequences.
    pub fn so_far(&self) -> String {
        self.written.so_far()
    }

    /// Types something.
    pub fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Sends a signal to the process alone.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits for the end. Past the time limit the process group is killed and the test fails.
    #[track_caller]
    pub fn wait(mut self) -> Shown {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                started.elapsed() < LIMIT,
                "{} ran longer than {LIMIT:?}:\n{}",
                self.words,
                self.so_far()
            );
            self.written.pause();
        };
        Shown { status, raw: self.written.to_end(), columns: self.columns }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

impl Shown {
    /// The exit code; a command that a signal ended has none.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// What stands on the terminal at the end, without colours, as if it had no last row. It knows what Larder uses:
    /// line feeds, carriage returns, `CSI K`, `CSI J` and cursor movements up and down. Spaces at the ends of lines go.
    pub fn screen(&self) -> String {
        let mut screen = Screen { columns: usize::from(self.columns), ..Screen::default() };
        let mut rest = self.raw.chars();
        while let Some(c) = rest.next() {
            match c {
                '\r' => screen.column = 0,
                '\n' => screen.row += 1,
                '\u{8}' => screen.column = screen.column.saturating_sub(1),
                '\u{1b}' if rest.as_str().starts_with('[') => {
                    rest.next();
                    let end = rest.as_str().find(|c| ('@'..='~').contains(&c)).map_or(0, |at| at + 1);
                    let (body, behind) = rest.as_str().split_at(end);
                    screen.control(body);
                    rest = behind.chars();
                }
                c if c.is_control() => {}
                c => screen.put(c),
            }
        }
        let lines = screen.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }
}

#[derive(Default)]
struct Screen {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    columns: usize,
}

impl Screen {
    fn line(&mut self) -> &mut Vec<char> {
        if self.lines.len() <= self.row {
            self.lines.resize(self.row + 1, Vec::new());
        }
        &mut self.lines[self.row]
    }

    fn put(&mut self, c: char) {
        if self.column == self.columns {
            (self.row, self.column) = (self.row + 1, 0);
        }
        let column = self.column;
        let line = self.line();
        if line.len() <= column {
            line.resize(column + 1, ' ');
        }
        line[column] = c;
        self.column += 1;
    }

    /// What stands behind `ESC [`, with its last letter.
    fn control(&mut self, body: &str) {
        let (number, letter) = body.split_at(body.len().saturating_sub(1));
        let count = number.parse().unwrap_or(1);
        let column = self.column;
        match letter {
            "K" => self.line().truncate(column),
            "J" => {
                self.line().truncate(column);
                self.lines.truncate(self.row + 1);
            }
            "A" => self.row = self.row.saturating_sub(count),
            "B" => self.row += count,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_redrawn_is_seen_once() {
        let script =
            r"test -t 0 && test -t 2 && printf '1 of 2\r\033[K2 of 2\r\033[K\033[1mdone\033[0m\n'; exit 3";
        let shown = Pty::start(Command::new("sh").args(["-c", script]), 80).wait();
        assert_eq!((shown.code(), &*shown.screen()), (Some(3), "done"), "{shown:?}");
        assert!(shown.raw.contains("2 of 2"));
    }

    #[test]
    fn a_line_that_is_too_long_is_wrapped_and_the_cursor_moves_up() {
        let script = r"printf 'abcdef\na\nb\n\033[2AB\033[J'";
        let shown = Pty::start(Command::new("sh").args(["-c", script]), 4).wait();
        assert_eq!(shown.screen(), "abcd\nef\nB");
    }

    #[test]
    fn a_command_reads_what_is_typed() {
        let mut command = Command::new("sh");
        command.args(["-c", "printf 'name? '; read -r name; echo \"hello $name\""]);
        let mut pty = Pty::start(&mut command, 80);
        assert!(pty.wait_for("name? "));
        pty.type_in("gopher\n");
        assert!(pty.wait().screen().ends_with("hello gopher"));
    }
}
