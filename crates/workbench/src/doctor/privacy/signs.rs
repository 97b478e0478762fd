//! What shows that a module is private.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
};

use gomod::Patterns;

use super::{Ways, inside, remotes, value::Value};
use crate::{
    Environment, GoVariable,
    doctor::{
        Patient,
        modules::{self, Modules},
        source::Netrc,
    },
};

/// What is known of hosts and paths on this machine.
pub(super) struct Signs {
    listed: Vec<(&'static str, Patterns)>,
    private: Value,
    netrc: BTreeSet<String>,
    remotes: Vec<(String, String)>,
    git: vcs::git::Config,
    inside: BTreeMap<String, IpAddr>,
    unchecked: Option<String>,
}

/// Why a module looks private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A list of settings covers it.
    Listed(&'static str),
    /// GOPRIVATE was meant to.
    Meant,
    /// No public resolver may know its host.
    Name,
    /// There is a login for its host.
    Netrc,
    /// Git is told to reach it as somebody who is let in.
    Rewritten,
    /// The project itself lies on its host.
    Remote,
    /// Its host is an address of this network.
    Inside(IpAddr),
}

impl Signs {
    /// All signs there are.
    pub(super) fn read(patient: &Patient, netrc: &Netrc, ways: &Ways, modules: &Modules) -> Self {
        let mut signs = Self::written(patient, netrc);
        signs.ask_resolver(patient, ways, modules);
        signs
    }

    /// Those that are written on this machine.
    pub(super) fn written(patient: &Patient, netrc: &Netrc) -> Self {
        let go = patient.go();
        let lists = [GoVariable::Private, GoVariable::NoProxy, GoVariable::NoSumdb, GoVariable::Insecure];
        let listed = lists.into_iter().filter_map(|variable| {
            let found = go.get(variable).filter(|found| found.variable == variable)?;
            Some((variable.name(), Patterns::new(&found.value)))
        });
        let env = patient.env.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Signs {
            listed: listed.collect(),
            private: Value::of(go, GoVariable::Private),
            netrc: netrc.hosts().map(str::to_owned).collect(),
            remotes: remotes::of(patient.root().unwrap_or(&patient.dir)),
            git: vcs::git::Config::read(env),
            inside: BTreeMap::new(),
            unchecked: None,
        }
    }

    /// Asks the system's resolver for the hosts that `go` asks it for too: where it may get to `direct`, and no proxy
    /// of the network stands between.
    fn ask_resolver(&mut self, patient: &Patient, ways: &Ways, modules: &Modules) {
        let hosts: BTreeSet<String> = modules
            .iter()
            .map(|(path, _)| path)
            .filter(|path| self.of(path).is_none())
            .map(modules::host)
            .filter(|host| !is_forge(host) && !is_well_known(host))
            .map(str::to_owned)
            .collect();
        if hosts.is_empty() || !ways.direct || has_network_proxy(&patient.env) {
            return;
        }
        if patient.offline {
            let hosts = hosts.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
            self.unchecked =
                Some(format!("privacy: whether these hosts lie inside, with --offline: {hosts}"));
            return;
        }
        let asked = hosts
            .into_iter()
            .take(MOST_HOSTS)
            .chain(ways.proxies.iter().map(|host| inside::without_port(host).to_owned()));
        let found = inside::addresses(asked, inside::PATIENCE.min(patient.patience));
        // A resolver that gives everybody the same answer says nothing of anybody.
        let servers: BTreeSet<&str> = ways.proxies.iter().map(|host| inside::without_port(host)).collect();
        let common: BTreeSet<IpAddr> = servers.iter().filter_map(|host| found.get(*host).copied()).collect();
        let inside = found.into_iter().filter(|(host, ip)| {
            inside::is_address_inside(*ip) && !common.contains(ip) && !servers.contains(host.as_str())
        });
        self.inside = inside.collect();
    }

