//! Files in the data directory that somebody else has put there.

use std::fs;

use mirror::{Absent, CacheStatus};

use crate::{
    INFO, LATEST, LIST, MOD, ZIP, absent, large, other_tree, tree, upstream,
    world::{World, setup},
    zip,
};

const RECEIPT: &str = "example.com/m/@v/v1.0.0.receipt";

fn copy_in(world: &World) {
    tree().write_to(&world.file(""));
}

#[tokio::test(flavor = "multi_thread")]
async fn copied_files_are_checked_and_taken_over_at_their_first_use() {
    for offline in [false, true] {
        let a = upstream();
        let setup = setup(a.url());
        let world = if offline { setup.offline() } else { setup }.start();
        copy_in(&world);
        assert!(!world.file(RECEIPT).exists());
        for (path, bytes) in [(ZIP, zip()), (MOD, b"module example.com/m\n".to_vec())] {
            for _ in 0..2 {
                let got = world.get(path).await.unwrap();
                assert_eq!((got.cache(), &got.bytes), (CacheStatus::Hit, &bytes));
                assert_eq!(got.meta.source.as_deref(), Some("found in the data directory"));
            }
            assert!(world.file(RECEIPT).exists());
        }
        assert!(world.get(INFO).await.unwrap().text().contains("v1.0.0"));
        if offline {
            assert_eq!(world.get(LIST).await.unwrap().text(), "v1.0.0\nv1.1.0\n");
            assert!(world.get(LATEST).await.unwrap().text().contains("v1.1.0"));
        }
        assert_eq!(a.seen().len(), 0);
        assert_eq!(world.meters.fetches.get(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copied_files_are_pinned_like_fetched_ones() {
    let a = upstream();
    let world = setup(a.url()).start();
    copy_in(&world);
    world.get(ZIP).await.unwrap();
    fs::remove_file(world.file(ZIP)).unwrap();
    a.serve(other_tree());
    assert!(matches!(world.get(ZIP).await, Err(mirror::Refusal::Security(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_files_are_set_aside_and_fetched_anew() {
    let bad: [(&str, &[u8]); 5] = [
        (ZIP, b"PK\x03\x04 no zip"),
        (ZIP, b""),
        (MOD, b"<html></html>"),
        (INFO, br#"{"Version":"v1.1.0"}"#),
        (INFO, b""),
    ];
    for (path, content) in bad {
        let a = upstream();
        let world = setup(a.url()).start();
        copy_in(&world);
        fs::write(world.file(path), content).unwrap();
        let got = world.get(path).await.unwrap();
        assert_eq!(got.cache(), CacheStatus::Miss);
        assert_ne!(got.bytes, content);
        assert_eq!(a.asked(path), 1);
        assert_ne!(world.quarantined(), 0, "{path}");
        assert_eq!(world.meters.rotten.get(), 1);
        assert_eq!(world.get(path).await.unwrap().bytes, got.bytes);

        let offline = setup(a.url()).offline().start();
        copy_in(&offline);
        fs::write(offline.file(path), content).unwrap();
        assert!(matches!(absent(offline.get(path).await), Absent::NotStored));
        assert_ne!(offline.quarantined(), 0, "{path}");
        assert!(!offline.file(path).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_zip_with_one_wrong_byte_is_not_served() {
    let (a, bytes) = large(300_000);
    let world = setup(a.url()).start();
    let mut copy = bytes.clone();
    copy[150_000] ^= 1;
    fs::create_dir_all(world.file(ZIP).parent().unwrap()).unwrap();
    fs::write(world.file(ZIP), copy).unwrap();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, bytes);
    assert_eq!(a.asked(ZIP), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_askers_of_a_copied_zip_check_it_and_fetch_nothing() {
    let a = upstream();
    let world = std::sync::Arc::new(setup(a.url()).start());
    copy_in(&world);
    let asking = (0..100).map(|_| {
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move { assert_eq!(world.get(ZIP).await.unwrap().bytes, zip()) })
    });
    for asked in futures_util::future::join_all(asking).await {
        asked.unwrap();
    }
    assert_eq!((a.seen().len(), world.meters.rotten.get()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_of_copied_versions_is_the_latest_that_is_good() {
    let world = setup("off").offline().start();
    copy_in(&world);
    fs::write(world.file("example.com/m/@v/v1.1.0.info"), "torn").unwrap();
    assert!(world.get(LATEST).await.unwrap().text().contains("v1.0.0"));
    assert_ne!(world.quarantined(), 0);
    assert_eq!(world.get(LIST).await.unwrap().text(), "v1.0.0\n");
}
