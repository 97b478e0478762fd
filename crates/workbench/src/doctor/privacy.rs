//! Looks at names that leave this machine and should not.
//!
//! Whether a module is private is nowhere written, so signs are looked for ([`signs`]). Nobody is told a module's path
//! for that. The system's resolver alone is asked, and only for hosts that `go` itself would ask it for.

mod inside;
mod remotes;
mod signs;
mod value;

use std::collections::BTreeSet;

use gomod::{Patterns, ProxyList, ProxyTarget, SumdbSpec};

use self::{
    signs::{Sign, Signs},
    value::Value,
};
use super::{
    Check, Patient, Run, Seen,
    modules::{self, Modules, Named},
    source::Netrc,
};
use crate::{
    Diagnosis, Finding, GoVariable,
    diagnoses::privacy::{
        MISSES, NO_PROXY_SHADOWS, NO_SUMDB_SHADOWS, NO_WAY, TO_DATABASE, TO_PROXY, TOO_WIDE,
    },
};

/// All of it.
pub(super) const CHECKS: &[Check] = &[Check {
    name: "privacy",
    about: "who would hear of private modules",
    finds: &[&MISSES, &NO_SUMDB_SHADOWS, &TO_DATABASE, &NO_WAY, &TO_PROXY, &NO_PROXY_SHADOWS, &TOO_WIDE],
    run: Run::Blocking(look),
}];

fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(modules) = Modules::of(patient) else { return seen };
    let netrc = Netrc::read(patient);
    let ways = Ways::of(patient, &netrc);
    let signs = Signs::read(patient, &netrc, &ways, &modules);
    if let Some(why) = signs.unchecked() {
        seen.unchecked(why);
    }
    let private: Vec<_> =
        modules.iter().filter_map(|(path, named)| Some((path, named, signs.of(path)?))).collect();
    for (path, named, sign) in &private {
        let found = ways.of_module(path, named, modules.is_vendored());
        for diagnosis in found.diagnoses(&ways, path) {
            let list = ways.of_cure(diagnosis);
            let value = list.with(private.iter().map(|(path, ..)| (*path, Sign::pattern(path))));
            seen.found(
                Finding::new(diagnosis)
                    .name("host", modules::host(path))
                    .name("private", &value::word(&value))
                    .fixed(list.change(&value))
                    .evidence(format!("{path} ({}): {sign}", named.place))
                    .evidence(found.to_whom(&ways)),
            );
        }
    }
    too_wide(&ways, &signs, &modules, &mut seen);
    if seen.findings.is_empty() {
        let names = match private.len() {
            0 => "no module looks private".to_owned(),
            1 => "the private module's name stays inside".to_owned(),
            more => format!("the names of {more} private modules stay inside"),
        };
        seen.passed(format!("privacy: {names}"));
    }
    seen
}

/// Whether a module looks private, by what is written on this machine.
pub(super) fn looks_private(patient: &Patient) -> impl Fn(&str) -> bool {
    let signs = Signs::written(patient, &Netrc::read(patient));
    move |path| signs.of(path).is_some()
}

/// Whom `go` asks for which modules under the present settings.
struct Ways {
    private: Value,
    no_proxy: Value,
    no_sumdb: Value,
    /// The hosts of the proxies in GOPROXY that strangers may run, with their ports.
    proxies: Vec<String>,
    /// Whether one of them is on this machine, and may stand for others.
    is_local: bool,
    /// Whether `direct` stands at the end of GOPROXY.
    direct: bool,
    /// Whether the checksum database is Go's own.
    public_database: bool,
}

/// Who would hear of one module.
struct Told {
    proxies: bool,
    database: bool,
}

impl Ways {
    fn of(patient: &Patient, netrc: &Netrc) -> Self {
        let go = patient.go();
        let lies_inside = |authority: &str| {
            netrc.has(authority)
                || !patient.offline
                    && !signs::has_network_proxy(&patient.env)
                    && !inside::is_this_machine(authority)
                    && inside::addresses(
                        [inside::without_port(authority).to_owned()],
                        inside::PATIENCE.min(patient.patience),
                    )
                    .values()
                    .any(|ip| inside::is_address_inside(*ip))
        };
        let list = go.value(GoVariable::Proxy).parse::<ProxyList>().ok();
        let entries = list.as_ref().map(ProxyList::entries).unwrap_or_default();
        let hosts: Vec<_> = entries
            .iter()
            .filter_map(|entry| match &entry.target {
                ProxyTarget::Url(url) => inside::public_server(url.as_str(), lies_inside),
                ProxyTarget::Direct | ProxyTarget::Off => None,
            })
            .collect();
        let database = go.value(GoVariable::Sumdb).parse::<SumdbSpec>();
        Ways {
            private: Value::of(go, GoVariable::Private),
            no_proxy: Value::of(go, GoVariable::NoProxy),
            no_sumdb: Value::of(go, GoVariable::NoSumdb),
            is_local: hosts.iter().any(|host| inside::is_this_machine(host)),
            direct: entries.iter().any(|entry| matches!(entry.target, ProxyTarget::Direct)),
            proxies: hosts,
            public_database: matches!(database, Ok(SumdbSpec::On { name, .. }) if name.as_str() == PUBLIC_DATABASE),
        }
    }

