//! What is written of a go.sum is read back as the same, and is written the same again.
#![no_main]

use gomod::GoSum;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sums) = GoSum::parse(bytes) {
        let written = sums.to_bytes();
        let again = GoSum::parse(&written).expect("what was written can be read");
        assert_eq!(again.to_bytes(), written);
        assert!(again.lines().count() <= sums.lines().count());
        for line in sums.lines() {
            assert!(line.module_version().is_none_or(|module| module.path().as_str() == line.path()));
        }
    }
});
