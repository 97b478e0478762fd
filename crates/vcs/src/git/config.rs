//! What the user's git configuration says of how a server is reached: `url.*.insteadOf`, `http.*`, `credential.*`,
//! `core.sshCommand`, and what says who may be spoken to.
//!
//! It is read here, once, for both ways of fetching: the `git` program gets these settings alone, and no configuration
//! of the user's. So nothing that changes content acts, nothing that starts programs beside it, and both ways take the
//! same URL for the same one.

mod files;
mod http;
mod parse;
mod url;
mod value;

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

pub use self::http::Http;
use self::{
    parse::Line,
    url::{Match, Parts},
};
use crate::{Cause, VcsError};

/// The user's git configuration, as far as it is about reaching servers. `Debug` shows no values.
#[derive(Clone)]
pub struct Config {
    settings: Result<Settings, String>,
    env: Variables,
}

/// What the settings say of credentials for one URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialRules {
    /// Commands of helpers, in the order in which they are asked (`credential.helper`).
    pub helpers: Vec<String>,
    /// The user's name, where the URL has none (`credential.username`).
    pub user: Option<String>,
    /// Whether helpers are told the path of a web server's URL (`credential.useHttpPath`).
    pub with_path: bool,
}

impl Config {
    /// Reads the files that this environment leads to, and `GIT_CONFIG_COUNT`. A configuration that git would refuse is
    /// told when something is asked of it. Blocks on the disk for a moment.
    pub fn read(env: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let env = Variables::new(env);
        Self { settings: files::read(&env).map(Settings), env }
    }

    fn settings(&self) -> Result<&Settings, VcsError> {
        let refused = |why| VcsError::failed(Cause::Local, "reading the git configuration", why);
        self.settings.as_ref().map_err(refused)
    }

    /// The URL that stands for this one (`url.*.insteadOf`, the longest beginning counts). It may be of any form that
    /// git knows.
    pub fn rewritten(&self, url: &str) -> Result<String, VcsError> {
        let mut longest: Option<(&str, &str)> = None;
        for (base, known) in self.settings()?.named("url", "insteadof") {
            if let Some(rest) = known.and_then(|known| url.strip_prefix(known))
                && longest.is_none_or(|(_, longest)| rest.len() < longest.len())
            {
                longest = Some((base, rest));
            }
        }
        Ok(longest.map_or_else(|| url.to_owned(), |(base, rest)| format!("{base}{rest}")))
    }

    /// How a web server's URL is asked. Nothing special where it is no such URL.
    pub fn http(&self, url: &str) -> Result<Http, VcsError> {
        let settings = self.settings()?;
        Ok(Parts::of(url).map(|url| Http::new(settings, &self.env, &url)).unwrap_or_default())
    }

    /// What is said of credentials for a URL.
    pub fn credential(&self, url: &str) -> Result<CredentialRules, VcsError> {
        let settings = self.settings()?;
        let mut rules = CredentialRules::default();
        let Some(url) = Parts::of(url) else { return Ok(rules) };
        for (of, name, value) in settings.of("credential") {
            let about = of.is_none_or(|of| match Parts::of(of) {
                Some(whole) => whole.is_about(&url).is_some(),
                None => url::part_is_about(of, &url),
            });
            match name {
                _ if !about => {}
                "helper" => match value {
                    Some("") => rules.helpers.clear(),
                    Some(helper) => rules.helpers.push(helper.to_owned()),
                    None => {}
                },
                "username" if url.user.is_none() => rules.user = value.map(str::to_owned),
                "usehttppath" => rules.with_path = value::is_true(value).unwrap_or(false),
                _ => {}
            }
        }
        Ok(rules)
    }

    /// The user's own `ssh` (`core.sshCommand`).
    pub(super) fn ssh_command(&self) -> Option<&str> {
        self.settings.as_ref().ok()?.last("core.sshcommand")
    }

    /// Settings for a `git` program that asks another machine, in their order.
    pub(super) fn for_git(&self) -> Result<impl Iterator<Item = (&str, &str)>, VcsError> {
        let lines = self.settings()?.0.iter().filter(|line| acts(&line.key));
        Ok(lines.map(|line| (line.key.as_str(), line.value.as_deref().unwrap_or("true"))))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings.as_ref().map(|settings| settings.0.len());
        f.debug_struct("Config").field("settings", &settings).finish_non_exhaustive()
    }
}

/// Whether a setting is about reaching a server. Where a redirect may lead is decided here, not by the user's setting.
fn acts(key: &str) -> bool {
    let (section, name) = (key.split('.').next(), key.rsplit('.').next());
    match (section, name) {
        (Some("http"), name) => name != Some("followredirects"),
        (Some("credential"), name) => name != Some("interactive"),
        (Some("protocol"), name) => name == Some("allow"),
        (Some("ssh"), name) => name == Some("variant"),
        (Some("safe"), name) => name == Some("directory"),
        (Some("core"), name) => matches!(name, Some("sshcommand" | "gitproxy")),
        _ => false,
    }
}

/// The settings, in their order.
#[derive(Clone)]
struct Settings(Vec<Line>);

impl Settings {
    /// Those of a section: what stands between section and name, name, value.
    fn of<'a>(
        &'a self,
        section: &'static str,
    ) -> impl Iterator<Item = (Option<&'a str>, &'a str, Option<&'a str>)> {
        self.0.iter().filter_map(move |line| {
            let rest = line.key.strip_prefix(section)?.strip_prefix('.')?;
            let (of, name) = rest.rsplit_once('.').map_or((None, rest), |(of, name)| (Some(of), name));
            Some((of, name, line.value.as_deref()))
        })
    }

    /// All of the form `section.*.name`.
    fn named<'a>(
        &'a self,
        section: &'static str,
        name: &'static str,
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        self.of(section).filter_map(move |(of, known, value)| Some((of.filter(|_| known == name)?, value)))
    }

    fn last(&self, key: &str) -> Option<&str> {
        self.0.iter().rfind(|line| line.key == key)?.value.as_deref()
    }

    /// The values that count for a URL: one that is less exact than one before it does not.
    fn all<'a>(
        &'a self,
        section: &'static str,
        name: &'static str,
        url: &'a Parts,
    ) -> impl Iterator<Item = Option<&'a str>> {
        let mut best = Match::default();
        self.of(section).filter(move |(_, known, _)| *known == name).filter_map(move |(of, _, value)| {
            let exact = match of {
                None => Match::default(),
                Some(of) => Parts::of(of)?.is_about(url)?,
            };
            if exact < best {
                return None;
            }
            best = exact;
            Some(value)
        })
    }

    /// The text that says most exactly what is so for a URL; of several the last.
    fn text<'a>(&'a self, section: &'static str, name: &'static str, url: &'a Parts) -> Option<&'a str> {
        self.all(section, name, url).last().flatten()
    }

    /// The same of what is true or false. `None`: nothing is said, or in other words.
    fn switch(&self, section: &'static str, name: &'static str, url: &Parts) -> Option<bool> {
        self.all(section, name, url).last().and_then(value::is_true)
    }
}

/// The environment, as far as it is about git's configuration.
#[derive(Clone)]
struct Variables(BTreeMap<String, OsString>);

impl Variables {
    fn new(env: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let kept = env.into_iter().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            (name.starts_with("GIT_") || matches!(name.as_str(), "HOME" | "XDG_CONFIG_HOME"))
                .then_some((name, value))
        });
        Self(kept.collect())
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }
}
