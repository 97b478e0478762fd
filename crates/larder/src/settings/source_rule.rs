//! What is known about single sources: certificates to trust and to show.

use std::{ffi::OsStr, fmt, fs::File, path::PathBuf};

use toml::Spanned;
use upstream::{SafeUrl, SourceConfig, UrlError};

use super::{
    file,
    origin::{Origin, Valued},
    pick::{self, Pick},
    problem::SourceFile,
    wrong::Wrong,
};

/// The `[[source]]` entries. For each source the first one that matches counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceRules(Vec<SourceRule>);

/// One `[[source]]`.
#[derive(Clone, Debug)]
pub(crate) struct SourceRule {
    pub(crate) which: Which,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) client_cert: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    pub(crate) origin: Origin,
}

/// Which sources a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one with this URL; user, password and query do not count.
    Url(SafeUrl),
    /// Every https source at a host.
    Host(HostPattern),
}

/// A host, or all hosts below a domain (`*.corp.example`), at any port or at one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPattern {
    /// In lower case.
    name: String,
    below: bool,
    port: Option<u16>,
}

impl SourceRules {
    /// Checks the entries; what is wrong is noted in `pick`.
    pub(super) fn check(entries: &[Spanned<file::Source>], pick: &mut Pick<'_>) -> Self {
        SourceRules(entries.iter().filter_map(|entry| SourceRule::check(entry, pick)).collect())
    }

    /// The settings of a source.
    pub(crate) fn config(&self, url: SafeUrl) -> SourceConfig {
        let mut config = SourceConfig::new(url);
        if let Some(rule) = self.0.iter().find(|rule| rule.which.matches(&config.url)) {
            config.ca.clone_from(&rule.ca);
            config.client_cert.clone_from(&rule.client_cert);
            config.client_key.clone_from(&rule.client_key);
        }
        config
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SourceRule> {
        self.0.iter()
    }
}

impl SourceRule {
    fn check(entry: &Spanned<file::Source>, pick: &mut Pick<'_>) -> Option<Self> {
        let source = entry.get_ref();
        let which = match (&source.url, &source.host) {
            (Some(url), None) => pick.in_file("source.url", Some(url), |url| Which::url(url)),
            (None, Some(host)) => {
                pick.in_file("source.host", Some(host), |host| host_pattern(host).map(Which::Host))
            }
            (Some(_), Some(host)) => {
                pick.wrong_in_file(
                    "source",
                    host,
                    Wrong::new("`url` and `host` are both set").help("keep one of them"),
                );
                None
            }
            (None, None) => {
                let wrong = Wrong::new("it does not say which source it is about");
                let help = "set url = \"https://proxy.example.com\" or host = \"*.example.com\"";
                pick.wrong_in_file("source", entry, wrong.help(help));
                None
            }
        };
        let file = pick.file()?;
        let mut readable =
            |name, path: &Option<file::Text>| pick.in_file(name, path.as_ref(), |path| readable(file, path));
        let ca = readable("source.ca", &source.ca);
        let client_cert = readable("source.client_cert", &source.client_cert);
        let client_key = readable("source.client_key", &source.client_key);
        match (&source.ca, &source.client_cert, &source.client_key) {
            (_, None, Some(key)) => {
                let wrong = Wrong::new("a key without its certificate").help("set client_cert too");
                pick.wrong_in_file("source.client_key", key, wrong);
            }
            (None, None, None) => {
                let wrong =
                    Wrong::new("it sets nothing").help("set ca, client_cert, or client_cert and client_key");
                pick.wrong_in_file("source", entry, wrong);
            }
            _ => {}
        }
        let Valued { value: which, .. } = which?;
        let path = |path: Option<Valued<PathBuf>>| path.map(|path| path.value);
        Some(SourceRule {
            which,
            ca: path(ca),
            client_cert: path(client_cert),
            client_key: path(client_key),
            origin: pick.at(entry, ()).origin,
        })
    }
}

impl Which {
    fn url(text: &str) -> Result<Self, Wrong> {
        match SafeUrl::parse(text) {
            Ok(url) if url.scheme() == "https" => Ok(Which::Url(url)),
            // The first part of `user:password@host` is read as a scheme.
            Ok(_) | Err(UrlError::Scheme(_) | UrlError::CredentialsOverHttp(_)) => {
                Err(Wrong::new("certificates need an https URL"))
            }
            Err(error) => Err(Wrong::new(error.to_string())),
        }
    }

