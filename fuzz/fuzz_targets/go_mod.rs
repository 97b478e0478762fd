//! Any go.mod is read or refused in bounded words; its requirements fit their paths.
#![no_main]

use gomod::{GoMod, scan_module_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let scanned = scan_module_line(bytes);
    assert!(scanned.is_none_or(|path| !path.is_empty()));
    match GoMod::parse(bytes) {
        Ok(go_mod) => {
            assert_eq!(GoMod::language_version(bytes).as_ref(), go_mod.go());
            for require in go_mod.require() {
                assert!(require.module_version().is_none_or(|module| module.version() == require.version()));
            }
        }
        Err(error) => {
            assert!(error.to_string().len() < 1500);
            assert_eq!(GoMod::language_version(bytes), None);
        }
    }
});
