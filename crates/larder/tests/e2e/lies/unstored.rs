//! A disk that takes nothing costs storing, and no verification.

use testkit::Lie;

use super::stage::{Place, Said, Stage, early, forged, late, latest, log, tree};

/// More than any disk has.
const FULL: &str = "min_free = \"1000000 GiB\"\n";

#[test]
fn all_is_proven_though_nothing_can_be_stored() {
    let log = log(300);
    let stage = Stage::with(Place::Alone, &log, tree(), FULL);
    for growth in [0, 200, 1_000] {
        log.fill(growth);
        for path in stage.paths() {
            assert_eq!(stage.ask(&path).unwrap(), Said::True, "{path} of {} records", log.size());
        }
    }
    let stored = stage.server.data().join("modules");
    let mut files = 0;
    super::stage::each_file(&stored, &mut |_| files += 1);
    assert_eq!(files, 0, "this test needs a disk that takes nothing");
}

#[test]
fn a_database_that_contradicts_itself_is_seen_though_nothing_can_be_stored() {
    let log = log(300);
    let stage = Stage::with(Place::Alone, &log, tree(), FULL);
    assert_eq!(stage.ask(&early().url_path("zip")).unwrap(), Said::True);
    let fork = log.fork(&forged(tree().module("example.com/aside", "v1.0.0")));
    fork.fill(10);
    log.lie(Lie::Instead(fork));
    let said = stage.ask(&late().url_path("zip")).unwrap();
    assert!(said.security(), "{said:?}");
    log.be_honest();
    let said = stage.ask(&latest()).unwrap();
    assert!(said.security(), "{said:?}");
}
