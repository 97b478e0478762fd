//! Every row of the table of chains in `docs/FAULTS.md`, done with real sources.

use std::fs;

use mirror::{CacheStatus, Fallback, Refusal};
use testkit::Reply;

use crate::{
    INFO, LATEST, LIST, MOD, ZIP, upstream,
    world::{Setup, setup},
};

const MANUAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FAULTS.md");

/// One row.
struct Cell {
    says: String,
    joined: char,
    path: &'static str,
    fallback: Fallback,
    then: String,
}

fn cells() -> Vec<Cell> {
    let manual = fs::read_to_string(MANUAL).unwrap();
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    let cells = rows.filter_map(|row| {
        let [says @ ("absence" | "failure" | "lie"), joined, what, fallback, then] = row[..] else {
            return None;
        };
        Some(Cell {
            says: says.to_owned(),
            joined: if joined.contains('|') { '|' } else { ',' },
            path: match what {
                "list" => LIST,
                "latest" => LATEST,
                "info" => INFO,
                "mod" => MOD,
                "zip" => ZIP,
                other => panic!("{other}"),
            },
            fallback: match fallback {
                "strict" => Fallback::Strict,
                "verified" => Fallback::Verified,
                "any" => Fallback::Any,
                other => panic!("{other}"),
            },
            then: then.to_owned(),
        })
    });
    cells.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_what_happens() {
    let cells = cells();
    assert_eq!(cells.len(), 90);
    for Cell { says, joined, path, fallback, then } in cells {
        let (a, b) = (upstream(), upstream());
        let chain = format!("{}{joined}{}", a.url(), b.url());
        let of_a = || match says.as_str() {
            "absence" => Reply::status(404),
            "failure" => Reply::status(501),
            _ => Reply::html(),
        };
        a.always("*", of_a());
        let case = format!("{says} {joined} {path} {fallback:?}");
        let world = Setup { fallback, ..setup(&chain) }.start();
        let got = world.get(path).await;
        assert_eq!(b.asked(path) > 0, then == "B is asked", "{case}");
        match got {
            Ok(got) => {
                assert_eq!(then, "B is asked", "{case}");
                assert_eq!(got.meta.source.unwrap().as_ref(), b.address().to_string(), "{case}");
            }
            // As long as no version is vouched for, those rows are as the strict ones.
            Err(Refusal::Failed(faults)) => {
                assert!(then != "B is asked" && faults.len() == 1, "{case}: {faults:?}");
            }
            Err(other) => panic!("{case}: {other}"),
        }
        if then.starts_with("the answer that is stored") {
            let world = Setup { fallback, ..setup(&chain) }.start();
            a.natural();
            let stored = world.get(path).await.unwrap();
            a.always("*", of_a());
            let later = world.later(path).await.unwrap();
            assert_eq!((later.cache(), &later.bytes), (CacheStatus::Stale, &stored.bytes), "{case}");
        }
    }
}
