//! What people and programs read of a log, and what docs/EXPLAIN.md shows of it.

use std::{env, fmt::Write, fs, path::Path};

use serde_json::Value;
use workbench::{Report, checks_of};

use crate::golden::{explain, kept};

/// A compiler and a test that failed, and nothing else.
const NOTHING: &str = "./main.go:3:2: undefined: x\n--- FAIL: TestA (0.00s)\n";

/// What is said of a log of this name.
fn said(name: &str) -> Report {
    match name {
        "nothing" => explain(NOTHING),
        name => explain(&kept().remove("go1.26").expect("logs of go 1.26")[name]),
    }
}

#[test]
fn what_is_said_of_a_few() {
    for name in
        ["proxy-503", "sum-mismatch", "tls-authority-unknown", "git-no-password", "cache-zip-cut", "nothing"]
    {
        let mut report = said(name);
        // The doctor learns to look at more, and that is for another test.
        report.findings.iter_mut().for_each(|finding| finding.checks.clear());
        insta::assert_snapshot!(name, report.text());
        insta::assert_snapshot!(format!("{name}-json"), report.json());
    }
}

/// Blocks of the page are what is said of the logs that they name, but for the checks, which become more.
#[test]
fn the_page_shows_what_is_said() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/EXPLAIN.md");
    let page = fs::read_to_string(&file).unwrap();
    let mut parts = page.split("<!-- ");
    let mut wanted = parts.next().unwrap().to_owned();
    let mut shown = 0;
    for part in parts {
        let (mark, rest) = part.split_once(" -->\n").unwrap();
        let (kind, name) = mark.split_once(": ").unwrap();
        let (open, rest) = rest.split_once('\n').unwrap();
        let (block, rest) = rest.split_once("```").unwrap();
        let report = said(name);
        let text = if kind == "json" { report.json() } else { report.text() };
        let block = if without_checks(kind, block) == without_checks(kind, &text) { block } else { &text };
        write!(wanted, "<!-- {mark} -->\n{open}\n{block}```{rest}").unwrap();
        shown += 1;
    }
    if env::var_os("LARDER_WRITE_DOCS").is_some() {
        fs::write(&file, &wanted).unwrap();
    }
    assert_eq!(shown, 5);
    assert!(fs::read_to_string(&file).unwrap() == wanted, "EXPLAIN.md is old: run with LARDER_WRITE_DOCS=1");
}

fn without_checks(kind: &str, block: &str) -> String {
    if kind != "json" {
        let lines = block.lines().filter(|line| !line.starts_with("  which "));
        return lines.collect::<Vec<_>>().join("\n");
    }
    let Ok(mut value) = serde_json::from_str::<Value>(block) else { return block.to_owned() };
    for finding in value["findings"].as_array_mut().unwrap() {
        finding.as_object_mut().unwrap().remove("checks");
    }
    value.to_string()
}

/// The doctor's checks that are named are those that find one of the causes.
#[test]
fn checks_that_decide_are_named() {
    let mut named = 0;
    for log in kept().remove("go1.26").expect("logs of go 1.26").values() {
        let report = explain(log);
        for finding in &report.findings {
            let causes: Vec<_> =
                [finding.diagnosis].into_iter().chain(finding.alternatives.clone()).collect();
            let finds =
                |name: &str| causes.iter().any(|cause| checks_of(cause).any(|check| check.name == name));
            assert!(finding.checks.iter().all(|name| finds(name)), "{}", report.text());
            assert_eq!(
                finding.checks.is_empty(),
                causes.iter().all(|cause| checks_of(cause).next().is_none())
            );
            if let Some(first) = finding.checks.first() {
                named += 1;
                assert!(
                    report.text().contains(&format!("larder doctor --check {first}")),
                    "{}",
                    report.text()
                );
            }
        }
    }
    assert!(named > 10, "{named} findings name a check");
}
