//! Where a repository is.

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};

use super::{config::Config, progress::Progress};
use crate::{Cause, VcsError};

/// The URL of a repository. It may hold credentials: `Display` and `Debug` leave them out.
#[derive(Clone)]
pub struct Remote {
    url: String,
    /// What the user's settings put in its place.
    target: String,
    shown: String,
    progress: Progress,
}

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A web server: `https` or `http`.
    Web,
    /// git's own protocol: `git`.
    Git,
    /// The user's `ssh`.
    Ssh,
    /// A directory of this machine.
    Local,
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
        Ok(Self { url: url.to_owned(), target: url.to_owned(), shown, progress: Progress::default() })
    }

    /// The same repository where the user's git configuration says that it is (`url.*.insteadOf`). That may be any form
    /// that git knows, `host:path` and a directory too, but no helper's name.
    pub fn resolved(self, config: &Config) -> Result<Self, VcsError> {
        let target = config.rewritten(&self.url)?;
        if target != self.url && transport(&target).is_none() {
            let why = format!(
                "the git configuration (url.*.insteadOf) puts {} in its place, which is not taken",
                without_credentials(&target)
            );
            return Err(VcsError::failed(Cause::Local, format!("reaching {}", self.shown), why));
        }
        Ok(Self { target, ..self })
    }

    /// The same, where this counts what comes from it.
    pub(crate) fn watched(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    /// What counts whatever comes from it.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The URL that is asked, with all that it holds.
    pub(crate) fn secret(&self) -> &str {
        &self.target
    }

    /// That URL without credentials.
    pub(crate) fn shown_target(&self) -> String {
        without_credentials(&self.target)
    }

    /// How it is reached.
    pub fn transport(&self) -> Transport {
        transport(&self.target).unwrap_or(Transport::Local)
    }

    /// The URL whose host has to be judged before anybody connects to it; nothing where no host is asked. Without
    /// credentials.
    pub fn judged(&self) -> Option<String> {
        match self.transport() {
            Transport::Local => None,
            Transport::Ssh => Some(match scp(&self.target) {
                Some((host, path)) => format!("ssh://{host}/{}", path.trim_start_matches('/')),
                None => self.target.replacen("git+ssh://", "ssh://", 1).replacen("ssh+git://", "ssh://", 1),
            }),
            Transport::Web | Transport::Git => Some(self.target.clone()),
        }
        .map(|url| without_credentials(&url))
    }

    /// The URL without credentials.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether a web server is asked.
    pub(crate) fn is_web(&self) -> bool {
        self.transport() == Transport::Web
    }

    /// The name for files about it: 64 hex digits. Other credentials make another one, for they may see another
    /// repository.
    pub(crate) fn name(&self) -> String {
        hex(&Sha256::digest(&self.target))
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

/// How git reaches what a text names; `None` where it would start a helper, or read an option.
fn transport(target: &str) -> Option<Transport> {
    if target.chars().any(|c| c.is_control() || c == ' ') {
        return None;
    }
    let Some((scheme, rest)) = target.split_once("://") else {
        return if target.starts_with('/') {
            Some(Transport::Local)
        } else {
            scp(target).map(|_| Transport::Ssh)
        };
    };
    if rest.is_empty() || rest.starts_with('-') {
        return None;
    }
    match scheme {
        "https" | "http" => Some(Transport::Web),
        "git" => Some(Transport::Git),
        "ssh" | "git+ssh" | "ssh+git" => Some(Transport::Ssh),
        "file" => Some(Transport::Local),
        _ => None,
    }
}

/// Host and path of `[user@]host:path`.
fn scp(target: &str) -> Option<(&str, &str)> {
    let (host, path) = target.split_once(':').filter(|(_, path)| !path.starts_with("//"))?;
    let name = host.rsplit('@').next().unwrap_or(host);
    let fine = !name.is_empty() && !host.contains('/') && !host.starts_with('-') && !name.starts_with('-');
    (fine && !path.is_empty() && !path.starts_with([':', '-'])).then_some((host, path))
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

    fn resolved(url: &str, instead: &str, of: &str) -> Result<Remote, VcsError> {
        let setting = [("COUNT", "1"), ("KEY_0", &format!("url.{instead}.insteadOf")), ("VALUE_0", of)]
            .map(|(name, value)| (format!("GIT_CONFIG_{name}").into(), value.into()));
        Remote::new(url).unwrap().resolved(&Config::read(setting))
    }

    #[test]
    fn the_configuration_puts_another_in_its_place() {
        for (instead, way, judged) in [
            ("git@git.example.com:", Transport::Ssh, Some("ssh://git@git.example.com/r")),
            ("git+ssh://git@git.example.com:22/", Transport::Ssh, Some("ssh://git@git.example.com:22/r")),
            ("https://u:secret@m.example/", Transport::Web, Some("https://m.example/r")),
            ("git://m.example/", Transport::Git, Some("git://m.example/r")),
            ("/srv/git/", Transport::Local, None),
            ("file:///srv/git/", Transport::Local, None),
        ] {
            let remote = resolved("https://a.example/r", instead, "https://a.example/").unwrap();
            assert_eq!((remote.transport(), remote.judged().as_deref()), (way, judged), "{instead}");
            assert_eq!(remote.shown(), "https://a.example/r");
            assert_eq!(remote.secret(), format!("{instead}r"));
        }
    }

    #[test]
    fn no_helper_and_no_option_is_put_in_its_place() {
        for instead in
            ["ext::sh -c x ", "ext::", "-oProxyCommand=x:", "ssh://-oProxyCommand=x/", "ftp://x/", "u@-x:"]
        {
            let error = resolved("https://a.example/r", instead, "https://a.example/").unwrap_err();
            assert!(matches!(error, VcsError::Failed { cause: Cause::Local, .. }), "{instead}: {error}");
        }
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
