//! Which sources are asked, and what their answers mean together.

use mirror::{Absent, CacheStatus};
use testkit::Reply;
use upstream::FaultKind;

use crate::{INFO, LIST, MOD, ZIP, absent, faults, upstream, world::setup, zip};

#[tokio::test(flavor = "multi_thread")]
async fn a_comma_goes_on_after_an_absence_and_stops_at_a_failure() {
    let (a, b) = (upstream(), upstream());
    a.always(ZIP, Reply::status(404));
    a.always(MOD, Reply::status(410));
    a.always(INFO, Reply::status(503));
    a.always(LIST, Reply::reset());
    let world = setup(format!("{},{}", a.url(), b.url())).start();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, zip());
    world.get(MOD).await.unwrap();
    for path in [INFO, LIST] {
        assert_eq!(faults(world.get(path).await).len(), 1);
        assert_eq!(b.asked(path), 0, "{path}");
    }
    assert_eq!(world.meters.absorbed.get(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bar_goes_on_after_any_failure() {
    let (a, b) = (upstream(), upstream());
    a.always(ZIP, Reply::natural().reset_after(20));
    a.always(MOD, Reply::status(403));
    a.always(INFO, Reply::html());
    a.always(LIST, Reply::status(500));
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    // A connection that broke is worth a second try.
    for (path, tries) in [(ZIP, 2), (MOD, 1), (INFO, 1), (LIST, 1)] {
        let got = world.get(path).await.unwrap();
        assert_eq!(got.cache(), CacheStatus::Miss);
        assert_eq!(got.meta.source.unwrap().as_ref(), b.address().to_string());
        assert_eq!((a.asked(path), b.asked(path)), (tries, 1), "{path}");
    }
    assert_eq!(world.meters.absorbed.get(), 5, "one for each that failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn absent_only_when_every_source_was_asked_and_said_so() {
    let (a, b, c) = (upstream(), upstream(), upstream());
    let world = setup(format!("{},{}|{}", a.url(), b.url(), c.url())).start();
    let missing = "example.com/m/@v/v1.9.9.zip";
    let Absent::Everywhere { said } = absent(world.get(missing).await) else { panic!() };
    assert_eq!(said.len(), 3);
    for source in [&a, &b, &c] {
        assert_eq!(source.asked(missing), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_anywhere_makes_it_a_failure_with_one_fault_for_each_source_that_failed() {
    let (a, b, c) = (upstream(), upstream(), upstream());
    a.always("*", Reply::status(502));
    b.always("*", Reply::status(404));
    c.always("*", Reply::status(429));
    let world = setup(format!("{}|{}|{}", a.url(), b.url(), c.url())).start();
    for path in [ZIP, MOD, INFO, LIST] {
        let faults = faults(world.get(path).await);
        let kinds: Vec<_> = faults.iter().map(upstream::Fault::kind).collect();
        assert_eq!(kinds, [FaultKind::Status(502), FaultKind::Status(429)]);
        assert_eq!(faults[0].source_name().as_str(), a.address().to_string());
        assert_eq!(faults[1].source_name().as_str(), c.address().to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_not_there_is_a_failure() {
    let (mut a, b) = (upstream(), upstream());
    a.take_down();
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    world.get(ZIP).await.unwrap();
    let world = setup(format!("{},{}", a.url(), b.url())).start();
    assert_eq!(faults(world.get(ZIP).await)[0].kind(), FaultKind::Connect);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_for_an_absence_has_its_own_text() {
    let a = upstream();
    let missing = "example.com/m/@v/v1.9.9.mod";
    a.always(missing, Reply::status(410).body("not found: example.com/m@v1.9.9: unknown revision v1.9.9\n"));

    let world = setup(a.url()).start();
    let everywhere = absent(world.get(missing).await);
    assert_eq!(everywhere.to_string(), "not found: example.com/m@v1.9.9: unknown revision v1.9.9");
    let silent = setup(a.url()).start();
    a.always(missing, Reply::status(404).body("").content_type("text/html"));
    assert_eq!(absent(silent.get(missing).await).to_string(), "no source has it");

    let off = absent(setup("off").start().get(missing).await);
    assert!(matches!(off, Absent::Off));
    // After a source, `off` adds nothing.
    let then_off = absent(setup(format!("{},off", a.url())).start().get(missing).await);
    assert!(matches!(then_off, Absent::Everywhere { .. }));

    let not_stored = absent(world.stored(missing).await);
    let texts = [everywhere, off, not_stored].map(|absent| absent.to_string());
    for (i, text) in texts.iter().enumerate() {
        assert!(!texts[i + 1..].contains(text), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_a_source_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    crate::tree().write_to(dir.path());
    let url = format!("file://{}", dir.path().display());
    let world = setup(url).start();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, zip());
    assert_eq!(world.get(LIST).await.unwrap().text(), "v1.0.0\nv1.1.0\n");
    assert!(matches!(absent(world.get("example.com/m/@v/v1.9.9.zip").await), Absent::Everywhere { .. }));
}
