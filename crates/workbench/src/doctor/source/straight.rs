//! What `go` reads from repositories itself, past all proxies.

use std::collections::BTreeMap;

use gomod::{ModulePath, ModuleVersion, Patterns, ProxyList, ProxyTarget, Version};

use crate::{
    GoVariable,
    doctor::{
        Patient,
        modules::{self, Modules},
        privacy,
    },
    modcache::{ModCache, Part},
};

/// A module that `go` reads from its repository.
#[derive(Clone, Debug)]
pub(super) struct Straight {
    pub(super) path: ModulePath,
    /// The version that go.mod requires.
    pub(super) version: Option<Version>,
    /// Whether it counts as private for `go`.
    pub(super) private: bool,
    /// Whether ways may be tried on which nothing proves who answers.
    pub(super) insecure: bool,
    /// Why no proxy gives it, for people.
    pub(super) why: &'static str,
    /// Whether that version lies in the module cache, or all lies in `vendor`, so that a build needs no program.
    pub(super) here: bool,
}

/// What a project needs straight from repositories: one module of each host, then a second one of each, and so on.
/// Modules that look private are among them where `go` gets to `direct` for them after all proxies.
pub(super) fn of(patient: &Patient) -> Vec<Straight> {
    let Some(modules) = Modules::of(patient) else { return Vec::new() };
    let go = patient.go();
    let patterns = |variable| go.get(variable).map(|found| Patterns::new(&found.value)).unwrap_or_default();
    let (no_proxy, insecure) = (patterns(GoVariable::NoProxy), patterns(GoVariable::Insecure));
    let private = patterns(GoVariable::Private);
    let list = go.value(GoVariable::Proxy).parse::<ProxyList>().ok();
    let entries = list.as_ref().map(ProxyList::entries).unwrap_or_default();
    let is_direct = |entry: &gomod::ProxyEntry| matches!(entry.target, ProxyTarget::Direct);
    let (first, any) = (entries.first().is_some_and(is_direct), entries.iter().any(is_direct));
    let looks_private = privacy::looks_private(patient);
    let cache = go.mod_cache().map(ModCache::new);
    let lies_here = |path: &ModulePath, version: &Version| {
        let module = ModuleVersion::new(path.clone(), version.clone()).ok();
        cache.as_ref().zip(module).is_some_and(|(cache, module)| cache.file(&module, Part::Zip).is_file())
    };
    let mut of_host = BTreeMap::<String, usize>::new();
    let mut all = Vec::new();
    for (path, named) in modules.iter() {
        let why = match () {
            () if no_proxy.matches(path) => "GONOPROXY or GOPRIVATE covers it",
            () if first => "GOPROXY begins with direct",
            () if any && looks_private(path) => "GOPROXY ends in direct, and no proxy can have it",
            () => continue,
        };
        let Ok(path) = ModulePath::new(path) else { continue };
        let round = of_host.entry(modules::host(path.as_str()).to_owned()).or_default();
        *round += 1;
        let here = modules.is_vendored() || named.version.as_ref().is_some_and(|v| lies_here(&path, v));
        let module = Straight {
            private: private.matches(path.as_str()),
            insecure: insecure.matches(path.as_str()),
            version: named.version.clone(),
            path,
            why,
            here,
        };
        all.push((*round, module));
    }
    all.sort_by_key(|(round, _)| *round);
    all.into_iter().map(|(_, module)| module).collect()
}
