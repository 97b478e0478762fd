use std::time::Duration;

use mirror::Freshness;
use testkit::Reply;

use crate::world::{INFO, World, ZIP};

const LIST: &str = "/example.com/app/@v/list";
const LATEST: &str = "/example.com/app/@latest";

#[test]
fn a_stale_answer_stays_stale_when_it_comes_from_memory() {
    // Every answer is old at once, a newer one is waited for, and a refusal is remembered.
    let (none, hour) = (Duration::ZERO, Duration::from_hours(1));
    let freshness =
        Freshness { present: none, behind: none, wait: hour, absent: hour, ..Freshness::default() };
    let served = World { freshness, ..World::default() }.serve();
    let first = served.get(LIST).expect(200);
    served.upstream.always("*", Reply::status(404));
    served.get(LIST).expect(200);
    std::fs::remove_dir_all(served.data.path().join("answers")).unwrap();
    for _ in 0..5 {
        let stale = served.get(LIST).expect(200);
        assert_eq!((stale.header("x-cache"), &stale.body), (Some("STALE"), &first.body));
        assert_eq!(stale.header("warning"), Some("110 larder \"Response is Stale\""));
        assert_eq!(stale.header("cache-control"), Some("no-cache"));
        assert!(stale.header("age").unwrap().parse::<u64>().unwrap() < 3600);
    }
    assert_eq!(served.upstream.asked("*/list"), 2);
}

#[test]
fn memory_gives_nothing_that_is_too_old_for_the_client() {
    let served = World::default().serve();
    let cache = |path, value: &str| {
        let answer = served.get_with(path, &[("Cache-Control", value)]).expect(200);
        answer.header("x-cache").unwrap().to_owned()
    };
    for path in [LIST, LATEST, INFO, ZIP] {
        served.get(path).expect(200);
        for _ in 0..3 {
            assert_eq!(cache(path, "max-age=600"), "HIT", "{path}");
        }
    }
    served.upstream.forget();
    for path in [LIST, LATEST] {
        for value in ["no-cache", "max-age=0"] {
            assert_eq!(cache(path, value), "REVALIDATED", "{path}");
            assert_eq!(cache(path, "max-age=600"), "HIT", "{path}");
        }
        assert_eq!(served.upstream.asked(&path[1..]), 2, "{path}");
        let closed = served.get_with(&format!("/cached-only{path}"), &[("Cache-Control", "no-cache")]);
        assert_eq!(closed.expect(200).header("x-cache"), Some("HIT"), "a closed world asks nobody");
        assert_eq!(served.upstream.asked(&path[1..]), 2, "{path}");
    }
    for path in [INFO, ZIP] {
        assert_eq!(cache(path, "no-cache"), "HIT", "{path}");
        assert_eq!(served.upstream.asked(&path[1..]), 0, "{path}");
    }
}
