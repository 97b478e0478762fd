//! The rules an answer is given under: which sources may be asked for a module, and which databases.
//!
//! A policy is compiled once from settings and never changes; a new one replaces it as a whole, and
//! every [`Ask`](crate::Ask) keeps the one it began with.

use std::{sync::Arc, time::Duration};

use gomod::{DbName, ModulePath, Patterns};

use crate::source::Link;

/// The compiled rules.
#[derive(Debug)]
pub struct Policy {
    routes: Vec<Rule>,
    rest: Arc<Route>,
    private: Private,
    databases: Vec<Arc<Database>>,
    /// Who vouches for toolchains where no database is configured.
    toolchains: Option<Arc<Database>>,
    freshness: Freshness,
}

/// What the machine's own Go settings keep private; it stands in front of every configured route.
#[derive(Debug, Default)]
pub struct Private {
    /// GONOPROXY: these names go to no source but `direct`, and to no database, which is asked through sources.
    pub no_proxy: Patterns,
    /// Where they are asked for: `direct`. A configured route that asks no proxy either keeps its own chain.
    pub chain: Chain,
    /// GONOSUMDB: these names go to no checksum database.
    pub no_sumdb: Patterns,
}

/// How long mutable answers count without being asked for again.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// Lists, `@latest`, branch and tag queries. Default 60 s.
    pub present: Duration,
    /// Up to this age an answer that is no longer fresh is given at once and asked for again behind. Default 10 min.
    pub behind: Duration,
    /// How long a client waits for a new answer when the stored one is older than that. Default 300 ms.
    pub wait: Duration,
    /// Confirmed absences. Default 15 s.
    pub absent: Duration,
    /// Failures: a burst of the same request costs one round of the sources. Default 1 s, and never more.
    pub failed: Duration,
}

impl Default for Freshness {
    fn default() -> Self {
        Freshness {
            present: Duration::from_mins(1),
            behind: Duration::from_mins(10),
            wait: Duration::from_millis(300),
            absent: Duration::from_secs(15),
            failed: Duration::from_secs(1),
        }
    }
}

/// Modules that share a chain and a way of being verified.
#[derive(Debug)]
pub struct Route {
    /// Names the route in logs; part of a flight's identity, so that two routes never share a fetch.
    pub name: Arc<str>,
    /// The sources that may be asked, in order.
    pub chain: Chain,
    /// Who vouches for the content.
    pub sumdb: SumdbUse,
    /// What may come from a later source after a failure.
    pub fallback: Fallback,
    /// What becomes of a version that its checksum database should vouch for and cannot.
    pub on_unverifiable: OnUnverifiable,
}

impl Route {
    /// Whether the names of its modules are a secret of the sources of its chain: the machine keeps them private, or
    /// the public checksum database is not asked about them. Then `,` is always Go's.
    pub fn is_private(&self) -> bool {
        self.sumdb != SumdbUse::Public
    }
}

/// What may come from a later source after a failure where the chain says `,`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fallback {
    /// `.info`, `.mod` and `.zip` of a version that the checksum database vouches for.
    #[default]
    Verified,
    /// Nothing: `,` stops at a failure, as in `go`.
    Strict,
    /// Everything: `,` is as `|`.
    Any,
}

/// What becomes of a new version while its checksum database does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnverifiable {
    /// It is held back until the database answers.
    #[default]
    Hold,
    /// It is served and marked as pending, and withdrawn if the database says something else later. Never for
    /// toolchains.
    ServePending,
}

/// In which order the sources of a chain are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they stand.
    #[default]
    Written,
    /// The one that answered fastest of late first, for chains of equals.
    Fastest,
}

/// The sources of a route, in order, and what follows after the last.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// The sources.
    pub links: Vec<Link>,
    /// What stands behind them.
    pub end: ChainEnd,
    /// In which order they are asked.
    pub order: Order,
}

/// What stands at the end of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChainEnd {
    /// Nothing: absent everywhere is absent.
    #[default]
    Exhausted,
    /// `off`.
    Off,
}

impl Chain {
    /// Whether its names reach no proxy: it has none.
    fn is_without_proxies(&self) -> bool {
        self.links.iter().all(|link| link.source.is_direct())
    }
}

/// Who vouches for the modules of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumdbUse {
    /// The public checksum database.
    Public,
    /// The hash that was seen first.
    Ledger,
    /// Nobody.
    Off,
}

/// A route with the patterns that lead to it.
#[derive(Debug)]
pub struct Rule {
    /// GOPRIVATE-style patterns.
    pub modules: Patterns,
    /// Where they lead.
    pub route: Arc<Route>,
}

/// A checksum database that is served to clients.
#[derive(Debug)]
pub struct Database {
    /// Its name in URLs.
    pub name: DbName,
    /// The key that its signed heads must carry.
    pub key: sumdb::Verifier,
    /// Who is asked for its content, in order.
    pub links: Vec<Link>,
}

impl Policy {
    /// Compiles a policy. `rest` is the route of everything that matches no rule.
    pub fn new(
        routes: Vec<Rule>,
        rest: Arc<Route>,
        private: Private,
        databases: Vec<Database>,
        freshness: Freshness,
    ) -> Self {
        let databases = databases.into_iter().map(Arc::new).collect();
        Policy { routes, rest, private, databases, toolchains: None, freshness }
    }

