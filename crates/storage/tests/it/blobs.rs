//! Both places for bytes pass the same tests.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use storage::{LocalBlobs, Referee, StagingArea, conformance};

use crate::world::open;

#[tokio::test(flavor = "multi_thread")]
async fn a_local_directory_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let n = AtomicU32::new(0);
    conformance::all(|| {
        let data = open(&dir.path().join(n.fetch_add(1, Ordering::Relaxed).to_string()));
        let staging = Arc::clone(data.staging());
        conformance::Place { blobs: Arc::new(LocalBlobs::new(data)), staging }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_referee_conforms() {
    conformance::all(|| conformance::Place {
        blobs: Arc::new(Referee::default()),
        staging: StagingArea::in_memory(64 << 20),
    })
    .await;
}
