//! What was seen first stays, for ever.

use std::fs;

use mirror::{Refusal, Security};

use crate::{MOD, ZIP, faults, other_tree, upstream, world::setup};

#[tokio::test(flavor = "multi_thread")]
async fn other_content_than_was_seen_first_is_refused_loudly() {
    for (path, what) in [(ZIP, "example.com/m@v1.0.0"), (MOD, "example.com/m@v1.0.0/go.mod")] {
        let a = upstream();
        let world = setup(a.url()).start();
        world.get(path).await.unwrap();
        fs::remove_file(world.file(path)).unwrap();
        a.serve(other_tree());
        let Err(Refusal::Security(Security::Content(contradiction))) = world.get(path).await else {
            panic!()
        };
        assert_eq!(contradiction.what, what);
        assert_eq!(contradiction.source_name, a.address().to_string());
        assert_ne!(contradiction.pinned, contradiction.got);
        assert!(!world.file(path).exists());
        assert_eq!(world.meters.contradictions.get(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_source_may_have_what_was_seen_first() {
    let (a, b) = (upstream(), upstream());
    let chain = format!("{}|{}", a.url(), b.url());
    for path in [ZIP, MOD] {
        let world = setup(&chain).start();
        let first = world.get(path).await.unwrap().bytes;
        fs::remove_file(world.file(path)).unwrap();
        a.serve(other_tree());
        let got = world.get(path).await.unwrap();
        assert_eq!(got.bytes, first);
        assert_eq!(got.meta.source.unwrap().as_ref(), b.address().to_string());
        assert_eq!((world.meters.contradictions.get(), world.meters.absorbed.get()), (1, 1));
        a.serve(crate::tree());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contradiction_weighs_more_than_failures_and_absences() {
    let (a, b, c) = (upstream(), upstream(), upstream());
    let world = setup(format!("{}|{}|{}", a.url(), b.url(), c.url())).start();
    world.get(ZIP).await.unwrap();
    fs::remove_file(world.file(ZIP)).unwrap();
    a.always(ZIP, testkit::Reply::status(500));
    b.serve(other_tree());
    c.always(ZIP, testkit::Reply::status(404));
    assert!(matches!(world.get(ZIP).await, Err(Refusal::Security(_))));
    assert_eq!(c.asked(ZIP), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comma_stops_at_a_contradiction() {
    let (a, b) = (upstream(), upstream());
    let world = setup(format!("{},{}", a.url(), b.url())).start();
    world.get(ZIP).await.unwrap();
    fs::remove_file(world.file(ZIP)).unwrap();
    a.serve(other_tree());
    assert!(matches!(world.get(ZIP).await, Err(Refusal::Security(_))));
    assert_eq!(b.asked(ZIP), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pin_outlives_the_process_and_failures_of_the_source() {
    let a = upstream();
    let world = setup(a.url()).start();
    let first = world.get(ZIP).await.unwrap().bytes;
    fs::remove_file(world.file(ZIP)).unwrap();
    let dir = std::sync::Arc::clone(world.dir());
    drop(world);
    let world = setup(a.url()).start_in(dir);
    a.script(ZIP, [testkit::Reply::status(501)]);
    faults(world.get(ZIP).await);
    a.serve(other_tree());
    assert!(matches!(world.get(ZIP).await, Err(Refusal::Security(_))));
    a.serve(crate::tree());
    assert_eq!(world.get(ZIP).await.unwrap().bytes, first);
}