    /// Whether who set them wants a proxy to be asked for a private module: one of his own.
    fn on_purpose(&self, path: &str) -> bool {
        let by_sumdb = self.no_sumdb.is_set() && self.no_sumdb.patterns().matches(path);
        by_sumdb && !self.private.patterns().matches(path)
            || self.no_proxy.is_set() && self.no_proxy.text() == "none"
    }

    fn of_module(&self, path: &str, named: &Named, vendored: bool) -> Told {
        let is_own = |host: &String| inside::is_same_house(host, modules::host(path));
        let proxies = !self.no_proxy.patterns().matches(path)
            && !self.on_purpose(path)
            && self.proxies.iter().any(|host| !is_own(host));
        let database =
            self.public_database && !self.no_sumdb.patterns().matches(path) && !named.summed && !vendored;
        Told { proxies, database }
    }

    /// The variable that a cure sets.
    fn of_cure(&self, diagnosis: &Diagnosis) -> &Value {
        match diagnosis.code {
            code if code == NO_PROXY_SHADOWS.code => &self.no_proxy,
            code if code == NO_SUMDB_SHADOWS.code => &self.no_sumdb,
            _ => &self.private,
        }
    }
}

impl Told {
    /// What is wrong with that. Where one cure helps against both, the worse one alone is said.
    fn diagnoses(&self, ways: &Ways, path: &str) -> Vec<&'static Diagnosis> {
        let covered = ways.private.patterns().matches(path);
        let database = match () {
            () if !self.database => None,
            () if covered => Some(&NO_SUMDB_SHADOWS),
            () if ways.private.is_meant_for(path) => Some(&MISSES),
            () => Some(&TO_DATABASE),
        };
        let proxies = match () {
            () if !self.proxies => None,
            () if covered => Some(&NO_PROXY_SHADOWS),
            () if self.database => None,
            () if !ways.direct && !ways.is_local => Some(&NO_WAY),
            () => Some(&TO_PROXY),
        };
        database.into_iter().chain(proxies).collect()
    }

    fn to_whom(&self, ways: &Ways) -> String {
        let mut asked: Vec<&str> = Vec::new();
        if self.proxies {
            asked.extend(ways.proxies.iter().map(String::as_str));
        }
        if self.database {
            asked.push(PUBLIC_DATABASE);
        }
        format!("would be asked: {}", asked.join(", "))
    }
}

/// Patterns that cover a whole site where everybody keeps modules, if the project has some that are not its own there.
fn too_wide(ways: &Ways, signs: &Signs, modules: &Modules, seen: &mut Seen) {
    let wide: BTreeSet<&str> = ways
        .private
        .patterns()
        .iter()
        .map(|pattern| pattern.strip_suffix("/*").unwrap_or(pattern))
        .filter(|pattern| signs::is_forge(pattern))
        .collect();
    for host in wide {
        let own = signs.own_place(host);
        let strange = |path: &&str| {
            modules::host(path) == host && own.as_deref().is_none_or(|own| !Patterns::new(own).matches(path))
        };
        let Some(example) = modules.iter().map(|(path, _)| path).find(strange) else { continue };
        let mut finding = Finding::new(&TOO_WIDE).name("host", host);
        if let Some(own) = own {
            let value = ways.private.narrowed(host, &own);
            finding = finding.name("private", &value::word(&value)).fixed(ways.private.change(&value));
        }
        seen.found(
            finding
                .evidence(format!("GOPRIVATE={}", ways.private.text()))
                .evidence(format!("covers {example} too")),
        );
    }
}

/// The database that go asks where nobody says otherwise.
const PUBLIC_DATABASE: &str = "sum.golang.org";
