//! Any URL path is refused in bounded words, or is a request with one canonical path.
#![no_main]

use gomod::Request;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|path: &str| {
    match Request::parse(path) {
        Ok(request) => {
            let canonical = request.path();
            assert!(canonical.is_ascii() && !canonical.contains("/../"));
            assert_eq!(Request::parse(&canonical), Ok(request));
        }
        Err(error) => assert!(error.to_string().len() < 1500),
    }
});
