//! Where a repository is.

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};

use crate::VcsError;

/// The URL of a repository. It may hold credentials: `Display` and `Debug` leave them out.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Remote {
    url: String,
    shown: String,
}

impl Remote {
    /// Takes `https://`, `http://`, `git://`, `ssh://`, `git+ssh://` and `file://`. No paths and no `host:path`, as go
    /// has it; nothing that `git` could read as an option or a helper's name.
    pub fn new(url: &str) -> Result<Self, VcsError> {
        let shown = without_credentials(url);
        let refuse = |why: &str| VcsError::absent(format!("git remote ({shown}) {why}"));
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(refuse("must not be local directory (use URL syntax not host:path syntax)"));
        };
        if !SCHEMES.contains(&scheme) {
            return Err(refuse("is of no scheme that is allowed"));
        }
        if rest.is_empty() || rest.starts_with('-') || url.chars().any(|c| c.is_control() || c == ' ') {
            return Err(refuse("is no URL of a repository"));
        }
        Ok(Self { url: url.to_owned(), shown })
    }

    /// The URL with all that it holds.
    pub(crate) fn secret(&self) -> &str {
        &self.url
    }

    /// The URL without credentials.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether a web server is asked.
    pub(crate) fn is_web(&self) -> bool {
        self.url.starts_with("https://") || self.url.starts_with("http://")
    }

    /// The name for files about it: 64 hex digits. Other credentials make another one, for they may see another
    /// repository.
    pub(crate) fn name(&self) -> String {
        hex(&Sha256::digest(&self.url))
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.shown)
    }
}

/// Lower-case digits, two per byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A text in which no URL has credentials: all between `://` and `@` is gone, but for the user's name of an `ssh` URL.
pub(crate) fn without_credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        out.push_str(before);
        let end = after.find(|c: char| "/?#'\"<>".contains(c) || c.is_whitespace()).unwrap_or(after.len());
        let (authority, behind) = after.split_at(end);
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        if before.ends_with("ssh://") && !user.is_empty() {
            out.push_str(user.split(':').next().unwrap_or_default());
            out.push('@');
        }
        out.push_str(host);
        rest = behind;
    }
    out.push_str(rest);
    out
}

const SCHEMES: [&str; 6] = ["https", "http", "git", "ssh", "git+ssh", "file"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_shown() {
        for (url, shown) in [
            ("https://git.example.com/r", "https://git.example.com/r"),
            ("https://token@git.example.com/r", "https://git.example.com/r"),
            ("https://u:p@w@git.example.com/r", "https://git.example.com/r"),
            ("ssh://git@git.example.com/r", "ssh://git@git.example.com/r"),
            ("ssh://git:secret@git.example.com/r", "ssh://git@git.example.com/r"),
        ] {
            let remote = Remote::new(url).unwrap();
            assert_eq!(remote.shown(), shown);
            assert_eq!(format!("{remote:?}"), format!("Remote({shown})"));
            assert_eq!(remote.secret(), url);
        }
        assert_eq!(
            without_credentials("fatal: unable to access 'https://u:p@a.example/': x, http://t@b.example"),
            "fatal: unable to access 'https://a.example/': x, http://b.example"
        );
    }

    #[test]
    fn only_urls_of_git_are_taken() {
        for bad in [
            "",
            "/r",
            "host:r",
            "ext::sh -c x",
            "ext://x",
            "https://",
            "ssh://-oProxyCommand=x/r",
            "https://a\n/r",
        ] {
            assert!(matches!(Remote::new(bad), Err(VcsError::Absent(_))), "{bad}");
        }
    }
}
