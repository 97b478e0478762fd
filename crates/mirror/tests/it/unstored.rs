//! A disk that takes nothing costs the store a file, not the client an answer.

use std::{sync::Arc, time::Duration};

use gomod::ModulePath;
use mirror::{CacheStatus, Refusal};
use storage::{
    Blobs, BoxFuture, Key, Listing, LocalBlobs, Prefix, Put, QuarantineId, Staged, StoreError, Stored, Tag,
    When,
};
use testkit::{Gate, Reply};

use crate::{
    INFO, LATEST, LIST, MOD, ZIP, large, upstream,
    world::{rest, setup},
    zip,
};

/// Takes nothing, and gives what is there, if it can read at all.
#[derive(Debug)]
struct Refusing {
    blobs: LocalBlobs,
    reads: bool,
}

fn no<T: Send + 'static>() -> BoxFuture<'static, Result<T, StoreError>> {
    Box::pin(async { Err(StoreError::ReadOnly("a disk without room".into())) })
}

impl Blobs for Refusing {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        if self.reads { self.blobs.get(key) } else { no() }
    }

    fn get_each(&self, keys: &[Key]) -> BoxFuture<'_, Result<Vec<Option<Stored>>, StoreError>> {
        if self.reads { self.blobs.get_each(keys) } else { no() }
    }

    fn put(&self, _: &Key, _: &Arc<Staged>, _: When) -> BoxFuture<'_, Result<Put, StoreError>> {
        no()
    }

    fn remove(&self, _: &Key) -> BoxFuture<'_, Result<(), StoreError>> {
        no()
    }

    fn set_aside(
        &self,
        _: &Key,
        _: &Tag,
        _: &str,
    ) -> BoxFuture<'_, Result<Option<QuarantineId>, StoreError>> {
        no()
    }

    fn refuse(&self, _: &Key, _: &Arc<Staged>, _: &str) -> BoxFuture<'_, Result<QuarantineId, StoreError>> {
        no()
    }

    fn list(&self, prefix: &Prefix) -> Listing {
        self.blobs.list(prefix)
    }

    fn derive(&self, _: &ModulePath) -> BoxFuture<'_, Result<(), StoreError>> {
        no()
    }
}

fn refusing(blobs: LocalBlobs) -> Arc<dyn Blobs> {
    Arc::new(Refusing { blobs, reads: true })
}

fn dead(blobs: LocalBlobs) -> Arc<dyn Blobs> {
    Arc::new(Refusing { blobs, reads: false })
}

#[tokio::test(flavor = "multi_thread")]
async fn checked_bytes_are_served_though_nothing_can_be_stored() {
    for wrap in [refusing as fn(LocalBlobs) -> Arc<dyn Blobs>, dead] {
        let a = upstream();
        let mut setup = setup(a.url());
        setup.wrap = Some(wrap);
        let world = setup.start();
        for path in [INFO, MOD, ZIP, LIST, LATEST] {
            let first = world.get(path).await.unwrap();
            let again = world.get(path).await.unwrap();
            assert_eq!((first.cache(), again.cache()), (CacheStatus::Miss, CacheStatus::Miss));
            assert_eq!(first.bytes, again.bytes);
            assert_eq!(a.asked(path), 2, "{path}");
        }
        assert_eq!(world.get(ZIP).await.unwrap().bytes, zip());
        // What cannot be right is refused all the same.
        a.always(ZIP, Reply::natural().edit(|zip| zip[60] ^= 1));
        crate::faults(world.get(ZIP).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_zip_is_passed_on_though_it_cannot_be_stored() {
    let (a, bytes) = large(1 << 20);
    let gate = Gate::new();
    a.always(ZIP, Reply::natural().stall_after(500_000, &gate));
    let mut setup = setup(a.url()).patience(Duration::ZERO);
    setup.wrap = Some(refusing);
    let world = setup.start();
    let follow = world.growing(ZIP).await;
    gate.open();
    assert_eq!(rest(follow).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_served_and_what_is_copied_in_is_checked_where_nothing_can_be_written() {
    let a = upstream();
    let world = setup(a.url()).start();
    let first = world.get(ZIP).await.unwrap().bytes;
    let mut setup = setup(a.url());
    setup.wrap = Some(refusing);
    let read_only = setup.start_in(Arc::clone(world.dir()));
    crate::tree().write_to(&world.file("copy"));
    std::fs::copy(world.file("copy").join(MOD), world.file(MOD)).unwrap();
    a.forget();
    assert_eq!(read_only.get(ZIP).await.unwrap().bytes, first);
    assert_eq!(read_only.get(MOD).await.unwrap().text(), "module example.com/m\n");
    assert_eq!(a.seen().len(), 0);
    // Damage that cannot be set aside is not served either.
    std::fs::write(world.file(ZIP), "damaged").unwrap();
    assert_eq!(read_only.get(ZIP).await.unwrap().bytes, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_cannot_be_read_is_no_absence_in_a_closed_world() {
    let a = upstream();
    let mut setup = setup(a.url()).offline();
    setup.wrap = Some(dead);
    let world = setup.start();
    for path in [INFO, MOD, ZIP] {
        assert!(matches!(world.get(path).await, Err(Refusal::Storage(_))), "{path}");
    }
}
