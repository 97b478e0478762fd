//! The file of logins: what is wrong with it, and whom it has one for. Its passwords are not kept.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{
    Finding, GoVariable,
    diagnoses::source::{NETRC_MODE, NETRC_SYNTAX, NETRC_UNREADABLE},
    doctor::{Patient, Seen, modules},
};

/// A netrc file, as `go` reads it.
#[derive(Debug, Default)]
pub(in crate::doctor) struct Netrc {
    path: PathBuf,
    /// The machines that have a login and a password, with the line of each.
    entries: Vec<(String, usize)>,
    /// Lines that `go` does not understand as they were meant, and why.
    odd: Vec<(usize, &'static str)>,
    error: Option<io::Error>,
    mode: u32,
}

impl Netrc {
    /// Reads the file that `go` reads: `$NETRC`, or `.netrc` in the home directory.
    pub(in crate::doctor) fn read(patient: &Patient) -> Self {
        let named = patient.env.get("NETRC").map(PathBuf::from);
        let must_be = named.is_some();
        let path = named.unwrap_or_else(|| patient.go().value(GoVariable::Netrc).into());
        let mut netrc = Self::at(&path);
        if !must_be && netrc.error.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) {
            netrc.error = None;
        }
        netrc
    }

    /// Reads a file.
    pub(super) fn at(path: &Path) -> Self {
        let mut netrc = match modules::read(path) {
            Ok(bytes) => Netrc::parse(&String::from_utf8_lossy(&bytes)),
            Err(error) => Netrc { error: Some(error), ..Netrc::default() },
        };
        netrc.mode = fs::metadata(path).map(|meta| meta.permissions().mode()).unwrap_or_default();
        path.clone_into(&mut netrc.path);
        netrc
    }

    /// The hosts that it has a login for, without ports.
    pub(in crate::doctor) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(machine, _)| machine.split(':').next().unwrap_or(machine))
    }

    /// Whether `go` finds a login for a host and port as a URL spells them.
    pub(in crate::doctor) fn has(&self, authority: &str) -> bool {
        self.entries.iter().any(|(machine, _)| machine == authority)
    }

    /// The entry that was meant for this host and is for another port of it, with its line.
    pub(super) fn nearly(&self, authority: &str) -> Option<(&str, usize)> {
        let host = |text: &str| text.split(':').next().unwrap_or_default().to_lowercase();
        let entry =
            self.entries.iter().find(|(machine, _)| machine != authority && host(machine) == host(authority));
        entry.filter(|_| !self.has(authority)).map(|(machine, line)| (machine.as_str(), *line))
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Words come in pairs, line by line, as for go (cmd/go/internal/auth).
    fn parse(text: &str) -> Self {
        let mut netrc = Netrc::default();
        let mut entry = Entry::default();
        let (mut in_macro, mut over) = (false, false);
        for (line, number) in text.split('\n').zip(1..) {
            if in_macro {
                in_macro = !line.is_empty();
                continue;
            }
            if line.trim_start().starts_with('#') {
                continue;
            }
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                if over {
                    netrc.odd.push((number, "go reads nothing behind `default`"));
                    netrc.odd.dedup_by_key(|(_, why)| *why);
                    break;
                }
                if word == "default" {
                    // It is for nobody: go has no such login, and what follows are its words.
                    netrc.close(&mut entry);
                    over = true;
                    break;
                }
                let value = words.next();
                if let "machine" | "login" | "password" | "account" = word
                    && value.is_none()
                {
                    netrc.odd.push((number, "go wants a word and its value on one line"));
                }
                match (word, value) {
                    ("machine", Some(value)) => {
                        netrc.close(&mut entry);
                        entry = Entry { machine: value.to_owned(), line: number, ..Entry::default() };
                        if let Some(why) = odd_machine(value) {
                            netrc.odd.push((number, why));
                        }
                    }
                    ("login", Some(_)) => entry.login = true,
                    ("password", Some(_)) => entry.password = true,
                    ("machine" | "login" | "password" | "account", _) => {}
                    ("macdef", _) => in_macro = true,
                    _ => netrc.odd.push((number, "it begins with no word that a netrc knows")),
                }
                if in_macro {
                    break;
                }
            }
        }
        netrc.close(&mut entry);
        netrc
    }

    fn close(&mut self, entry: &mut Entry) {
        let Entry { machine, line, login, password } = std::mem::take(entry);
        match (machine.is_empty(), login && password) {
            (true, _) => {}
            (false, true) => self.entries.push((machine, line)),
            (false, false) => self.odd.push((line, "the machine has no login, or no password")),
        }
    }

    /// What is wrong with the file itself.
    pub(super) fn examine(&self, seen: &mut Seen) {
        let path = self.path.display().to_string();
        if let Some(error) = &self.error {
            seen.found(
                Finding::new(&NETRC_UNREADABLE).name("file", &path).evidence(format!("{path}: {error}")),
            );
            return;
        }
        let lines: BTreeSet<_> = self.odd.iter().collect();
        if !lines.is_empty() {
            let mut finding = Finding::new(&NETRC_SYNTAX).name("file", &path);
            for (line, why) in lines.into_iter().take(SHOWN) {
                finding = finding.evidence(format!("{path}:{line}: {why}"));
            }
            seen.found(finding);
        }
        if !self.entries.is_empty() && self.mode & 0o077 != 0 {
            let mode = format!("{path} has mode {:o}", self.mode & 0o7777);
            seen.found(Finding::new(&NETRC_MODE).name("file", &path).evidence(mode));
        }
        if seen.findings.is_empty() && !self.entries.is_empty() {
            seen.passed(format!(
                "netrc: {path} has {} logins, and only its owner reads them",
                self.entries.len()
            ));
        }
    }
}

