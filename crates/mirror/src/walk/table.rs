//! The table in `docs/FAULTS.md` of what a source's word means for a chain: this test makes it, and says what to put there
//! when it is not true any more.

use std::{fmt::Write as _, fs, time::Duration};

use super::{tests::links, *};
use crate::policy::SumdbUse;

const MANUAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FAULTS.md");
const BEGIN: &str = "<!-- the table of chains begins: a test of `mirror` makes it -->\n";
const END: &str = "<!-- the table of chains ends -->\n";

const WHAT: [(&str, &str); 5] = [
    ("list", "example.com/m/@v/list"),
    ("latest", "example.com/m/@latest"),
    ("info", "example.com/m/@v/v1.0.0.info"),
    ("mod", "example.com/m/@v/v1.0.0.mod"),
    ("zip", "example.com/m/@v/v1.0.0.zip"),
];
const SAYS: [&str; 3] = ["absence", "failure", "lie"];
const FALLBACKS: [(&str, Fallback); 3] =
    [("strict", Fallback::Strict), ("verified", Fallback::Verified), ("any", Fallback::Any)];

/// Whether the second of two sources is asked when the first says this.
fn asks_the_second(
    says: &str,
    links: &[Link],
    path: &str,
    fallback: Fallback,
    sumdb: SumdbUse,
    vouched: bool,
) -> bool {
    let chain = Chain { links: links.to_vec(), ..Chain::default() };
    let on_unverifiable = crate::OnUnverifiable::default();
    let route = Route { name: "rest".into(), chain, sumdb, fallback, on_unverifiable };
    let vouching = vouched.then(super::tests::vouching);
    let mut walk = Walk::along(&route, &Request::parse(path).unwrap(), vouching.as_ref(), 0);
    let turn = walk.next().unwrap();
    let name = turn.source.name().clone();
    walk.miss(
        &turn,
        match says {
            "absence" => Miss::Absent(Absence { source: name, status: 404, text: None }),
            "failure" => Miss::Failed(Fault::new(name, FaultKind::Status(500), "", Duration::ZERO)),
            _ => Miss::Failed(Fault::new(name, FaultKind::Lie, "", Duration::ZERO)),
        },
    );
    match walk.next() {
        Some(second) => second.place == 1,
        None => {
            assert!(matches!(walk.refusal(), Refusal::Failed(_)), "a failure is never an absence");
            false
        }
    }
}

/// One row for each cell.
fn table() -> String {
    let mut table =
        "| A says | joined by | asked for | `fallback` | then |\n|---|---|---|---|---|\n".to_owned();
    let chains = [("`,`", links("a,b")), ("`\\|`", links("a|b"))];
    for says in SAYS {
        for (joined, links) in &chains {
            for (what, path) in WHAT {
                for (name, fallback) in FALLBACKS {
                    let asks =
                        |vouched| asks_the_second(says, links, path, fallback, SumdbUse::Public, vouched);
                    let then = match (asks(false), asks(true)) {
                        (true, true) => "B is asked",
                        (false, true) => "B is asked where the version is vouched for¹, else 5xx",
                        (false, false) if what == "list" || what == "latest" => {
                            "the answer that is stored, as STALE; else 5xx"
                        }
                        (false, false) => "5xx",
                        (true, false) => panic!("more is allowed without a hash than with one"),
                    };
                    let _ = writeln!(table, "| {says} | {joined} | {what} | {name} | {then} |");
                }
            }
        }
    }
    table
}

#[test]
fn the_manual_has_the_table_as_it_is() {
    let manual = fs::read_to_string(MANUAL).unwrap();
    let (_, rest) = manual.split_once(BEGIN).unwrap();
    let (written, _) = rest.split_once(END).unwrap();
    let table = table();
    assert_eq!(table.lines().count(), 2 + 90);
    assert!(written == table, "docs/FAULTS.md must have this table:\n{table}");
}

#[test]
fn a_private_route_is_strict_whatever_is_set() {
    let links = links("a,b");
    for (_, path) in WHAT {
        for (_, fallback) in FALLBACKS {
            for sumdb in [SumdbUse::Ledger, SumdbUse::Off] {
                assert!(!asks_the_second("failure", &links, path, fallback, sumdb, true));
                assert!(asks_the_second("absence", &links, path, fallback, sumdb, true));
            }
        }
    }
}
