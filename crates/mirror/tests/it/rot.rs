//! Stored bytes that have changed.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use mirror::CacheStatus;

use crate::{
    INFO, MOD, ZIP, large, upstream,
    world::{damage, setup},
};

/// Turns one bit around, as a failing disk does.
fn flip(path: &Path, at: u64) {
    let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 4]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_a_small_file_is_healed_within_the_same_request() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in [INFO, MOD, ZIP] {
        let good = world.get(path).await.unwrap().bytes;
        flip(&world.file(path), good.len() as u64 / 2);
        let set_aside = world.quarantined();
        let got = world.get(path).await.unwrap();
        assert_eq!((got.cache(), &got.bytes), (CacheStatus::Miss, &good), "{path}");
        assert!(world.quarantined() > set_aside);
        assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit);
        assert_eq!(fs::read(world.file(path)).unwrap(), good);
        assert_eq!(a.asked(path), 2);
    }
    assert_eq!(world.meters.rotten.get(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_or_lengthened_file_is_healed_within_the_same_request() {
    let (a, bytes) = large(300_000);
    let world = setup(a.url()).start();
    for path in [INFO, MOD, ZIP] {
        let good = world.get(path).await.unwrap().bytes;
        for len in [good.len() as u64 - 1, good.len() as u64 + 1, 0] {
            fs::File::options().write(true).open(world.file(path)).unwrap().set_len(len).unwrap();
            assert_eq!(world.get(path).await.unwrap().bytes, good, "{path} of {len} bytes");
        }
    }
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
    assert_eq!(world.meters.rotten.get(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_a_zip_is_found_when_its_block_is_read_and_healed_by_the_next_question() {
    let (a, bytes) = large(300_000);
    let world = setup(a.url()).start();
    world.get(ZIP).await.unwrap();
    flip(&world.file(ZIP), 200_000);
    let mut changes = world.mirror.changes();
    let ask = world.ask(ZIP);
    let rot = damage(world.mirror.answer(&ask).await.unwrap()).await;
    world.mirror.rotten(&ask.what, &rot).await;
    assert_eq!(changes.recv().await.unwrap(), mirror::Change::Answer(ask.what.clone()));
    assert!(!world.file(ZIP).exists());
    assert_ne!(world.quarantined(), 0);
    // Told again by another client, it changes nothing.
    world.mirror.rotten(&ask.what, &rot).await;
    let got = world.get(ZIP).await.unwrap();
    assert_eq!((got.cache(), got.bytes), (CacheStatus::Miss, bytes.clone()));
    world.mirror.rotten(&ask.what, &rot).await;
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
    assert_eq!(a.asked(ZIP), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_healed_is_not_served() {
    let mut a = upstream();
    let world = setup(a.url()).start();
    for path in [INFO, MOD, ZIP] {
        world.get(path).await.unwrap();
        flip(&world.file(path), 5);
    }
    a.take_down();
    for path in [INFO, MOD, ZIP] {
        crate::faults(world.get(path).await);
        crate::absent(world.stored(path).await);
    }
    a.bring_up();
    for path in [INFO, MOD, ZIP] {
        world.get(path).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_receipt_means_a_full_check_and_no_fetch() {
    let a = upstream();
    let world = setup(a.url()).start();
    let good = world.get(ZIP).await.unwrap().bytes;
    flip(&world.file("example.com/m/@v/v1.0.0.receipt"), 30);
    let got = world.get(ZIP).await.unwrap();
    assert_eq!((got.cache(), got.bytes), (CacheStatus::Hit, good));
    assert_eq!(a.asked(ZIP), 1);
}
