//! Fetching from repositories: what `direct` in a chain may do and cost.

use std::{ffi::OsStr, fmt, path::PathBuf};

use gomod::Patterns;
use toml::Spanned;
use upstream::SafeUrl;
use vcs::{DirectConfig, PrivateHosts};
use workbench::{Found, GoSettings, GoVariable};

use super::{
    amount::Amount,
    file,
    origin::{Origin, Valued},
    pick::{self, Pick},
    route::pattern_fault,
    span::{HOUR, LEAST, Span},
    wrong::Wrong,
};

/// `[direct]`: for all routes together.
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    /// The `git` program; nothing for the one in PATH.
    pub(crate) git: Valued<Option<PathBuf>>,
    /// What is kept of repositories on disk.
    pub(crate) size: Valued<Amount>,
    /// What one of them may have.
    pub(crate) repository: Valued<Amount>,
    /// How long one fetch may take.
    pub(crate) time: Valued<Span>,
    /// How much is done at once.
    pub(crate) at_once: Valued<usize>,
    /// Wherever a route says nothing else.
    pub(crate) private_hosts: Valued<Hosts>,
    /// The same; GOINSECURE where the file says nothing.
    pub(crate) insecure: Valued<Patterns>,
    /// What of Go's settings acts where a `go` reads what is not kept with git.
    pub(crate) go: Vec<(&'static str, String)>,
}

/// Hosts that `direct` may reach although they are not of the public network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hosts(pub(crate) PrivateHosts);

impl Direct {
    /// Checks the table; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &file::Direct, go: &GoSettings, pick: &mut Pick<'_>) -> Self {
        let default = DirectConfig::new("");
        let program = |text: &String, pick: &Pick<'_>| {
            let path = pick::path(OsStr::new(text))?;
            Ok(Some(pick.file().map_or(path, |file| file.resolve(text))))
        };
        let git = file.git.as_ref().and_then(|text| {
            let read = program(text.get_ref(), pick);
            pick.in_file("direct.git", Some(text), |_| read)
        });
        let insecure = pick_patterns("direct.insecure", file.insecure.as_ref(), pick);
        Direct {
            git: git.unwrap_or(Valued::default(None)),
            size: pick.amount("direct.size", file.size.as_ref(), default.cache.size),
            repository: pick.amount("direct.repository", file.repository.as_ref(), default.limits.disk),
            time: pick.span("direct.time", file.time.as_ref(), LEAST..=HOUR, default.limits.time),
            at_once: pick.number("direct.at_once", file.at_once.as_ref(), 2..=MOST, default.at_once),
            private_hosts: pick_hosts("direct", file.allow_private_hosts.as_ref(), pick)
                .unwrap_or(Valued::default(Hosts(PrivateHosts::None))),
            insecure: insecure.unwrap_or_else(|| match go.get(GoVariable::Insecure) {
                Some(Found { variable, value, place }) => {
                    Valued { value: Patterns::new(&value), origin: Origin::go(variable, &place) }
                }
                None => Valued::default(Patterns::default()),
            }),
            go: [GoVariable::Vcs, GoVariable::Private]
                .into_iter()
                .filter_map(|variable| Some((variable.name(), go.get(variable)?.value)))
                .collect(),
        }
    }
}

/// `allow_private_hosts` of a table.
pub(super) fn pick_hosts(
    table: &str,
    hosts: Option<&Spanned<file::PrivateHosts>>,
    pick: &mut Pick<'_>,
) -> Option<Valued<Hosts>> {
    pick.in_file(&format!("{table}.allow_private_hosts"), hosts, |hosts| match hosts {
        file::PrivateHosts::All(all) => Ok(Hosts(if *all { PrivateHosts::All } else { PrivateHosts::None })),
        file::PrivateHosts::These(hosts) => {
            for host in hosts {
                host_of(host)?;
            }
            Ok(Hosts(PrivateHosts::These(hosts.iter().cloned().collect())))
        }
    })
}

/// A host alone: no scheme, no port, no path, no pattern.
fn host_of(text: &str) -> Result<(), Wrong> {
    let plain = !text.contains(['/', '@', '*', '?', ' ']);
    let url = SafeUrl::parse(&format!("https://{text}/")).ok().filter(|_| plain);
    let ported = text.rsplit_once(':').is_some_and(|(before, _)| !before.contains(':'));
    if url.is_none() || ported {
        return Err(Wrong::new(format!("{text:?} is not a host"))
            .help("write its name or address alone, like \"git.corp.example\" or \"10.0.0.7\""));
    }
    Ok(())
}

/// `insecure` of a table. Each pattern alone, as a mistake in one would silently cover nothing.
pub(super) fn pick_patterns(
    name: &str,
    patterns: Option<&Spanned<Vec<file::Text>>>,
    pick: &mut Pick<'_>,
) -> Option<Valued<Patterns>> {
    let (patterns, before) = (patterns?, pick.count());
    for pattern in patterns.get_ref() {
        pick.in_file(name, Some(pattern), |text| match pattern_fault(text) {
            Some(fault) => {
                Err(Wrong::new(format!("{text:?} {fault}")).help("write one like \"corp.example/*\""))
            }
            None => Ok(()),
        });
    }
    let list: Vec<&str> = patterns.get_ref().iter().map(|pattern| pattern.get_ref().as_str()).collect();
    let list = Patterns::new(&list.join(","));
    (pick.count() == before).then(|| pick.at(patterns, list))
}

/// As it is written in the file.
impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            PrivateHosts::None => f.write_str("false"),
            PrivateHosts::All => f.write_str("true"),
            PrivateHosts::These(hosts) => f.write_str(&hosts.join(",")),
        }
    }
}

/// More threads than that help nobody.
const MOST: usize = 1000;
