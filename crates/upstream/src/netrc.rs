//! Credentials from `$NETRC` or `~/.netrc`, read as the go command reads them.
//!
//! A `machine` must equal host and port exactly as the URL spells them (PROTOCOL trap 106). The `default` entry
//! ends the list and is never used: it would hand a password to every public proxy.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{Env, Login, secret::Credentials};

/// The entries of a netrc file that have machine, login and password.
#[derive(Debug, Default)]
pub struct Netrc(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    machine: String,
    credentials: Credentials,
}

impl Netrc {
    /// Reads the file that the environment names, or the one in the home directory. No file is no entries.
    pub fn load(env: &Env) -> Self {
        let Some(path) = path(env) else { return Netrc::default() };
        match read(&path) {
            Ok(text) => Netrc::parse(&text),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Netrc::default(),
            Err(e) => {
                tracing::warn!(path = %path.display(), error = %e, "netrc is not used: it cannot be read");
                Netrc::default()
            }
        }
    }

    /// The first entry for a host and port, as they stand in a URL.
    pub fn login(&self, authority: &str) -> Option<Login> {
        self.get(authority).and_then(Credentials::login)
    }

    /// Texts that may appear in no message.
    pub fn secrets(&self) -> impl Iterator<Item = String> + '_ {
        self.0
            .iter()
            .filter_map(|entry| entry.credentials.login())
            .flat_map(|login| login.secrets().collect::<Vec<_>>())
    }

    pub(crate) fn get(&self, authority: &str) -> Option<&Credentials> {
        self.0.iter().find(|entry| entry.machine == authority).map(|entry| &entry.credentials)
    }

    /// Words come in pairs, line by line; a line's last odd word counts for nothing, unless it is `default`.
    fn parse(text: &str) -> Self {
        let mut entries = Vec::new();
        let (mut machine, mut login, mut password) = ("", "", "");
        let mut in_macro = false;
        for line in text.split('\n') {
            if in_macro {
                in_macro = !line.is_empty();
                continue;
            }
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                let value = words.next();
                match (word, value) {
                    ("default", _) => return Netrc(entries),
                    ("machine", Some(value)) => (machine, login, password) = (value, "", ""),
                    ("login", Some(value)) => login = value,
                    ("password", Some(value)) => password = value,
                    // What follows, up to an empty line, is the macro's.
                    ("macdef", _) => in_macro = true,
                    _ => {}
                }
                if !machine.is_empty() && !login.is_empty() && !password.is_empty() {
                    let credentials = Credentials::new(login, password);
                    entries.push(Entry { machine: machine.to_owned(), credentials });
                    (machine, login, password) = ("", "", "");
                }
            }
        }
        Netrc(entries)
    }
}

fn path(env: &Env) -> Option<PathBuf> {
    if let Some(path) = env.get("NETRC") {
        return Some(path.into());
    }
    let (home, file) = if cfg!(windows) { ("USERPROFILE", "_netrc") } else { ("HOME", ".netrc") };
    env.get(home).map(|home| Path::new(home).join(file))
}

/// A file of more than a mebibyte is no netrc.
fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_LEN + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_LEN {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 1 MiB"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

const MAX_LEN: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn basic(netrc: &Netrc, authority: &str) -> Option<Credentials> {
        netrc.get(authority).cloned()
    }

    #[test]
    fn entries_are_found_by_host_and_port_as_written() {
        let netrc = Netrc::parse(
            "machine a.example login u password p\n\
             machine b.example:8443\n\tlogin v\n\tpassword q\n\
             machine a.example login later password later\n",
        );
        assert_eq!(basic(&netrc, "a.example"), Some(Credentials::new("u", "p")));
        assert_eq!(basic(&netrc, "b.example:8443"), Some(Credentials::new("v", "q")));
        assert_eq!(basic(&netrc, "b.example"), None, "trap 106");
        assert_eq!(basic(&netrc, "A.example"), None);
    }

    #[test]
    fn macros_are_skipped_and_default_ends_the_file() {
        let netrc = Netrc::parse(
            "macdef init\nmachine evil.example login x password y\n\n\
             machine a.example login u password p\n\
             default login anonymous password me\n\
             machine b.example login v password q\n",
        );
        assert_eq!(basic(&netrc, "evil.example"), None);
        assert_eq!(basic(&netrc, "a.example"), Some(Credentials::new("u", "p")));
        assert_eq!(basic(&netrc, "b.example"), None);
        assert_eq!(netrc.0.len(), 1);
    }

    #[test]
    fn odd_input_is_no_entry_and_no_panic() {
        for text in [
            "",
            "\n\n",
            "machine",
            "machine a.example login",
            "machine a.example login \"a b\" password",
            "password p login u machine a.example",
            "macdef",
            "default",
            "machine a.example account x",
            "\u{feff}machine a.example login u password p",
            "machine \u{0} login",
        ] {
            assert!(Netrc::parse(text).get("a.example").is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_complete_entry_has_all_three_words(
            words in vec(prop_oneof!["machine|login|password|macdef|default|\n|\n\n", "[a-z\"\\\\]{1,5}"], 0..40),
        ) {
            for Entry { machine, .. } in Netrc::parse(&words.join(" ")).0 {
                prop_assert!(!machine.is_empty());
            }
        }
    }

    #[test]
    fn the_file_is_named_by_netrc_or_lies_at_home() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join(if cfg!(windows) { "_netrc" } else { ".netrc" });
        std::fs::write(&home, "machine a.example login home password p").unwrap();
        let named = dir.path().join("named");
        std::fs::write(&named, "machine a.example login named password p").unwrap();
        let at_home = Env::new([("HOME", dir.path()), ("USERPROFILE", dir.path())]);
        assert_eq!(Netrc::load(&at_home).get("a.example"), Some(&Credentials::new("home", "p")));
        let by_name = Env::new([("HOME", dir.path()), ("USERPROFILE", dir.path()), ("NETRC", &named)]);
        assert_eq!(Netrc::load(&by_name).get("a.example"), Some(&Credentials::new("named", "p")));
        let missing = Env::new([("NETRC", dir.path().join("none"))]);
        assert!(Netrc::load(&missing).get("a.example").is_none());
        let huge = dir.path().join("huge");
        std::fs::write(&huge, "x".repeat(2 << 20)).unwrap();
        assert!(Netrc::load(&Env::new([("NETRC", huge)])).0.is_empty());
    }
}
