//! The programs that are asked for credentials: git's helpers (gitcredentials(7)), `git credential`, GOAUTH commands.
//! Nothing secret is an argument of one, none may ask anybody, and each has its time.

use std::{path::Path, time::Duration};

use upstream::Login;

use crate::git::{CredentialRules, Git, Limits};

/// Starts them.
#[derive(Debug)]
pub(super) struct Programs(Git);

/// What a helper is told of a URL.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Description {
    host: String,
    path: Option<String>,
    user: Option<String>,
}

/// A user and a password from helpers.
#[derive(Clone)]
pub(super) struct Filled {
    user: String,
    password: String,
}

impl Description {
    /// Of an `https` URL without credentials. `None`: no helper can be told it.
    pub(super) fn of(url: &str, with_path: bool) -> Option<Self> {
        let rest = url.strip_prefix("https://")?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path =
            path.strip_suffix("/info/refs").or_else(|| path.strip_suffix("/git-upload-pack")).unwrap_or(path);
        if host.is_empty() || rest.chars().any(|c| c.is_control() || c == '@') {
            return None;
        }
        Some(Self {
            host: host.to_owned(),
            path: (with_path && !path.is_empty()).then(|| path.to_owned()),
            user: None,
        })
    }

    pub(super) fn for_user(self, user: Option<&str>) -> Self {
        Self { user: user.filter(|user| !user.chars().any(char::is_control)).map(str::to_owned), ..self }
    }

    /// Lines of the protocol between git and its helpers.
    fn lines(&self, filled: Option<&Filled>) -> String {
        let mut lines = format!("protocol=https\nhost={}\n", self.host);
        for (name, value) in [
            ("path", self.path.as_ref()),
            ("username", filled.map(|filled| &filled.user).or(self.user.as_ref())),
            ("password", filled.map(|filled| &filled.password)),
        ] {
            if let Some(value) = value {
                lines = lines + name + "=" + value + "\n";
            }
        }
        lines + "\n"
    }
}

impl Filled {
    pub(super) fn login(&self) -> Option<Login> {
        Login::basic(&self.user, &self.password)
    }
}

impl Programs {
    /// Those of this environment.
    pub(super) fn new(git: &Git) -> Self {
        Self(git.with_limits(Limits { time: TIME, output: OUTPUT, ..*git.limits() }))
    }

    pub(super) fn git(&self) -> &Git {
        &self.0
    }

    /// Asks one helper after the other until user and password are known.
    pub(super) fn ask(&self, rules: &CredentialRules, about: &Description) -> Option<Filled> {
        let (mut user, mut password) = (about.user.clone(), None);
        for helper in &rules.helpers {
            let asked = Description { user: user.clone(), ..about.clone() };
            let text = self.helper(helper, "get", &asked.lines(None));
            for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
                match name {
                    "username" => user = Some(value.to_owned()),
                    "password" => password = Some(value.to_owned()),
                    "quit" if matches!(value, "1" | "true") => return None,
                    _ => {}
                }
            }
            if let (Some(user), Some(password)) = (&user, &password) {
                return Some(Filled { user: user.clone(), password: password.clone() });
            }
        }
        None
    }

    /// Tells all helpers that it was right (`store`), or wrong (`erase`).
    pub(super) fn tell(&self, rules: &CredentialRules, about: &Description, filled: &Filled, right: bool) {
        for helper in &rules.helpers {
            self.helper(helper, if right { "store" } else { "erase" }, &about.lines(Some(filled)));
        }
    }

    /// One helper. One that fails says nothing.
    fn helper(&self, helper: &str, action: &str, lines: &str) -> String {
        let shell = match helper.strip_prefix('!') {
            Some(command) => command.to_owned(),
            None if helper.starts_with('/') => helper.to_owned(),
            None if self.0.is_found() => format!("git credential-{helper}"),
            None => format!("git-credential-{helper}"),
        };
        let done = self.0.helper(&["sh", "-c", &format!("{shell} {action}")], None, lines);
        told("a credential helper", done).unwrap_or_default()
    }

    /// `git credential fill` in a directory, whose configuration counts. The prefix of URLs that its answer is about,
    /// and the login.
    pub(super) fn fill(&self, dir: &Path, about: &Description) -> Option<(String, Login)> {
        let done = self.0.helper(&["git", "credential", "fill"], Some(dir), &about.lines(None));
        let text = told("git credential", done)?;
        let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let (host, user, password) = (of("host")?, of("username")?, of("password")?);
        let path = of("path").unwrap_or_default();
        // It must be about what was asked for.
        let fits = host == about.host && about.path.as_deref().unwrap_or_default().starts_with(path);
        let prefix = format!("{host}/{path}");
        fits.then(|| Some((prefix.trim_end_matches('/').to_owned(), Login::basic(user, password)?)))?
    }

    /// A GOAUTH command.
    pub(super) fn command(&self, words: &[&str], stdin: &str) -> Option<String> {
        told("a GOAUTH command", self.0.helper(words, None, stdin))
    }
}

/// What it said. Where it failed, that is noted; its own words may hold anything, and are told to nobody.
fn told(what: &str, done: Result<String, String>) -> Option<String> {
    done.inspect_err(|why| tracing::warn!(why, "{what} gave nothing")).ok()
}

/// How long one may take.
const TIME: Duration = Duration::from_secs(30);
/// Bytes that one may say.
const OUTPUT: u64 = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_are_told_of_a_url_what_git_tells_them() {
        let url = "https://git.example.com:8443/team/r/info/refs?service=git-upload-pack";
        let about = Description::of(url, false).unwrap();
        assert_eq!(about.lines(None), "protocol=https\nhost=git.example.com:8443\n\n");
        let about = Description::of(url, true).unwrap().for_user(Some("me"));
        let filled = Filled { user: "u".to_owned(), password: "p".to_owned() };
        assert_eq!(
            about.lines(Some(&filled)),
            "protocol=https\nhost=git.example.com:8443\npath=team/r\nusername=u\npassword=p\n\n"
        );
        for bad in
            ["http://a.example/", "https://", "https://a.example/\nhost=b.example", "https://u@a.example/"]
        {
            assert!(Description::of(bad, true).is_none(), "{bad:?}");
        }
    }
}
