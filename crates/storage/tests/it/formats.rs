//! Receipts and answers as files: read as they were written, or not at all.

use bytes::Bytes;
use gomod::{ModulePath, Rev};
use jiff::Timestamp;
use proptest::prelude::*;
use storage::{
    Evidence, FileFact, Kind, Question, Receipt, StagingArea, State, StoreError, StoredAnswer, Validator,
};

use crate::world::{hash, mv, noise};

fn version() -> gomod::ModuleVersion {
    mv("example.com/A@v1.0.0-RC1")
}

fn question() -> Question {
    Question::Query(ModulePath::new("example.com/A").unwrap(), Rev::new("HEAD").unwrap())
}

fn facts() -> impl Strategy<Value = (usize, String, i64, Evidence)> {
    let evidence = prop_oneof![
        Just(Evidence::Off),
        Just(Evidence::FirstSight),
        prop::option::of(any::<String>())
            .prop_map(|signer| Evidence::Imported { signer: signer.map(Into::into) }),
        any::<String>().prop_map(|by| Evidence::Published { by: by.into() }),
        (any::<u64>(), any::<u64>()).prop_map(|(id, size)| Evidence::Log {
            db: "sum.example.com/db".parse().unwrap(),
            id,
            size
        }),
    ];
    (0..200_000_usize, any::<String>(), -1_000_000_000..4_000_000_000_i64, evidence)
}

fn fact(kind: Kind, (size, source, second, evidence): (usize, String, i64, Evidence)) -> FileFact {
    let staged = StagingArea::in_memory(0).whole(noise(size, 1));
    let h1 = (kind != Kind::Info).then(|| hash(&source));
    FileFact::new(&staged, h1, source, Timestamp::from_second(second).unwrap(), evidence)
}

fn states() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Pending),
        Just(State::Verified),
        any::<String>().prop_map(State::Withdrawn),
        any::<String>().prop_map(State::Tombstone),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_receipt_is_read_as_it_was_written(
        state in states(),
        facts in [prop::option::of(facts()), prop::option::of(facts()), prop::option::of(facts())],
    ) {
        let mut receipt = Receipt::new(version(), state);
        for (kind, given) in Kind::ALL.into_iter().zip(facts) {
            if let Some(given) = given {
                receipt = receipt.with(kind, fact(kind, given));
            }
        }
        let file = receipt.to_bytes();
        prop_assert_eq!(Receipt::parse(&version(), &file).unwrap(), receipt);
        prop_assert!(Receipt::parse(&mv("example.com/A@v1.0.0"), &file).is_err());
    }

    #[test]
    fn an_answer_is_read_as_it_was_written(
        body in prop::collection::vec(any::<u8>(), 0..300),
        source in any::<String>(),
        etag in prop::option::of(any::<String>()),
        last_modified in prop::option::of(any::<String>()),
        second in 0..4_000_000_000_i64,
    ) {
        let answer = StoredAnswer {
            at: Timestamp::from_second(second).unwrap(),
            source: source.into(),
            validator: Some(Validator { etag, last_modified }),
            body: body.into(),
        };
        let file = Bytes::from(answer.to_bytes(&question()));
        prop_assert_eq!(StoredAnswer::parse(&question(), &file).unwrap(), answer);
        let other = Question::Latest(ModulePath::new("example.com/A").unwrap());
        prop_assert!(StoredAnswer::parse(&other, &file).is_err());
    }

    #[test]
    fn a_changed_byte_is_noticed(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let receipt = Receipt::new(version(), State::Verified)
            .with(Kind::Zip, fact(Kind::Zip, (70_000, "proxy.example.com".into(), 5, Evidence::FirstSight)));
        let mut file = receipt.to_bytes();
        let at = at.index(file.len());
        file[at] = to;
        if let Ok(read) = Receipt::parse(&version(), &file) {
            prop_assert_eq!(read, receipt);
        }
    }

    #[test]
    fn what_is_no_receipt_and_no_answer_is_an_error(file in prop::collection::vec(any::<u8>(), 0..500)) {
        prop_assert!(Receipt::parse(&version(), &file).is_err());
        prop_assert!(StoredAnswer::parse(&question(), &file.into()).is_err());
    }
}

