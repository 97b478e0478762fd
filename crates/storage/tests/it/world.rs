//! Module versions, files and data directories to test with.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use gomod::{H1, ModulePath, ModuleVersion, Version};
use jiff::Timestamp;
use storage::{Data, Evidence, FileFact, Kind, OpenOptions, Staged, StagingArea, Store};

/// A module version from `path@version`.
pub(crate) fn mv(text: &str) -> ModuleVersion {
    let (path, version) = text.split_once('@').unwrap();
    ModuleVersion::new(ModulePath::new(path).unwrap(), Version::new(version).unwrap()).unwrap()
}

/// Options under which a nearly full disk of a test machine does not matter.
pub(crate) fn options() -> OpenOptions {
    OpenOptions { min_free: storage::MinFree::Percent(0), ..OpenOptions::default() }
}

pub(crate) fn open(dir: &Path) -> Arc<Data> {
    Data::open(dir, options()).unwrap()
}

pub(crate) fn store(dir: &Path) -> Arc<Store> {
    Store::open(&open(dir))
}

/// What one process does with a directory, from its start to its end.
pub(crate) fn process<T>(dir: &Path, work: impl AsyncFnOnce(Arc<Store>) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { work(store(dir)).await })
}

/// Bytes that repeat nowhere, so that no block can stand for another.
pub(crate) fn noise(len: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect()
}

pub(crate) async fn staged(area: &Arc<StagingArea>, bytes: Bytes) -> Arc<Staged> {
    let mut staging = area.stage();
    staging.append(bytes).await.unwrap();
    staging.finish()
}

/// A stand-in for the hash of a file; what hashes mean is not the store's business.
pub(crate) fn hash(text: &str) -> H1 {
    H1::of_gomod(text.as_bytes())
}

pub(crate) fn fact(staged: &Staged, kind: Kind, h1: &str) -> FileFact {
    let h1 = (kind != Kind::Info).then(|| hash(h1));
    let at: Timestamp = "2026-01-02T03:04:05.678901Z".parse().unwrap();
    FileFact::new(staged, h1, "proxy.example.com", at, Evidence::FirstSight)
}
