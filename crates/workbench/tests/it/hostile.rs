//! Logs that nobody wrote, or somebody wrote to do harm.

use proptest::prelude::*;
use workbench::{Explainer, Report};

fn explain<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Report {
    let mut explainer = Explainer::default();
    for piece in pieces {
        explainer.feed(piece);
    }
    explainer.finish()
}

/// What lines are made of that come near to something known.
const WORDS: [&str; 28] = [
    "go: ",
    "verifying ",
    "example.com/m",
    "@v1.0.0",
    ": ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    " ",
    "#12 3.456 ",
    "web-1  | ",
    "\u{1b}[31m",
    "\u{1b}]0;x",
    "{\"Error\":\"",
    "\"}",
    "reading https://u:hunter2@proxy.example.com/",
    "/@v/v1.0.0.zip",
    ": 503 Service Unavailable",
    "checksum mismatch",
    "downloaded: ",
    "go.sum: ",
    "x509: ",
    "dial tcp [",
    "i/o timeout",
    "?token=hunter2 ",
    "# get https://",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_bytes_are_read_however_they_come(
        log in proptest::collection::vec(any::<u8>(), 0..2000),
        size in 1_usize..300,
    ) {
        prop_assert_eq!(explain([&*log]), explain(log.chunks(size)));
    }

    #[test]
    fn any_near_miss_is_read_however_it_comes(
        words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..60),
        size in 1_usize..40,
    ) {
        let log = words.concat();
        let report = explain([log.as_bytes()]);
        prop_assert_eq!(&report, &explain(log.as_bytes().chunks(size)));
        let shown = report.text() + &report.json();
        prop_assert!(!shown.contains("hunter2"), "{}", shown);
        prop_assert!(!report.text().contains('\u{1b}'), "{}", shown);
    }
}

#[test]
fn a_line_without_an_end_and_findings_without_number_take_bounded_memory() {
    let mut explainer = Explainer::default();
    let noise = vec![b'x'; 65_536];
    for _ in 0..1000 {
        explainer.feed(&noise);
    }
    explainer.feed(b"\n");
    for n in 0..20_000 {
        let line = format!("example.com/m{n}@v1.0.0: verifying module: checksum mismatch\n");
        explainer.feed(line.as_bytes());
    }
    let report = explainer.finish();
    assert!(report.findings.len() <= 200, "{}", report.findings.len());
}
