//! The answer to a lookup is taken apart in one way only, and so is a tile of records.
#![no_main]

use gomod::{ModulePath, ModuleVersion, Version};
use libfuzzer_sys::fuzz_target;
use sumdb::{Lookup, records};

fuzz_target!(|input: (&[u8], &str)| {
    let (bytes, version) = input;
    if let Some(records) = records(bytes) {
        let again: Vec<u8> = records.iter().flat_map(|text| format!("{text}\n").into_bytes()).collect();
        assert_eq!(again, bytes);
    }
    let Ok(lookup) = Lookup::parse(bytes) else { return };
    assert_eq!(Lookup::compose(lookup.id(), lookup.text(), lookup.note()), bytes);
    let tile = format!("{}\n", lookup.text());
    assert_eq!(records(tile.as_bytes()), Some(vec![lookup.text()]), "a record is the same in a tile");

    let Some((path, version)) = version.split_once('@') else { return };
    let (Ok(path), Ok(version)) = (ModulePath::new(path), Version::new(version)) else { return };
    let Ok(version) = ModuleVersion::new(path, version) else { return };
    if let Ok(hashes) = lookup.hashes(&version) {
        for hash in [hashes.zip, hashes.gomod].into_iter().flatten() {
            assert!(lookup.text().contains(&hash.to_string()), "what is said stands in the record");
        }
    }
});
