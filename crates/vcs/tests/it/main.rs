//! What repositories give, against what the go command made of the same ones.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attributes;
mod binary;
mod config;
mod credentials;
mod differ;
mod direct;
mod golden;
mod own;
mod pack;
mod pages;
mod rules;
mod runner;

use std::{path::Path, sync::Arc};

use vcs::git::{Binary, Cache, CacheConfig, Git, Limits, Remote};

fn cache(dir: &Path) -> Arc<Cache> {
    Arc::new(Cache::open(dir, Git::new(Limits::default()), CacheConfig::default()).unwrap())
}

fn binary(cache: &Arc<Cache>, url: &str) -> Binary {
    let remote = Remote::new(url).unwrap().resolved(cache.git().config()).unwrap();
    Binary::new(Arc::clone(cache), remote, Arc::new(|_| false))
}