/// An entry that is being read.
#[derive(Default)]
struct Entry {
    machine: String,
    line: usize,
    login: bool,
    password: bool,
}

/// What keeps a machine's name from ever being found.
fn odd_machine(name: &str) -> Option<&'static str> {
    if name.contains("://") || name.contains('/') {
        Some("a machine is a host, not a URL")
    } else if name.contains('@') {
        Some("a machine is a host, without a user's name")
    } else if name.contains(['"', '\'']) {
        Some("a machine stands without quotes")
    } else {
        name.chars().any(|c| c.is_ascii_uppercase()).then_some("a machine is found in small letters only")
    }
}

/// How many lines a finding shows.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(text: &str) -> Vec<usize> {
        Netrc::parse(text).odd.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn what_go_does_not_understand_is_odd() {
        let fine = "# mine\nmachine a.example login u password p\nmachine b.example:8443\n  login u\n  password p\n\
                    machine c.example login u account x password p\nmacdef init\ncd /x\n\nmachine d.example login u password p\ndefault login anonymous password me\n";
        let netrc = Netrc::parse(fine);
        assert_eq!(netrc.odd, []);
        assert_eq!(netrc.hosts().collect::<Vec<_>>(), ["a.example", "b.example", "c.example", "d.example"]);
        for (text, lines) in [
            ("machine https://a.example login u password p", &[1][..]),
            ("machine A.example login u password p", &[1]),
            ("machine a.example login u\nmachine b.example login u password p", &[1]),
            ("machine\na.example login u password p", &[1, 2]),
            ("machin a.example login u password p", &[1]),
            (
                "default login x password y\nmachine a.example login u password p\nmachine b login u password p",
                &[2],
            ),
            ("a.example:u:p", &[1]),
        ] {
            let found: BTreeSet<_> = odd(text).into_iter().collect();
            assert_eq!(found, lines.iter().copied().collect(), "{text}");
        }
    }

    #[test]
    fn a_wrong_port_is_nearly_right() {
        let netrc =
            Netrc::parse("machine a.example login u password p\nmachine b.example:8443 login u password p");
        assert!(netrc.has("a.example") && netrc.has("b.example:8443"));
        assert_eq!(netrc.nearly("a.example:8443"), Some(("a.example", 1)));
        assert_eq!(netrc.nearly("b.example"), Some(("b.example:8443", 2)));
        assert_eq!(netrc.nearly("b.example:8443"), None);
        assert_eq!(netrc.nearly("c.example"), None);
    }
}
