//! A build log from anywhere: it is read however it comes, and nothing in it reaches the terminal as a command.
#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench::Explainer;

fuzz_target!(|log: &[u8]| {
    let (mut whole, mut pieces) = (Explainer::default(), Explainer::default());
    whole.feed(log);
    for piece in log.chunks(5) {
        pieces.feed(piece);
    }
    let report = whole.finish();
    assert_eq!(report, pieces.finish());
    assert!(!report.text().contains('\u{1b}'));
});
