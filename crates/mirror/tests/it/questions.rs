//! Answers that change: lists, `@latest`, branches.

use gomod::Request;
use mirror::{Absent, CacheStatus, Change, Keep, Reach};
use testkit::{ModuleTree, Reply};

use crate::{
    INFO, LATEST, LIST, MAIN, MOD, absent, faults, tree, upstream,
    world::{EVER, setup},
};

const QUESTIONS: [&str; 3] = [LIST, LATEST, MAIN];
const V110: &str = "example.com/m/@v/v1.1.0.info";

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_answer_is_a_hit_and_says_its_age() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in QUESTIONS {
        let first = world.get(path).await.unwrap();
        assert_eq!(first.cache(), CacheStatus::Miss);
        let again = world.get(path).await.unwrap();
        assert_eq!((again.cache(), &again.bytes), (CacheStatus::Hit, &first.bytes));
        assert_eq!(again.meta.source.as_deref(), Some(&*a.address().to_string()));
        let Keep::For(left) = again.keep else { panic!("{:?}", again.keep) };
        assert!(left + again.meta.age.unwrap() <= setup("off").freshness.present);
        assert_eq!(a.asked(path), 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_answer_is_asked_for_again() {
    let a = upstream();
    let world = setup(a.url()).start();
    for path in QUESTIONS {
        world.get(path).await.unwrap();
    }
    let mut grown = tree();
    grown.add(testkit::Module::of_noise("example.com/m", "v1.2.0", 10));
    grown.query("example.com/m", "main", "v1.2.0");
    a.serve(grown);
    for path in QUESTIONS {
        let got = world.later(path).await.unwrap();
        assert_eq!(got.cache(), CacheStatus::Revalidated);
        assert!(got.text().contains("v1.2.0"), "{path}: {}", got.text());
        let again = world.get(path).await.unwrap();
        assert_eq!((again.cache(), again.bytes), (CacheStatus::Hit, got.bytes));
        assert_eq!(a.asked(path), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_spares_the_body() {
    let a = upstream();
    let date = "Tue, 02 Jan 2024 03:04:05 GMT";
    let world = setup(a.url()).start();
    for path in QUESTIONS {
        let tagged = Reply::natural().header("ETag", "\"1\"").header("Last-Modified", date);
        a.script(path, [tagged, Reply::status(304), Reply::status(304)]);
        let first = world.get(path).await.unwrap();
        for _ in 0..2 {
            a.forget();
            let got = world.later(path).await.unwrap();
            assert_eq!((got.cache(), &got.bytes), (CacheStatus::Revalidated, &first.bytes));
            let seen = a.seen();
            assert_eq!(seen[0].header("If-None-Match"), Some("\"1\""));
            assert_eq!(seen[0].header("If-Modified-Since"), Some(date));
            assert_eq!(world.get(path).await.unwrap().cache(), CacheStatus::Hit);
        }
        // The validator of an answer that was replaced is not shown any more.
        world.later(path).await.unwrap();
        a.forget();
        world.later(path).await.unwrap();
        assert_ne!(a.seen()[0].header("If-None-Match"), Some("\"1\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_is_shown_only_to_the_source_that_gave_it() {
    let (a, b) = (upstream(), upstream());
    b.always(LIST, Reply::natural().header("ETag", "\"b\""));
    a.script(LIST, [Reply::status(404), Reply::status(304), Reply::natural()]);
    let world = setup(format!("{}|{}", a.url(), b.url())).start();
    world.get(LIST).await.unwrap();
    // A 304 to a question without a validator is a failure.
    let got = world.later(LIST).await.unwrap();
    assert_eq!(got.meta.source.as_deref(), Some(&*b.address().to_string()));
    assert!(a.seen().iter().all(|seen| seen.header("If-None-Match").is_none()));
    assert_eq!(b.seen()[1].header("If-None-Match"), Some("\"b\""));
    let got = world.later(LIST).await.unwrap();
    assert_eq!(got.meta.source.as_deref(), Some(&*a.address().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_answer_stands_when_sources_fail_or_have_it_no_more() {
    for reply in [Reply::status(404), Reply::status(503), Reply::html(), Reply::reset()] {
        let a = upstream();
        let world = setup(a.url()).start();
        for path in QUESTIONS {
            let first = world.get(path).await.unwrap();
            a.always(path, reply.clone());
            let got = world.later(path).await.unwrap();
            assert_eq!(got.cache(), CacheStatus::Stale);
            assert_eq!(got.bytes, first.bytes);
            assert!(got.meta.age.unwrap() > setup("off").freshness.present);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_answer_stands_when_nobody_may_be_asked_any_more() {
    let a = upstream();
    let world = setup(a.url()).start();
    let first = world.get(LIST).await.unwrap();
    let world = setup("off").start_in(std::sync::Arc::clone(world.dir()));
    let got = world.later(LIST).await.unwrap();
    assert_eq!((got.cache(), got.bytes), (CacheStatus::Stale, first.bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_the_stored_versions_make_one_while_sources_fail() {
    let mut a = upstream();
    let world = setup(a.url()).start();
    let newest = world.get(V110).await.unwrap();
    world.get(INFO).await.unwrap();
    world.get("example.com/m/@v/v1.1.1-0.20240506070809-0123456789ab.info").await.unwrap();
    a.take_down();
    let list = world.get(LIST).await.unwrap();
    assert_eq!((list.text(), list.cache(), list.keep), ("v1.0.0\nv1.1.0\n", CacheStatus::Stale, Keep::No));
    let latest = world.get(LATEST).await.unwrap();
    assert_eq!((latest.cache(), &latest.bytes), (CacheStatus::Stale, &newest.bytes));
    faults(world.get(MAIN).await);
    faults(world.get("example.com/none/@v/list").await);
    // Absence does not erase what is stored, and makes nothing up where nothing is.
    a.bring_up();
    a.always("*", Reply::status(404));
    assert_eq!(world.get(LIST).await.unwrap().bytes, list.bytes);
    assert_eq!(world.get(LATEST).await.unwrap().bytes, latest.bytes);
    absent(world.get(MAIN).await);
    absent(world.get("example.com/none/@v/list").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_later_than_a_pre_release_and_that_than_a_pseudo_version() {
    let versions = [
        "v0.1.1-0.20240506070809-0123456789ab",
        "v0.0.0-20250506070809-0123456789ab",
        "v0.9.0-rc.1",
        "v0.9.0-rc.2",
        "v0.1.0",
    ];
    let mut tree = ModuleTree::default();
    for version in versions {
        tree.add(testkit::Module::of_noise("example.com/m", version, 1));
    }
    let a = testkit::ScriptedUpstream::serving(tree);
    let world = setup(a.url()).start();
    for (stored, latest) in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)] {
        world.get(&format!("example.com/m/@v/{}.info", versions[stored])).await.unwrap();
        let got = world.stored(LATEST).await.unwrap();
        assert!(got.text().contains(&format!("\"{}\"", versions[latest])), "{}", got.text());
    }
    assert_eq!(world.stored(LIST).await.unwrap().text(), "v0.1.0\nv0.9.0-rc.1\nv0.9.0-rc.2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_world_answers_from_what_is_stored_however_old() {
    let a = upstream();
    let world = setup(a.url()).start();
    assert!(matches!(absent(world.stored(LIST).await), Absent::NotStored));
    world.get(V110).await.unwrap();
    assert_eq!(world.stored(LIST).await.unwrap().text(), "v1.1.0\n");
    assert_eq!(world.stored(LATEST).await.unwrap().text(), world.get(V110).await.unwrap().text());
    assert!(matches!(absent(world.stored(MAIN).await), Absent::NotStored));
    for path in QUESTIONS {
        world.get(path).await.unwrap();
    }
    a.forget();
    let offline = setup(a.url()).offline().start_in(std::sync::Arc::clone(world.dir()));
    for path in QUESTIONS {
        let got = offline.later(path).await.unwrap();
        assert_eq!(got.cache(), CacheStatus::Hit);
        assert_eq!(got.bytes, world.get(path).await.unwrap().bytes);
    }
    assert!(matches!(absent(offline.get(MOD).await), Absent::NotStored));
    assert_eq!(offline.ask(LIST).reach, Reach::Stored);
    assert_eq!(a.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_a_clock_that_was_wrong_does_not_count_for_ever() {
    let a = upstream();
    let world = setup(a.url()).start();
    world.get(LIST).await.unwrap();
    let yesterday = mirror::Ask { now: jiff::Timestamp::now() - EVER * 24, ..world.ask(LIST) };
    let answer = world.mirror.answer(&yesterday).await.unwrap();
    assert_eq!(answer.meta.cache, CacheStatus::Revalidated);
    assert_eq!(a.asked(LIST), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_learn_what_has_changed() {
    let a = upstream();
    let world = setup(a.url()).start();
    let mut changes = world.mirror.changes();
    world.get(LIST).await.unwrap();
    assert_eq!(changes.recv().await.unwrap(), Change::Answer(Request::parse(LIST).unwrap()));
    world.get(LIST).await.unwrap();
    assert!(changes.try_recv().is_err());
    world.later(LIST).await.unwrap();
    assert_eq!(changes.recv().await.unwrap(), Change::Answer(Request::parse(LIST).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_answer_is_asked_for_again() {
    let a = upstream();
    let world = setup(a.url()).start();
    let first = world.get(LIST).await.unwrap().bytes;
    for file in files_below(&world.dir().path().join("answers")) {
        std::fs::write(file, "torn").unwrap();
    }
    let got = world.get(LIST).await.unwrap();
    assert_eq!((got.cache(), got.bytes), (CacheStatus::Miss, first));
}

fn files_below(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    assert!(!files.is_empty(), "{}", dir.display());
    files
}