    /// The same with a database that vouches for toolchains where none is configured: they are always verified.
    #[must_use]
    pub fn with_toolchains_of(self, database: Database) -> Self {
        Policy { toolchains: Some(Arc::new(database)), ..self }
    }

    /// The route of a module: the first rule that matches, narrowed by what the machine keeps private.
    pub fn route(&self, module: &ModulePath) -> Arc<Route> {
        let path = module.as_str();
        let rule = self.routes.iter().find(|rule| rule.modules.matches(path));
        let route = rule.map_or(&self.rest, |rule| &rule.route);
        let no_proxy = self.private.no_proxy.matches(path);
        if !no_proxy && !self.private.no_sumdb.matches(path) {
            return Arc::clone(route);
        }
        let is_apart = rule.is_some() && route.chain.is_without_proxies();
        if no_proxy && is_apart && route.is_private() {
            return Arc::clone(route);
        }
        let (name, chain) = if !no_proxy || is_apart {
            (Arc::clone(&route.name), route.chain.clone())
        } else {
            ("private".into(), self.private.chain.clone())
        };
        Arc::new(Route {
            name,
            chain,
            sumdb: SumdbUse::Off,
            fallback: Fallback::Strict,
            on_unverifiable: route.on_unverifiable,
        })
    }

    /// Every database that is asked for something.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &Database> {
        self.databases.iter().chain(&self.toolchains).map(|database| &**database)
    }

    /// The configured database of that name.
    pub fn database(&self, name: &DbName) -> Option<&Arc<Database>> {
        self.databases.iter().find(|database| database.name == *name)
    }

    /// The database that vouches for a module: the configured one if its route says so, and for toolchains
    /// one in any case.
    pub fn voucher(&self, module: &ModulePath) -> Option<&Arc<Database>> {
        let configured = self.databases.first();
        if module.as_str() == TOOLCHAIN {
            return configured.or(self.toolchains.as_ref());
        }
        configured.filter(|_| self.route(module).sumdb == SumdbUse::Public)
    }

    /// Whether an operator lets a module out while its database says nothing. Never toolchains.
    pub fn serves_pending(&self, module: &ModulePath) -> bool {
        let wanted = self.route(module).on_unverifiable == OnUnverifiable::ServePending;
        wanted && module.as_str() != TOOLCHAIN
    }

    /// How long mutable answers count.
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }
}

/// The module that toolchains are versions of.
const TOOLCHAIN: &str = "golang.org/toolchain";

#[cfg(test)]
mod tests {
    use gomod::Separator;
    use upstream::{DirProxy, Door, DoorConfig, Env, SafeUrl, SourceConfig};

    use super::*;
    use crate::source::Source;

    /// One source, which is no repository.
    fn proxy() -> Chain {
        let door = Door::new(DoorConfig::new("test", Env::default())).unwrap();
        let config = SourceConfig::new(SafeUrl::parse("file:///srv/modules").unwrap());
        let source = Arc::new(Source::Dir(DirProxy::open(&door, &config).unwrap()));
        Chain { links: vec![Link { source, after: Separator::Comma }], ..Chain::default() }
    }

    fn route(name: &str, sumdb: SumdbUse) -> Arc<Route> {
        Arc::new(Route {
            name: name.into(),
            chain: if name == "apart" { Chain::default() } else { proxy() },
            sumdb,
            fallback: Fallback::default(),
            on_unverifiable: OnUnverifiable::default(),
        })
    }

    #[test]
    fn the_first_rule_that_matches_narrowed_by_what_is_private() {
        let rule =
            |patterns, name| Rule { modules: Patterns::new(patterns), route: route(name, SumdbUse::Ledger) };
        let private = Private {
            no_proxy: Patterns::new("secret.example.com,*.example.net/hidden"),
            no_sumdb: Patterns::new("secret.example.com,a.example.com/unsummed"),
            chain: Chain { end: ChainEnd::Off, ..Chain::default() },
        };
        let rules = vec![
            rule("a.example.com/b,b.example.com", "first"),
            rule("secret.example.com/apart", "apart"),
            rule("*.example.com", "second"),
        ];
        let rest = route("rest", SumdbUse::Public);
        let policy = Policy::new(rules, rest, private, Vec::new(), Freshness::default());
        for (module, name, sumdb, end) in [
            ("a.example.com/b", "first", SumdbUse::Ledger, ChainEnd::Exhausted),
            ("a.example.com/b/c", "first", SumdbUse::Ledger, ChainEnd::Exhausted),
            ("a.example.com/bc", "second", SumdbUse::Ledger, ChainEnd::Exhausted),
            ("example.com/b", "rest", SumdbUse::Public, ChainEnd::Exhausted),
            ("secret.example.com/m", "private", SumdbUse::Off, ChainEnd::Off),
            // Its own chain has no proxy, and no public database is asked.
            ("secret.example.com/apart", "apart", SumdbUse::Ledger, ChainEnd::Exhausted),
            ("a.example.com/unsummed/m", "second", SumdbUse::Off, ChainEnd::Exhausted),
            ("x.example.net/hidden", "private", SumdbUse::Off, ChainEnd::Off),
            ("x.example.net/open", "rest", SumdbUse::Public, ChainEnd::Exhausted),
        ] {
            let route = policy.route(&ModulePath::new(module).unwrap());
            assert_eq!((&*route.name, route.sumdb, route.chain.end), (name, sumdb, end), "{module}");
        }
    }
}
