//! All versions, on as many threads as there are processors.

use std::{
    fs,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use gomod::ModuleVersion;

use super::lying::Lying;
use crate::modcache::{ModCache, Part};

/// Reads what lies there of each version, in the order of `modules`. `done` hears how many are read so far.
pub(super) fn all(cache: &ModCache, modules: &[ModuleVersion], done: &(dyn Fn(usize) + Sync)) -> Vec<Lying> {
    // The largest first, so that at the end no thread works alone on one of them.
    let size = |module: &ModuleVersion| {
        fs::metadata(cache.file(module, Part::Zip)).map_or(u64::MAX, |meta| meta.len())
    };
    let mut order: Vec<_> = modules.iter().enumerate().map(|(at, module)| (size(module), at)).collect();
    order.sort_unstable_by(|one, other| other.cmp(one));
    let (next, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let read = Mutex::new(Vec::with_capacity(modules.len()));
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    thread::scope(|scope| {
        for _ in 0..threads.min(modules.len()) {
            scope.spawn(|| {
                while let Some((_, at)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(module) = modules.get(*at) else { continue };
                    let lying = Lying::read(cache, module);
                    read.lock().unwrap_or_else(PoisonError::into_inner).push((*at, lying));
                    done(ended.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    let mut read = read.into_inner().unwrap_or_else(PoisonError::into_inner);
    read.sort_by_key(|(at, _)| *at);
    read.into_iter().map(|(_, lying)| lying).collect()
}

/// Reading more files at once makes no disk faster.
const MOST_THREADS: usize = 16;
