//! Modules with a chain of their own.

use std::fmt;

use gomod::Patterns;
use mirror::{Fallback, OnUnverifiable, Order, SumdbUse};
use toml::Spanned;

use super::{
    chain::Chain,
    direct::{Hosts, pick_hosts, pick_patterns},
    file,
    origin::{Origin, Valued},
    pick::Pick,
    source_rule::SourceRules,
    walk::{self, fallback_name, on_unverifiable_name, order_name},
    wrong::Wrong,
};

/// One `[[route]]`. The first that matches a module counts.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) modules: Patterns,
    /// The chain; that of everything else where the route names none.
    pub(crate) chain: Option<Chain>,
    pub(crate) sumdb: SumdbUse,
    /// What a failure lets through; that of everything else where the route says nothing.
    pub(crate) fallback: Option<Valued<Fallback>>,
    /// Who is asked first; as with everything else where the route says nothing.
    pub(crate) order: Option<Order>,
    /// What becomes of what cannot be verified; as with everything else where the route says nothing.
    pub(crate) on_unverifiable: Option<Valued<OnUnverifiable>>,
    /// Which hosts `direct` may reach that are not of the public network; as with everything else where the route says
    /// nothing.
    pub(crate) private_hosts: Option<Valued<Hosts>>,
    /// Which modules `direct` may fetch without proof of who answers; as with everything else where the route says
    /// nothing.
    pub(crate) insecure: Option<Valued<Patterns>>,
    pub(crate) origin: Origin,
}

impl Route {
    /// Checks an entry; what is wrong is noted in `pick`.
    pub(super) fn check(
        entry: &Spanned<file::Route>,
        rules: &SourceRules,
        pick: &mut Pick<'_>,
    ) -> Option<Self> {
        let file::Route { modules, chain, sumdb, fallback, order, .. } = entry.get_ref();
        let file::Route { on_unverifiable, allow_private_hosts, insecure, .. } = entry.get_ref();
        let modules = match modules {
            Some(modules) => patterns(modules, pick),
            None => {
                let wrong = Wrong::new("`modules` is missing").help("set modules = [\"corp.example/*\"]");
                pick.wrong_in_file("route", entry, wrong);
                None
            }
        };
        let chain = pick.in_file("route.chain", chain.as_ref(), |text| Chain::parse(text, rules));
        let sumdb = pick.in_file("route.sumdb", sumdb.as_ref(), |text| sumdb_use(text));
        let fallback = pick.in_file("route.fallback", fallback.as_ref(), |text| walk::fallback(text));
        let order = pick.in_file("route.order", order.as_ref(), |text| walk::order(text));
        let on_unverifiable = pick
            .in_file("route.on_unverifiable", on_unverifiable.as_ref(), |text| walk::on_unverifiable(text));
        let private_hosts = pick_hosts("route", allow_private_hosts.as_ref(), pick);
        let insecure = pick_patterns("route.insecure", insecure.as_ref(), pick);
        Some(Route {
            modules: modules?,
            chain: chain.map(|chain| chain.value),
            sumdb: sumdb.map_or(SumdbUse::Public, |sumdb| sumdb.value),
            fallback,
            order: order.map(|order| order.value),
            on_unverifiable,
            private_hosts,
            insecure,
            origin: pick.at(entry, ()).origin,
        })
    }

    /// What a failure lets through, where `general` counts for everything that says nothing itself. What the public
    /// database does not vouch for is private: its names go no further than a failure says.
    pub(crate) fn fallback(&self, general: Fallback) -> Fallback {
        match self.sumdb {
            SumdbUse::Public => self.fallback.as_ref().map_or(general, |own| own.value),
            SumdbUse::Ledger | SumdbUse::Off => Fallback::Strict,
        }
    }
}

/// What is printed for a route, without its modules.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.chain {
            Some(chain) => write!(f, "chain {chain}")?,
            None => f.write_str("chain as upstream")?,
        }
        write!(f, ", sumdb {}", sumdb_name(self.sumdb))?;
        if let Some(fallback) = &self.fallback {
            write!(f, ", fallback {}", fallback_name(fallback.value))?;
        }
        if let Some(order) = self.order {
            write!(f, ", order {}", order_name(order))?;
        }
        if let Some(own) = &self.on_unverifiable {
            write!(f, ", on_unverifiable {}", on_unverifiable_name(own.value))?;
        }
        if let Some(hosts) = &self.private_hosts {
            write!(f, ", allow_private_hosts {}", hosts.value)?;
        }
        self.insecure.as_ref().map_or(Ok(()), |insecure| write!(f, ", insecure {}", insecure.value))
    }
}

/// A way of being verified, as it is written in the file.
pub(crate) fn sumdb_name(sumdb: SumdbUse) -> &'static str {
    match sumdb {
        SumdbUse::Public => "public",
        SumdbUse::Ledger => "ledger",
        SumdbUse::Off => "off",
    }
}

/// Each pattern alone, as a mistake in one would silently cover nothing.
fn patterns(modules: &Spanned<Vec<file::Text>>, pick: &mut Pick<'_>) -> Option<Patterns> {
    let before = pick.count();
    if modules.get_ref().is_empty() {
        let wrong = Wrong::new("the list is empty").help("name the modules, like [\"corp.example/*\"]");
        pick.wrong_in_file("route.modules", modules, wrong);
    }
    for pattern in modules.get_ref() {
        pick.in_file("route.modules", Some(pattern), |text| match pattern_fault(text) {
            Some(fault) => {
                Err(Wrong::new(format!("{text:?} {fault}")).help("write one like \"corp.example/*\""))
            }
            None => Ok(()),
        });
    }
    let list: Vec<&str> = modules.get_ref().iter().map(|pattern| pattern.get_ref().as_str()).collect();
    (pick.count() == before).then(|| Patterns::new(&list.join(",")))
}

/// Why a pattern covers nothing.
pub(crate) fn pattern_fault(pattern: &str) -> Option<&'static str> {
    if pattern.is_empty() {
        Some("is empty")
    } else if pattern.contains(',') {
        Some("holds a comma: write one pattern per text")
    } else if pattern.contains(char::is_whitespace) {
        Some("holds a space, which no module path has")
    } else if pattern.contains(['@', ':']) {
        Some("is a URL or holds a version: write the beginning of module paths alone")
    } else if Patterns::new(pattern).malformed().next().is_some() {
        Some("is malformed: a `[` needs its `]`, and a `\\` something after it")
    } else {
        None
    }
}

/// A pattern for people. Go ignores what cannot be one, and so it may be a URL with a password.
pub(crate) fn pattern_shown(pattern: &str) -> &str {
    if pattern.contains(['@', ':']) { "***" } else { pattern }
}

fn sumdb_use(text: &str) -> Result<SumdbUse, Wrong> {
    match text {
        "public" => Ok(SumdbUse::Public),
        "ledger" => Ok(SumdbUse::Ledger),
        "off" => Ok(SumdbUse::Off),
        _ => {
            Err(Wrong::new(format!("{text:?} is not known")).help("write \"public\", \"ledger\" or \"off\""))
        }
    }
}
