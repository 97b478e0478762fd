//! Tokens of Larder's own configuration, each for a host or what lies below one of its paths.

use std::{
    fmt, fs,
    io::Read,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use upstream::Login;

/// A token for a host. `Debug` shows where it comes from, and not the token.
pub struct Token {
    /// `host[:port][/path]`.
    place: String,
    kind: TokenKind,
    source: TokenSource,
    /// As it was read last.
    login: Mutex<Login>,
}

/// How a token is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// As the password of this user, which every git server takes.
    Basic(String),
    /// As it is: `Authorization: Bearer`.
    Bearer,
}

/// Where a token stands.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// Here.
    Text(String),
    /// In a file that only its owner and group may read; white space around it does not count. It is read again when a
    /// host refuses the token.
    File(PathBuf),
}

/// Why there is no such token. No message repeats it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// What it is for.
    #[error("{0:?} is no host; write one like git.example.com, git.example.com:8443 or git.example.com/team")]
    Place(String),
    /// The text.
    #[error("the token is empty, or holds a character that no token has")]
    Text,
    /// The file.
    #[error("{} {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
}

impl Token {
    /// Reads it.
    pub fn new(place: &str, kind: TokenKind, source: TokenSource) -> Result<Self, BadToken> {
        let place = place.trim_end_matches('/');
        let (host, path) = place.split_once('/').unwrap_or((place, ""));
        let port = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map(|(_, port)| port);
        let is_host = !host.is_empty()
            && port.is_none_or(|port| port.parse::<u16>().is_ok())
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b))
            && !path.bytes().any(|b| b.is_ascii_whitespace() || b.is_ascii_control() || b"@?#".contains(&b));
        if !is_host {
            // It may be a URL with a password.
            let shown = if place.contains('@') { "***" } else { place };
            return Err(BadToken::Place(shown.to_owned()));
        }
        let host = host.strip_suffix(":443").unwrap_or(host).to_ascii_lowercase();
        let place = if path.is_empty() { host } else { format!("{host}/{path}") };
        let login = Mutex::new(login(&kind, &read(&source)?)?);
        Ok(Self { place, kind, source, login })
    }

    /// How many bytes of a URL this is about, behind the scheme; `None`: it is about others.
    pub(super) fn covers(&self, url: &str) -> Option<usize> {
        let rest = url.strip_prefix("https://")?.strip_prefix(&self.place)?;
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(self.place.len())
    }

    pub(super) fn login(&self) -> Login {
        self.login.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads it again. What cannot be read stays as it was.
    pub(super) fn renew(&self) -> Login {
        match read(&self.source).and_then(|text| login(&self.kind, &text)) {
            Ok(login) => *self.login.lock().unwrap_or_else(PoisonError::into_inner) = login,
            Err(error) => tracing::warn!(host = self.place, %error, "a token cannot be read again"),
        }
        self.login()
    }
}

fn login(kind: &TokenKind, text: &str) -> Result<Login, BadToken> {
    let login = match kind {
        _ if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) => None,
        TokenKind::Basic(user) if user.contains(':') => None,
        TokenKind::Basic(user) => Login::basic(user, text),
        TokenKind::Bearer => Login::bearer(text),
    };
    login.ok_or(BadToken::Text)
}

fn read(source: &TokenSource) -> Result<String, BadToken> {
    match source {
        TokenSource::Text(text) => Ok(text.clone()),
        TokenSource::File(path) => file(path).map_err(|why| BadToken::File { path: path.clone(), why }),
    }
}

fn file(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    // A pipe must not be waited for.
    let nonblock = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = fs::OpenOptions::new().read(true).custom_flags(nonblock).open(path).map_err(cannot)?;
    let meta = file.metadata().map_err(cannot)?;
    if !meta.is_file() {
        return Err("is no file".to_owned());
    }
    if meta.mode() & 0o007 != 0 {
        let why = format!("is open to everybody on this machine: chmod o= {}", path.display());
        return Err(why);
    }
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > LONGEST {
        return Err("is longer than a token is".to_owned());
    }
    Ok(text.trim().to_owned())
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Token");
        shown.field("place", &self.place).field("kind", &self.kind).field("source", &self.source);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenSource::Text(_) => f.write_str("Text(***)"),
            TokenSource::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Bytes of a file.
const LONGEST: u64 = 16 << 10;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn token(place: &str) -> Result<Token, BadToken> {
        Token::new(place, TokenKind::Basic("git".to_owned()), TokenSource::Text("hunter2".to_owned()))
    }

    #[test]
    fn a_token_is_for_a_host_or_a_path_of_it() {
        for (place, url, covers) in [
            ("a.example", "https://a.example/x", true),
            ("A.example:443/", "https://a.example/x?y", true),
            ("a.example", "https://a.example:8443/x", false),
            ("a.example:8443", "https://a.example:8443/x", true),
            ("a.example", "https://a.example.evil.example/", false),
            ("a.example", "http://a.example/", false),
            ("a.example/team", "https://a.example/team/r", true),
            ("a.example/team", "https://a.example/team", true),
            ("a.example/team", "https://a.example/teams/r", false),
        ] {
            assert_eq!(token(place).unwrap().covers(url).is_some(), covers, "{place} {url}");
        }
        for bad in ["", "/x", "https://a.example", "u:p@a.example", "a example", "a.example/x y"] {
            let error = token(bad).unwrap_err();
            assert!(matches!(error, BadToken::Place(_)) && !error.to_string().contains("u:p"), "{bad}");
        }
    }

    #[test]
    fn a_file_is_read_if_nobody_else_can() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let read = || Token::new("a.example", TokenKind::Bearer, TokenSource::File(path.clone()));
        assert!(matches!(read(), Err(BadToken::File { .. })));
        fs::write(&path, " first\n").unwrap();
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o604);
        assert!(read().unwrap_err().to_string().contains("chmod o="));
        mode(0o640);
        let token = read().unwrap();
        let said = |login: Login| login.expose().map(|(_, value)| value.to_owned()).collect::<String>();
        assert_eq!(said(token.login()), "Bearer first");
        fs::write(&path, "second").unwrap();
        assert_eq!(said(token.renew()), "Bearer second");
        fs::write(&path, "two words").unwrap();
        assert_eq!(said(token.renew()), "Bearer second", "what is no token replaces none");
        assert!(!format!("{token:?}").contains("second"));
    }
}
