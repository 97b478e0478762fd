//! GOPROXYs that pages name: `go-import` with `mod` (PROTOCOL 3.1).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use upstream::{Door, Proxy, SafeUrl};

use super::rules::Rules;
use crate::VcsError;

/// The proxies that are known, the most recently used ones.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    proxies: HashMap<(Arc<Rules>, String), (u64, Arc<Proxy>)>,
    uses: u64,
}

impl Proxies {
    /// The one with this base URL. Connects to nothing. Absent where the URL can be none of a GOPROXY.
    pub(super) fn get(&self, door: &Door, rules: &Arc<Rules>, url: &str) -> Result<Arc<Proxy>, VcsError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.uses += 1;
        let (key, now) = ((Arc::clone(rules), url.to_owned()), known.uses);
        if let Some((used, proxy)) = known.proxies.get_mut(&key) {
            *used = now;
            return Ok(Arc::clone(proxy));
        }
        let wrong = |why: &dyn std::fmt::Display| VcsError::absent(format!("invalid module proxy: {why}"));
        let parsed = SafeUrl::parse(url).map_err(|error| wrong(&error))?;
        let proxy = Proxy::stranger(door, parsed, rules.guard()).map_err(|error| wrong(&error))?;
        if known.proxies.len() >= MOST {
            let oldest = known.proxies.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.map(|key| known.proxies.remove(&key));
        }
        let proxy = Arc::new(proxy);
        known.proxies.insert(key, (now, Arc::clone(&proxy)));
        Ok(proxy)
    }
}

/// How many are known. Each has connections of its own.
const MOST: usize = 64;
