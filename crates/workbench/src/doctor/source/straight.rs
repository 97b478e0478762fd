//! What `go` reads from repositories itself, past all proxies.

use std::{collections::BTreeMap, fs, path::Path};

use gomod::{ModulePath, Patterns, ProxyList, ProxyTarget};

use crate::{
    GoVariable,
    doctor::{
        Patient,
        modules::{self, Modules},
        privacy,
    },
};

/// A module that `go` reads from its repository.
#[derive(Clone, Debug)]
pub(super) struct Straight {
    pub(super) path: ModulePath,
    /// The version that go.mod requires.
    pub(super) version: Option<String>,
    /// Whether it counts as private for `go`.
    pub(super) private: bool,
    /// Whether ways may be tried on which nothing proves who answers.
    pub(super) insecure: bool,
    /// Why no proxy gives it, for people.
    pub(super) why: &'static str,
    /// Whether that version lies in the module cache, or all lies in `vendor`, so that a build needs no program.
    pub(super) here: bool,
}

/// What a project needs straight from repositories, a few of each host. Modules that look private are among them where
/// `go` gets to `direct` for them after all proxies.
pub(super) fn of(patient: &Patient) -> Vec<Straight> {
    let Some(root) = patient.root() else { return Vec::new() };
    let go = patient.go();
    let patterns = |variable| go.get(variable).map(|found| Patterns::new(&found.value)).unwrap_or_default();
    let (no_proxy, insecure) = (patterns(GoVariable::NoProxy), patterns(GoVariable::Insecure));
    let private = patterns(GoVariable::Private);
    let list = go.value(GoVariable::Proxy).parse::<ProxyList>().ok();
    let entries = list.as_ref().map(ProxyList::entries).unwrap_or_default();
    let is_direct = |entry: &gomod::ProxyEntry| matches!(entry.target, ProxyTarget::Direct);
    let (first, any) = (entries.first().is_some_and(is_direct), entries.iter().any(is_direct));
    let modules = Modules::read(root);
    let looks_private = privacy::looks_private(patient, root);
    let (cache, vendored) = (go.mod_cache(), root.join("vendor/modules.txt").is_file());
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
        let count = of_host.entry(modules::host(path.as_str()).to_owned()).or_default();
        *count += 1;
        if *count > MOST_OF_HOST || all.len() >= MOST {
            continue;
        }
        let here = vendored
            || cache
                .as_deref()
                .zip(named.version.as_deref())
                .is_some_and(|(cache, version)| lies_in(cache, &path, version));
        all.push(Straight {
            private: private.matches(path.as_str()),
            insecure: insecure.matches(path.as_str()),
            version: named.version.clone(),
            path,
            why,
            here,
        });
    }
    all
}

/// Whether the zip of a version lies in a module cache.
fn lies_in(cache: &Path, path: &ModulePath, version: &str) -> bool {
    let version = version.chars().fold(String::new(), |mut out, c| {
        out.extend(c.is_ascii_uppercase().then_some('!'));
        out.push(c.to_ascii_lowercase());
        out
    });
    let dir = cache.join("cache/download").join(&*path.escaped()).join("@v");
    fs::metadata(dir.join(version + ".zip")).is_ok_and(|meta| meta.is_file())
}

/// Modules that are looked at, all in all and of one host.
const MOST: usize = 12;
const MOST_OF_HOST: usize = 3;
