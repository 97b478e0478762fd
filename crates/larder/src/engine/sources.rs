//! The sources of all chains, each opened once.

use std::sync::Arc;

use anyhow::Context;
use gomod::{DbName, Separator, SumdbSpec};
use mirror::{ChainEnd, Database, Link, Order, Source};
use upstream::{DirProxy, Door, Proxy, SafeUrl, SourceConfig};
use vcs::DirectConfig;

use crate::settings::{self, Chain, End, Settings, SourceRules};

/// The sources that are in use; one that stands in several chains is opened once.
pub(super) struct Sources {
    door: Door,
    opened: Vec<(SourceConfig, Arc<Source>)>,
    /// The repositories.
    direct: Arc<vcs::Direct>,
    /// The ways to them: what a route allows.
    ways: Vec<(vcs::Rules, Arc<Source>)>,
    /// All of them, databases too.
    pub(super) all: Vec<Arc<Source>>,
}

impl Sources {
    pub(super) fn new(door: Door, settings: &Settings) -> anyhow::Result<Self> {
        let direct = vcs::Direct::open(direct(settings), &door, tokio::runtime::Handle::current())?;
        Ok(Sources { door, opened: Vec::new(), direct, ways: Vec::new(), all: Vec::new() })
    }

    /// `direct` under the rules of a route.
    pub(super) fn direct(&mut self, rules: vcs::Rules) -> anyhow::Result<Arc<Source>> {
        if let Some((_, way)) = self.ways.iter().find(|(known, _)| *known == rules) {
            return Ok(Arc::clone(way));
        }
        let way = Arc::new(Source::Direct(self.direct.for_route(rules.clone())?));
        self.ways.push((rules, Arc::clone(&way)));
        Ok(way)
    }

    fn open(&mut self, config: &SourceConfig) -> anyhow::Result<Arc<Source>> {
        if let Some((_, source)) = self.opened.iter().find(|(opened, _)| opened == config) {
            return Ok(Arc::clone(source));
        }
        let source = match config.url.scheme() {
            "file" => Source::Dir(DirProxy::open(&self.door, config)?),
            _ => Source::Proxy(Proxy::open(&self.door, config)?),
        };
        let source = Arc::new(source);
        self.opened.push((config.clone(), Arc::clone(&source)));
        self.all.push(Arc::clone(&source));
        Ok(source)
    }

    pub(super) fn chain(
        &mut self,
        chain: &Chain,
        order: Order,
        rules: impl FnOnce() -> vcs::Rules,
    ) -> anyhow::Result<mirror::Chain> {
        let links = chain.links().iter();
        let links = links.map(|link| Ok(Link { source: self.open(&link.source)?, after: link.after }));
        let mut links = links.collect::<anyhow::Result<Vec<_>>>()?;
        let end = match chain.end() {
            End::Off => ChainEnd::Off,
            End::Exhausted => ChainEnd::Exhausted,
            End::Direct => {
                links.push(Link { source: self.direct(rules())?, after: Separator::Comma });
                ChainEnd::Exhausted
            }
        };
        Ok(mirror::Chain { links, end, order })
    }

    /// A database is asked at its URL; without one through each proxy of the chain, and then at its own host.
    pub(super) fn database(
        &mut self,
        database: &settings::Database,
        rules: &SourceRules,
        chain: &mirror::Chain,
    ) -> anyhow::Result<Database> {
        let (mut links, own) = match &database.source {
            Some(source) => (Vec::new(), source.clone()),
            None => {
                let url = SafeUrl::parse(&format!("https://{}", database.name))?;
                (proxies(chain), rules.config(url))
            }
        };
        let own = Arc::new(Source::Proxy(Proxy::database(&self.door, &own)?));
        self.all.push(Arc::clone(&own));
        links.push(Link { source: own, after: Separator::Pipe });
        through(database.name.clone(), &database.key, links)
    }
}

/// Those of a chain that may know a checksum database: repositories have none.
pub(super) fn proxies(chain: &mirror::Chain) -> Vec<Link> {
    chain.links.iter().filter(|link| !link.source.is_direct()).cloned().collect()
}

/// A database that is asked along links. Any failure goes on: the signature, not the source, decides what is believed.
fn through(name: DbName, key: &str, mut links: Vec<Link>) -> anyhow::Result<Database> {
    for link in &mut links {
        link.after = Separator::Pipe;
    }
    let key = sumdb::Verifier::parse(key).context("the checksum database's key")?;
    Ok(Database { name, key, links })
}

/// The database whose key every Go distribution carries.
pub(super) fn well_known(links: Vec<Link>) -> anyhow::Result<Option<Database>> {
    match "sum.golang.org".parse()? {
        SumdbSpec::On { name, key, .. } => through(name, &key, links).map(Some),
        SumdbSpec::Off => Ok(None),
    }
}

/// What repositories may cost.
fn direct(settings: &Settings) -> DirectConfig {
    let direct = &settings.direct;
    let limits = vcs::git::Limits {
        time: direct.time.value.0,
        disk: direct.repository.value.0,
        ..vcs::git::Limits::default()
    };
    DirectConfig {
        cache: vcs::git::CacheConfig { size: direct.size.value.0 },
        limits,
        git: direct.git.value.clone(),
        at_once: direct.at_once.value,
        go: direct.go.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        ..DirectConfig::new(settings.data.value.join("git"))
    }
}

/// What `direct` may do for a route, or where no route says anything.
pub(super) fn allowed(settings: &Settings, route: Option<&settings::Route>) -> vcs::Rules {
    let general = &settings.direct;
    let insecure = route.and_then(|route| route.insecure.as_ref()).unwrap_or(&general.insecure);
    let hosts = route.and_then(|route| route.private_hosts.as_ref()).unwrap_or(&general.private_hosts);
    vcs::Rules { insecure: insecure.value.clone(), private_hosts: hosts.value.0.clone() }
}
