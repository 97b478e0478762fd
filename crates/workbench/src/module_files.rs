//! The files of a version, from wherever on this machine they lie and can be believed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use gomod::{H1, ModuleVersion, ProxyList, ProxyTarget, Request};
use url::Url;

use crate::{
    Environment, GoSettings, GoVariable,
    modcache::{CachedZip, ModCache, ZipHash, read_tree, read_zip, read_zip_at},
};

/// The files of one version by their paths in it, and the SHA-256 of what they hold.
pub type Files = BTreeMap<String, [u8; 32]>;

/// Where files of versions may lie on this machine.
#[derive(Clone, Debug)]
pub struct ModuleFiles {
    cache: ModCache,
    /// Directories in the form of a GOPROXY.
    proxies: Vec<PathBuf>,
}

impl ModuleFiles {
    /// In the module cache, in what Larder keeps (`LARDER_DATA`, or where it keeps that by itself), and in the
    /// directories that GOPROXY names.
    pub fn on_this_machine(env: &Environment, go: &GoSettings, cache: ModCache) -> Self {
        let data = env.get("LARDER_DATA").map(PathBuf::from);
        let data = data.or_else(|| Some(env.cache_dir()?.join("larder")));
        let list = go.value(GoVariable::Proxy).parse::<ProxyList>();
        let entries = list.iter().flat_map(ProxyList::entries);
        let named = entries.filter_map(|entry| match &entry.target {
            ProxyTarget::Url(url) => Url::parse(url.as_str()).ok()?.to_file_path().ok(),
            ProxyTarget::Direct | ProxyTarget::Off => None,
        });
        let proxies = data.map(|data| data.join("modules")).into_iter().chain(named).collect();
        ModuleFiles { cache, proxies }
    }

    /// The files of a version, if they can be read somewhere: those with the hash that go.sum records. Where it records
    /// none, any zip that is the version's is believed, and a tree with the hash that it was unpacked with.
    pub fn of(&self, module: &ModuleVersion, recorded: Option<H1>) -> Option<Files> {
        let fits = |h1: H1| recorded.is_none_or(|recorded| recorded == h1);
        let zip = |zip: CachedZip| match zip {
            CachedZip::Whole(contents) if fits(contents.facts.h1) => {
                let files = contents.files.into_iter().filter(|(path, _)| !path.ends_with('/'));
                Some(files.map(|(path, hash)| (path.into_string(), hash)).collect())
            }
            _ => None,
        };
        let kept = || zip(read_zip(&self.cache, module));
        let elsewhere = || {
            let path = Request::Zip(module.clone()).path();
            let below = |dir: &PathBuf| zip(read_zip_at(&dir.join(Path::new(&path)), module));
            self.proxies.iter().find_map(below)
        };
        kept().or_else(|| self.tree(module, recorded)).or_else(elsewhere)
    }

    /// What was unpacked, if it is what it was.
    fn tree(&self, module: &ModuleVersion, recorded: Option<H1>) -> Option<Files> {
        let unpacked_as = match self.cache.ziphash(module) {
            Ok(ZipHash::Says(h1)) => Some(h1),
            _ => None,
        };
        let wanted = recorded.or(unpacked_as)?;
        let tree = read_tree(&self.cache.tree(module)).ok()?;
        let fits = tree.h1(&module.to_string()) == Some(wanted);
        fits.then(|| tree.files().map(|(path, hash)| (path.to_owned(), *hash)).collect())
    }
}
