//! What an operator can give away, and what he cannot.

use std::time::Instant;

use testkit::{LIMIT, Lie, ModuleTree, Part, TestLog, toolchain};

use super::stage::{LOG, Place, Said, Stage, early, forged, late, log, tree};

/// Asks until the answer is as it should be.
#[track_caller]
fn wait_for(stage: &Stage, path: &str, fits: impl Fn(&Said) -> bool) {
    let begun = Instant::now();
    loop {
        match stage.ask(path) {
            Ok(said) if fits(&said) => return,
            other => assert!(begun.elapsed() < LIMIT, "{path}: {other:?}\n{}", stage.told()),
        }
    }
}

#[test]
fn what_was_served_unverified_was_marked_and_goes_when_it_was_a_lie() {
    let log = log(300);
    let mut altered = tree();
    altered.add(forged(&early()));
    let stage = Stage::with(Place::Alone, &log, altered, "on_unverifiable = \"serve-pending\"\n");
    log.lie(Lie::Status(Part::Lookups, 500));
    let [lie, truth] = [early(), late()].map(|module| module.url_path("zip"));
    for path in [&lie, &truth] {
        let answer = stage.server.get(&format!("/{path}")).expect(200);
        assert_eq!(answer.header("x-larder-verified"), Some("pending"));
        assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-cache")), "{answer:?}");
    }
    log.be_honest();
    wait_for(&stage, &truth, |said| *said == Said::True);
    wait_for(&stage, &lie, Said::security);
    stage.stores_no_lie().unwrap();
    stage.liar.serve(tree());
    wait_for(&stage, &lie, |said| *said == Said::True);
    for path in [&lie, &truth] {
        let answer = stage.server.get(&format!("/{path}")).expect(200);
        assert_eq!(answer.header("x-larder-verified"), Some("log"), "{path}");
    }
}

#[test]
fn toolchains_are_verified_whatever_is_set() {
    let version = "go1.99.1";
    let tree = ModuleTree::parse(&toolchain(version, "echo good"));
    let altered = ModuleTree::parse(&toolchain(version, "echo evil"));
    let log = TestLog::over(LOG, &tree).with_filler(300);
    let config = "on_unverifiable = \"serve-pending\"\n\n[[route]]\nmodules = [\"golang.org/toolchain\"]\nsumdb = \"off\"\n";
    let stage = Stage::with(Place::Alone, &log, altered, config);
    let zip = tree.modules().next().unwrap().url_path("zip");
    let get = || stage.server.get(&format!("/{zip}"));
    log.lie(Lie::Status(Part::Lookups, 500));
    assert_eq!(get().status, 503, "nobody vouches for it");
    log.be_honest();
    let refused = get();
    assert!(refused.status == 502 && refused.text().contains("SECURITY"), "{refused:?}");
    stage.liar.serve(tree.clone());
    assert!(get().expect(200).body == tree.modules().next().unwrap().zip.to_vec());
}
