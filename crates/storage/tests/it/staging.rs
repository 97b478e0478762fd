//! Files in transit: one writer, many readers, little memory.

use std::{fs, path::Path, sync::Arc};

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use storage::{BLOCK, Shortage, Staged, StagingArea, StoreError};

use crate::world::{noise, open, staged};

async fn read_all(staged: &Staged) -> Bytes {
    let mut all = BytesMut::new();
    loop {
        let more = staged.read_at(all.len() as u64, 100_000).await.unwrap();
        if more.is_empty() {
            return all.freeze();
        }
        all.extend_from_slice(&more);
    }
}

/// How many files lie in the staging directories of a data directory.
fn files(dir: &Path) -> usize {
    let processes = fs::read_dir(dir.join("staging")).unwrap().map(|entry| entry.unwrap().path());
    let dirs = processes.filter(|path| path.is_dir());
    dirs.flat_map(|dir| fs::read_dir(dir).unwrap())
        .filter(|e| e.as_ref().unwrap().file_name() != "owner")
        .count()
}

#[tokio::test]
async fn a_small_file_needs_no_disk_and_a_large_one_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(dir.path());
    let small = staged(data.staging(), noise(200_000, 1)).await;
    assert_eq!(files(dir.path()), 0);
    let large = staged(data.staging(), noise(3_000_000, 1)).await;
    assert_eq!(files(dir.path()), 1);
    assert!(read_all(&small).await == noise(200_000, 1));
    assert!(read_all(&large).await == noise(3_000_000, 1));
    assert_eq!(large.checksums().unwrap().len() as u64, 3_000_000_u64.div_ceil(BLOCK));
}

#[test]
fn a_file_that_nobody_holds_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(dir.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let large = runtime.block_on(staged(data.staging(), noise(1_000_000, 1)));
    let unfinished = runtime.block_on(async {
        let mut staging = data.staging().stage();
        staging.append(noise(1_000_000, 1)).await.unwrap();
        staging
    });
    assert_eq!(files(dir.path()), 2);
    drop((large, unfinished));
    assert_eq!(files(dir.path()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_follow_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(dir.path());
    let all = noise(2_000_000, 1);
    let mut staging = data.staging().stage();
    let readers: Vec<_> = (0..20)
        .map(|n| {
            let (staged, all) = (staging.staged(), all.clone());
            tokio::spawn(async move {
                let mut grown = staged.watch();
                let mut read = 0;
                while read < all.len() {
                    grown.beyond(read as u64).await;
                    assert!(staged.written() > read as u64);
                    let piece = staged.read_at(read as u64, 10_000 + n * 7_000).await.unwrap();
                    assert!(!piece.is_empty());
                    assert!(piece == all.slice(read..read + piece.len()), "at {read}");
                    read += piece.len();
                }
            })
        })
        .collect();
    for piece in all.chunks(33_333) {
        staging.append(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    let staged = staging.finish();
    for reader in readers {
        reader.await.unwrap();
    }
    assert!(read_all(&staged).await == all);
}

#[tokio::test]
async fn readers_keep_what_arrived_when_the_writer_is_gone() {
    let area = StagingArea::in_memory(1 << 20);
    let mut staging = area.stage();
    staging.append("half".into()).await.unwrap();
    let staged = staging.staged();
    drop(staging);
    assert_eq!(staged.read_at(0, 10).await.unwrap(), "half");
    assert_eq!(staged.checksums(), None);
    let mut grown = staged.watch();
    grown.beyond(3).await;
    let more = tokio::time::timeout(std::time::Duration::ZERO, grown.beyond(4)).await;
    assert!(more.is_err(), "it has not grown");
}

#[tokio::test]
async fn without_a_disk_all_files_share_one_budget() {
    let area = StagingArea::in_memory(1 << 20);
    let first = staged(&area, noise(1_000_000, 1)).await;
    let mut second = area.stage();
    let refused = second.append(noise(1_000_000, 2)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Full(Shortage::Memory { budget: 1_048_576 })), "{refused}");
    assert_eq!(second.finish().checksums(), None, "it has not all bytes, so it is not complete");
    // Small ones always find room.
    assert!(read_all(&*staged(&area, noise(200_000, 3)).await).await == noise(200_000, 3));
    assert!(read_all(&first).await == noise(1_000_000, 1));
    drop(first);
    assert!(read_all(&*staged(&area, noise(1_000_000, 4)).await).await == noise(1_000_000, 4));
}

#[tokio::test]
async fn a_dropped_append_loses_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(dir.path());
    let all = noise(3_000_000, 1);
    let mut staging = data.staging().stage();
    let mut given = 0;
    while given < all.len() {
        let piece = all.slice(given..all.len().min(given + 250_000));
        // The waiter leaves while the bytes are on their way to the disk.
        tokio::select! {
            biased;
            done = staging.append(piece) => done.unwrap(),
            () = std::future::ready(()) => {}
        }
        given = usize::try_from(staging.staged().written()).unwrap();
    }
    assert!(read_all(&staging.finish()).await == all);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_appended_in_any_pieces_is_read_in_any_pieces(
        pieces in prop::collection::vec(0..200_000_usize, 0..8),
        reads in prop::collection::vec((0..900_000_u64, 1..200_000_usize), 0..8),
        on_disk in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let area = if on_disk {
            Arc::clone(open(dir.path()).staging())
        } else {
            StagingArea::in_memory(4 << 20)
        };
        let all = noise(pieces.iter().sum(), 1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let staged = runtime.block_on(async {
            let mut staging = area.stage();
            let mut rest = all.clone();
            for len in pieces {
                staging.append(rest.split_to(len)).await.unwrap();
            }
            staging.finish()
        });
        prop_assert_eq!(staged.written(), all.len() as u64);
        let sums: Vec<u32> = all.chunks(65_536).map(crc32c::crc32c).collect();
        prop_assert_eq!(staged.checksums().unwrap(), sums);
        prop_assert!(runtime.block_on(read_all(&staged)) == all);
        for (offset, len) in reads {
            let mut buf = vec![0; len];
            let read = gomod::ReadAt::read_at(&*staged, &mut buf, offset).unwrap();
            let from = usize::try_from(offset).unwrap().min(all.len());
            prop_assert_eq!(read == 0, from == all.len());
            prop_assert!(buf[..read] == all[from..from + read]);
        }
    }
}
