//! What a test does when something it needs from outside is not there.

use std::io::Write;

/// Whether the service a test needs is there. When it is not, says so, or fails the test if
/// `LARDER_REQUIRE_SERVICES=1` is set, as it is in CI.
#[track_caller]
pub fn require(service: &str, there: bool) -> bool {
    if !there {
        let must = std::env::var_os("LARDER_REQUIRE_SERVICES").is_some_and(|value| value == "1");
        assert!(!must, "{service} is not there, and LARDER_REQUIRE_SERVICES=1 says that it must be");
        skipped(&format!("{service} is not there"));
    }
    there
}

/// Tells the reader of a test's output that the test did not run, and why.
pub fn skipped(why: &str) {
    note(&format!("skipped: {why}"));
}

/// A line that everybody sees, also when the test passes: the test runner holds back only what the macros print.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