    /// What shows that a module is private, if anything does.
    pub(super) fn of(&self, path: &str) -> Option<Sign> {
        let host = modules::host(path);
        let listed = self.listed.iter().find(|(_, patterns)| patterns.matches(path));
        if let Some((name, _)) = listed.filter(|(_, patterns)| !patterns.iter().any(|pattern| pattern == "*"))
        {
            return Some(Sign::Listed(name));
        }
        if self.private.is_meant_for(path) {
            return Some(Sign::Meant);
        }
        if inside::is_name_inside(host) {
            return Some(Sign::Name);
        }
        if self.is_rewritten(host, path) {
            return Some(Sign::Rewritten);
        }
        // Everybody has logins and projects there.
        if is_forge(host) {
            return None;
        }
        if self.netrc.contains(host) {
            return Some(Sign::Netrc);
        }
        if self.remotes.iter().any(|(remote, _)| remote == host) {
            return Some(Sign::Remote);
        }
        self.inside.get(host).copied().map(Sign::Inside)
    }

    /// Whether the git configuration leads this path, and not all of a forge, to where one is let in.
    fn is_rewritten(&self, host: &str, path: &str) -> bool {
        let to = |path: &str| self.git.rewritten(&format!("https://{path}")).ok();
        let of = |path: &str| to(path).filter(|to| *to != format!("https://{path}"));
        let lets_in =
            |to: &str| !to.starts_with("http") || to.split('/').nth(2).is_some_and(|at| at.contains('@'));
        let all = is_forge(host) && of(&format!("{host}/-/-")).is_some();
        !all && of(path).is_some_and(|to| lets_in(&to))
    }

    /// The path of the project's organisation on a host, if it lies there.
    pub(super) fn own_place(&self, host: &str) -> Option<String> {
        let (_, path) = self.remotes.iter().find(|(remote, _)| remote == host)?;
        Some(format!("{host}/{}", path.split('/').next().filter(|first| !first.is_empty())?))
    }

    /// What could not be looked at, and why.
    pub(super) fn unchecked(&self) -> Option<String> {
        self.unchecked.clone()
    }
}

impl Sign {
    /// The pattern that covers a module that looks private, and what lies beside it.
    pub(super) fn pattern(path: &str) -> String {
        let host = modules::host(path);
        match path.split('/').nth(1).filter(|_| is_forge(host)) {
            Some(organisation) => format!("{host}/{organisation}"),
            None => host.to_owned(),
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sign::Listed(name) => write!(f, "{name} covers it"),
            Sign::Meant => f.write_str("GOPRIVATE has a pattern that was meant for it"),
            Sign::Name => f.write_str("its host has a name that is known inside only"),
            Sign::Netrc => f.write_str("netrc has a login for its host"),
            Sign::Rewritten => f.write_str("the git configuration rewrites its URL to one with a login"),
            Sign::Remote => f.write_str("the project's own repository lies on its host"),
            Sign::Inside(ip) => write!(f, "its host has the address {ip}"),
        }
    }
}

/// Whether go leaves looking up names to a proxy of the network.
pub(super) fn has_network_proxy(env: &Environment) -> bool {
    ["HTTPS_PROXY", "https_proxy"].iter().any(|name| env.get(name).is_some())
}

/// Sites where everybody keeps modules.
pub(super) fn is_forge(host: &str) -> bool {
    FORGES.contains(&host)
}

/// Hosts of well-known public modules, which nobody needs to be asked for.
fn is_well_known(host: &str) -> bool {
    WELL_KNOWN
        .iter()
        .any(|known| host == *known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}

const FORGES: [&str; 20] = [
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "gitea.com",
    "gitee.com",
    "git.sr.ht",
    "go.googlesource.com",
    "salsa.debian.org",
    "gitlab.gnome.org",
    "gitlab.freedesktop.org",
    "gitlab.alpinelinux.org",
    "invent.kde.org",
    "framagit.org",
    "notabug.org",
    "pagure.io",
    "git.launchpad.net",
    "git.savannah.gnu.org",
    "git.apache.org",
    "git.openstack.org",
];
const WELL_KNOWN: [&str; 14] = [
    "golang.org",
    "gopkg.in",
    "uber.org",
    "k8s.io",
    "opentelemetry.io",
    "cloud.google.com",
    "rsc.io",
    "gonum.org",
    "gotest.tools",
    "modernc.org",
    "etcd.io",
    "gorm.io",
    "mvdan.cc",
    "honnef.co",
];
/// How many hosts the resolver is asked for.
const MOST_HOSTS: usize = 32;
/// How many hosts a line names.
const SHOWN: usize = 8;