/// A receipt with a right checksum over content that was not written by this program.
fn sealed(what: &str, content: &str) -> Vec<u8> {
    let sum = crc32c::crc32c(content.as_bytes());
    format!("{{\"larder\":\"{what}\",\"format\":1,\"crc32c\":\"{sum:08x}\",\"content\":{content}}}\n").into()
}

#[test]
fn a_receipt_looks_like_this() {
    let fact = fact(Kind::Mod, (3, "proxy.example.com".into(), 0, Evidence::FirstSight));
    let text = Receipt::new(version(), State::Verified).with(Kind::Mod, fact).to_bytes();
    let content = r#"{"module":"example.com/A","version":"v1.0.0-RC1","state":"verified","mod":{"h1":"h1:qk7rKKx6YARQbVWfb+38OAYfY6VlxouFBMM7duFCSfE=","size":3,"crc32c":"bd2a662a","source":"proxy.example.com","at":"1970-01-01T00:00:00Z","evidence":"first-sight"}}"#;
    assert_eq!(String::from_utf8(text).unwrap(), String::from_utf8(sealed("receipt", content)).unwrap());
}

#[test]
fn hostile_receipts_are_damaged() {
    let fact = |fields: &str| {
        format!(
            r#"{{"module":"example.com/A","version":"v1.0.0-RC1","state":"verified","zip":{{{fields}}}}}"#
        )
    };
    let h1 = hash("x");
    let good = format!(
        r#""h1":"{h1}","size":1,"crc32c":"00000000","source":"","at":"1970-01-01T00:00:00Z","evidence":"off""#
    );
    assert!(Receipt::parse(&version(), &sealed("receipt", &fact(&good))).is_ok());
    let hostile = [
        ("size without checksums", fact(&good.replace("00000000", ""))),
        ("too many checksums", fact(&good.replace("00000000", "0000000000000000"))),
        ("upper-case hex", fact(&good.replace("00000000", "AAAAAAAA"))),
        ("half a checksum", fact(&good.replace("00000000", "0000"))),
        ("the largest size", fact(&good.replace("\"size\":1", "\"size\":18446744073709551615"))),
        ("a negative size", fact(&good.replace("\"size\":1", "\"size\":-1"))),
        ("no hash", fact(&good.replace(&format!("\"h1\":\"{h1}\","), ""))),
        ("half a hash", fact(&good.replace("\"h1\":\"h1:", "\"h1\":\"h1:AA"))),
        ("a field too many", fact(&format!("{good},\"extra\":1"))),
        ("a field twice", fact(&format!("{good},\"size\":1"))),
        ("no time", fact(&good.replace("1970-01-01T00:00:00Z", "yesterday"))),
        ("other evidence", fact(&good.replace("\"off\"", "\"hearsay\""))),
        ("deep nesting", "[".repeat(100_000)),
        ("null", "null".into()),
    ];
    for (what, content) in hostile {
        let error = Receipt::parse(&version(), &sealed("receipt", &content)).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{what}: {error}");
    }
    let answer = Receipt::parse(&version(), &sealed("answer", &fact(&good))).unwrap_err();
    assert!(answer.to_string().contains("not a receipt"), "{answer}");
}

#[test]
fn a_newer_format_is_told_from_damage() {
    let file = br#"{"larder":"receipt","format":4,"crc32c":"","content":[],"more":{}}"#;
    let newer = Receipt::parse(&version(), &[file.as_slice(), b"\n"].concat()).unwrap_err();
    assert!(matches!(newer, StoreError::Newer { format: 4, .. }), "{newer}");
    assert!(newer.to_string().contains("newer than this Larder"), "{newer}");
}
