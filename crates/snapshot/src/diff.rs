//! What two snapshots do not have in common.

use std::collections::BTreeMap;

use gomod::ModuleVersion;

use crate::{Manifest, Module};

/// The differences, each sort in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Module versions by what became of them.
    pub modules: Vec<(ModuleVersion, Change)>,
    /// Names of lists and other answers that differ, or that one has alone.
    pub answers: Vec<String>,
    /// Names of databases whose signed heads differ, or that one has alone.
    pub heads: Vec<String>,
}

/// What became of a module version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only the second snapshot has it.
    Added,
    /// Only the first snapshot has it.
    Removed,
    /// Both have it, and one has files of it that the other has not.
    Other,
    /// Both have it with different hashes: one of them is wrong.
    Contradicts,
}

impl Diff {
    /// From the first to the second. What an increment goes on from counts as part of it.
    pub fn between(first: &Manifest, second: &Manifest) -> Self {
        let (old, new) = (all(first), all(second));
        let mut modules = Vec::new();
        for (version, module) in &old {
            match new.get(version) {
                None => modules.push(((*version).clone(), Change::Removed)),
                Some(other) => modules.extend(change(module, other).map(|c| ((*version).clone(), c))),
            }
        }
        let added = new.keys().filter(|version| !old.contains_key(*version));
        modules.extend(added.map(|version| ((*version).clone(), Change::Added)));
        modules.sort_by(|(one, _), (other, _)| one.cmp(other));
        let answers = unlike(&digests(first, "answers/"), &digests(second, "answers/"));
        let heads = unlike(&heads(first), &heads(second));
        Diff { modules, answers, heads }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty() && self.answers.is_empty() && self.heads.is_empty()
    }
}

fn all(manifest: &Manifest) -> BTreeMap<&ModuleVersion, &Module> {
    manifest.modules().iter().chain(manifest.earlier()).collect()
}

fn change(one: &Module, other: &Module) -> Option<Change> {
    let apart = |one: Option<gomod::H1>, other: Option<gomod::H1>| {
        one.zip(other).is_some_and(|(one, other)| one != other)
    };
    if apart(one.zip, other.zip) || apart(one.gomod, other.gomod) {
        return Some(Change::Contradicts);
    }
    (one.zip != other.zip || one.gomod != other.gomod).then_some(Change::Other)
}

fn digests(manifest: &Manifest, below: &str) -> BTreeMap<String, String> {
    let named = manifest.files().iter().map(|entry| (entry.key.to_string(), entry.sha256.to_string()));
    named.filter_map(|(name, digest)| Some((name.strip_prefix(below)?.to_owned(), digest))).collect()
}

fn heads(manifest: &Manifest) -> BTreeMap<String, String> {
    let databases = manifest.databases().iter();
    databases.map(|database| (database.key.name().to_owned(), database.size.to_string())).collect()
}

fn unlike(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<_> =
        one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name)).collect();
    names.sort();
    names.dedup();
    names.into_iter().cloned().collect()
}
