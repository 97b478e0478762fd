//! `GOAUTH`: what the go command asks for credentials (cmd/go `auth/auth.go`, `auth/userauth.go`, `auth/gitauth.go`).

use std::{collections::HashMap, fmt, path::PathBuf, str::FromStr};

use upstream::{Login, Refusal};

use super::{Credentials, programs::Description};

/// A value of `GOAUTH`. It shows programs without their arguments.
#[derive(Clone, PartialEq, Eq)]
pub struct GoAuth {
    /// `None`: nobody is told anything (`off`).
    pub(super) methods: Option<Vec<Method>>,
}

/// What it names.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Method {
    Netrc,
    /// `git credential fill` in a directory.
    Git(PathBuf),
    /// A program with its arguments.
    Command(Vec<String>),
}

/// Why a value of `GOAUTH` is none. It is not repeated whole: arguments may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGoAuth {
    /// Nothing between two semicolons.
    #[error("GOAUTH holds an empty command; take one `;` out")]
    Empty,
    /// `off` and more.
    #[error("GOAUTH=off cannot be combined with other commands")]
    OffAndMore,
    /// `git` without its directory.
    #[error("GOAUTH=git needs the absolute path of one directory, like `git /home/me/project`")]
    Directory,
    /// A quote without its other one.
    #[error("GOAUTH holds a quote that does not end")]
    Quote,
}

impl Default for GoAuth {
    /// The go command's own: `netrc`.
    fn default() -> Self {
        Self { methods: Some(vec![Method::Netrc]) }
    }
}

impl GoAuth {
    /// Whether the go command takes this as the output of a command: URLs, an empty line, headers, an empty line, as often
    /// as it likes; or nothing.
    pub fn takes(said: &str) -> bool {
        output(said).is_some()
    }
}

impl FromStr for GoAuth {
    type Err = BadGoAuth;

    fn from_str(text: &str) -> Result<Self, BadGoAuth> {
        Ok(Self { methods: parse(text)? })
    }
}

impl fmt::Display for GoAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(methods) = &self.methods else { return f.write_str("off") };
        for (at, method) in methods.iter().enumerate() {
            f.write_str(if at > 0 { "; " } else { "" })?;
            match method {
                Method::Netrc => f.write_str("netrc")?,
                Method::Git(dir) => write!(f, "git {}", dir.display())?,
                Method::Command(words) => f.write_str(words.first().map_or("", String::as_str))?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for GoAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoAuth({self})")
    }
}

/// The methods in their order; none for `off`.
fn parse(text: &str) -> Result<Option<Vec<Method>>, BadGoAuth> {
    let commands: Vec<&str> = text.split(';').map(str::trim).collect();
    let mut methods = Vec::new();
    for command in &commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        methods.push(match words.as_slice() {
            [] => return Err(BadGoAuth::Empty),
            ["off", ..] if commands.len() > 1 => return Err(BadGoAuth::OffAndMore),
            ["off", ..] => return Ok(None),
            ["netrc", ..] => Method::Netrc,
            ["git", dir] if dir.starts_with('/') => Method::Git(PathBuf::from(dir)),
            ["git", ..] => return Err(BadGoAuth::Directory),
            _ => Method::Command(split(command)?),
        });
    }
    Ok(Some(methods))
}

