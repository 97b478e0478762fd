//! Which versions go: by age, by size, by module.

use std::{
    str::FromStr,
    time::{Duration, SystemTime},
};

use gomod::{ModuleVersion, Patterns, Version, VersionError};

use super::{Inventory, Kept};

/// What is to go. With nothing in it, nothing goes.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Only versions that one of these names; all, if there is none.
    pub modules: Vec<Selector>,
    /// What nobody has used for so long.
    pub older_than: Option<Duration>,
    /// What was used least lately, until the whole cache holds no more bytes than this.
    pub most_bytes: Option<u64>,
}

/// Names versions: a pattern of module paths as in GOPRIVATE, and perhaps one version: `example.com/org/*`,
/// `example.com/module@v1.2.3`.
#[derive(Clone, Debug)]
pub struct Selector {
    paths: Patterns,
    version: Option<Version>,
}

/// Why a text names no versions.
#[derive(Debug, thiserror::Error)]
pub enum SelectorError {
    /// Nothing can match it.
    #[error("{0:?} is no pattern of module paths; write it as in GOPRIVATE, like example.com/org/*")]
    Pattern(String),
    /// What follows the @ is none.
    #[error(transparent)]
    Version(#[from] VersionError),
}

/// A version that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Which.
    pub module: ModuleVersion,
    /// Whether its zip and its tree go.
    pub content: bool,
    /// Whether its go.mod and `.info` go, from which `go` learns what the version needs.
    pub facts: bool,
    /// Why.
    pub reason: Reason,
    /// The bytes of it that go.
    pub bytes: u64,
}

/// Why a version goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was named.
    Named,
    /// Nobody has used it for so long.
    Age(Duration),
    /// There was too much, and others were used later.
    Size,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let (paths, version) = match text.split_once('@') {
            Some((paths, version)) => (paths, Some(Version::new(version)?)),
            None => (text, None),
        };
        let paths = Patterns::new(paths);
        if paths.is_empty() || paths.malformed().next().is_some() {
            return Err(SelectorError::Pattern(text.to_owned()));
        }
        Ok(Selector { paths, version })
    }
}

impl Selector {
    /// Whether it names this version.
    pub fn names(&self, module: &ModuleVersion) -> bool {
        self.version.as_ref().is_none_or(|version| version == module.version())
            && self.paths.matches(module.path().as_str())
    }
}

impl Wish {
    /// Whether nothing was wished for.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty() && self.older_than.is_none() && self.most_bytes.is_none()
    }

    fn may(&self, module: &ModuleVersion) -> bool {
        self.modules.is_empty() || self.modules.iter().any(|selector| selector.names(module))
    }
}

/// What goes, in the order in which it should: the longest unused first.
///
/// go.mod and `.info` of a version are small and tell `go` which versions a build needs, so they go only with what was
/// named, or when they were not used for as long themselves; never for size.
pub fn choose(inventory: &Inventory, wish: &Wish, now: SystemTime) -> Vec<Chosen> {
    if wish.is_empty() {
        return Vec::new();
    }
    let mut versions: Vec<_> = inventory.versions().filter(|(module, _)| wish.may(module)).collect();
    versions.sort_by_key(|(_, kept)| kept.content_used);
    let named = wish.older_than.is_none() && wish.most_bytes.is_none();
    let mut left = inventory.bytes();
    let mut chosen: Vec<Chosen> = Vec::new();
    for (module, kept) in &versions {
        let picked = if named {
            Some(picked(module, kept, true, true, Reason::Named))
        } else {
            wish.older_than.and_then(|age| by_age(module, kept, age, now))
        };
        if let Some(picked) = picked {
            left -= picked.bytes;
            chosen.push(picked);
        }
    }
    let Some(most) = wish.most_bytes else { return chosen };
    for (module, kept) in versions {
        if left <= most {
            break;
        }
        let gone = chosen.iter().any(|chosen| chosen.module == *module && chosen.content);
        if !gone && kept.has_content() {
            let picked = picked(module, kept, true, false, Reason::Size);
            left -= picked.bytes;
            chosen.push(picked);
        }
    }
    chosen
}

fn by_age(module: &ModuleVersion, kept: &Kept, age: Duration, now: SystemTime) -> Option<Chosen> {
    let unused = |used: SystemTime| now.duration_since(used).is_ok_and(|unused| unused >= age);
    let content = kept.has_content() && unused(kept.content_used);
    let facts = kept.facts > 0 && unused(kept.facts_used) && (content || !kept.has_content());
    let since = if content { kept.content_used } else { kept.facts_used };
    let unused_for = now.duration_since(since).unwrap_or_default();
    (content || facts).then(|| picked(module, kept, content, facts, Reason::Age(unused_for)))
}

fn picked(module: &ModuleVersion, kept: &Kept, content: bool, facts: bool, reason: Reason) -> Chosen {
    let bytes = [(content, kept.content()), (facts, kept.facts)];
    let bytes = bytes.into_iter().filter_map(|(goes, bytes)| goes.then_some(bytes)).sum();
    Chosen { module: module.clone(), content, facts, reason, bytes }
}