    pub(crate) fn matches(&self, source: &SafeUrl) -> bool {
        source.scheme() == "https"
            && match self {
                Which::Url(url) => url.source_name() == source.source_name(),
                Which::Host(pattern) => pattern.matches(source.source_name().as_str()),
            }
    }
}

impl HostPattern {
    /// `name` is `host[:port][/path]`; a port that is not written is that of https.
    fn matches(&self, name: &str) -> bool {
        let host_port = name.split('/').next().unwrap_or_default();
        let (host, port) = match host_port.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
            _ => (host_port, Some(443)),
        };
        let host = host.to_ascii_lowercase();
        let by_name = if self.below {
            host.strip_suffix(&self.name).is_some_and(|rest| rest.ends_with('.'))
        } else {
            host == self.name
        };
        by_name && (self.port.is_none() || self.port == port)
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Which::Url(url) => url.fmt(f),
            Which::Host(HostPattern { name, below, port }) => {
                let star = if *below { "*." } else { "" };
                write!(f, "{star}{name}")?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))
            }
        }
    }
}

fn host_pattern(text: &str) -> Result<HostPattern, Wrong> {
    let wrong = |why: &str| {
        Wrong::new(format!("{text:?} {why}")).help(
            "write a host like proxy.example.com, all below a domain like *.example.com, perhaps with :PORT",
        )
    };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let number =
                port.parse().map_err(|_| wrong("has a port that is not a number from 0 to 65535"))?;
            (host, Some(number))
        }
        _ => (text, None),
    };
    let (below, name) = host.strip_prefix("*.").map_or((false, host), |name| (true, name));
    let letters = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    if letters.is_empty() || !letters.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b)) {
        return Err(wrong("is not a host"));
    }
    Ok(HostPattern { name: name.to_ascii_lowercase(), below, port })
}

/// A file that can be opened. What is in it is judged where it is used.
fn readable(file: &SourceFile, text: &str) -> Result<PathBuf, Wrong> {
    pick::path(OsStr::new(text))?;
    let path = file.resolve(text);
    let opened = File::open(&path).and_then(|file| file.metadata());
    match opened {
        Ok(meta) if meta.is_file() => Ok(path),
        Ok(_) => Err(Wrong::new(format!("{} is not a file", path.display()))),
        Err(error) => Err(Wrong::new(format!("{} cannot be read: {error}", path.display()))
            .help("name a readable PEM file; a relative path begins where this file lies")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_match_with_or_without_their_port() {
        for (pattern, url, want) in [
            ("proxy.example.com", "https://u:p@Proxy.Example.com/go", true),
            ("Proxy.example.com", "https://proxy.example.com:8443", true),
            ("proxy.example.com", "http://proxy.example.com", false),
            ("proxy.example.com", "https://a.proxy.example.com", false),
            ("*.example.com", "https://a.b.example.com", true),
            ("*.example.com", "https://example.com", false),
            ("*.example.com", "https://badexample.com", false),
            ("proxy.example.com:443", "https://proxy.example.com", true),
            ("proxy.example.com:443", "https://proxy.example.com:8443", false),
            ("*.example.com:8443", "https://a.example.com:8443/x", true),
            ("[::1]", "https://[::1]:8443/x", true),
            ("[::1]:8443", "https://[::1]/x", false),
        ] {
            let host = Which::Host(host_pattern(pattern).unwrap());
            assert_eq!(host.matches(&SafeUrl::parse(url).unwrap()), want, "{pattern} {url}");
        }
        for pattern in
            ["", "*", "*.", "a b", "https://a.example", "a.example:x", "a.*.example", "a.example/x"]
        {
            assert!(host_pattern(pattern).is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn a_url_matches_whatever_user_and_query_are() {
        let which = Which::url("https://proxy.example.com/go/").unwrap();
        for (url, want) in [
            ("https://u:p@proxy.example.com/go?x=y", true),
            ("https://proxy.example.com:443/go", true),
            ("https://proxy.example.com/other", false),
            ("https://proxy.example.com:8443/go", false),
        ] {
            assert_eq!(which.matches(&SafeUrl::parse(url).unwrap()), want, "{url}");
        }
        assert_eq!(
            Which::url("http://proxy.example.com").unwrap_err().what,
            "certificates need an https URL"
        );
    }
}
