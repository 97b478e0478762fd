use serde_json::Value;
use sumdb::Hash;
use sumdb::tlog::{new_tiles, stored_hash_index};

fn vectors(section: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../vectors/tlog.json")).unwrap();
    all[section].as_array().unwrap().clone()
}

#[test]
fn hashes_are_stored_in_the_order_of_the_vectors() {
    for case in vectors("stored_hash_index") {
        let level = u8::try_from(case["level"].as_u64().unwrap()).unwrap();
        assert_eq!(stored_hash_index(level, case["n"].as_u64().unwrap()), case["index"].as_u64(), "{case}");
    }
}

#[test]
fn every_hash_has_a_place_of_its_own() {
    // 64 records: 64 leaves and 63 nodes, numbered without a gap.
    let mut places: Vec<u64> = (0..=6u8)
        .flat_map(|level| (0..64u64 >> level).filter_map(move |n| stored_hash_index(level, n)))
        .collect();
    places.sort_unstable();
    assert_eq!(places, (0..127).collect::<Vec<u64>>());
}

#[test]
fn a_place_that_does_not_fit_is_none() {
    assert_eq!(stored_hash_index(0, u64::MAX), None);
    assert_eq!(stored_hash_index(63, 2), None);
    assert_eq!(stored_hash_index(64, 0), None);
}

#[test]
fn growing_publishes_the_tiles_of_the_vectors() {
    for case in vectors("new_tiles") {
        let (old, new) = (case["old"].as_u64().unwrap(), case["new"].as_u64().unwrap());
        let got: Vec<String> = new_tiles(old, new).map(|t| format!("tile/{t}")).collect();
        let want: Vec<&str> = case["tiles"].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect();
        // The long case names its first three and last three tiles, and how many there are.
        if let Some(gap) = want.iter().position(|t| t.starts_with("...")) {
            let total: usize = want[gap].split(' ').nth(1).unwrap().parse().unwrap();
            assert_eq!(got.len(), total);
            assert_eq!(got[..gap], want[..gap]);
            let tail = want.len() - gap - 1;
            assert_eq!(got[total - tail..], want[gap + 1..]);
        } else {
            assert_eq!(got, want, "{case}");
        }
    }
    assert_eq!(new_tiles(600, 600).count(), 0);
    assert_eq!(new_tiles(0, 0).count(), 0);
}

#[test]
fn leaves_and_roots_equal_those_of_other_implementations() {
    let leaf = |name: &str, h: &str| Hash::leaf(format!("example.com/{name} v1.0.0 h1:{h}=\n").as_bytes());
    let (a, b, c) = (leaf("a", "AAAA"), leaf("b", "BBBB"), leaf("c", "CCCC"));
    assert_eq!(a.to_string(), "VYRLLeUbpyd7PHQdnuX7wAzKcRRR0EJHH0AUrsGzmdU=");
    assert_eq!(b.to_string(), "PEgGDdSRg7Q7AIDN0YyU0XdLMQT5j6TdJh6j6vzt0Sw=");
    assert_eq!(c.to_string(), "6qWch+nb91qpjukExmYhRv69w0tw4q+XdxA1vsBDSOE=");
    let two = Hash::node(&a, &b);
    assert_eq!(two.to_string(), "i621H+31c8FZlFIYCQLzLaprGTf36Nl4yoHOxJmfVNo=");
    assert_eq!(Hash::node(&two, &c).to_string(), "x+twepYWmEjUj3mVSqscwyL91iw9RQtOdYWw4rW2K8o=");
}