/// Words between white space; quotes of either sort hold it, and nothing escapes anything (`cmd/internal/quoted`).
fn split(command: &str) -> Result<Vec<String>, BadGoAuth> {
    let mut words = Vec::new();
    let mut rest = command.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = match first {
            '"' | '\'' => {
                let quoted = rest.get(1..).unwrap_or_default();
                quoted.split_once(first).ok_or(BadGoAuth::Quote)?
            }
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    Ok(words)
}

/// Headers by name and value.
type Headers = Vec<(String, String)>;

/// The headers that a command's output gives for URLs; `None` where it is not of that form.
fn output(text: &str) -> Option<Vec<(String, Headers)>> {
    let mut found = Vec::new();
    let mut lines = text.split_inclusive('\n');
    loop {
        let mut urls = Vec::new();
        loop {
            let Some(line) = lines.next() else {
                return urls.is_empty().then_some(found);
            };
            match line.strip_suffix('\n')? {
                "" => break,
                url if url.contains("://") || url.starts_with('/') => urls.push(prefix(url)),
                _ => return None,
            }
        }
        let mut headers = Vec::new();
        loop {
            match lines.next()?.strip_suffix('\n')? {
                "" => break,
                header => {
                    let (name, value) = header.split_once(": ")?;
                    headers.push((name.to_owned(), value.trim().to_owned()));
                }
            }
        }
        found.extend(urls.into_iter().map(|url| (url, headers.clone())));
    }
}

/// What stands for a URL: it without its scheme and the slash at its end.
fn prefix(url: &str) -> String {
    let url = url.strip_prefix("https://").unwrap_or(url);
    url.strip_suffix('/').unwrap_or(url).to_owned()
}

/// What the methods gave, by prefix.
#[derive(Default)]
pub(super) struct Given(HashMap<String, Login>);

impl Given {
    /// The login of the longest prefix of a URL, as `at` gives it where there is none.
    pub(super) fn of(&self, url: &str, at: impl Fn(&str, Option<&Login>) -> Option<Login>) -> Option<Login> {
        let whole = prefix(url);
        let mut rest = whole.as_str();
        loop {
            if let Some(login) = at(rest, self.0.get(rest)) {
                return Some(login);
            }
            rest = rest.rsplit_once('/')?.0;
        }
    }

    fn take(&mut self, url: &str, headers: &[(String, String)]) {
        let login = Login::headers(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        match login {
            Some(login) if self.0.len() < MOST || self.0.contains_key(url) => {
                self.0.insert(url.to_owned(), login);
            }
            _ => {
                self.0.remove(url);
            }
        }
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = String> + '_ {
        self.0.values().flat_map(Login::secrets)
    }
}

impl Credentials {
    /// Runs the methods, the first one last, so that it counts most. `url`: after a refusal.
    pub(super) fn run_goauth(&self, asked: Option<(&str, &Refusal)>) {
        for method in self.0.methods.iter().rev() {
            match method {
                Method::Netrc => {}
                Method::Git(dir) => {
                    let Some((url, _)) = asked else { continue };
                    let filled =
                        Description::of(url, true).and_then(|asked| self.0.programs.fill(dir, &asked));
                    if let Some((prefix, login)) = filled {
                        self.given().0.insert(self::prefix(&prefix), login);
                    }
                }
                Method::Command(words) => {
                    let stdin = asked.map(|(_, refusal)| refusal.head()).unwrap_or_default();
                    let args = words.iter().map(String::as_str).chain(asked.map(|(url, _)| url));
                    let args: Vec<&str> = args.collect();
                    let Some(text) = self.0.programs.command(&args, &stdin) else { continue };
                    let Some(found) = output(&text) else {
                        tracing::warn!("what a GOAUTH command says is not of the form that go takes");
                        continue;
                    };
                    for (url, headers) in &found {
                        self.given().take(url, headers);
                    }
                }
            }
        }
    }
}

/// Prefixes that are remembered.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_named_as_the_go_command_has_it() {
        assert_eq!("netrc".parse::<GoAuth>(), Ok(GoAuth::default()));
        assert_eq!(" off ".parse::<GoAuth>(), Ok(GoAuth { methods: None }));
        let command = Method::Command(vec!["/bin/x".to_owned(), "a b".to_owned(), "c".to_owned()]);
        let several: GoAuth = "/bin/x 'a b' c; git /d ;netrc".parse().unwrap();
        assert!(several.methods == Some(vec![command, Method::Git("/d".into()), Method::Netrc]));
        assert_eq!(several.to_string(), "/bin/x; git /d; netrc");
        for (bad, why) in [
            ("", BadGoAuth::Empty),
            ("netrc;", BadGoAuth::Empty),
            ("off;netrc", BadGoAuth::OffAndMore),
            ("git", BadGoAuth::Directory),
            ("git d", BadGoAuth::Directory),
            ("x 'y", BadGoAuth::Quote),
        ] {
            assert_eq!(bad.parse::<GoAuth>(), Err(why), "{bad}");
        }
    }

    #[test]
    fn output_is_urls_and_headers() {
        let text = "https://a.example/x/\nhttps://b.example\n\nAuthorization: Basic eA==\nX-A:  1 \n\n\
            https://c.example\n\n\n";
        let found = output(text).unwrap();
        let headers =
            vec![("Authorization".to_owned(), "Basic eA==".to_owned()), ("X-A".to_owned(), "1".to_owned())];
        assert_eq!(
            found,
            [
                ("a.example/x".to_owned(), headers.clone()),
                ("b.example".to_owned(), headers),
                ("c.example".to_owned(), vec![])
            ]
        );
        for bad in [
            "https://a.example\n",
            "https://a.example\n\nX: 1\n",
            "a.example\n\nX: 1\n\n",
            "https://a.example\n\nX\n\n",
        ] {
            assert_eq!(output(bad), None, "{bad:?}");
        }
        assert_eq!(output(""), Some(vec![]));
    }

    #[test]
    fn the_longest_prefix_counts() {
        let mut given = Given::default();
        let take = |given: &mut Given, url: &str, value: &str| {
            given.take(url, &[("X".to_owned(), value.to_owned())]);
        };
        take(&mut given, "a.example", "host");
        take(&mut given, "a.example/x", "path");
        let at = |given: &Given, url: &str| {
            let login = given.of(url, |_, login| login.cloned())?;
            login.expose().map(|(_, value)| value.to_owned()).next()
        };
        assert_eq!(at(&given, "https://a.example/x/y").as_deref(), Some("path"));
        assert_eq!(at(&given, "https://a.example/xy").as_deref(), Some("host"));
        assert_eq!(at(&given, "https://b.example/x"), None);
        given.take("a.example/x", &[]);
        assert_eq!(at(&given, "https://a.example/x/y").as_deref(), Some("host"));
    }
}
